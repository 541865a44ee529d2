import { writeSync } from 'node:fs';
import { destination, type Logger, pino } from 'pino';
import { readable } from './readable.js';

/**
 * On a terminal a line for people, else JSON lines, both on stderr; `HOOP_LOG` sets the level. An error's cause may quote a
 * peer: it is left out.
 */
export function makeLog(level: string = process.env.HOOP_LOG ?? 'info'): Logger {
  const known = ['trace', 'debug', 'info', 'warn', 'error', 'silent'].includes(level);
  const options = { level: known ? level : 'info', base: null, serializers: { err: withoutCause } };
  if (process.stderr.isTTY) return pino(options, { write: (line: string) => void writeSync(2, readable(line)) });
  return pino(options, destination({ fd: 2, sync: true }));
}

function withoutCause(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack, code } = error as NodeJS.ErrnoException;
  return { type: name, message, ...(code !== undefined && { code }), stack };
}
