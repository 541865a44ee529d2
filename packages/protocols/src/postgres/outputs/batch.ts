import { type Changes, type OutputColumn, ProtocolError, type Rows } from '@hoop/core';
import { int32At } from '../codec/fields.js';
import { encodeRows } from './encode.js';

/** Type, length, count of cells. */
const HEAD = 7;
const NULL = -1;

/** What the last batch took: the next one seldom needs more. */
let room = 64;
const ROOM_LEAST = 16;
const ROOM_MOST = 65_536;

/** Messages of one row each that stand in one buffer side by side, for the one statement they answer. */
export abstract class Batch {
  readonly statement: number;
  readonly columns: readonly OutputColumn[];
  readonly bytes: Uint8Array;
  /** Where the last row ends, in `bytes`. */
  to: number;
  protected cells = new Int32Array(room);
  protected length = 0;
  protected count = 0;

  constructor(statement: number, columns: readonly OutputColumn[], bytes: Uint8Array, from: number) {
    this.statement = statement;
    this.columns = columns;
    this.bytes = bytes;
    this.to = from;
  }

  /** Whether the row that starts at `start` of `bytes` goes on with it. */
  takes(statement: number, columns: readonly OutputColumn[], bytes: Uint8Array, start: number): boolean {
    return statement === this.statement && columns === this.columns && bytes === this.bytes && start === this.to;
  }

  /** A row, the message from `start` to `end`; false where it can't be looked at as it stands. Throws `ProtocolError`. */
  abstract add(start: number, end: number): boolean;

  /** What goes on in place of the messages; `undefined` where the new values were written over the old ones. */
  abstract encode(rows: Rows, changes: Changes): Uint8Array[] | undefined;

  /** All of them, for a mask to look at. */
  rows(): Rows {
    room = Math.min(ROOM_MOST, Math.max(ROOM_LEAST, this.length));
    return {
      kind: 'rows',
      columns: this.columns,
      count: this.count,
      bytes: this.bytes,
      cells: this.cells.subarray(0, this.length),
    };
  }

  /** Makes sure that one row more has a place. */
  protected room(): void {
    const more = 2 * this.columns.length;
    if (this.length + more <= this.cells.length) return;
    const cells = new Int32Array(Math.max(2 * this.cells.length, this.length + more));
    cells.set(this.cells);
    this.cells = cells;
  }
}

/** DataRows; rows of a binary COPY have the same form. */
export class RowBatch extends Batch {
  /** Its cells are as many as the columns. */
  add(start: number, end: number): boolean {
    this.room();
    const { bytes, cells } = this;
    let at = start + HEAD;
    let next = this.length;
    for (let left = this.columns.length; left > 0; left--) {
      if (at + 4 > end) throw unfit();
      const length = int32At(bytes, at);
      at += 4;
      cells[next++] = at;
      cells[next++] = length;
      if (length > 0) at += length;
      else if (length < NULL) throw unfit();
    }
    if (at !== end) throw unfit();
    this.length = next;
    this.count += 1;
    this.to = end;
    return true;
  }

  encode(rows: Rows, changes: Changes): Uint8Array[] | undefined {
    return encodeRows(rows, changes, this.to);
  }
}

/** How many cells a DataRow has. */
export function cellsIn(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < HEAD) throw unfit();
  return ((bytes[start + 5] as number) << 8) | (bytes[start + 6] as number);
}

const unfit = () => new ProtocolError('a row is not as long as its cells');
