import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { UserError } from '@hoop/core';
import { findProgram } from '../process/find.js';
import type { Event } from './root.js';

/** The program that is root: beside the bundle, or the source file itself. */
const rootProgram = (): string =>
  fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './program.ts' : './setup-root.js', import.meta.url));

/** Whether this program is root, or sudo is here to make it so. */
export const canBeRoot = (): boolean =>
  process.getuid?.() === 0 || typeof findProgram('sudo', process.env.PATH) === 'string';

/**
 * Runs the part that is root, by sudo(8) where this program is not; sudo asks on the terminal. Answers its exit code, after
 * all it said was told.
 */
export async function asRoot(args: readonly string[], tell: (event: Event) => void): Promise<number> {
  const command = [process.execPath, rootProgram(), ...args];
  const sudo = ['sudo', '-p', 'password of %p, for this set-up: ', '--'];
  const [program = '', ...rest] = process.getuid?.() === 0 ? command : [...sudo, ...command];
  const child = spawn(program, rest, { stdio: ['inherit', 'pipe', 'inherit'] });
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', () => reject(new UserError('root', 'sudo did not start')));
    child.once('close', (code) => resolve(code ?? 1));
  });
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    const event = eventOf(line);
    if (event !== undefined) tell(event);
  });
  return ended;
}

function eventOf(line: string): Event | undefined {
  try {
    return JSON.parse(line) as Event;
  } catch {
    return undefined;
  }
}
