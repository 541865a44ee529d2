import { spawnSync } from 'node:child_process';

export interface ShortOptions {
  /** Set on top of this program's own environment; undefined removes. */
  variables?: Record<string, string | undefined>;
  /** Milliseconds; ten seconds if it is not said. */
  deadline?: number;
}

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

/**
 * Runs a short system command without a shell and waits for it. `code` is null if it could not be run or took too long.
 */
export function runShort(command: string, args: readonly string[], options: ShortOptions = {}): Finished {
  const env = { ...process.env, ...options.variables };
  const timeout = options.deadline ?? 10_000;
  const done = spawnSync(command, args, { env, encoding: 'utf8', timeout, stdio: ['ignore', 'pipe', 'pipe'] });
  return { code: done.status, stdout: done.stdout ?? '', stderr: done.stderr ?? '' };
}
