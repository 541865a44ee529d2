import { destination, type Logger, pino } from 'pino';

/** JSON lines on stderr; `HOOP_LOG` sets the level. An error's cause may quote a peer: only names and codes are kept. */
export function makeLog(level: string = process.env.HOOP_LOG ?? 'info'): Logger {
  const known = ['trace', 'debug', 'info', 'warn', 'error', 'silent'].includes(level);
  return pino({ level: known ? level : 'info', base: null }, destination({ fd: 2, sync: true }));
}
