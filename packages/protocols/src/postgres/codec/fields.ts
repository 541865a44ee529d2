import { isUtf8 } from 'node:buffer';
import { ProtocolError } from '@hoop/core';

const encoder = new TextEncoder();

/** UTF-8 bytes of a string. */
export const utf8 = (text: string): Uint8Array => encoder.encode(text);

const bufferOf = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

/**
 * Text of the wire. The client's encoding is not always UTF-8: what is not, is read byte by byte as Latin-1, so that
 * the record can be turned back into the very bytes.
 */
export function text(bytes: Uint8Array, start = 0, end = bytes.length): string {
  if (start === end) return '';
  const buffer = bufferOf(bytes);
  const value = buffer.toString('utf8', start, end);
  if (!value.includes('\ufffd') || isUtf8(bytes.subarray(start, end))) return value;
  return buffer.toString('latin1', start, end);
}

export const hex = (bytes: Uint8Array): string => bufferOf(bytes).toString('hex');

/** Reads the fields of one message body; whatever would lie outside of it is a `ProtocolError`. */
export class Fields {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;

  /** The body lies in `bytes` from `start` to `end`. */
  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  get left(): number {
    return this.#end - this.#at;
  }

  byte(): number {
    return this.#bytes[this.#step(1)] as number;
  }

  /** Int16, read unsigned: counts go to 65,535. */
  count(): number {
    const at = this.#step(2);
    return ((this.#bytes[at] as number) << 8) | (this.#bytes[at + 1] as number);
  }

  /** Int32, signed. */
  int32(): number {
    const at = this.#step(4);
    return int32At(this.#bytes, at);
  }

  bytes(length: number): Uint8Array {
    if (length < 0) throw short();
    const at = this.#step(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** A string that ends with a zero byte. */
  string(): string {
    const zero = this.#bytes.indexOf(0, this.#at);
    if (zero < 0 || zero >= this.#end) throw short();
    const value = text(this.#bytes, this.#at, zero);
    this.#at = zero + 1;
    return value;
  }

  skipString(): void {
    const zero = this.#bytes.indexOf(0, this.#at);
    if (zero < 0 || zero >= this.#end) throw short();
    this.#at = zero + 1;
  }

  #step(length: number): number {
    const at = this.#at;
    if (length > this.#end - at) throw short();
    this.#at = at + length;
    return at;
  }
}

export function int32At(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}

const short = () => new ProtocolError('a message is shorter than its fields');
