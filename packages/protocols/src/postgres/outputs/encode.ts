import type { Changes, Rows } from '@hoop/core';
import { int32At } from '../codec/fields.js';

const HEAD = 7;
/** What lies between two changed cells goes on as a view of what came, from this length on. */
const VIEWED = 16_384;
/** From here on a native copy is the faster one. */
const COPIED = 48;

/**
 * The frames of a batch with changed cells written anew; all else is the bytes that came. Where every new value is as long
 * as the old one, it is written over that, and `undefined` says that what came is what goes on.
 */
export function encodeRows(rows: Rows, changes: Changes, to: number): Uint8Array[] | undefined {
  return isInPlace(rows, changes) ? writeOver(rows, changes) : new Encoder(rows, changes, to).run();
}

function isInPlace({ cells }: Rows, { count, cells: changed, spans }: Changes): boolean {
  for (let at = 0; at < count; at++) {
    if (cells[2 * (changed[at] as number) + 1] !== spans[2 * at + 1]) return false;
  }
  return true;
}

function writeOver({ bytes, cells }: Rows, { count, cells: changed, spans, bytes: values }: Changes): undefined {
  for (let at = 0; at < count; at++) {
    const start = cells[2 * (changed[at] as number)] as number;
    const from = spans[2 * at] as number;
    const length = spans[2 * at + 1] as number;
    if (length > COPIED) bytes.set(values.subarray(from, from + length), start);
    else for (let index = 0; index < length; index++) bytes[start + index] = values[from + index] as number;
  }
}

/** Writes one batch of rows into as few buffers as its long cells allow. */
class Encoder {
  readonly #rows: Rows;
  readonly #changes: Changes;
  readonly #to: number;
  readonly #out: Uint8Array[] = [];
  #buffer: Buffer;
  /** Where the next byte goes, and where what was not yet given out begins. */
  #at = 0;
  #given = 0;

  constructor(rows: Rows, changes: Changes, to: number) {
    this.#rows = rows;
    this.#changes = changes;
    this.#to = to;
    this.#buffer = Buffer.allocUnsafeSlow(this.#size());
  }

  run(): Uint8Array[] {
    const { cells, columns } = this.#rows;
    const { count, cells: changed } = this.#changes;
    const width = columns.length;
    let from = (cells[0] as number) - 4 - HEAD;
    for (let at = 0; at < count; ) {
      const row = Math.floor((changed[at] as number) / width);
      let last = at + 1;
      while (last < count && (changed[last] as number) < (row + 1) * width) last += 1;
      from = this.#row(row, at, last, from);
      at = last;
    }
    this.#copy(from, this.#to);
    this.#give();
    return this.#out;
  }

  /** Writes what stands before a row, and the row up to its last change; gives where the rest begins. */
  #row(row: number, first: number, last: number, from: number): number {
    const { bytes, cells, columns } = this.#rows;
    const { cells: changed, spans } = this.#changes;
    const start = (cells[2 * row * columns.length] as number) - 4 - HEAD;
    this.#copy(from, start);
    let length = int32At(bytes, start + 1);
    for (let at = first; at < last; at++) {
      length +=
        Math.max(0, spans[2 * at + 1] as number) - Math.max(0, cells[2 * (changed[at] as number) + 1] as number);
    }
    this.#buffer[this.#at] = bytes[start] as number;
    this.#int32(this.#at + 1, length);
    this.#at += 5;
    let next = start + 5;
    for (let at = first; at < last; at++) next = this.#cell(at, next);
    return next;
  }

  #cell(change: number, from: number): number {
    const { cells } = this.#rows;
    const { cells: changed, spans, bytes: values } = this.#changes;
    const cell = changed[change] as number;
    const start = cells[2 * cell] as number;
    this.#copy(from, start - 4);
    const value = spans[2 * change] as number;
    const length = spans[2 * change + 1] as number;
    this.#int32(this.#at, length);
    this.#at += 4;
    if (length > 0) this.#write(values, value, value + length);
    return start + Math.max(0, cells[2 * cell + 1] as number);
  }

  #int32(at: number, value: number): void {
    const buffer = this.#buffer;
    buffer[at] = value >>> 24;
    buffer[at + 1] = value >>> 16;
    buffer[at + 2] = value >>> 8;
    buffer[at + 3] = value;
  }

  #copy(from: number, to: number): void {
    if (to - from < VIEWED) return this.#write(this.#rows.bytes, from, to);
    this.#give();
    this.#out.push(this.#rows.bytes.subarray(from, to));
  }

  #write(bytes: Uint8Array, from: number, to: number): void {
    const buffer = this.#buffer;
    let at = this.#at;
    if (to - from > COPIED) buffer.set(bytes.subarray(from, to), at);
    else for (let index = from; index < to; index++) buffer[at++] = bytes[index] as number;
    this.#at += to - from;
  }

  #give(): void {
    if (this.#at > this.#given) this.#out.push(this.#buffer.subarray(this.#given, this.#at));
    this.#given = this.#at;
  }

  /** What has to be written: all that is not long enough to be a view. */
  #size(): number {
    const { cells } = this.#rows;
    const { count, cells: changed, spans } = this.#changes;
    let size = 0;
    let from = (cells[0] as number) - 4 - HEAD;
    for (let at = 0; at < count; at++) {
      const cell = changed[at] as number;
      const start = cells[2 * cell] as number;
      size += sizeOf(start - from) + Math.max(0, spans[2 * at + 1] as number);
      from = start + Math.max(0, cells[2 * cell + 1] as number);
    }
    return size + sizeOf(this.#to - from);
  }
}

/** A row that begins within a long stretch has its head written. */
const sizeOf = (length: number): number => Math.min(length, 2 * VIEWED + HEAD + 4);
