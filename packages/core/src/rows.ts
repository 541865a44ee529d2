import type { OutputSource } from './reading.js';

/**
 * Rows that the upstream answers with, as they lie in one buffer in the format of the wire: no object stands for a row
 * or a cell, so that looking at all of them costs little. Cells are numbered row by row; each row has one per column.
 */
export interface Rows {
  kind: 'rows';
  /** The same array for all rows of one result. */
  columns: readonly OutputColumn[];
  /** How many rows these are. */
  count: number;
  /** What the cells lie in. */
  bytes: Uint8Array;
  /** Two numbers for each cell: where it starts in `bytes`, and its length; -1 for NULL. */
  cells: Int32Array;
  /** What a mask put in place of some cells; absent where all are the upstream's own. */
  changes?: Changes | undefined;
}

/** New values of cells, in the order of their numbers. */
export interface Changes {
  count: number;
  /** The numbers of the changed cells, ascending; `count` of them count. */
  cells: Int32Array;
  /** Two numbers for each: where its value starts in `bytes`, and its length; -1 for NULL. */
  spans: Int32Array;
  bytes: Uint8Array;
}

export interface OutputColumn {
  name: string;
  format: 'text' | 'binary';
  /** The protocol's number of its type. */
  type: number;
  /** What its cells are to a mask; absent where no control of the connection goes by it. */
  holds?: Holds | undefined;
  /**
   * Gives what a cell says as text, where the bytes of the wire are not that: of the cell that starts at `start`, the part
   * `from` to `to`. A little more or less at both ends is as good.
   */
  reads?: ((bytes: Uint8Array, start: number, from: number, to: number) => Uint8Array) | undefined;
  /** Where its values come from; absent where no control of the connection goes by it, or the count of columns differs. */
  source?: OutputSource | undefined;
  /** The column that the upstream itself names as where it comes from. */
  origin?: string | undefined;
}

/**
 * `text`: any text is a valid value, the same bytes in either format · `padded`: the same, at a fixed length in characters,
 * with spaces at its end · `json`: any JSON text is · `digits`: a number that may have ten digits or more · `plain`: nothing
 * of meaning fits into it, such as a boolean or a date · `other`: anything may be in it, and only NULL is sure to be valid.
 */
export type Holds = 'text' | 'padded' | 'json' | 'digits' | 'plain' | 'other';

/** The cells of one row as they are to be shown, as views. */
export function* shownRows(rows: Rows): Generator<(Uint8Array | null)[]> {
  const { columns, count, bytes, cells, changes } = rows;
  let next = 0;
  for (let row = 0, cell = 0; row < count; row++) {
    const shown: (Uint8Array | null)[] = [];
    for (let left = columns.length; left > 0; left--, cell++) {
      if (changes !== undefined && next < changes.count && changes.cells[next] === cell) {
        shown.push(viewOf(changes.bytes, changes.spans, next));
        next += 1;
      } else shown.push(viewOf(bytes, cells, cell));
    }
    yield shown;
  }
}

function viewOf(bytes: Uint8Array, spans: Int32Array, at: number): Uint8Array | null {
  const from = spans[2 * at] as number;
  const length = spans[2 * at + 1] as number;
  return length < 0 ? null : bytes.subarray(from, from + length);
}
