/** Waits for a turn of the event loop of its own. */
export class Turns {
  readonly #waiting: (() => void)[] = [];
  #next = 0;

  /** Resolves one by one, in order, with a turn of the event loop between. */
  take(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length === 1) setImmediate(() => this.#give());
    });
  }

  #give(): void {
    this.#waiting[this.#next]?.();
    this.#next += 1;
    if (this.#next < this.#waiting.length) {
      setImmediate(() => this.#give());
      return;
    }
    this.#waiting.length = 0;
    this.#next = 0;
  }
}
