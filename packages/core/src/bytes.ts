/**
 * Bytes that arrived and wait to be read. A chunk that finds the inbox empty is kept as it came; only what straddles
 * chunks is copied, into room that doubles, so a long message costs each byte a constant number of copies. Grows by
 * what arrived, never by a length that a peer claims.
 */
export class Inbox {
  #held: Uint8Array = EMPTY;
  #at = 0;
  #end = 0;
  /** `#held` is ours to append to: views given out lie before `#end`, and are never written over. */
  #own = false;

  get length(): number {
    return this.#end - this.#at;
  }

  push(chunk: Uint8Array): void {
    const rest = this.#end - this.#at;
    if (rest === 0) {
      this.#hold(chunk, 0, chunk.length, false);
      return;
    }
    if (!this.#own || this.#end + chunk.length > this.#held.length) {
      const roomy = new Uint8Array(Math.max(rest + chunk.length, 2 * rest));
      roomy.set(this.peek(), 0);
      this.#hold(roomy, 0, rest, true);
    }
    this.#held.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  #hold(held: Uint8Array, at: number, end: number, own: boolean): void {
    this.#held = held;
    this.#at = at;
    this.#end = end;
    this.#own = own;
  }

  /** The unread bytes, without copying; valid until the next `push`. */
  peek(): Uint8Array {
    return this.#at === 0 && this.#end === this.#held.length ? this.#held : this.#held.subarray(this.#at, this.#end);
  }

  /** Takes the next `n` bytes, without copying. The caller has checked `length`. */
  take(n: number): Uint8Array {
    const taken = this.#held.subarray(this.#at, this.#at + n);
    this.#at += n;
    if (this.#at === this.#end) this.#hold(EMPTY, 0, 0, false);
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
