/** Cells of rows as COPY writes them: what each says, and where it stands as it was written. */
export class CopyCells {
  /** Two numbers each, as `Rows.cells` has them; they lie in `bytes`. */
  cells = new Int32Array(512);
  /** Two numbers each: from and to, in what was written. */
  written = new Int32Array(512);
  length = 0;
  /** Rows, without a header. */
  rows = 0;
  readonly bytes: Buffer;
  /** What is filled of `bytes`. */
  at = 0;

  /** `bytes`: the room for what they say, as long as what was written. */
  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  add(from: number, to: number, start: number, length: number): void {
    if (2 * this.length === this.cells.length) this.#grow();
    const at = 2 * this.length;
    this.cells[at] = start;
    this.cells[at + 1] = length;
    this.written[at] = from;
    this.written[at + 1] = to;
    this.length += 1;
  }

  /** Takes back cells of a row that did not end. */
  back(length: number): void {
    this.length = length;
  }

  #grow(): void {
    const { cells, written } = this;
    this.cells = new Int32Array(2 * cells.length);
    this.cells.set(cells);
    this.written = new Int32Array(2 * written.length);
    this.written.set(written);
  }
}

/** One of COPY's formats, for one COPY. */
export interface CopyReader {
  /** What comes next is a row, and no header or trailer. */
  readonly isAtRow: boolean;
  /** Reads the rows that `body` has whole; gives where the last of them ends. Throws `ProtocolError` where it has none. */
  read(body: Buffer, into: CopyCells): number;
  /** A new value as it is written, whatever stood there before. */
  write(value: Uint8Array | null): Uint8Array;
}
