import { type Changes, type OutputColumn, ProtocolError, type Rows } from '@hoop/core';
import { Batch } from '../batch.js';
import { Encoder } from '../encode.js';
import type { CopyReader } from './cells.js';
import type { CopyForm } from './form.js';
import { NEWLINE } from './lines.js';

/** Type and length of a message. */
const HEAD = 5;
const BACKSLASH = 0x5c;

/** Where a sign stands next, sought from the front to the back: what is known of it is asked for only once. */
class Next {
  readonly #bytes: Uint8Array;
  readonly #sign: number;
  #at = -1;

  constructor(bytes: Uint8Array, sign: number) {
    this.#bytes = bytes;
    this.#sign = sign;
  }

  /** The first at `from` or behind it; the end of the bytes if there is none. */
  from(from: number): number {
    if (this.#at >= from) return this.#at;
    const bytes = this.#bytes;
    const near = Math.min(bytes.length, from + NEAR);
    let at = from;
    while (at < near && bytes[at] !== this.#sign) at += 1;
    if (at === near) at = bytes.indexOf(this.#sign, at);
    this.#at = at < 0 ? bytes.length : at;
    return this.#at;
  }
}

/** What lies nearer is found faster without a native search. */
const NEAR = 12;

/** Lines whose fields are what they say: none has a backslash (text) or a quote (csv) in it, but for a NULL. */
export class PlainBatch extends Batch {
  readonly #reader: CopyReader;
  readonly #null: Uint8Array;
  readonly #tellsNull: boolean;
  readonly #delimiter: Next;
  readonly #newline: Next;
  /** A backslash or a quote. */
  readonly #special: Next;

  constructor(
    of: { statement: number; columns: readonly OutputColumn[]; form: CopyForm; reader: CopyReader },
    bytes: Uint8Array,
    from: number,
  ) {
    super(of.statement, of.columns, bytes, from);
    const { kind, delimiter, quote, null: none, tellsNull } = of.form;
    this.#reader = of.reader;
    this.#null = none;
    this.#tellsNull = tellsNull;
    this.#delimiter = new Next(bytes, delimiter);
    this.#newline = new Next(bytes, NEWLINE);
    this.#special = new Next(bytes, kind === 'csv' ? quote : BACKSLASH);
  }

  add(start: number, end: number): boolean {
    const last = end - 1;
    if (this.#newline.from(start + HEAD) !== last) return false;
    this.room();
    const { cells } = this;
    let next = this.length;
    let from = start + HEAD;
    for (let left = this.columns.length; left > 0; left--) {
      const to = Math.min(last, this.#delimiter.from(from));
      const isNull = this.#isNull(from, to);
      if (!isNull && this.#special.from(from) < to) return false;
      // A quoted field may have delimiters in it.
      if (to === last ? left > 1 : left === 1) return this.#special.from(from) < last ? false : unfit();
      cells[next++] = from;
      cells[next++] = isNull ? -1 : to - from;
      from = to + 1;
    }
    this.length = next;
    this.count += 1;
    this.to = end;
    return true;
  }

  #isNull(from: number, to: number): boolean {
    const { bytes } = this;
    const text = this.#null;
    if (!this.#tellsNull || to - from !== text.length) return false;
    for (let at = 0; at < text.length; at++) if (bytes[from + at] !== text[at]) return false;
    return true;
  }

  encode(rows: Rows, changes: Changes): Uint8Array[] {
    return new PlainEncoder(rows, changes, this.to, this.#reader, this.#null).run();
  }
}

class PlainEncoder extends Encoder {
  readonly #reader: CopyReader;
  readonly #null: Uint8Array;
  /** What was written last, and where it stands in the changes: a redacted value is the same for all. */
  #from = -1;
  #written: Uint8Array;

  constructor(rows: Rows, changes: Changes, to: number, reader: CopyReader, none: Uint8Array) {
    super(rows, changes, to, HEAD);
    this.#reader = reader;
    this.#null = none;
    this.#written = none;
  }

  protected startOf(cell: number): number {
    return this.rows.cells[2 * cell] as number;
  }

  protected endOf(cell: number): number {
    const length = this.rows.cells[2 * cell + 1] as number;
    return this.startOf(cell) + (length < 0 ? this.#null.length : length);
  }

  /** Each byte may need another before it, and the value its quotes. */
  protected mostOf(change: number): number {
    const length = this.changes.spans[2 * change + 1] as number;
    return length < 0 ? this.#null.length : 2 * length + 2;
  }

  protected put(change: number): void {
    const value = this.#valueOf(change);
    this.write(value, 0, value.length);
  }

  #valueOf(change: number): Uint8Array {
    const { spans, bytes } = this.changes;
    const from = spans[2 * change] as number;
    const length = spans[2 * change + 1] as number;
    if (length < 0) return this.#null;
    if (from !== this.#from || length === 0) {
      this.#from = from;
      this.#written = this.#reader.write(bytes.subarray(from, from + length));
    }
    return this.#written;
  }
}

function unfit(): never {
  throw new ProtocolError('a line of COPY has not as many fields as columns');
}
