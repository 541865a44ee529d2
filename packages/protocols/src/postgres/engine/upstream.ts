import { Cancelled, concat, type Effect, EMPTY, ProtocolError, type Refusal, type Script } from '@hoop/core';
import { BACKEND } from '../codec/backend.js';
import { Cutter } from '../codec/cutter.js';
import { fatal, sqlstate } from '../refusal.js';
import type { Conversation } from './conversation.js';
import { Replies, SentIntoCopy, Unpinned } from './replies.js';
import { Shown, Unmaskable } from './shown.js';

/** What the upstream says, from its first ReadyForQuery on. */
export function* fromUpstream(conversation: Conversation): Script {
  yield { do: 'wait', until: conversation.opened };
  const backend = new Backend(conversation);
  let why: Refusal = STOPPED;
  try {
    yield* backend.run();
  } catch (error) {
    if (error instanceof Cancelled) why = error.refusal;
    throw error;
  } finally {
    yield* backend.stopped(why);
  }
}

const STOPPED: Refusal = { code: 'internal', message: 'the session was ended' };

/** Reads the server's messages chunk by chunk; each chunk goes on as it came, in one send. */
class Backend {
  readonly #conversation: Conversation;
  readonly #cutter: Cutter;
  readonly #shown: Shown | undefined;
  readonly #replies: Replies;
  /** The next chunk, or a note for the client. */
  readonly #read: Effect;
  #over = false;

  constructor(conversation: Conversation) {
    const { recordsOutput, reads } = conversation.flow;
    this.#conversation = conversation;
    this.#cutter = new Cutter(BACKEND);
    this.#shown = recordsOutput || reads ? new Shown(conversation, this.#cutter) : undefined;
    this.#cutter.wholeUpTo = this.#shown && ((type) => this.#shown?.wholeUpTo(type) ?? 0);
    this.#replies = new Replies(conversation, this.#cutter, this.#shown);
    this.#read = { do: 'read', or: conversation.said };
  }

  *run(): Script {
    const rest = this.#conversation.greeting?.rest ?? EMPTY;
    let chunk = rest.length > 0 ? rest : ((yield this.#read) as Uint8Array | null | undefined);
    for (; chunk !== null; chunk = (yield this.#read) as Uint8Array | null | undefined) {
      if (chunk === undefined) {
        yield* this.#say();
        continue;
      }
      const failure = this.#follow(chunk);
      yield* this.#pass(failure === undefined ? this.#cutter.take() : this.#cutter.takeBefore());
      if (failure !== undefined) {
        yield { do: 'refuse', refusal: brokenBy(failure) };
        return;
      }
    }
    yield* this.#end();
  }

  /** Inside a message, a note waits for its end. */
  *#say(): Script {
    const bytes = this.#conversation.boundary ? this.#conversation.takeNotes() : EMPTY;
    if (bytes.length > 0) yield { do: 'send', to: 'client', bytes, boundary: true };
  }

  #follow(chunk: Uint8Array): ProtocolError | undefined {
    try {
      this.#cutter.push(chunk);
      while (this.#cutter.next()) this.#replies.frame();
      this.#shown?.chunkEnds();
      return undefined;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#shown?.breaksOff();
      return error;
    }
  }

  *#pass(passed: Uint8Array[]): Script {
    const conversation = this.#conversation;
    const pieces = this.#shown === undefined ? passed : yield* this.#shown.reveal(passed);
    if (conversation.entries.length > 0) yield* conversation.tell();
    const { boundary } = this.#cutter;
    if (conversation.boundary || boundary) {
      const notes = conversation.takeNotes();
      if (notes.length > 0 && conversation.boundary) pieces.unshift(notes);
      else if (notes.length > 0) pieces.push(notes);
    }
    if (pieces.length > 0) {
      conversation.boundary = boundary;
      yield { do: 'send', to: 'client', bytes: pieces.length === 1 ? (pieces[0] as Uint8Array) : pieces, boundary };
    }
    if (conversation.waits) {
      conversation.waits = false;
      conversation.answered.raise();
    }
  }

  /** The upstream has closed. Unless it said why, or the client left first, the client is told. */
  *#end(): Script {
    const conversation = this.#conversation;
    const { code, message } = conversation.fatal ?? CLOSED;
    this.#over = true;
    conversation.abandon(code, message);
    yield* conversation.tell();
    if (conversation.fatal === undefined && !conversation.clientEnded && conversation.boundary) {
      yield { do: 'send', to: 'client', bytes: CLOSED_FATAL, boundary: true };
    }
    yield { do: 'close', end: conversation.clientEnded ? 'client' : 'upstream' };
  }

  /** Where the script stops before the upstream does: what runs is told, and cancelled. */
  *stopped(why: Refusal): Script {
    const conversation = this.#conversation;
    this.#cutter.release();
    if (this.#over) return;
    const { key, ledger } = conversation;
    const running = ledger.length > 0;
    conversation.abandon(sqlstate(why), why.message);
    conversation.entries.splice(TOLD_MOST);
    yield* conversation.tell();
    if (running && key !== undefined) yield { do: 'cancel', key };
  }
}

/** A stopped script has little time. */
const TOLD_MOST = 8;

const CLOSED = { code: '08006', message: 'the database closed the connection' };
const CLOSED_FATAL = concat([
  fatal({
    code: 'link-lost',
    native: CLOSED.code,
    message: 'the database closed the connection to the gateway without a reason',
    hint: 'Connect again, and look before you repeat a write.',
  }),
]);

function brokenBy(error: ProtocolError): Refusal {
  if (error instanceof Unpinned) return error.refusal;
  if (error instanceof Unmaskable) return unmasked(error.message);
  const who = error instanceof SentIntoCopy ? 'client' : 'database';
  return { code: 'protocol', message: `the ${who} broke the protocol; the session was ended`, detail: error.message };
}

const unmasked = (detail: string): Refusal => ({
  code: 'protocol',
  native: '54000',
  message: 'the answer has to be masked and cannot be, so it is not shown; the session was ended',
  detail,
  hint: 'Ask for less at once, or leave masked columns out.',
});
