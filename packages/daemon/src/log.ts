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

/** Says what strangers can cause at most once a minute, with how often it came since: they must not fill the disk. */
export function seldom<Last extends unknown[]>(
  say: (times: number, ...last: Last) => void,
  now = Date.now,
): (...last: Last) => void {
  let last = Number.NEGATIVE_INFINITY;
  let times = 0;
  return (...that) => {
    times += 1;
    if (now() - last < 60_000) return;
    last = now();
    say(times, ...that);
    times = 0;
  };
}
