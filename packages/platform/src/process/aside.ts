import { execFile } from 'node:child_process';

/** How a command ended. `missing`: there is none of that name · `late`: it was killed at the deadline. */
export interface Aside {
  end: 'done' | 'failed' | 'missing' | 'late';
  stdout: string;
  stderr: string;
}

/** Runs a system command without a shell, beside all else. `deadline`: milliseconds. Never rejects. */
export function runAside(
  [program, ...args]: readonly [string, ...string[]],
  { environment, deadline }: { environment: NodeJS.ProcessEnv; deadline: number },
): Promise<Aside> {
  return new Promise((resolve) => {
    const options = { env: environment, timeout: deadline, killSignal: 'SIGKILL' as const };
    execFile(program, args, options, (error, stdout, stderr) => {
      const end = error === null ? 'done' : error.code === 'ENOENT' ? 'missing' : error.killed ? 'late' : 'failed';
      resolve({ end, stdout, stderr });
    });
  });
}
