import { type ConnectAnswer, type ConnectEffect, Inbox, ProtocolError } from '@hoop/core';
import { Fields, int32At } from '../codec/fields.js';

/** A part of a connect script. */
export type Dialling<T> = Generator<ConnectEffect, T, ConnectAnswer>;

export interface LoginMessage {
  type: string;
  /** The whole frame, to pass on. */
  frame: Uint8Array;
  fields: Fields;
}

/** No message of a login is longer; the length is checked before anything is kept. */
const LOGIN_MOST = 64 * 1024;

/** Reads the messages of a login one by one; `undefined` once the server has closed. */
export class LoginReader {
  readonly #inbox = new Inbox();
  readonly #most: number;

  /** `most`: the longest message, in bytes. */
  constructor(most = LOGIN_MOST) {
    this.#most = most;
  }

  /** Takes what came behind the last message of another reader. */
  push(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#inbox.push(bytes);
  }

  *next(): Dialling<LoginMessage | undefined> {
    if (!(yield* this.#fill(5))) return undefined;
    const length = int32At(this.#inbox.peek(), 1);
    if (length < 4 || length > this.#most) throw new ProtocolError('a message of the server has an impossible length');
    if (!(yield* this.#fill(length + 1))) return undefined;
    const frame = this.#inbox.take(length + 1);
    return { type: String.fromCharCode(frame[0] as number), frame, fields: new Fields(frame, 5, frame.length) };
  }

  /** What has come behind the last message. */
  rest(): Uint8Array {
    return this.#inbox.take(this.#inbox.length);
  }

  *#fill(length: number): Dialling<boolean> {
    while (this.#inbox.length < length) {
      const chunk = (yield { do: 'read' }) as Uint8Array | null;
      if (chunk === null) return false;
      this.#inbox.push(chunk);
    }
    return true;
  }
}
