import type { CopyCells } from './cells.js';
import { LineReader, NEWLINE } from './lines.js';

const RETURN = 0x0d;

/** COPY's csv format. NULL is its text without quotes. */
export class CsvReader extends LineReader {
  protected line(body: Buffer, start: number, into: CopyCells): number {
    const { delimiter, quote, escapes } = this.form;
    const { bytes } = into;
    let from = start;
    let said = into.at;
    let out = said;
    let quoted = false;
    for (let at = start; at < body.length; at++) {
      const byte = body[at] as number;
      if (quoted && byte === escapes) {
        const next = body[at + 1];
        if (next === undefined) return -1;
        if (next === quote || next === escapes) {
          bytes[out++] = next;
          at += 1;
        } else if (byte === quote) quoted = false;
        else bytes[out++] = byte;
      } else if (byte === quote) quoted = !quoted;
      else if (!quoted && (byte === delimiter || byte === NEWLINE)) {
        out = this.field(body, from, at, said, out, into);
        said = out;
        from = at + 1;
        if (byte === NEWLINE) return from;
      } else bytes[out++] = byte;
    }
    return -1;
  }

  /** Quoted by what is written now: whether the value before it was, would tell of a delimiter, a quote or NULL's text in it. */
  write(value: Uint8Array | null): Uint8Array {
    if (value === null) return this.form.null;
    const { quote, escapes, quoted } = this.form;
    if (!quoted && !this.#needsQuotes(value)) return value;
    const out = Buffer.allocUnsafe(2 * value.length + 2);
    let at = 0;
    out[at++] = quote;
    for (const byte of value) {
      if (byte === quote || byte === escapes) out[at++] = escapes;
      out[at++] = byte;
    }
    out[at++] = quote;
    return out.subarray(0, at);
  }

  #needsQuotes(value: Uint8Array): boolean {
    const { delimiter, quote, null: none } = this.form;
    const isEnd = this.columns === 1 && value.length === 2 && value[0] === 0x5c && value[1] === 0x2e;
    if (isEnd || none.equals(value)) return true;
    return value.some((byte) => byte === delimiter || byte === quote || byte === NEWLINE || byte === RETURN);
  }
}
