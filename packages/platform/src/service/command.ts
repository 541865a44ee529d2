/**
 * Node's flag for a program that holds secrets: SIGUSR1 would open a debugger's port to them (node(1)), on TCP, for every user
 * of the machine.
 */
export const NO_DEBUGGER = '--disable-sigusr1';

/** V8's flags for a daemon that rests most of its life: a small nursery, no timer that looks for garbage where none is made. */
const FRUGAL = ['--max-semi-space-size=1', '--no-memory-reducer'];

/** What runs hoopd, whoever starts it: the CLI, systemd or launchd. `flags` are Node's. */
export const hoopdCommand = (node: string, program: string, flags: readonly string[] = []): string[] => [
  node,
  ...new Set([...flags, NO_DEBUGGER, ...FRUGAL]),
  program,
  'daemon',
  'run',
];
