import type { Environment, Paths, Supervisor } from '@hoop/platform';
import type * as Setup from '@hoop/platform/setup';
import type { Daemon } from './client/daemon.js';
import type { Sight } from './doctor/facts.js';

/** A command is a value: what it is called, what it takes, and what it does with its needs as an argument. */
export interface Command {
  name: string;
  summary: string;
  /** In commander's form: `NAME`, `[GATEWAY]`, `[ARGS...]`; each with a line of help, and what it may be. */
  arguments?: readonly (readonly [name: string, summary: string, choices?: readonly string[]])[];
  options?: readonly Option[];
  /** What follows the first word it does not know is for another program. */
  passThrough?: boolean;
  examples?: readonly string[];
  commands?: readonly Command[];
  /** Answers the exit code, 0 if none. */
  run?(needs: Needs, input: Input): Promise<number | void>;
}
export interface Option {
  /** `--ca-file FILE`, whose word is its value; negatable ones as `--no-browser`. */
  flags: string;
  summary: string;
  choices?: readonly string[];
}
export interface Input {
  arguments: readonly (string | readonly string[] | undefined)[];
  options: Readonly<Record<string, unknown>>;
}

/** All that a command has of the world. */
export interface Needs {
  /** Data. */
  out(text: string): void;
  /** All else: progress, hints. */
  err(text: string): void;
  /** All of stdin, as text. */
  read(): Promise<string>;
  /** A line that a person types at the terminal; `n` where they will not. */
  ask(question: string): Promise<string>;
  /** Whether a person watches each. */
  terminal: { in: boolean; out: boolean; err: boolean };
  variables: Readonly<Record<string, string | undefined>>;
  machine: Environment;
  paths: Paths;
  daemon: Daemon;
  /** Of several logins, the one that all is about; `daemon` then knows of no other. */
  profile?: string;
  /** What keeps the daemon running, if anything does. */
  supervisor: Supervisor | undefined;
  /** What sets up the machine, loaded when it is asked for. */
  system(): Promise<System>;
  /** How `hoop doctor` sees the machine, loaded when it is asked for. */
  sight(): Promise<Sight>;
  version: string;
  /** The file that this program is, to start it again as the daemon. */
  program: string;
  /** Called on Ctrl-C in place of ending; answers what takes it back. */
  onInterrupt(then: () => void): () => void;
  /** Called once nobody reads stdout any more; answers what takes it back. */
  onUnread(then: () => void): () => void;
  /** Waits, or less if interrupted by the caller's own means. Milliseconds. */
  pause(ms: number): Promise<void>;
  now(): number;
}

export type System = Pick<typeof Setup, 'machineFor' | 'isSetUp' | 'canBeRoot' | 'asRoot' | 'askOurs' | 'lookUp'>;

/** The n-th argument, which commander has seen to be there. */
export const word = (input: Input, at: number): string => input.arguments[at] as string;
export const words = (input: Input, at: number): readonly string[] => (input.arguments[at] as readonly string[]) ?? [];
export const flag = (input: Input, name: string): boolean => input.options[name] === true;
export const text = (input: Input, name: string): string | undefined => input.options[name] as string | undefined;

export const JSON_OPTION: Option = { flags: '--json', summary: 'print JSON; times are milliseconds since 1970' };
export const WATCH_OPTION: Option = { flags: '-w, --watch', summary: 'stay, and show changes as they come' };
