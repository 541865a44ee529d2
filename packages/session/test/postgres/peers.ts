import { type ChildProcess, spawn } from 'node:child_process';

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A client program, started with its output gathered. `libpq`: PGHOST and the like; `input` null: it stays open. */
export function start(
  program: string,
  args: readonly string[],
  libpq: Record<string, string>,
  input: string | null = '',
) {
  const env = { PATH: process.env.PATH, LC_ALL: 'C', HOME: '/nonexistent', PGCONNECT_TIMEOUT: '10', ...libpq };
  const child: ChildProcess = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  const out: Ran = { code: null, stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    out.stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    out.stderr += text;
  });
  child.stdin?.on('error', () => {});
  if (input !== null) child.stdin?.end(input);
  const done = new Promise<Ran>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ ...out, code }));
  });
  return { child, done };
}

export const run = (program: string, args: readonly string[], libpq: Record<string, string>, input?: string) =>
  start(program, args, libpq, input).done;
