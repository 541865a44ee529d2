const ESCAPE = 0x1b;
const BRACKET = 0x5b;

/**
 * Whether a terminal stands between two things or inside one: a control sequence (ECMA-48: ESC [, parameters, a final
 * byte from @ to ~) or a character of several bytes. What is written inside spoils it.
 */
export class Screen {
  #state: 'ground' | 'escape' | 'sequence' = 'ground';
  #more = 0;

  /** True if something may be written behind these bytes. */
  follow(bytes: Uint8Array): boolean {
    for (const byte of bytes) this.#step(byte);
    return this.#state === 'ground' && this.#more === 0;
  }

  #step(byte: number): void {
    if (byte === ESCAPE) this.#state = 'escape';
    else if (this.#state === 'escape') this.#state = byte === BRACKET ? 'sequence' : 'ground';
    else if (this.#state === 'sequence' && byte >= 0x40 && byte <= 0x7e) this.#state = 'ground';
    this.#more =
      byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : byte >= 0xc0 ? 1 : byte >= 0x80 ? Math.max(0, this.#more - 1) : 0;
  }
}
