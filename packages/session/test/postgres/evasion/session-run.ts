import { concat, Inbox } from '@hoop/core';
import * as w from '../../../../protocols/test/postgres/wire.js';
import { cancelRegistry, type FlowOptions, runFlow, type Upstream, type Wire } from '../../../src/index.js';
import { Lines } from '../bridge.js';
import type { Step } from './attack.js';

export const MODES = ['simple', 'extended', 'binary'] as const;
export type Mode = (typeof MODES)[number];

export interface Message {
  type: string;
  body: Buffer;
}

/** What decides about a session, as the gateway would give it to `runFlow`. */
export type Controls = Pick<FlowOptions, 'judges' | 'reads'> & Partial<FlowOptions>;

/** A session through hoop, spoken in messages, the client's end in memory; all that it was ever told is kept. */
export class Session {
  readonly heard: Message[] = [];
  readonly lines = new Lines();
  readonly bugs: unknown[] = [];
  readonly #inbox = new Inbox();
  readonly #wire: Wire;
  readonly #outcome: Promise<unknown>;
  #read = 0;
  #ended = false;
  #changed: () => void = () => {};

  constructor(upstream: Upstream, controls: Controls) {
    this.#wire = {
      onData: () => {},
      onEnd: () => {},
      onLost: () => {},
      onDrain: () => {},
      write: (bytes) => this.#hear(bytes),
      consumed: () => {},
      finish: () => this.#end(),
      destroy: () => this.#end(),
    };
    this.#outcome = runFlow({
      session: 's1',
      identity: { subject: 'u1', email: 'bob@shop.example', groups: [] },
      upstream,
      wire: this.#wire,
      recorder: this.lines,
      durability: 'writes',
      signal: new AbortController().signal,
      cancels: cancelRegistry(),
      report: (bug) => this.bugs.push(bug),
      ...controls,
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  async open(parameters: Record<string, string> = {}): Promise<Message[]> {
    this.say(w.startup({ user: 'bob', ...parameters }));
    return this.answer();
  }

  say(...messages: readonly Uint8Array[]): void {
    if (!this.#ended) this.#wire.onData(concat(messages));
  }

  /** What comes up to the next ReadyForQuery, or to where the server wants to be copied to, or to the end. */
  async answer(): Promise<Message[]> {
    const from = this.#read;
    for (;;) {
      while (this.#read < this.heard.length) {
        const { type } = this.heard[this.#read++] as Message;
        if (type === 'Z' || type === 'G') return this.heard.slice(from, this.#read);
      }
      if (this.#ended) return this.heard.slice(from);
      await new Promise<void>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error('no answer came')), 10_000);
        this.#changed = () => {
          clearTimeout(late);
          resolve();
        };
      });
    }
  }

  /** Up to the answer of a query for a column of that name, with its ReadyForQuery; or to the end. */
  async until(column: string): Promise<void> {
    for (;;) {
      const answered = await this.answer();
      if (this.#ended || answered.length === 0) return;
      const isIt = answered.some(({ type, body }) => type === 'T' && body.includes(`${column}\0`));
      const isFailed = answered.some((message) => message.type === 'E' && fieldOf(message, 'C') === '25P02');
      if (answered.at(-1)?.type === 'Z' && (isIt || isFailed)) return;
    }
  }

  async run(step: Step, mode: Mode): Promise<Message[]> {
    this.say(...requestOf(step, mode));
    const answered = await this.answer();
    if (answered.at(-1)?.type !== 'G') return answered;
    this.say(w.copyFail('nothing to copy'), ...(mode === 'simple' ? [] : [w.sync]));
    return [...answered, ...(await this.answer())];
  }

  async close(): Promise<void> {
    this.say(w.terminate);
    this.#wire.onEnd();
    await this.#outcome;
  }

  #hear(bytes: Uint8Array): boolean {
    this.#inbox.push(new Uint8Array(bytes));
    for (;;) {
      const all = this.#inbox.peek();
      const length = all.length < 5 ? 0 : 1 + new DataView(all.buffer, all.byteOffset).getInt32(1);
      if (length === 0 || all.length < length) break;
      const message = Buffer.from(this.#inbox.take(length));
      this.heard.push({ type: String.fromCharCode(message[0] as number), body: message.subarray(5) });
    }
    this.#changed();
    return true;
  }

  #end(): void {
    this.#ended = true;
    this.#changed();
  }
}

function requestOf({ text, values = [] }: Step, mode: Mode): Uint8Array[] {
  if (mode === 'simple') return [w.query(literally(text, values))];
  return [w.parse('', text), bound(values, mode), w.describe('P', ''), w.execute(''), w.sync];
}

/** A Bind of the unnamed portal that wants all columns in one format. */
function bound(values: readonly (string | null)[], mode: Mode): Uint8Array {
  const cells = values.flatMap((value) => (value === null ? [w.i32(-1)] : [w.i32(Buffer.byteLength(value)), value]));
  return w.frame(
    'B',
    w.z(''),
    w.z(''),
    w.i16(0),
    w.i16(values.length),
    ...cells,
    w.i16(1),
    w.i16(mode === 'binary' ? 1 : 0),
  );
}

const literally = (text: string, values: readonly (string | null)[]): string =>
  text.replace(/\$(\d+)\b(?!\$)/g, (all, number) => {
    const value = values[Number(number) - 1];
    return value === undefined ? all : value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`;
  });

/** A field of an ErrorResponse. */
export const fieldOf = ({ body }: Message, field: string): string =>
  body
    .toString('utf8')
    .split('\0')
    .find((one) => one.startsWith(field))
    ?.slice(1) ?? '';

/** The cells of a DataRow. */
export function cellsOf({ body }: Message): (Buffer | null)[] {
  const cells: (Buffer | null)[] = [];
  for (let left = body.readUInt16BE(0), at = 2; left > 0; left--) {
    const length = body.readInt32BE(at);
    cells.push(length < 0 ? null : body.subarray(at + 4, at + 4 + length));
    at += 4 + Math.max(0, length);
  }
  return cells;
}
