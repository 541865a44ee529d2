export * from './aside.js';
export * from './dumps.js';
export * from './find.js';
export * from './reader.js';
export * from './short.js';

import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

/** Shells' code for a command that is not there (POSIX.1-2017, Shell 2.8.2). */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;

export interface RunOptions {
  /** Set on top of this program's own environment; undefined removes. */
  variables?: Record<string, string | undefined>;
}

/**
 * Runs a command on this program's own terminal and answers its exit code: 127 if there is no such command, 128 + n
 * where signal n ended it. Ctrl-C goes to the whole foreground group, so it is the child's to answer, not ours.
 */
export function runInherited(command: string, args: readonly string[], options: RunOptions = {}): Promise<number> {
  const child = spawn(command, args, { stdio: 'inherit', env: { ...process.env, ...options.variables } });
  const ignored: NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];
  const forwarded: NodeJS.Signals[] = ['SIGTERM', 'SIGHUP'];
  const nothing = () => {};
  const forward = (signal: NodeJS.Signals) => void child.kill(signal);
  for (const signal of ignored) process.on(signal, nothing);
  for (const signal of forwarded) process.on(signal, forward);
  return new Promise<number>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ENOENT' ? NOT_FOUND : NOT_EXECUTABLE),
    );
    child.once('exit', (code, signal) => resolve(code ?? 128 + signalNumber(signal)));
  }).finally(() => {
    for (const signal of ignored) process.off(signal, nothing);
    for (const signal of forwarded) process.off(signal, forward);
  });
}

/**
 * Starts a program that outlives this one: its own session, no terminal, stdout dropped, stderr appended to `logFile` (it
 * must exist and be ours). Answers its pid.
 */
export function startDetached(
  command: string,
  args: readonly string[],
  logFile: string,
  options: RunOptions = {},
): number {
  const log = openSync(logFile, 'a', 0o600);
  try {
    const env = { ...process.env, ...options.variables };
    const child = spawn(command, args, { detached: true, stdio: ['ignore', 'ignore', log], env, cwd: '/' });
    child.once('error', () => {});
    child.unref();
    if (child.pid === undefined) throw new Error(`cannot start ${command}`);
    return child.pid;
  } finally {
    closeSync(log);
  }
}

const SIGNALS: Partial<Record<NodeJS.Signals, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGTERM: 15,
};
const signalNumber = (signal: NodeJS.Signals | null) => (signal === null ? 0 : (SIGNALS[signal] ?? 0));
