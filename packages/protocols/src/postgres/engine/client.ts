import { type Action, ProtocolError, READ, type Refusal, type Script, type Statement, type Verdict } from '@hoop/core';
import { FLUSH } from '../codec/build.js';
import { Cutter, FrameError } from '../codec/cutter.js';
import { Fields } from '../codec/fields.js';
import * as frontend from '../codec/frontend.js';
import type { Conversation } from './conversation.js';
import { denialOf, FUNCTION_CALL_DENIED, type Held, substitute } from './denial.js';
import { largeObjectCall } from './large-objects.js';
import { type Expects, Pending } from './ledger.js';
import { type Portal, quoted } from './names.js';
import { startup } from './startup.js';

/** More messages than this are not sent ahead of their replies. */
const OWED_MOST = 10_000;
/** Characters that names of one flow may hold, statements and bound parameters together. */
const NAMES_MOST = 128 * 1024 * 1024;

/** What the client says, from the startup packet on. */
export function* fromClient(conversation: Conversation): Script {
  const early = yield* startup(conversation);
  if (early !== null) yield* new Frontend(conversation).run(early);
}

/** A character code, to switch by. */
const T = {
  query: 0x51,
  parse: 0x50,
  bind: 0x42,
  execute: 0x45,
  describe: 0x44,
  close: 0x43,
  sync: 0x53,
  functionCall: 0x46,
  terminate: 0x58,
  copyData: 0x64,
  copyDone: 0x63,
  copyFail: 0x66,
  flush: 0x48,
} as const;

/**
 * Reads the client's messages chunk by chunk. What a chunk asks for is judged together, in one wait, and the chunk goes
 * on in one send: nothing behind a held statement can have been promised an answer before it.
 */
class Frontend {
  readonly #conversation: Conversation;
  readonly #cutter = new Cutter(frontend.FRONTEND);
  #batch: Pending[] = [];
  #held: Held[] = [];
  #actions: Action[] = [];
  /** Extended messages stand between here and the last Sync. */
  #unsynced = false;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  *run(early: Uint8Array): Script {
    let chunk = early.length > 0 ? early : ((yield READ) as Uint8Array | null);
    while (chunk !== null) {
      if (yield* this.#chunk(chunk)) return;
      if (this.#conversation.ledger.length > OWED_MOST) yield* this.#catchUp();
      chunk = (yield READ) as Uint8Array | null;
    }
    this.#conversation.clientEnded = true;
    yield { do: 'finish', side: 'upstream' };
  }

  /** True if the flow has ended. */
  *#chunk(chunk: Uint8Array): Script<boolean> {
    try {
      this.#cutter.push(chunk);
      while (this.#cutter.next()) {
        if (yield* this.#frame()) return true;
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      yield* this.#forward(this.#cutter.takeBefore());
      yield { do: 'refuse', refusal: refusalOf(error) };
      return true;
    }
    yield* this.#forward(this.#cutter.take());
    return false;
  }

  /** One message; true if it was the last. */
  *#frame(): Script<boolean> {
    const type = this.#cutter.type;
    switch (type) {
      case T.copyData:
        this.#conversation.copiedIn += this.#cutter.length - 4;
        return false;
      case T.flush:
        return false;
      case T.sync:
        this.#sync();
        return false;
      case T.copyDone:
      case T.copyFail:
        this.#conversation.copyingIn = false;
        this.#batch.push(new Pending('client', 'copy-end'));
        return false;
      case T.terminate:
        return yield* this.#terminate();
    }
    if (this.#conversation.copyingIn) throw new ProtocolError(`message type ${type} does not belong in a COPY`);
    if (type === T.bind) yield* this.#bind();
    else if (type === T.execute) yield* this.#execute();
    else if (type === T.describe) yield* this.#describe();
    else if (type === T.query) this.#query();
    else if (type === T.parse) this.#parse();
    else if (type === T.close) this.#close();
    else this.#functionCall();
    return false;
  }

  #fields(): Fields {
    return new Fields(this.#cutter.bytes, this.#cutter.start + 5, this.#cutter.end);
  }

  #expect(expects: Expects): Pending {
    const pending = new Pending('client', expects);
    this.#batch.push(pending);
    return pending;
  }

  #ask(expects: Expects, action: Statement): void {
    this.#actions.push(action);
    this.#hold(expects, undefined);
  }

