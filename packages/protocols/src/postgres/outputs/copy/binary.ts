import { ProtocolError } from '@hoop/core';
import { int32 } from '../../codec/build.js';
import { int32At } from '../../codec/fields.js';
import { cellsIn, RowBatch } from '../batch.js';
import type { CopyCells, CopyReader } from './cells.js';

const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');
/** Signature, flags, length of what extends it. */
const HEAD = SIGNATURE.length + 8;
/** In flags: rows have OIDs, which nobody writes since PostgreSQL 12. */
const CRITICAL = 0xffff0000;
const END = 0xffff;

/** COPY's binary format: a header, rows of counted fields, and a trailer. */
export class BinaryReader implements CopyReader {
  readonly #columns: number;
  #begun = false;
  #over = false;

  constructor(columns: number) {
    this.#columns = columns;
  }

  get isAtRow(): boolean {
    return this.#begun && !this.#over;
  }

  read(body: Buffer, into: CopyCells): number {
    let at = 0;
    if (!this.#begun) {
      at = this.#head(body);
      if (at < 0) return 0;
      this.#begun = true;
    }
    while (at + 2 <= body.length) {
      const before = into.length;
      const next = this.#row(body, at, into);
      if (next < 0) {
        into.back(before);
        return at;
      }
      at = next;
    }
    return at;
  }

  #head(body: Buffer): number {
    if (body.length < HEAD) return -1;
    if (body.compare(SIGNATURE, 0, SIGNATURE.length, 0, SIGNATURE.length) !== 0) throw unfit('has no header');
    if ((int32At(body, SIGNATURE.length) & CRITICAL) !== 0) throw unfit('has flags that are not known');
    const more = int32At(body, SIGNATURE.length + 4);
    if (more < 0 || more > 65_536) throw unfit('has a header that is too long');
    return body.length < HEAD + more ? -1 : HEAD + more;
  }

  #row(body: Buffer, start: number, into: CopyCells): number {
    const count = ((body[start] as number) << 8) | (body[start + 1] as number);
    if (this.#over) throw unfit('goes on behind its end');
    if (count === END) {
      this.#over = true;
      return start + 2;
    }
    if (count !== this.#columns) throw unfit('has not as many fields as columns');
    let at = start + 2;
    for (let left = count; left > 0; left--) {
      if (at + 4 > body.length) return -1;
      const length = int32At(body, at);
      if (length < -1) throw unfit('has a field of no length');
      const end = at + 4 + Math.max(0, length);
      if (end > body.length) return -1;
      into.add(at, end, at + 4, length);
      at = end;
    }
    into.rows += 1;
    return at;
  }

  write(value: Uint8Array | null): Uint8Array {
    return value === null ? int32(-1) : Buffer.concat([int32(value.length), value]);
  }
}

/** Rows as `CopyData` has them: but for its type, a message of one is a DataRow. */
export class BinaryBatch extends RowBatch {
  override add(start: number, end: number): boolean {
    return end - start >= ROW_LEAST && cellsIn(this.bytes, start, end) === this.columns.length && super.add(start, end);
  }
}

/** Type, length, count of fields. */
const ROW_LEAST = 7;

const unfit = (what: string) => new ProtocolError(`a binary COPY ${what}`);
