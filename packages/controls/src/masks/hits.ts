import type { Found, Wanted } from './detect/detectors.js';

export interface Hit {
  from: number;
  to: number;
  kind: Wanted;
}

const NONE = -1;

/** What was found, by cell. */
export class Hits {
  #first = new Int32Array(0);
  #next = new Int32Array(0);
  #found: Found | undefined;

  /** Of cells `from` to `to`. */
  set(found: Found, from: number, to: number): void {
    if (this.#first.length < to - from) this.#first = new Int32Array(2 * (to - from));
    if (this.#next.length < found.count) this.#next = new Int32Array(2 * found.count);
    this.#first.fill(NONE, 0, to - from);
    for (let at = 0; at < found.count; at++) {
      const cell = (found.cells[at] as number) - from;
      this.#next[at] = this.#first[cell] as number;
      this.#first[cell] = at;
    }
    this.#found = found;
  }

  /** Whether anything was found in a cell; it counts from the first. */
  has(cell: number): boolean {
    return this.#first[cell] !== NONE;
  }

  /** What was found in it, in order, each place once. Of two that overlap, what starts first counts, as far as both go. */
  of(cell: number): Hit[] {
    const found = this.#found as Found;
    const all: Hit[] = [];
    for (let at = this.#first[cell] as number; at !== NONE; at = this.#next[at] as number) {
      all.push({
        from: found.spans[2 * at] as number,
        to: found.spans[2 * at + 1] as number,
        kind: found.kinds[at] as number,
      });
    }
    return joined(all.sort((one, other) => one.from - other.from || other.to - one.to));
  }
}

function joined(all: readonly Hit[]): Hit[] {
  const apart: Hit[] = [];
  for (const one of all) {
    const last = apart.at(-1);
    if (last === undefined || one.from >= last.to) apart.push(one);
    else if (one.to > last.to) last.to = one.to;
  }
  return apart;
}
