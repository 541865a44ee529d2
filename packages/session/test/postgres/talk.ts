import type { Judge } from '@hoop/controls';
import { concat, Inbox, type Outcome } from '@hoop/core';
import { postgres } from '@hoop/protocols';
import * as w from '../../../protocols/test/postgres/wire.js';
import { dial } from '../../src/dial.js';
import { cancelRegistry, runFlow, type Upstream, type Wire } from '../../src/index.js';
import { Lines } from './bridge.js';

/** A message of the server's: its type, and its body. */
export interface Message {
  type: string;
  body: Buffer;
}

/** One session with the database, spoken in messages. */
export class Talk {
  readonly #write: (bytes: Uint8Array) => void;
  readonly close: () => void;
  readonly #inbox = new Inbox();
  #heard: Message[] = [];
  #changed: () => void = () => {};

  constructor(write: (bytes: Uint8Array) => void, close: () => void) {
    this.#write = write;
    this.close = close;
  }

  hear(chunk: Uint8Array): void {
    this.#inbox.push(new Uint8Array(chunk));
    for (;;) {
      const bytes = Buffer.from(this.#inbox.peek());
      if (bytes.length < 5 || bytes.length < bytes.readInt32BE(1) + 1) break;
      const message = Buffer.from(this.#inbox.take(bytes.readInt32BE(1) + 1));
      this.#heard.push({ type: String.fromCharCode(message[0] as number), body: message.subarray(5) });
    }
    this.#changed();
  }

  say(...messages: readonly Uint8Array[]): void {
    this.#write(concat(messages));
  }

  /** Says the bytes in pieces of at most `size`, each in a turn of its own. */
  async sayInPieces(bytes: Uint8Array, size: number): Promise<void> {
    for (let at = 0; at < bytes.length; at += size) {
      this.#write(bytes.subarray(at, at + size));
      await new Promise(setImmediate);
    }
  }

  /** What comes, up to the message that the condition holds for; rejects after `ms` with what came until then. */
  until(condition: (message: Message, all: readonly Message[]) => boolean, ms = 10_000): Promise<Message[]> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no end came, only ${this.#heard.map(tokenOf).join(' ')}`)), ms);
      this.#changed = () => {
        const at = this.#heard.findIndex((message, index) => condition(message, this.#heard.slice(0, index)));
        if (at < 0) return;
        clearTimeout(late);
        this.#changed = () => {};
        resolve(this.#heard.splice(0, at + 1));
      };
      this.#changed();
    });
  }

  /** A Query, and the texts of the first column of what it answers. */
  async ask(sql: string): Promise<string[]> {
    this.say(w.query(sql));
    const answer = await this.until(({ type }) => type === 'Z');
    return answer.filter(({ type }) => type === 'D').map(({ body }) => body.toString('utf8', 6));
  }
}

/** A message as one word: its type, with what matters of its body. */
export function tokenOf({ type, body }: Message): string {
  if (type === 'E' || type === 'N') return `${type}${fieldOf(body, 'C')}`;
  if ('CDZd'.includes(type)) return `${type}(${body.toString('latin1').replaceAll('\0', '.')})`;
  return type;
}

export function fieldOf(body: Buffer, field: string): string {
  const fields = body.toString('utf8').split('\0');
  return fields.find((one) => one.startsWith(field))?.slice(1) ?? '';
}

/** Straight to the server, authenticated; nothing of hoop's stands between. */
export async function direct(upstream: Upstream, schema: string): Promise<Talk> {
  const parameters = new Map([['options', `-c search_path=${schema}`]]);
  const signal = new AbortController().signal;
  const { dialled, socket } = await dial({ spec: postgres, upstream, database: 'shop', parameters, signal });
  if (socket === undefined) throw new Error(dialled.ok ? 'no socket' : dialled.refusal.message);
  const talk = new Talk(
    (bytes) => void socket.write(bytes),
    () => socket.destroy(),
  );
  socket.listen({ data: (chunk) => talk.hear(chunk), end: () => {}, lost: () => {}, drain: () => {} });
  return talk;
}

export interface Through extends Talk {
  lines: Lines;
  wire: Wire;
  outcome: Promise<Outcome>;
  bugs: unknown[];
  key: { process: number; secret: number };
  cancels: ReturnType<typeof cancelRegistry>;
}

/** Through a flow of ours, the client's end in memory, with these judges. */
export async function through(upstream: Upstream, schema: string, judges: readonly Judge[]): Promise<Through> {
  const lines = new Lines();
  const bugs: unknown[] = [];
  const cancels = cancelRegistry();
  const talk = new Talk(
    (bytes) => wire.onData(bytes),
    () => {
      wire.onEnd();
    },
  );
  const wire: Wire = {
    onData: () => {},
    onEnd: () => {},
    onLost: () => {},
    onDrain: () => {},
    write: (bytes) => {
      talk.hear(bytes);
      return true;
    },
    consumed: () => {},
    finish: () => {},
    destroy: () => {},
  };
  const outcome = runFlow({
    session: 's1',
    identity: { subject: 'u1', email: 'alice@shop.example', groups: [] },
    upstream,
    wire,
    recorder: lines,
    durability: 'writes',
    judges,
    signal: new AbortController().signal,
    cancels,
    report: (bug) => bugs.push(bug),
  });
  talk.say(w.startup({ user: 'alice', options: `-c search_path=${schema}` }));
  const greeting = await talk.until(({ type }) => type === 'Z');
  const body = greeting.find(({ type }) => type === 'K')?.body ?? Buffer.alloc(8);
  const key = { process: body.readUInt32BE(0), secret: body.readUInt32BE(4) };
  return Object.assign(talk, { lines, wire, outcome, bugs, key, cancels });
}
