/** Chunks up to this are joined while they wait, so that many small ones cost no more than the bytes they carry. */
const SMALL = 1_024;
const JOINED = 16_384;

/** Chunks that arrived and that nobody has taken yet, oldest first. Taking one costs the same however many wait. */
export class Chunks {
  #held: (Uint8Array | undefined)[] = [];
  #at = 0;
  /** Our buffer behind the newest chunk, where that was joined of small ones. */
  #tail: Uint8Array | undefined;

  get empty(): boolean {
    return this.#at === this.#held.length;
  }

  push(chunk: Uint8Array): void {
    const newest = this.empty ? undefined : this.#held.at(-1);
    if (newest === undefined || chunk.length > SMALL || !this.#join(newest, chunk)) {
      this.#held.push(chunk);
      this.#tail = undefined;
    }
  }

  take(): Uint8Array | undefined {
    if (this.empty) return undefined;
    const chunk = this.#held[this.#at];
    this.#held[this.#at] = undefined;
    this.#at += 1;
    if (this.empty) this.clear();
    return chunk;
  }

  clear(): void {
    this.#held = [];
    this.#at = 0;
    this.#tail = undefined;
  }

  /** Puts a small chunk behind the newest; false if there is no room, or the newest is not small. */
  #join(newest: Uint8Array, chunk: Uint8Array): boolean {
    if (this.#tail === undefined) {
      if (newest.length > SMALL) return false;
      this.#tail = new Uint8Array(JOINED);
      this.#tail.set(newest);
    }
    const length = newest.length + chunk.length;
    if (length > JOINED) return false;
    this.#tail.set(chunk, newest.length);
    this.#held[this.#held.length - 1] = this.#tail.subarray(0, length);
    return true;
  }
}
