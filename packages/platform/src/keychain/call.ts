import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { NO_DEBUGGER } from '../service/command.js';

/** What `child.ts` is asked. `secret` only for `set`. */
export interface KeychainCall {
  do: 'get' | 'set' | 'delete';
  service: string;
  account: string;
  secret?: string;
}

/**
 * How a call ended. `failed.message` is the keychain library's own text, which never holds a secret.
 * `missing`: keytar is not installed or was not built · `crashed`: the child died · `late`: no answer by the deadline.
 */
export type KeychainReply =
  | { end: 'done'; value: string | boolean | null }
  | { end: 'failed'; message: string }
  | { end: 'missing' | 'crashed' | 'late' };

/** The program that performs one call: beside the bundle, or the source file itself (Node strips its types). */
export function childProgram(): string {
  const name = import.meta.url.endsWith('.ts') ? './child.ts' : './keychain-child.js';
  return fileURLToPath(new URL(name, import.meta.url));
}

/** Runs one call in its own process, killed at the deadline (milliseconds). Never rejects. */
export function callKeychain(
  call: KeychainCall,
  options: { deadline: number; environment: NodeJS.ProcessEnv; program?: string },
): Promise<KeychainReply> {
  const child = spawn(process.execPath, [NO_DEBUGGER, '--no-warnings', options.program ?? childProgram()], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: options.environment,
  });
  return new Promise((resolve) => {
    let out = '';
    let err = '';
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, options.deadline);
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (out += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (err = (err + chunk).slice(0, 4096)));
    const end = (reply: KeychainReply) => {
      clearTimeout(timer);
      resolve(reply);
    };
    child.on('error', () => end({ end: 'crashed' }));
    child.on('close', () => end(late ? { end: 'late' } : replyOf(out, err)));
    child.stdin.on('error', () => {}).end(JSON.stringify(call));
  });
}

function replyOf(out: string, err: string): KeychainReply {
  try {
    const reply = JSON.parse(out) as { ok: true; value: string | boolean | null } | { ok: false; message: string };
    return reply.ok ? { end: 'done', value: reply.value } : { end: 'failed', message: reply.message };
  } catch {
    const missing = /ERR_MODULE_NOT_FOUND|MODULE_NOT_FOUND|Cannot find (module|package)|ERR_DLOPEN_FAILED/.test(err);
    return { end: missing ? 'missing' : 'crashed' };
  }
}
