import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { UserError } from '@hoop/core';
import { type Command, flag, type Needs, text } from '../command.js';
import { plain } from '../table.js';

/** Between two looks at a log that is followed. Milliseconds. */
const LOOK = 250;
/** No more of a log than this is read for its last lines. Bytes. */
const MOST = 1_048_576;

export const logs: Command = {
  name: 'logs',
  summary: 'show hoopd’s log',
  options: [
    { flags: '-n, --lines N', summary: 'the last lines; 50 if it is not said' },
    { flags: '-f, --follow', summary: 'stay, and show lines as they come' },
    { flags: '--json', summary: 'print each line as it is written: JSON' },
  ],
  run: async (needs, input) => {
    const lines = Number(text(input, 'lines') ?? 50);
    if (!Number.isInteger(lines) || lines < 0)
      throw new UserError('usage', '--lines is a number', { hint: 'hoop daemon logs --lines 100', exit: 'usage' });
    const show = (line: string) => needs.out(`${flag(input, 'json') ? line : lineText(line)}\n`);
    const log = openLog(needs);
    try {
      const { lines: all, at } = log.read(undefined);
      // -0 would be all of them.
      all.slice(Math.max(0, all.length - lines)).forEach(show);
      if (flag(input, 'follow')) await follow(needs, log, at, show);
    } finally {
      log.close();
    }
  },
};

interface Log {
  /** Whole lines from a byte on, or the last of them, and the byte behind them. */
  read(from: number | undefined): { lines: string[]; at: number };
  close(): void;
}

function openLog({ paths }: Needs): Log {
  let file: number;
  try {
    file = openSync(paths.logFile, 'r');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT')
      throw new UserError('no-log', `there is no log yet: ${paths.logFile}`, { hint: 'hoop daemon start', cause });
    const hint = 'give it and its folder back to yourself (chown, chmod)';
    throw new UserError('no-log', `${paths.logFile} cannot be read (${code})`, { hint, cause });
  }
  return {
    read: (from) => {
      const { size } = fstatSync(file);
      // A log that became shorter was begun anew.
      const start = from === undefined ? Math.max(0, size - MOST) : from > size ? 0 : from;
      const bytes = Buffer.alloc(Math.min(size - start, MOST));
      const whole = bytes.subarray(0, readSync(file, bytes, 0, bytes.length, start));
      const end = whole.lastIndexOf(0x0a) + 1;
      const lines = whole.subarray(0, end).toString().split('\n').slice(0, -1);
      return { lines, at: start + end };
    },
    close: () => closeSync(file),
  };
}

async function follow(needs: Needs, log: Log, from: number, show: (line: string) => void): Promise<void> {
  let over = false;
  const stops = [needs.onInterrupt(() => (over = true)), needs.onUnread(() => (over = true))];
  let at = from;
  while (!over) {
    const news = log.read(at);
    news.lines.forEach(show);
    at = news.at;
    if (news.lines.length === 0) await needs.pause(LOOK);
  }
  for (const stop of stops) stop();
}

const LEVELS: Record<number, string> = { 10: 'trace', 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' };

/** `2026-01-02 03:04:05 warn  what was said  code=keychain-locked` */
export function lineText(line: string): string {
  let said: Record<string, unknown>;
  try {
    said = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return plain(line);
  }
  const { level, time, pid: _, msg, ...facts } = said;
  const when = String(time).slice(0, 19).replace('T', ' ');
  const more = Object.entries(facts).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return plain([when, (LEVELS[Number(level)] ?? '').padEnd(5), String(msg), ...more].join(' '));
}
