/** Bytes that grow as they are written; what was written lies in `bytes` from 0 to `length`. */
export class Writer {
  bytes: Buffer = Buffer.allocUnsafeSlow(256);
  length = 0;

  /** Makes sure that `more` bytes can be written. */
  room(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.length + more, 2 * this.bytes.length));
    this.bytes.copy(grown, 0, 0, this.length);
    this.bytes = grown;
  }

  copy(from: Uint8Array, start: number, end: number): void {
    this.room(end - start);
    const { bytes } = this;
    let at = this.length;
    if (end - start > COPIED) bytes.set(from.subarray(start, end), at);
    else for (let index = start; index < end; index++) bytes[at++] = from[index] as number;
    this.length += end - start;
  }

  ascii(text: string): void {
    this.room(text.length);
    this.length += this.bytes.write(text, this.length, 'latin1');
  }
}

/** From here on a native copy is the faster one. */
const COPIED = 64;
