import { type OutputColumn, ProtocolError, type Rows } from '@hoop/core';
import { int32At } from '../codec/fields.js';

/** Type, length, count of cells. */
const HEAD = 7;
const NULL = -1;

/** What the last batches took: the next one seldom needs more. */
let room = 512;
const ROOM_MOST = 65_536;

/** The DataRows that stand in one buffer side by side, for the one statement they answer. */
export class RowBatch {
  readonly statement: number;
  readonly columns: readonly OutputColumn[];
  readonly bytes: Uint8Array;
  /** Where the first row starts and the last one ends, in `bytes`. */
  readonly from: number;
  to: number;
  #cells = new Int32Array(room);
  #length = 0;
  #count = 0;

  constructor(statement: number, columns: readonly OutputColumn[], bytes: Uint8Array, from: number) {
    this.statement = statement;
    this.columns = columns;
    this.bytes = bytes;
    this.from = from;
    this.to = from;
  }

  /** Whether the row that starts at `start` of `bytes` goes on with it. */
  takes(statement: number, columns: readonly OutputColumn[], bytes: Uint8Array, start: number): boolean {
    return statement === this.statement && columns === this.columns && bytes === this.bytes && start === this.to;
  }

  /** A row, `start` to `end`. Its cells are as many as the columns. */
  add(start: number, end: number): void {
    const count = this.columns.length;
    if (this.#length + 2 * count > this.#cells.length) this.#grow(2 * count);
    const { bytes } = this;
    const cells = this.#cells;
    let at = start + HEAD;
    let next = this.#length;
    for (let left = count; left > 0; left--) {
      if (at + 4 > end) throw unfit();
      const length = int32At(bytes, at);
      at += 4;
      cells[next++] = at;
      cells[next++] = length;
      if (length > 0) at += length;
      else if (length < NULL) throw unfit();
    }
    if (at !== end) throw unfit();
    this.#length = next;
    this.#count += 1;
    this.to = end;
  }

  /** All of them, for a mask to look at. */
  rows(): Rows {
    return {
      kind: 'rows',
      columns: this.columns,
      count: this.#count,
      bytes: this.bytes,
      cells: this.#cells.subarray(0, this.#length),
    };
  }

  #grow(more: number): void {
    const cells = new Int32Array(Math.max(2 * this.#cells.length, this.#length + more));
    cells.set(this.#cells);
    this.#cells = cells;
    room = Math.min(ROOM_MOST, cells.length);
  }
}

/** How many cells a DataRow has. */
export function cellsIn(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < HEAD) throw unfit();
  return ((bytes[start + 5] as number) << 8) | (bytes[start + 6] as number);
}

const unfit = () => new ProtocolError('a row is not as long as its cells');
