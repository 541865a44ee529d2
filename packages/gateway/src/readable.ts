const LEVELS: Record<number, string> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' };

interface Fields {
  level: number;
  time: number;
  msg?: string;
  err?: { message?: string; stack?: string };
  hint?: string;
}

/** A JSON line of the log for people: `03:04:05 warn  what happened  key=value`, below it a hint or an error's stack. */
export function readable(line: string): string {
  const { level, time, msg = '', err, hint, ...rest } = JSON.parse(line) as Fields;
  const at = new Date(time).toTimeString().slice(0, 8);
  const keys = Object.entries(rest).map(([key, value]) => `${key}=${plain(value)}`);
  const head = [`${at} ${(LEVELS[level] ?? String(level)).padEnd(5)} ${msg}`, ...keys].join('  ');
  const below = [hint, err?.stack ?? err?.message].filter((text) => text !== undefined);
  return [head, ...below.map((text) => text.replace(/^/gm, ' '.repeat(15)))].map((text) => `${text}\n`).join('');
}

const plain = (value: unknown) =>
  typeof value === 'string' && /^\S+$/.test(value) ? value : (JSON.stringify(value) ?? '');
