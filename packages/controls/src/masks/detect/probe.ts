import { BETWEEN, DIGIT, JOINT, KIND, LETTER } from './bytes.js';
import {
  CARD,
  CLOUD_KEY,
  EMAIL,
  IBAN,
  JWT,
  NATIONAL,
  PHONE,
  PRIVATE_KEY,
  URL_PASSWORD,
  type Wanted,
} from './detectors.js';
import { isFoldedAt } from './fold.js';
import { RUN_LEAST } from './numbers.js';
import { TOKEN_LEAST } from './tokens.js';

/** Cells, as `Rows` has them. */
export interface Cells {
  bytes: Uint8Array;
  cells: Int32Array;
}

/**
 * Marks the cells that something might be found in, looking at all of the bytes they lie in at once: what costs is a cell
 * with digits or a long word in it, not a cell. What lies between cells belongs to none.
 */
export class Probe {
  /** By cell, from the first that was looked at. */
  marks = new Uint8Array(1024);
  #cells: Int32Array = new Int32Array(0);
  #first = 0;
  #last = 0;
  #cell = 0;

  /** Marks cells `first` to `last`; true if there are any. `skips` says which columns nobody looks into. */
  look({ bytes, cells }: Cells, first: number, last: number, skips: Uint8Array, wanted: Wanted): boolean {
    this.#reset(cells, first, last);
    const from = cells[2 * first] as number;
    const to = this.#endOf(last - 1);
    let marked = false;
    if ((wanted & (CARD | IBAN | PHONE | NATIONAL)) !== 0) {
      marked = this.#runs(bytes, from, to, skips, DIGIT | BETWEEN, RUN_LEAST) || marked;
    }
    if ((wanted & (JWT | PRIVATE_KEY | CLOUD_KEY | NATIONAL)) !== 0) {
      marked = this.#runs(bytes, from, to, skips, DIGIT | LETTER | JOINT, TOKEN_LEAST) || marked;
    }
    if ((wanted & (EMAIL | URL_PASSWORD)) !== 0) marked = this.#signs(bytes, from, to, skips) || marked;
    return this.#folded(bytes, from, to, skips) || marked;
  }

  #reset(cells: Int32Array, first: number, last: number): void {
    const count = last - first;
    if (this.marks.length < count) this.marks = new Uint8Array(2 * count);
    else this.marks.fill(0, 0, count);
    this.#cells = cells;
    this.#first = first;
    this.#last = last;
    this.#cell = first;
  }

  #endOf(cell: number): number {
    return (this.#cells[2 * cell] as number) + Math.max(0, this.#cells[2 * cell + 1] as number);
  }

  /** The cell that the byte at `at` lies in, or the last one before it; `at` rises from call to call. */
  #cellAt(at: number): number {
    let cell = this.#cell;
    while (cell + 1 < this.#last && (this.#cells[2 * cell + 2] as number) <= at) cell += 1;
    this.#cell = cell;
    return cell;
  }

  #runs(bytes: Uint8Array, from: number, to: number, skips: Uint8Array, kind: number, least: number): boolean {
    let marked = false;
    this.#cell = this.#first;
    for (let at = from + least - 1; at < to; at += least) {
      if (((KIND[bytes[at] as number] as number) & kind) === 0) continue;
      let start = at;
      while (start > from && at - start < least && ((KIND[bytes[start - 1] as number] as number) & kind) !== 0)
        start -= 1;
      let end = at + 1;
      while (end < to && end - start < least && ((KIND[bytes[end] as number] as number) & kind) !== 0) end += 1;
      if (end - start < least) {
        at = end;
        continue;
      }
      const cell = this.#cellAt(at);
      marked = this.#mark(cell, skips) || marked;
      at = Math.max(at, this.#endOf(cell));
    }
    return marked;
  }

  #signs(bytes: Uint8Array, from: number, to: number, skips: Uint8Array): boolean {
    let marked = false;
    this.#cell = this.#first;
    const part = bytes.subarray(from, to);
    for (let at = part.indexOf(0x40); at >= 0; ) {
      const cell = this.#cellAt(from + at);
      marked = this.#mark(cell, skips) || marked;
      at = part.indexOf(0x40, Math.max(at + 1, this.#endOf(cell) - from));
    }
    return marked;
  }

  #folded(bytes: Uint8Array, from: number, to: number, skips: Uint8Array): boolean {
    let marked = false;
    this.#cell = this.#first;
    for (let at = nextWide(bytes, from, to); at < to; ) {
      if (!isFoldedAt(bytes, at)) {
        at = nextWide(bytes, at + 1, to);
        continue;
      }
      const cell = this.#cellAt(at);
      marked = this.#mark(cell, skips) || marked;
      at = nextWide(bytes, Math.max(at + 1, this.#endOf(cell)), to);
    }
    return marked;
  }

  #mark(cell: number, skips: Uint8Array): boolean {
    if (skips[cell % skips.length] === 1) return false;
    this.marks[cell - this.#first] = 1;
    return true;
  }
}

/** The next byte that may start a character beyond ASCII; eight at a time where there is none. */
function nextWide(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  for (; at + 8 <= to; at += 8) {
    if (orOfEight(bytes, at) < 0x80) continue;
    for (let index = at; index < at + 8; index++) if ((bytes[index] as number) >= 0xc2) return index;
  }
  while (at < to && (bytes[at] as number) < 0xc2) at += 1;
  return at;
}

const orOfEight = (bytes: Uint8Array, at: number): number =>
  (bytes[at] as number) |
  (bytes[at + 1] as number) |
  (bytes[at + 2] as number) |
  (bytes[at + 3] as number) |
  (bytes[at + 4] as number) |
  (bytes[at + 5] as number) |
  (bytes[at + 6] as number) |
  (bytes[at + 7] as number);
