import type { Changes, Rows } from '@hoop/core';
import { REDACTED } from './ways.js';
import { Writer } from './writer.js';

const NONE = -1;

/** Gathers new values of cells, in the order of their numbers. */
export class ChangeList {
  readonly writer = new Writer();
  count = 0;
  #cells = new Int32Array(256);
  #spans = new Int32Array(512);
  #redacted = NONE;

  clear(): void {
    this.count = 0;
    this.writer.length = 0;
    this.#redacted = NONE;
  }

  /** What was written since `from` is the cell's value. */
  since(cell: number, from: number): void {
    this.#add(cell, from, this.writer.length - from);
  }

  null(cell: number): void {
    this.#add(cell, 0, NONE);
  }

  /** Three stars, which are written only once. */
  redacted(cell: number): void {
    if (this.#redacted === NONE) {
      this.#redacted = this.writer.length;
      this.writer.ascii(REDACTED);
    }
    this.#add(cell, this.#redacted, REDACTED.length);
  }

  /** The rows with what was gathered, or as they are if that is nothing. */
  of(rows: Rows): Rows {
    if (this.count === 0) return rows;
    const { count, writer } = this;
    const changes: Changes = {
      count,
      cells: this.#cells.slice(0, count),
      spans: this.#spans.slice(0, 2 * count),
      bytes: writer.bytes.slice(0, writer.length),
    };
    return { ...rows, changes };
  }

  #add(cell: number, from: number, length: number): void {
    if (this.count === this.#cells.length) this.#grow();
    this.#cells[this.count] = cell;
    this.#spans[2 * this.count] = from;
    this.#spans[2 * this.count + 1] = length;
    this.count += 1;
  }

  #grow(): void {
    const cells = new Int32Array(2 * this.#cells.length);
    const spans = new Int32Array(2 * this.#spans.length);
    cells.set(this.#cells);
    spans.set(this.#spans);
    this.#cells = cells;
    this.#spans = spans;
  }
}
