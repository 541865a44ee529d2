import { Inbox, ProtocolError } from '@hoop/core';

/** Longest line, without its end. */
export const LINE_MOST = 1024;
const END = 10;
const ENCODER = new TextEncoder();

/** Cuts bytes into lines. What is not yet one waits, bounded by the longest. */
export class LineCutter {
  #inbox = new Inbox();

  push(chunk: Uint8Array): void {
    this.#inbox.push(chunk);
  }

  /** The next line with its end; undefined if it is not there yet. Throws if it will be too long. */
  next(): Uint8Array | undefined {
    const bytes = this.#inbox.peek();
    const end = bytes.indexOf(END);
    if ((end < 0 ? bytes.length : end) > LINE_MOST) throw new ProtocolError('a line is too long');
    return end < 0 ? undefined : this.#inbox.take(end + 1);
  }

  /** What waits, whole lines and parts, once the lines have come to their end. */
  rest(): Uint8Array {
    return this.#inbox.take(this.#inbox.length);
  }
}

export const line = (words: string): Uint8Array => ENCODER.encode(`${words.replaceAll(/[\r\n]/g, ' ')}\n`);
export const wordsOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString().trimEnd();

/** A request of the client's, or an answer of the server's: `7 list customers`, `7 ok alice`. */
export interface Numbered {
  id: string;
  verb: string;
  rest: string;
}

/** Throws where a line is none. */
export function readNumbered(bytes: Uint8Array): Numbered {
  const [, id, verb, rest = ''] = /^(\d{1,6}) ([a-z]+)(?: (.*))?$/s.exec(wordsOf(bytes)) ?? [];
  if (id === undefined || verb === undefined) throw new ProtocolError('a line without number and verb');
  return { id, verb, rest };
}
