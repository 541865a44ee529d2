/** Chunks that arrived and that nobody has taken yet, oldest first. Taking one costs the same however many wait. */
export class Chunks {
  #held: (Uint8Array | undefined)[] = [];
  #at = 0;

  get empty(): boolean {
    return this.#at === this.#held.length;
  }

  push(chunk: Uint8Array): void {
    this.#held.push(chunk);
  }

  take(): Uint8Array | undefined {
    if (this.empty) return undefined;
    const chunk = this.#held[this.#at];
    this.#held[this.#at] = undefined;
    this.#at += 1;
    if (this.#at === this.#held.length) this.clear();
    return chunk;
  }

  clear(): void {
    this.#held = [];
    this.#at = 0;
  }
}
