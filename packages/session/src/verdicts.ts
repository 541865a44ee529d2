import type { Verdict } from '@hoop/core';

/** Verdicts that were asked for together, handed out oldest first as they come in. */
export class Verdicts {
  readonly #in: (Verdict | undefined)[];
  #missing: number;
  #given = 0;
  /** What the script waits for: all, those that come next, or nothing now. */
  wanted: 'all' | 'next' | 'none' = 'all';
  /** Ends the wait for all. */
  slow: NodeJS.Timeout | undefined;

  /** `changed` is called for each that comes in later, `failed` for one that never will. */
  constructor(asked: readonly (Verdict | Promise<Verdict>)[], changed: () => void, failed: (error: unknown) => void) {
    this.#in = asked.map((one) => (one instanceof Promise ? undefined : one));
    this.#missing = asked.length;
    for (const [at, one] of asked.entries()) {
      if (!(one instanceof Promise)) this.#missing -= 1;
      else one.then((verdict) => this.#arrived(at, verdict, changed), failed);
    }
  }

  get isComplete(): boolean {
    return this.#missing === 0;
  }

  get hasNext(): boolean {
    return this.#in[this.#given] !== undefined;
  }

  /** Those that nobody has taken, up to the first that is still out. */
  take(): Verdict[] {
    const taken: Verdict[] = [];
    for (let next = this.#in[this.#given]; next !== undefined; next = this.#in[this.#given]) {
      taken.push(next);
      this.#given += 1;
    }
    return taken;
  }

  #arrived(at: number, verdict: Verdict, changed: () => void): void {
    this.#in[at] = verdict;
    this.#missing -= 1;
    changed();
  }
}
