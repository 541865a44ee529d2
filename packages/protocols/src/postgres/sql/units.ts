/** Where the bytes of a text's UTF-8, which libpg_query counts, are in the text itself, in UTF-16 units. */
class Units {
  readonly text: string;
  readonly #starts: Uint32Array | undefined;

  constructor(text: string) {
    this.text = text;
    this.#starts = /[^\x00-\x7f]/.test(text) ? startsOf(text) : undefined;
  }

  at(byte: number): number {
    const starts = this.#starts;
    if (starts === undefined) return Math.min(byte, this.text.length);
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] as number) < byte) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export type { Units };

let last: Units | undefined;

/** Whoever reads a text asks for many places in it. */
export function unitsOf(text: string): Units {
  if (last?.text !== text) last = new Units(text);
  return last;
}

/** For each UTF-16 unit the byte at which it starts. */
function startsOf(text: string): Uint32Array {
  const starts = new Uint32Array(text.length + 1);
  let byte = 0;
  for (let unit = 0; unit < text.length; unit++) {
    starts[unit] = byte;
    byte += bytesOf(text.charCodeAt(unit));
  }
  starts[text.length] = byte;
  return starts;
}

/** The second half of a pair adds nothing: its four bytes are the first's. */
const bytesOf = (code: number): number =>
  code < 0x80 ? 1 : code < 0x800 ? 2 : code >= 0xd800 && code < 0xdc00 ? 4 : code >= 0xdc00 && code < 0xe000 ? 0 : 3;
