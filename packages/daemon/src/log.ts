import pino, { type Logger } from 'pino';

export type Log = Logger;

/** Where lines go: a descriptor (2 is stderr). Levels by HOOP_LOG; nothing secret is ever given to it. */
export function openLog(descriptor: number, level: string | undefined): Log {
  const known = level !== undefined && (level === 'silent' || level in pino.levels.values);
  return pino(
    { level: known ? level : 'info', base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: descriptor, sync: true }),
  );
}
