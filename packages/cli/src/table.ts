/** Rows as columns with two spaces between, no line longer than it must be. An empty list is no text. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, at) => {
      widths[at] = Math.max(widths[at] ?? 0, cell.length);
    });
  }
  const line = (row: readonly string[]) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  return rows.map((row) => `${line(row)}\n`).join('');
}

/** What others wrote, made safe to print: no control characters, no way to write over what was said before. */
export const plain = (text: string): string =>
  text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u200b-\u200f\u2028\u2029]/g, '\ufffd');

/** `3 min`, `45 s`, `2 h`, `14 days`. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 100) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 100 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}

/** `1 row`, `2 rows`. */
export const counted = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

export const clockTime = (at: number): string => new Date(at).toISOString().slice(0, 19).replace('T', ' ');

/** UTC, as `ls -l` has it: `Jan  2 03:04`, and without the time `Jan  2  2025` where the year is another. */
export function dayTime(at: number, now: number): string {
  const [, day = '', month = '', year = '', time = ''] = new Date(at).toUTCString().split(' ');
  const isThisYear = Number(year) === new Date(now).getUTCFullYear();
  return `${month} ${String(Number(day)).padStart(2)} ${isThisYear ? time.slice(0, 5) : ` ${year}`}`;
}
