import { type Action, ProtocolError, type Statement } from '@hoop/core';
import { type Cutter, FrameError } from '../codec/cutter.js';
import { Fields } from '../codec/fields.js';
import * as frontend from '../codec/frontend.js';
import type { Conversation } from './conversation.js';
import { FUNCTION_CALL_DENIED, type Held } from './denial.js';
import { formOf } from './form.js';
import { largeObjectCall } from './large-objects.js';
import { type Expects, Pending } from './ledger.js';
import { type Portal, quoted } from './names.js';

/** Characters that the names of one flow may hold, statements and bound parameters together. */
const NAMES_MOST = 128 * 1024 * 1024;

export const TERMINATE = 0x58;
const T = {
  bind: 0x42,
  close: 0x43,
  copyData: 0x64,
  copyDone: 0x63,
  copyFail: 0x66,
  describe: 0x44,
  execute: 0x45,
  flush: 0x48,
  functionCall: 0x46,
  parse: 0x50,
  query: 0x51,
  sync: 0x53,
} as const;

/** What the messages of a chunk are owed, and what they ask for. */
export interface Batch {
  pending: Pending[];
  held: Held[];
  actions: Action[];
}

/** A name whose meaning the server has yet to tell. */
export type Unsettled = Pick<frontend.Target, 'kind' | 'name'>;

/** Notes down what each message of the client's asks for, and what the server will owe for it. */
export class Requests {
  readonly #conversation: Conversation;
  readonly #cutter: Cutter;
  #batch: Batch = { pending: [], held: [], actions: [] };
  /** Extended messages stand between here and the last Sync. */
  #unsynced = false;

  constructor(conversation: Conversation, cutter: Cutter) {
    this.#conversation = conversation;
    this.#cutter = cutter;
  }

  take(): Batch {
    const batch = this.#batch;
    if (batch.pending.length > 0) this.#batch = { pending: [], held: [], actions: [] };
    return batch;
  }

  /** One message. Gives the name it needs where that is unsettled; then nothing was noted, and it is to be asked again. */
  frame(): Unsettled | undefined {
    switch (this.#cutter.type) {
      case T.copyData:
        this.#conversation.copiedIn += this.#cutter.length - 4;
        return undefined;
      case T.flush:
        return undefined;
      case T.sync:
        return this.#sync();
      case T.copyDone:
      case T.copyFail:
        this.#conversation.copyingIn = false;
        this.#expect('copy-end');
        return undefined;
    }
    if (this.#conversation.copyingIn) throw new ProtocolError('a message that is not COPY data was sent into a COPY');
    return this.#request(new Fields(this.#cutter.bytes, this.#cutter.start + 5, this.#cutter.end));
  }

  #request(fields: Fields): Unsettled | undefined {
    switch (this.#cutter.type) {
      case T.bind:
        return this.#bind(frontend.readBind(fields));
      case T.execute:
        return this.#execute(frontend.readExecute(fields));
      case T.describe:
        return this.#describe(frontend.readTarget(fields));
      case T.query:
        return this.#ask('query', statementOf(frontend.readQuery(fields)));
      case T.parse:
        return this.#parse(frontend.readParse(fields));
      case T.close:
        return this.#close(frontend.readTarget(fields));
      default:
        return this.#functionCall(frontend.readFunctionCall(fields));
    }
  }

  #expect(expects: Expects): Pending {
    const pending = new Pending('client', expects);
    this.#batch.pending.push(pending);
    return pending;
  }

  #ask(expects: Expects, action: Statement): undefined {
    this.#batch.actions.push(action);
    this.#hold(expects, undefined);
  }

  #hold(expects: Expects, denial: Uint8Array | undefined): void {
    const { offset, offsetEnd } = this.#cutter;
    const unsynced = expects !== 'execute' && this.#unsynced;
    this.#batch.held.push({ pending: this.#expect(expects), from: offset, to: offsetEnd, unsynced, denial });
  }

  #parse({ name, text }: frontend.ParseMessage): undefined {
    const { names } = this.#conversation;
    const pending = this.#expect('parse');
    pending.prepared = { text, columns: undefined, weight: text.length };
    pending.name = name;
    names.prepare(name, pending.prepared);
    this.#unsynced = true;
    if (names.weight > NAMES_MOST) throw new FrameError('too-long', T.parse, 'too much text is prepared');
  }

  #bind({ portal: name, statement, parameters, formats }: frontend.BindMessage): Unsettled | undefined {
    const { names } = this.#conversation;
    if (names.unsettled('statement', statement)) return { kind: 'statement', name: statement };
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
    return undefined;
  }

  #execute({ portal: name, most }: frontend.ExecuteMessage): Unsettled | undefined {
    const { names } = this.#conversation;
    if (names.unsettled('portal', name)) return { kind: 'portal', name };
    const portal = names.portal(name);
    this.#unsynced = true;
    if (portal?.suspended !== undefined) return this.#goOn(portal, portal.suspended);
    const text = portal?.text ?? `FETCH ${most > 0 ? most : 'ALL'} FROM ${quoted(name)}`;
    const parameters = portal?.parameters ?? [];
    const action = statementOf(text);
    this.#ask('execute', parameters.length > 0 ? { ...action, parameters } : action);
    (this.#batch.pending.at(-1) as Pending).portal = portal;
    return undefined;
  }

  /** More rows of a statement that was judged when it began. */
  #goOn(portal: Portal, pending: Pending): undefined {
    portal.suspended = undefined;
    this.#batch.pending.push(pending);
  }

  #describe({ kind, name }: frontend.Target): Unsettled | undefined {
    const { flow, names } = this.#conversation;
    if (flow.recordsOutput && names.unsettled(kind, name)) return { kind, name };
    const pending = this.#expect('describe');
    pending.kind = kind;
    if (kind === 'statement') pending.prepared = names.statement(name);
    else pending.portal = names.portal(name);
    this.#unsynced = true;
    return undefined;
  }

  #close({ kind, name }: frontend.Target): undefined {
    const pending = this.#expect('close');
    pending.kind = kind;
    pending.name = name;
    this.#conversation.names.close(kind, name);
    this.#unsynced = true;
  }

  #functionCall({ oid, parameters }: frontend.FunctionCall): undefined {
    const text = largeObjectCall(oid, parameters.length);
    if (text === undefined) this.#hold('function', FUNCTION_CALL_DENIED);
    else this.#ask('function', { kind: 'statement', class: 'unknown', text, parameters });
  }

  /** While it copies in, the server passes over a Sync. */
  #sync(): undefined {
    if (this.#conversation.copyingIn) return;
    this.#expect('sync');
    this.#conversation.names.sync();
    this.#unsynced = false;
  }
}

function statementOf(text: string): Statement {
  const form = formOf(text);
  return form === undefined
    ? { kind: 'statement', class: 'unknown', text }
    : { kind: 'statement', class: 'unknown', form, text };
}
