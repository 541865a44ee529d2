/** Texts that lie in one buffer, looked into from the front to the back: what is found in one does not go on in the next. */
export interface Texts {
  /** The text last sought: where it starts and ends. */
  from: number;
  to: number;
  /** Its number. */
  cell: number;
  /** To the front again. */
  rewind(): this;
  /** Whether the byte at `at` is in a text that is to be looked into; if it is in another, `to` is where that ends. */
  seek(at: number): boolean;
}

/** One text by itself. */
export class OneText implements Texts {
  from = 0;
  to = 0;
  cell = 0;

  set(to: number, cell: number): this {
    this.to = to;
    this.cell = cell;
    return this;
  }

  rewind(): this {
    return this;
  }

  seek(): boolean {
    return true;
  }
}

/** Cells of rows, as `Rows` has them. `skips` is 1 for each column that nobody looks into. */
export class CellTexts implements Texts {
  from = 0;
  to = 0;
  cell = 0;
  #cells: Int32Array = new Int32Array(0);
  #first = 0;
  #last = 0;
  #skips: Uint8Array = new Uint8Array(0);

  /** Cells `first` to `last`. */
  set(cells: Int32Array, first: number, last: number, skips: Uint8Array): this {
    this.#cells = cells;
    this.#first = first;
    this.#last = last;
    this.#skips = skips;
    return this.rewind();
  }

  rewind(): this {
    this.cell = this.#first;
    this.from = 0;
    this.to = 0;
    return this;
  }

  seek(at: number): boolean {
    if (at < this.to && at >= this.from) return this.#skips[this.cell % this.#skips.length] === 0;
    const cells = this.#cells;
    let { cell } = this;
    while (cell + 1 < this.#last && (cells[2 * cell + 2] as number) <= at) cell += 1;
    this.cell = cell;
    this.from = cells[2 * cell] as number;
    this.to = this.from + Math.max(0, cells[2 * cell + 1] as number);
    return at >= this.from && at < this.to && this.#skips[cell % this.#skips.length] === 0;
  }
}
