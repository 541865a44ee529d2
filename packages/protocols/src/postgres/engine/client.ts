import { type Action, ProtocolError, READ, type Refusal, type Script, type Verdict } from '@hoop/core';
import { FLUSH } from '../codec/build.js';
import { Cutter, FrameError } from '../codec/cutter.js';
import { FRONTEND } from '../codec/frontend.js';
import type { Failure } from '../sql/context.js';
import type { Conversation } from './conversation.js';
import {
  ACTOR_DENIED,
  answersReady,
  denialOf,
  type Held,
  type Part,
  splitBefore,
  substitute,
  withoutFirst,
} from './denial.js';
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

  /** Waits until the server has said what a name stands for, which an earlier message may still change. */
  *#settled(name: Unsettled): Script {
    const { answered } = this.#conversation;
    yield* this.#forward(this.#cutter.takeBefore());
    if (this.#requests.isMidPipeline && this.#requests.isUnsettled(name)) yield* this.#flush();
    while (this.#requests.isUnsettled(name)) {
      this.#conversation.waits = true;
      yield { do: 'wait', until: answered };
    }
  }

  /** Before a wait: within a pipeline the server says what it has only when told to. */
  *#flush(): Script {
    const { ledger, copyingIn } = this.#conversation;
    if (ledger.length === 0 || copyingIn) return;
    yield { do: 'send', to: 'upstream', bytes: FLUSH, boundary: true };
  }

  /** Lets the replies come down to half of what may be owed. The Flush makes the server say what it has. */
  *#catchUp(): Script {
    if (this.#cutter.boundary) yield* this.#flush();
    yield* this.#owedAtMost(OWED_MOST / 2);
  }

  *#owedAtMost(most: number): Script {
    const { ledger, answered } = this.#conversation;
    while (ledger.length > most) {
      this.#conversation.waits = true;
      yield { do: 'wait', until: answered };
    }
  }

  /** Has the controls judge what waits, then sends the chunk on. */
  *#forward(pieces: Uint8Array[]): Script {
    const { pending, held, actions, unread } = this.#requests.take();
    let part: Part = { pieces, pending, held };
    if (actions.length > 0) {
      const { readings } = this.#conversation;
      if (readings !== undefined) yield* readings.attach(unread);
      part = yield* this.#judge(part, actions);
    }
    yield* this.#send(part, this.#cutter.boundary);
  }

  /**
   * A Query or FunctionCall may follow extended messages without a Sync between. Whether the server takes it is then not
   * known before they are answered: if one of them fails, the server passes over it too, and a refusal would be one answer
   * too many.
   */
  *#send(part: Part, boundary: boolean): Script {
    let rest = part;
    for (let next = unsyncedIn(rest); next !== undefined; next = unsyncedIn(rest)) {
      const [ready, later] = splitBefore(rest, next);
      yield* this.#put(ready, true);
      yield* this.#flush();
      yield* this.#owedAtMost(0);
      next.inPipeline = false;
      rest = this.#conversation.ledger.isSkipping ? withoutFirst(later) : later;
    }
    yield* this.#put(rest, boundary);
  }

  *#put(part: Part, boundary: boolean): Script {
    for (const { denial, pending } of part.held) if (denial !== undefined) this.#conversation.denied(pending);
    const { pieces, pending } = part.held.length > 0 ? substitute(part) : part;
    if (pending.length > 0) yield* this.#expect(pending);
    if (pieces.length === 0) return;
    const bytes = pieces.length === 1 ? (pieces[0] as Uint8Array) : pieces;
    yield { do: 'send', to: 'upstream', bytes, boundary };
  }

  *#expect(pending: readonly Pending[]): Script {
    const { ledger, flow, entries, readings } = this.#conversation;
    const since = flow.now();
    for (const one of pending) {
      one.since = since;
      if (one.action !== undefined) readings?.sent(one.action);
      if (one.expects === 'copy-end') this.#conversation.copyEndsHeld -= 1;
      ledger.push(one);
    }
    if (entries.length > 0) yield* this.#conversation.tell();
  }

  /** Gives what is still to be sent. Where something runs before a slow verdict's action, it does not wait for that. */
  *#judge(part: Part, actions: readonly Action[]): Script<Part> {
    if (actions.length === 1 && this.#conversation.ledger.length === 0) {
      this.#decide(part.held, [(yield { do: 'judge', action: actions[0] as Action }) as Verdict]);
      return part;
    }
    this.#decide(part.held, (yield { do: 'judge-all', actions }) as readonly Verdict[]);
    let rest = part;
    for (let next = undecidedIn(rest); next !== undefined; next = undecidedIn(rest)) {
      const [ready, later] = splitBefore(rest, next);
      yield* this.#send(ready, true);
      if (next.inPipeline) yield* this.#flush();
      rest = later;
      this.#decide(rest.held, (yield { do: 'judge-rest' }) as readonly Verdict[]);
    }
    return rest;
  }

  #failureOf({ pending: { action } }: Held): Failure | undefined {
    return action === undefined ? undefined : this.#conversation.readings?.failureOf(action);
  }

  /** Verdicts on what is undecided, oldest first. Numbers count every judged statement, allowed or not, as the record does. */
  #decide(held: readonly Held[], verdicts: readonly Verdict[]): void {
    let at = 0;
    for (const one of held) {
      const verdict = verdicts[at];
      if (one.decided || verdict === undefined) continue;
      at += 1;
      one.decided = true;
      this.#conversation.judged += 1;
      one.denial = verdict.allow ? verdict.as && ACTOR_DENIED : denialOf(verdict, this.#failureOf(one));
      if (one.denial === undefined) one.pending.statement = this.#conversation.judged;
      one.pending.reveals = verdict.allow && verdict.reveals === true;
      one.pending.generic = verdict.allow && verdict.generic === true;
      this.#conversation.cameByMasked ||= one.pending.generic;
      if (!one.pending.reveals && !this.#conversation.flow.recordsOutput) one.question = undefined;
      for (const note of verdict.notices ?? []) this.#conversation.say(note);
    }
  }
}

const undecidedIn = ({ held }: Part): Held | undefined => held.find(({ decided }) => !decided);
const unsyncedIn = ({ held }: Part): Held | undefined =>
  held.find(({ denial, inPipeline, pending }) => denial !== undefined && inPipeline && answersReady(pending.expects));

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
