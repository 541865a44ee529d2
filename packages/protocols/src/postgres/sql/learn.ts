import { type ConnectOptions, type ConnectScript, concat, Inbox, ProtocolError, type Refusal } from '@hoop/core';
import { readReport } from '../codec/backend.js';
import { query, TERMINATE } from '../codec/build.js';
import { Fields, int32At } from '../codec/fields.js';
import { logIn, type UpstreamGreeting } from '../connect.js';
import type { Dialling } from '../login/messages.js';
import { unfit } from '../login/refused.js';
import { Assembly } from './assemble.js';
import type { Catalogue } from './catalogue.js';
import { MARKING, type Mark, markIn, UNCOMPILED } from './mark.js';
import { BEGINNING, OPTIONAL, QUESTIONS, SETTINGS } from './questions.js';

/** All of a catalogue's rows together; beyond it the connection does not open. */
const BYTES_MOST = 256 * 1024 * 1024;
const ROW_MOST = 16 * 1024 * 1024;

/**
 * Loads the catalogue on a connection of its own: `Dialled.greeting` is `Learned`, its catalogue `before` itself if nothing has changed. It writes nothing, names nothing
 * that a search_path could turn into another, and a statement of it takes at most `SECONDS`.
 */
export interface Learned {
  catalogue: Catalogue;
  mark: Mark;
}
export function* learn(options: ConnectOptions, before?: Catalogue): ConnectScript {
  try {
    const parameters = new Map([['client_encoding', 'UTF8']]);
    const dialled = yield* logIn({ ...options, parameters });
    if (!dialled.ok) return dialled;
    return yield* ask(dialled.greeting as UpstreamGreeting, before);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return {
      ok: false,
      refusal: { ...unfit('broke the protocol while its catalogue was read'), detail: error.message },
    };
  }
}
const SECONDS = 8;

function* ask(greeting: UpstreamGreeting, before: Catalogue | undefined): ConnectScript {
  const assembly = new Assembly();
  const replies = new Replies(greeting.rest);
  let mark: Mark | undefined;
  const take = (row: string) => assembly.add(row);
  const takers = new Map<string, (row: string) => void>([
    [UNCOMPILED, () => {}],
    [
      MARKING,
      (row: string) => {
        mark = markIn(row);
      },
    ],
  ]);
  const all = [
    BEGINNING,
    SETTINGS(SECONDS),
    ...takers.keys(),
    ...QUESTIONS,
    ...OPTIONAL.flatMap((one) => [SAVE, one, BACK]),
    'commit',
  ];
  yield { do: 'write', bytes: concat(all.map(query)) };
  for (const [at, question] of all.entries()) {
    const failure = yield* replies.of(takers.get(question) ?? take);
    if (failure !== undefined && !OPTIONAL.includes(question)) return { ok: false, refusal: refusal(at, failure) };
  }
  yield { do: 'write', bytes: TERMINATE };
  if (mark === undefined) throw new ProtocolError('a catalogue without a mark');
  const learned: Learned = { catalogue: assembly.catalogue(before), mark };
  return { ok: true, greeting: learned };
}
/** What may fail leaves the transaction as it was. */
const SAVE = 'savepoint asked';
const BACK = 'rollback to savepoint asked';

const refusal = (at: number, code: string): Refusal => ({
  ...unfit('did not show its catalogue, and a control of this connection needs it'),
  detail: `Its question ${at + 1} was answered with ${code}.`,
});

/** Reads what comes back, question by question. */
class Replies {
  readonly #inbox = new Inbox();
  #bytes = 0;

  constructor(rest: Uint8Array) {
    this.#inbox.push(rest);
  }

  /** Calls `each` with every row's only cell, until the server is ready again. Answers the SQLSTATE of a failure. */
  *of(each: (row: string) => void): Dialling<string | undefined> {
    let failure: string | undefined;
    for (;;) {
      const { type, fields } = yield* this.#next();
      if (type === 'Z') return failure;
      if (type === 'E') failure = readReport(fields).code;
      else if (type === 'D') each(cell(fields));
      else if (!PASSED.has(type)) throw new ProtocolError('an answer that was not asked for');
    }
  }

  *#next(): Dialling<{ type: string; fields: Fields }> {
    yield* this.#fill(5);
    const length = int32At(this.#inbox.peek(), 1);
    this.#bytes += length;
    if (length < 4 || length > ROW_MOST || this.#bytes > BYTES_MOST)
      throw new ProtocolError('a catalogue of an impossible size');
    yield* this.#fill(length + 1);
    const frame = this.#inbox.take(length + 1);
    return { type: String.fromCharCode(frame[0] as number), fields: new Fields(frame, 5, frame.length) };
  }

  *#fill(length: number): Dialling<void> {
    while (this.#inbox.length < length) {
      const chunk = (yield { do: 'read' }) as Uint8Array | null;
      if (chunk === null) throw new ProtocolError('the server closed the connection while its catalogue was read');
      this.#inbox.push(chunk);
    }
  }
}
/** RowDescription, CommandComplete, EmptyQueryResponse, NoticeResponse, ParameterStatus, NotificationResponse. */
const PASSED = new Set(['T', 'C', 'I', 'N', 'S', 'A']);

const decoder = new TextDecoder();
function cell(fields: Fields): string {
  if (fields.count() !== 1) throw new ProtocolError('a row of the catalogue with more than one cell');
  return decoder.decode(fields.bytes(fields.int32()));
}
