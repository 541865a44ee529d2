import type { CopyCells } from './cells.js';
import { LineReader, NEWLINE } from './lines.js';

const BACKSLASH = 0x5c;
/** What stands behind a backslash for what; all else stands for itself. */
const MEANT: ReadonlyMap<number, number> = new Map([
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
  [0x76, 0x0b],
]);
const WRITTEN: ReadonlyMap<number, number> = new Map([...MEANT].map(([letter, byte]) => [byte, letter]));

/** COPY's text format: lines of fields, with backslashes before what would be a sign. */
export class TextReader extends LineReader {
  protected line(body: Buffer, start: number, into: CopyCells): number {
    const { delimiter } = this.form;
    const { bytes } = into;
    let from = start;
    let said = into.at;
    let out = said;
    for (let at = start; at < body.length; at++) {
      const byte = body[at] as number;
      if (byte === BACKSLASH) {
        at += 1;
        if (at >= body.length) return -1;
        const sign = body[at] as number;
        bytes[out++] = MEANT.get(sign) ?? sign;
      } else if (byte === delimiter || byte === NEWLINE) {
        out = this.field(body, from, at, said, out, into);
        said = out;
        from = at + 1;
        if (byte === NEWLINE) return from;
      } else bytes[out++] = byte;
    }
    return -1;
  }

  write(value: Uint8Array | null): Uint8Array {
    if (value === null) return this.form.null;
    const out = Buffer.allocUnsafe(2 * value.length);
    let at = 0;
    for (const byte of value) {
      const letter = WRITTEN.get(byte);
      if (letter !== undefined || byte === BACKSLASH || byte === this.form.delimiter) out[at++] = BACKSLASH;
      out[at++] = letter ?? byte;
    }
    return out.subarray(0, at);
  }
}
