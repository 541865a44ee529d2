import { createHmac, type Hmac } from 'node:crypto';
import type { Way } from './rules.js';
import type { Writer } from './writer.js';

export const REDACTED = '***';
/** A value longer than this is no number with a shape: three stars stand for it. */
const SHAPED_MOST = 256;
/** Fewer letters and digits than this would be shown by half or more. */
const SHAPED_LEAST = 8;
const KEPT = 4;
const STAR = 0x2a;

/** Writes what stands for a value, the bytes of its text. Ways that leave nothing are the caller's. */
export type Mask = (writer: Writer, bytes: Uint8Array, from: number, to: number) => void;

export const redact: Mask = (writer) => writer.ascii(REDACTED);

/** Stars for all letters and digits but the last four; what stands between them is kept. */
export const partial: Mask = (writer, bytes, from, to) => {
  if (to - from > SHAPED_MOST) return redact(writer, bytes, from, to);
  const start = writer.length;
  writer.room(to - from);
  const out = writer.bytes;
  let at = start;
  let marks = 0;
  for (let index = from; index < to; index++) {
    const byte = bytes[index] as number;
    if (isContinued(byte)) continue;
    const mark = isMark(byte);
    if (mark) marks += 1;
    out[at++] = mark ? STAR : byte;
  }
  writer.length = at;
  if (marks >= SHAPED_LEAST) keepLast(out, bytes, at, to);
};

/** Puts the last four back, if all behind them is ASCII: there the output and the value run in step. */
function keepLast(out: Uint8Array, bytes: Uint8Array, end: number, to: number): void {
  for (let back = 1, kept = 0; kept < KEPT; back++) {
    const byte = bytes[to - back] as number;
    if (byte >= 0x80) return;
    if (!isMark(byte)) continue;
    out[end - back] = byte;
    kept += 1;
  }
}

/** A letter or digit; every character beyond ASCII counts as one. */
const isMark = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || byte >= 0x80;

/** A byte inside a character of UTF-8. */
const isContinued = (byte: number): boolean => (byte & 0xc0) === 0x80;

/** 96 bits: enough that no two values of a database meet, and the key is not to be found from them. */
const HASHED = 24;
export const hashed = (hmac: Hmac): string => hmac.digest('hex').slice(0, HASHED);

/** Trailing spaces do not count: a `char(n)` has them, and joins with text that has none. */
export const hashBy = (key: Uint8Array): Mask => {
  return (writer, bytes, from, to) => {
    let end = to;
    while (end > from && bytes[end - 1] === 0x20) end -= 1;
    writer.ascii(hashed(createHmac('sha256', key).update(bytes.subarray(from, end))));
  };
};

/** The mask of a way; undefined for NULL. */
export function maskOf(way: Exclude<Way, 'show'>, key: Uint8Array): Mask | undefined {
  if (way === 'null') return undefined;
  if (way === 'redact') return redact;
  return way === 'partial' ? partial : hashBy(key);
}
