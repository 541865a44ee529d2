import type { State } from '@hoop/contracts/local';

export type Problem = State['problems'][number];
const MOST = 20;

/** What stands in the way on this laptop, each once, newest last; `status` shows it. */
export class Problems {
  readonly #all = new Map<string, Problem>();
  readonly #changed: () => void;

  constructor(changed: () => void) {
    this.#changed = changed;
  }

  get all(): Problem[] {
    return [...this.#all.values()];
  }

  add(code: string, message: string, hint?: string): void {
    this.#all.delete(code);
    this.#all.set(code, { code, message, ...(hint !== undefined && { hint }) });
    const [oldest] = this.#all.keys();
    if (this.#all.size > MOST && oldest !== undefined) this.#all.delete(oldest);
    this.#changed();
  }

  clear(): void {
    if (this.#all.size === 0) return;
    this.#all.clear();
    this.#changed();
  }

  solved(code: string): void {
    if (this.#all.delete(code)) this.#changed();
  }
}