  #hold(expects: Expects, denial: Uint8Array | undefined): Pending {
    const { offset, offsetEnd } = this.#cutter;
    const pending = this.#expect(expects);
    const unsynced = expects !== 'execute' && this.#unsynced;
    this.#held.push({ pending, from: offset, to: offsetEnd, unsynced, denial });
    return pending;
  }

  #query(): void {
    this.#ask('query', { kind: 'statement', class: 'unknown', text: frontend.readQuery(this.#fields()) });
  }

  #parse(): void {
    const { name, text } = frontend.readParse(this.#fields());
    const { names } = this.#conversation;
    const pending = this.#expect('parse');
    pending.prepared = { text, columns: undefined, weight: text.length };
    pending.name = name;
    names.prepare(name, pending.prepared);
    this.#unsynced = true;
    if (names.weight > NAMES_MOST) throw new FrameError('too-long', T.parse, 'too much text is prepared');
  }

  *#bind(): Script {
    const { portal: name, statement, parameters, formats } = frontend.readBind(this.#fields());
    yield* this.#settled('statement', statement);
    const { names } = this.#conversation;
    const prepared = names.statement(statement);
    const text = prepared?.text ?? `EXECUTE ${quoted(statement)}`;
    let weight = 64;
    for (const parameter of parameters) weight += parameter?.length ?? 0;
    const pending = this.#expect('bind');
    pending.portal = { prepared, text, parameters, formats, columns: undefined, weight, suspended: undefined };
    pending.kind = 'portal';
    pending.name = name;
    names.bind(name, pending.portal);
    this.#unsynced = true;
    if (names.weight > NAMES_MOST) throw new FrameError('too-long', T.bind, 'too much is bound');
  }

  *#execute(): Script {
    const { portal: name, most } = frontend.readExecute(this.#fields());
    yield* this.#settled('portal', name);
    const portal = this.#conversation.names.portal(name);
    this.#unsynced = true;
    if (portal?.suspended !== undefined) return this.#goOn(portal, portal.suspended);
    const text = portal?.text ?? `FETCH ${most > 0 ? most : 'ALL'} FROM ${quoted(name)}`;
    const parameters = portal?.parameters ?? [];
    const action: Statement = { kind: 'statement', class: 'unknown', text };
    this.#ask('execute', parameters.length > 0 ? { ...action, parameters } : action);
    (this.#batch.at(-1) as Pending).portal = portal;
  }

  /** More rows of a statement that was judged when it began. */
  #goOn(portal: Portal, pending: Pending): void {
    portal.suspended = undefined;
    this.#batch.push(pending);
  }

  *#describe(): Script {
    const { kind, name } = frontend.readTarget(this.#fields());
    const { flow, names } = this.#conversation;
    if (flow.recordsOutput) yield* this.#settled(kind, name);
    const pending = this.#expect('describe');
    pending.kind = kind;
    if (kind === 'statement') pending.prepared = names.statement(name);
    else pending.portal = names.portal(name);
    this.#unsynced = true;
  }

  #close(): void {
    const { kind, name } = frontend.readTarget(this.#fields());
    const pending = this.#expect('close');
    pending.kind = kind;
    pending.name = name;
    this.#conversation.names.close(kind, name);
    this.#unsynced = true;
  }

  #functionCall(): void {
    const { oid, parameters } = frontend.readFunctionCall(this.#fields());
    const text = largeObjectCall(oid, parameters.length);
    if (text === undefined) this.#hold('function', FUNCTION_CALL_DENIED);
    else this.#ask('function', { kind: 'statement', class: 'unknown', text, parameters });
  }

  /** While it copies in, the server passes over a Sync. */
  #sync(): void {
    if (this.#conversation.copyingIn) return;
    this.#expect('sync');
    this.#conversation.names.sync();
    this.#unsynced = false;
  }

  /** What was sent before it still runs, and is told: the flow ends when the server has closed. */
  *#terminate(): Script<true> {
    this.#conversation.clientEnded = true;
    yield* this.#forward(this.#cutter.take());
    yield { do: 'finish', side: 'upstream' };
    return true;
  }

  /** Waits until the server has said what became of a name that an earlier pipeline defined. */
  *#settled(kind: 'statement' | 'portal', name: string): Script {
    const { names, answered } = this.#conversation;
    if (!names.unsettled(kind, name)) return;
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
    const { ledger, flow } = this.#conversation;
    let forwarded = { pieces, batch: this.#batch };
    if (this.#held.length > 0) forwarded = yield* this.#decide(forwarded);
    this.#batch = [];
    if (forwarded.batch.length > 0) {
      const since = flow.now();
      for (const pending of forwarded.batch) {
        pending.since = since;
        ledger.push(pending);
      }
      yield* this.#conversation.tell();
    }
    if (forwarded.pieces.length === 0) return;
    const bytes = forwarded.pieces.length === 1 ? (forwarded.pieces[0] as Uint8Array) : forwarded.pieces;
    yield { do: 'send', to: 'upstream', bytes, boundary: this.#cutter.boundary };
  }

  *#decide(forwarded: { pieces: Uint8Array[]; batch: Pending[] }): Script<typeof forwarded> {
    const held = this.#held;
    const actions = this.#actions;
    this.#held = [];
    this.#actions = [];
    yield* this.#judge(actions, held);
    const denied = held.filter(({ denial }) => denial !== undefined);
    if (denied.length === 0) return forwarded;
    if (denied.some(({ unsynced }) => unsynced)) yield { do: 'refuse', refusal: UNSYNCED };
    return substitute(forwarded.pieces, forwarded.batch, denied);
  }

  /** Numbers count every judged statement, allowed or not, as the record does. */
  *#judge(actions: readonly Action[], held: readonly Held[]): Script {
    if (actions.length === 0) return;
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
