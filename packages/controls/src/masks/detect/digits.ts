import { isDigit } from './bytes.js';

/** The digits of a text. Most has few: so it is looked at four bytes at a time. */
export class Digits {
  readonly #bytes: Uint8Array;
  readonly #to: number;
  /** Where words of four bytes begin. */
  readonly #base: number;
  readonly #words: Int32Array;

  /** Of `from` to `to`. */
  constructor(bytes: Uint8Array, from: number, to: number) {
    this.#bytes = bytes;
    this.#to = to;
    this.#base = from + (-(bytes.byteOffset + from) & 3);
    const words = to - from < WORTH ? 0 : (to - this.#base) >> 2;
    this.#words = words === 0 ? NONE : new Int32Array(bytes.buffer, bytes.byteOffset + this.#base, words);
  }

  /** The first at `from` or behind it; the end if there is none. */
  next(from: number): number {
    const bytes = this.#bytes;
    const to = this.#to;
    const near = Math.min(to, from + NEAR);
    let at = from;
    while (at < near && !isDigit(bytes[at])) at += 1;
    return at < near ? at : this.#far(at);
  }

  #far(from: number): number {
    const bytes = this.#bytes;
    const words = this.#words;
    const base = this.#base;
    let at = from;
    while (at < this.#to) {
      let word = Math.max(0, (at - base) >> 2);
      // Of four bytes without their low halves, none is that of a digit: no byte of `rest` is zero.
      for (; word < words.length; word++) {
        const rest = ((words[word] as number) & 0xf0f0f0f0) ^ 0x30303030;
        if (((rest - 0x01010101) & ~rest & 0x80808080) !== 0) break;
      }
      at = Math.max(at, base + 4 * word);
      const end = word < words.length ? base + 4 * word + 4 : this.#to;
      for (; at < end; at++) if (isDigit(bytes[at])) return at;
    }
    return this.#to;
  }
}

/** Where one digit is, the next is often near. */
const NEAR = 8;
const NONE = new Int32Array(0);
/** A shorter text is not worth a view of words. */
const WORTH = 64;
