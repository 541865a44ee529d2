import { type Action, ProtocolError, READ, type Refusal, type Script, type Verdict } from '@hoop/core';
import { FLUSH } from '../codec/build.js';
import { Cutter, FrameError } from '../codec/cutter.js';
import { FRONTEND } from '../codec/frontend.js';
import type { Conversation } from './conversation.js';
import { denialOf, type Held, substitute } from './denial.js';
import type { Pending } from './ledger.js';
import { Requests, TERMINATE, type Unsettled } from './requests.js';
import { startup } from './startup.js';

/** More messages than this are not sent ahead of their replies. */
const OWED_MOST = 10_000;

/** What the client says, from the startup packet on. */
export function* fromClient(conversation: Conversation): Script {
  const early = yield* startup(conversation);
  if (early !== null) yield* new Frontend(conversation).run(early);
}

/**
 * Reads the client's messages chunk by chunk. What a chunk asks for is judged together, in one wait, and the chunk goes
 * on in one send: nothing behind a held statement can have been promised an answer before it.
 */
class Frontend {
  readonly #conversation: Conversation;
  readonly #cutter = new Cutter(FRONTEND);
  readonly #requests: Requests;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
    this.#requests = new Requests(conversation, this.#cutter);
  }

  *run(early: Uint8Array): Script {
    try {
      yield* this.#read(early);
    } finally {
      this.#cutter.release();
    }
  }

  *#read(early: Uint8Array): Script {
    const { ledger } = this.#conversation;
    let chunk = early.length > 0 ? early : ((yield READ) as Uint8Array | null);
    while (chunk !== null) {
      if (yield* this.#chunk(chunk)) return;
      if (ledger.length > OWED_MOST) yield* this.#catchUp();
      chunk = (yield READ) as Uint8Array | null;
    }
    yield* this.#left();
  }

  /** True if it was the last. */
  *#chunk(chunk: Uint8Array): Script<boolean> {
    const cutter = this.#cutter;
    try {
      cutter.push(chunk);
      while (cutter.next()) {
        if (cutter.type === TERMINATE) return yield* this.#terminate();
        let unsettled = this.#requests.frame();
        while (unsettled !== undefined) {
          yield* this.#settled(unsettled);
          unsettled = this.#requests.frame();
        }
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      yield* this.#forward(cutter.takeBefore());
      yield { do: 'refuse', refusal: refusalOf(error) };
      return true;
    }
    yield* this.#forward(cutter.take());
    return false;
  }

  /** What was sent before it still runs, and is told: the flow ends when the server has closed. */
  *#terminate(): Script<true> {
    this.#conversation.clientEnded = true;
    yield* this.#forward(this.#cutter.take());
    yield { do: 'finish', side: 'upstream' };
    return true;
  }

  /** Gone without a word: nobody waits for what still runs. */
  *#left(): Script {
    const { key, ledger } = this.#conversation;
    this.#conversation.clientEnded = true;
    if (ledger.length > 0 && key !== undefined) yield { do: 'cancel', key };
    yield { do: 'finish', side: 'upstream' };
  }

  /** Waits until the server has said what became of a name that an earlier pipeline defined. */
  *#settled({ kind, name }: Unsettled): Script {
    const { names, answered } = this.#conversation;
    yield* this.#forward(this.#cutter.takeBefore());
    while (names.unsettled(kind, name)) {
      this.#conversation.waits = true;
      yield { do: 'wait', until: answered };
    }
  }

  /** Lets the replies come down to half of what may be owed. The Flush makes the server say what it has. */
  *#catchUp(): Script {
    const { ledger, answered, copyingIn } = this.#conversation;
    if (this.#cutter.boundary && !copyingIn) yield { do: 'send', to: 'upstream', bytes: FLUSH, boundary: true };
    while (ledger.length > OWED_MOST / 2) {
      this.#conversation.waits = true;
      yield { do: 'wait', until: answered };
    }
  }

  /** Has the controls judge what waits, then sends the chunk on. */
  *#forward(pieces: Uint8Array[]): Script {
    const { pending, held, actions } = this.#requests.take();
    let forwarded = { pieces, pending };
    if (held.length > 0) forwarded = yield* this.#decide(forwarded, held, actions);
    if (forwarded.pending.length > 0) yield* this.#expect(forwarded.pending);
    if (forwarded.pieces.length === 0) return;
    const bytes = forwarded.pieces.length === 1 ? (forwarded.pieces[0] as Uint8Array) : forwarded.pieces;
    yield { do: 'send', to: 'upstream', bytes, boundary: this.#cutter.boundary };
  }

  *#expect(pending: readonly Pending[]): Script {
    const { ledger, flow, entries } = this.#conversation;
    const since = flow.now();
    for (const one of pending) {
      one.since = since;
      ledger.push(one);
    }
    if (entries.length > 0) yield* this.#conversation.tell();
  }

  *#decide(
    forwarded: { pieces: Uint8Array[]; pending: Pending[] },
    held: readonly Held[],
    actions: readonly Action[],
  ): Script<typeof forwarded> {
    if (actions.length > 0) yield* this.#judge(actions, held);
    if (held.every(({ denial }) => denial === undefined)) return forwarded;
    const denied = held.filter(({ denial }) => denial !== undefined);
    for (const { pending } of denied) this.#conversation.denied(pending);
    if (denied.some(({ unsynced }) => unsynced)) yield { do: 'refuse', refusal: UNSYNCED };
    return substitute(forwarded.pieces, forwarded.pending, denied);
  }

  /** Numbers count every judged statement, allowed or not, as the record does. */
  *#judge(actions: readonly Action[], held: readonly Held[]): Script {
    const verdicts =
      actions.length === 1
        ? [(yield { do: 'judge', action: actions[0] as Action }) as Verdict]
        : ((yield { do: 'judge-all', actions }) as readonly Verdict[]);
    let at = 0;
    for (const one of held) {
      if (one.denial !== undefined) continue;
      const verdict = verdicts[at++] as Verdict;
      this.#conversation.judged += 1;
      if (verdict.allow) one.pending.statement = this.#conversation.judged;
      else one.denial = denialOf(verdict);
      if (verdict.allow) for (const note of verdict.notices ?? []) this.#conversation.say(note);
    }
  }
}

const UNSYNCED: Refusal = {
  code: 'protocol',
  message: 'a statement was refused inside a pipeline that has no Sync before it',
  hint: 'Send Sync before Query or FunctionCall.',
};

function refusalOf(error: ProtocolError): Refusal {
  if (error instanceof FrameError && error.why === 'too-long') {
    return {
      code: 'protocol',
      native: '54000',
      message: 'this message is too long to be inspected',
      detail: error.message,
      hint: 'Send the values in parts, or with COPY.',
    };
  }
  if (error instanceof FrameError && error.why === 'type') {
    return { code: 'protocol', message: `invalid frontend message type ${error.type}` };
  }
  return { code: 'protocol', message: 'the client broke the protocol', detail: error.message };
}
