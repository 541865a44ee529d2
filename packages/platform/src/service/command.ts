/** V8's flags for a daemon that rests most of its life: a small nursery, no timer that looks for garbage where none is made. */
const FRUGAL = ['--max-semi-space-size=1', '--no-memory-reducer'];

/** What runs hoopd, whoever starts it: the CLI, systemd or launchd. `flags` are Node's. */
export const hoopdCommand = (node: string, program: string, flags: readonly string[] = []): string[] => [
  node,
  ...flags,
  ...FRUGAL,
  program,
  'daemon',
  'run',
];
