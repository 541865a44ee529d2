import type { Changes, Rows } from '@hoop/core';
import { int32At } from '../codec/fields.js';

/** What lies between two changed cells goes on as a view of what came, from this length on. */
const VIEWED = 16_384;
/** From here on a native copy is the faster one. */
const COPIED = 48;

/**
 * The DataRows of a batch with changed cells written anew; all else is the bytes that came. Where every new value is as long
 * as the old one, it is written over that, and `undefined` says that what came is what goes on.
 */
export function encodeRows(rows: Rows, changes: Changes, to: number): Uint8Array[] | undefined {
  return isInPlace(rows, changes) ? writeOver(rows, changes) : new RowEncoder(rows, changes, to).run();
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

/** Type and length of a message. */
const HEAD = 5;

/** Writes messages of one row each, with changed cells, into as few buffers as the long cells allow. */
export abstract class Encoder {
  protected readonly rows: Rows;
  protected readonly changes: Changes;
  readonly #to: number;
  /** What stands between a message's start and its first value. */
  readonly #before: number;
  readonly #out: Uint8Array[] = [];
  #buffer: Buffer = NOTHING;
  /** Where the next byte goes, and where what was not yet given out begins. */
  #at = 0;
  #given = 0;

  constructor(rows: Rows, changes: Changes, to: number, before: number) {
    this.rows = rows;
    this.changes = changes;
    this.#to = to;
    this.#before = before;
  }

  /** Where a value starts and ends as it came, with what says how long it is. */
  protected abstract startOf(cell: number): number;
  protected abstract endOf(cell: number): number;
  /** Bytes that a new value takes at most. */
  protected abstract mostOf(change: number): number;
  /** Writes a new value, with what says how long it is. */
  protected abstract put(change: number): void;

  run(): Uint8Array[] {
    this.#buffer = Buffer.allocUnsafeSlow(this.#size());
    const { count, cells: changed } = this.changes;
    const width = this.rows.columns.length;
    let from = this.#rowStart(0);
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

  #rowStart(row: number): number {
    return (this.rows.cells[2 * row * this.rows.columns.length] as number) - this.#before;
  }

  #row(row: number, first: number, last: number, from: number): number {
    const start = this.#rowStart(row);
    this.#copy(from, start);
    const head = this.#at;
    this.write(this.rows.bytes, start, start + HEAD);
    let length = int32At(this.#buffer, head + 1);
    let next = start + HEAD;
    for (let at = first; at < last; at++) {
      const cell = this.changes.cells[at] as number;
      const [was, end] = [this.startOf(cell), this.endOf(cell)];
      this.#copy(next, was);
      const before = this.#at;
      this.put(at);
      length += this.#at - before - (end - was);
      next = end;
    }
    this.#int32(head + 1, length);
    return next;
  }

  protected int32(value: number): void {
    this.#int32(this.#at, value);
    this.#at += 4;
  }

  #int32(at: number, value: number): void {
    const buffer = this.#buffer;
    buffer[at] = value >>> 24;
    buffer[at + 1] = value >>> 16;
    buffer[at + 2] = value >>> 8;
    buffer[at + 3] = value;
  }

  protected write(bytes: Uint8Array, from: number, to: number): void {
    const buffer = this.#buffer;
    let at = this.#at;
    if (to - from > COPIED) buffer.set(bytes.subarray(from, to), at);
    else for (let index = from; index < to; index++) buffer[at++] = bytes[index] as number;
    this.#at += to - from;
  }

  #copy(from: number, to: number): void {
    if (to - from < VIEWED) return this.write(this.rows.bytes, from, to);
    this.#give();
    this.#out.push(this.rows.bytes.subarray(from, to));
  }

  #give(): void {
    if (this.#at > this.#given) this.#out.push(this.#buffer.subarray(this.#given, this.#at));
    this.#given = this.#at;
  }

  /** What has to be written: all that is not long enough to be a view. */
  #size(): number {
    const { count, cells: changed } = this.changes;
    let size = 0;
    let from = this.#rowStart(0);
    for (let at = 0; at < count; at++) {
      const cell = changed[at] as number;
      size += sizeOf(this.startOf(cell) - from) + this.mostOf(at);
      from = this.endOf(cell);
    }
    return size + sizeOf(this.#to - from);
  }
}

const NOTHING = Buffer.alloc(0);

/** A row that begins within a long stretch has its head written. */
const sizeOf = (length: number): number => Math.min(length, 2 * VIEWED + HEAD);

/** Type, length, count of cells, and the length of the first. */
const BEFORE = 11;

class RowEncoder extends Encoder {
  constructor(rows: Rows, changes: Changes, to: number) {
    super(rows, changes, to, BEFORE);
  }

  protected startOf(cell: number): number {
    return (this.rows.cells[2 * cell] as number) - 4;
  }

  protected endOf(cell: number): number {
    const { cells } = this.rows;
    return (cells[2 * cell] as number) + Math.max(0, cells[2 * cell + 1] as number);
  }

  protected mostOf(change: number): number {
    return 4 + Math.max(0, this.changes.spans[2 * change + 1] as number);
  }

  protected put(change: number): void {
    const { spans, bytes } = this.changes;
    const from = spans[2 * change] as number;
    const length = spans[2 * change + 1] as number;
    this.int32(length);
    if (length > 0) this.write(bytes, from, from + length);
  }
}
