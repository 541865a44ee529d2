import type { ChildProcess } from 'node:child_process';

/** What a finished command left. */
export interface Finished {
  code: number;
  stdout: string;
  stderr: string;
  ms: number;
}

/** Waits for a command's end. After `limit` milliseconds it is killed, and its code is 124, as `timeout(1)` has it. */
export function finished(child: ChildProcess, limit = 60_000): Promise<Finished> {
  const from = performance.now();
  const out = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8');
    child[name]?.on('data', (text: string) => {
      out[name] += text;
    });
  }
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, limit);
  return new Promise((resolve) => {
    const end = (code: number) => {
      clearTimeout(timer);
      resolve({ ...out, code: late ? 124 : code, ms: performance.now() - from });
    };
    child.once('error', (error) => {
      out.stderr += error.message;
      end(127);
    });
    child.once('close', (code) => end(code ?? 137));
  });
}

/** Resolves with the first line (or other text) of stdout that `wanted` finds; rejects if the output ends before. */
export function said(child: ChildProcess, wanted: RegExp, what: string, limit = 20_000): Promise<RegExpMatchArray> {
  return new Promise((resolve, reject) => {
    let text = '';
    const stop = (outcome: () => void) => {
      clearTimeout(timer);
      child.stdout?.off('data', see);
      outcome();
    };
    const see = (chunk: Buffer | string) => {
      text += String(chunk);
      const match = wanted.exec(text);
      if (match) stop(() => resolve(match));
    };
    const timer = setTimeout(() => stop(() => reject(new Error(`${what} said nothing in ${limit / 1000} s`))), limit);
    child.stdout?.on('data', see);
    child.once('close', (code) => stop(() => reject(new Error(`${what} ended with ${code}`))));
    child.once('error', (error) => stop(() => reject(error)));
  });
}
