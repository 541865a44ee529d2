import { type Action, Asked, concat, EMPTY, type Entry, type FlowContext, ProtocolError, Signal } from '@hoop/core';

/** Requests of one flow that may be open at once. */
export const OPEN_MOST = 64;

/** One request, from its line to its answer. */
export interface Request {
  id: string;
  bytes: Uint8Array;
  asked: Asked;
  /** The record's number. */
  statement: number;
  since: number;
  /** It went to the server. */
  runs: boolean;
}

/** What the two scripts share: the requests by their ids, in no order, and what waits to be said. */
export class Requests {
  readonly flow: FlowContext;
  /** Raised by each verdict. */
  readonly decided = new Signal();
  /** Raised by what is to be said, and once the client was greeted. */
  readonly said = new Signal();
  /** The server's first bytes behind its greeting; undefined before. */
  early: Uint8Array | undefined;
  /** A terminal is open: bytes without lines, both ways. */
  terminal = false;
  /** Number of the request that opened it. */
  terminalOf = 0;
  /** A terminal is asked for, or open. */
  alone = false;
  clientEnded = false;
  /** What the client was sent ends where something may be put in. */
  boundary = true;
  readonly #open = new Map<string, Request>();
  #count = 0;
  #words: Uint8Array[] = [];

  constructor(flow: FlowContext) {
    this.flow = flow;
  }

  get areOpen(): boolean {
    return this.#open.size > 0 || this.terminal;
  }

  get areFull(): boolean {
    return this.#open.size >= OPEN_MOST;
  }

  get held(): Request[] {
    return [...this.#open.values()].filter(({ runs }) => !runs);
  }

  opened(early: Uint8Array): void {
    this.early = early;
    this.said.raise();
  }

  say(bytes: Uint8Array): void {
    this.#words.push(bytes);
    this.said.raise();
  }

  takeWords(): Uint8Array {
    if (this.#words.length === 0) return EMPTY;
    const words = concat(this.#words);
    this.#words = [];
    return words;
  }

  find(id: string): Request | undefined {
    return this.#open.get(id);
  }

  add(id: string, bytes: Uint8Array, action: Action): Request {
    if (this.#open.has(id)) throw new ProtocolError('a number is in use');
    if (this.alone || (action.kind === 'shell-open' && this.areOpen)) {
      throw new ProtocolError('a terminal goes with nothing else');
    }
    this.alone = action.kind === 'shell-open';
    this.#count += 1;
    const asked = new Asked(action, this.decided);
    const request = { id, bytes, asked, statement: this.#count, since: this.flow.now(), runs: false };
    this.#open.set(id, request);
    return request;
  }

  end(request: Request): void {
    this.#open.delete(request.id);
    this.alone = this.terminal;
  }

  finished({ statement, since }: Request, bytes: number, error?: string): Entry {
    const entry = { kind: 'finished', statement, ms: this.flow.now() - since, rows: 0, bytes } as const;
    return error === undefined ? entry : { ...entry, error: { code: 'no', message: error } };
  }
}
