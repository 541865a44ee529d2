/**
 * Bytes that arrived and wait to be read. Holds the chunks as they came; joins only what straddles a chunk. A script
 * that `limit`s its inbox never holds more than that, whatever length a peer claims.
 */
export class Inbox {
  #held: Uint8Array = EMPTY;
  #at = 0;

  get length(): number {
    return this.#held.length - this.#at;
  }

  push(chunk: Uint8Array): void {
    const rest = this.#held.length - this.#at;
    if (rest === 0) {
      this.#held = chunk;
      this.#at = 0;
      return;
    }
    const joined = new Uint8Array(rest + chunk.length);
    joined.set(this.#held.subarray(this.#at), 0);
    joined.set(chunk, rest);
    this.#held = joined;
    this.#at = 0;
  }

  /** The unread bytes, without copying; valid until the next `push`. */
  peek(): Uint8Array {
    return this.#at === 0 ? this.#held : this.#held.subarray(this.#at);
  }

  /** Takes the next `n` bytes, without copying. The caller has checked `length`. */
  take(n: number): Uint8Array {
    const taken = this.#held.subarray(this.#at, this.#at + n);
    this.#at += n;
    if (this.#at === this.#held.length) {
      this.#held = EMPTY;
      this.#at = 0;
    }
    return taken;
  }
}

export const EMPTY: Uint8Array = new Uint8Array(0);

/** Joins chunks into one array; one chunk is passed as it is. */
export function concat(chunks: readonly Uint8Array[]): Uint8Array {
  if (chunks.length === 1) return chunks[0] as Uint8Array;
  let length = 0;
  for (const chunk of chunks) length += chunk.length;
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
