import { type Action, type FlowContext, ProtocolError, type Statement } from '@hoop/core';
import { type Cutter, FrameError } from '../codec/cutter.js';
import { Fields } from '../codec/fields.js';
import * as frontend from '../codec/frontend.js';
import type { Conversation } from './conversation.js';
import { askColumns, FUNCTION_CALL_DENIED, type Part, PORTAL_WAITS, type Question } from './denial.js';
import { formOf } from './form.js';
import { largeObjectCall } from './large-objects.js';
import { type Expects, Pending } from './ledger.js';
import { type Portal, quoted, renames } from './names.js';
import type { Unread } from './readings.js';

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
export interface Batch extends Omit<Part, 'pieces'> {
  actions: Action[];
  /** Those of them whose meaning is to be read first. */
  unread: Unread[];
  /** Something in it may change what names stand for. */
  renames: boolean;
}

/** A name whose meaning the server has yet to tell. */
export type Unsettled = Pick<frontend.Target, 'kind' | 'name'>;

/** Notes down what each message of the client's asks for, and what the server will owe for it. */
export class Requests {
  readonly #conversation: Conversation;
  readonly #cutter: Cutter;
  #batch: Batch = emptyBatch();
  /** Extended messages stand between here and the last Sync. */
  #unsynced = false;

  constructor(conversation: Conversation, cutter: Cutter) {
    this.#conversation = conversation;
    this.#cutter = cutter;
  }

  take(): Batch {
    const batch = this.#batch;
    if (batch.pending.length > 0) this.#batch = emptyBatch();
    return batch;
  }

  /** No Sync stands behind what was last read, so the server may keep its answers until it is told to flush. */
  get isMidPipeline(): boolean {
    return this.#unsynced;
  }

  /** What a name stands for when the server gets to it is not yet known. */
  isUnsettled({ kind, name }: Unsettled): boolean {
    const { names, ledger } = this.#conversation;
    if (names.unsettled(kind, name)) return true;
    // SQL has no way to name what has no name.
    if (name === '' || !(ledger.renames || this.#batch.renames)) return false;
    return (kind === 'statement' ? names.statement(name) : names.portal(name)) !== undefined;
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
        this.#conversation.copyEndsHeld += 1;
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
        return this.#query(frontend.readQuery(fields));
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

  /**
   * SQL runs what has a name: EXECUTE a prepared statement, FETCH a portal. So what gets one is judged as it gets it;
   * what has none, only when the protocol executes it.
   */
  #define(
    expects: 'parse' | 'bind',
    name: string,
    unread: Omit<Unread, 'statement'>,
    parameters: Statement['parameters'] = [],
  ): Pending {
    const { text } = unread;
    if (name === '') return this.#unnamed(expects, unread, parameters);
    const [kind, head] =
      expects === 'parse'
        ? (['statement', `PREPARE ${quoted(name)} AS `] as const)
        : (['portal', `DECLARE ${quoted(name)} CURSOR FOR `] as const);
    return this.#ask(expects, { ...unread, statement: statement(head + text, parameters), defines: { kind, name } });
  }

  /**
   * A Bind plans the statement, and planning calls functions that are said to be immutable or stable: where that may run a
   * user's, it is judged before.
   */
  #unnamed(expects: 'parse' | 'bind', unread: Omit<Unread, 'statement'>, parameters: Statement['parameters']): Pending {
    const { readings } = this.#conversation;
    if (expects === 'parse' || readings === undefined || !readings.mayRunWhenPlanned(unread)) {
      const pending = this.#expect(expects);
      pending.text = unread.text;
      // A Parse evaluates nothing but literals.
      pending.plain = expects === 'parse' || readings?.isOfNoRelation(unread) === true;
      return pending;
    }
    return this.#ask(expects, { ...unread, statement: statement(unread.text, parameters) });
  }

  #ask(expects: Expects, unread: Unread, question?: Question): Pending {
    this.#batch.actions.push(unread.statement);
    this.#batch.unread.push(unread);
    const pending = this.#hold(expects, undefined, question);
    pending.action = unread.statement;
    return pending;
  }

  #hold(expects: Expects, denial: Uint8Array | undefined, question?: Question): Pending {
    const { offset: from, offsetEnd: to } = this.#cutter;
    const pending = this.#expect(expects);
    this.#batch.held.push({
      pending,
      from,
      to,
      inPipeline: this.#unsynced,
      decided: denial !== undefined,
      denial,
      question,
    });
    return pending;
  }

  #renames(pending: Pending): void {
    pending.renames = true;
    this.#batch.renames = true;
  }

  #query(text: string): undefined {
    const pending = this.#ask('query', { statement: statement(text), text });
    if (renames(text)) this.#renames(pending);
  }

  #parse({ name, text, types }: frontend.ParseMessage): undefined {
    const { names } = this.#conversation;
    const era = this.#conversation.readings?.era ?? 0;
    const pending = this.#define('parse', name, { text, types, era });
    pending.prepared = {
      text,
      types,
      takes: undefined,
      era,
      columns: undefined,
      weight: text.length,
      renames: renames(text),
      described: false,
    };
    pending.name = name;
    names.prepare(name, pending.prepared);
    this.#unsynced = true;
    if (names.weight > NAMES_MOST) throw new FrameError('too-long', T.parse, 'too much text is prepared');
  }

  #bind({ portal: name, statement, parameters, binary, formats }: frontend.BindMessage): Unsettled | undefined {
    const { names } = this.#conversation;
    const target: Unsettled = { kind: 'statement', name: statement };
    if (this.isUnsettled(target)) return target;
    const prepared = names.statement(statement);
    const text = prepared?.text ?? `EXECUTE ${quoted(statement)}`;
    const { readings } = this.#conversation;
    const types = prepared?.types ?? [];
    const era = (statement === '' ? undefined : prepared?.era) ?? readings?.era ?? 0;
    let weight = 64;
    for (const parameter of parameters) weight += parameter?.length ?? 0;
    const bound = { prepared, parameters, binary };
    const pending = this.#define('bind', name, { text, types, era, bound }, parameters);
    pending.portal = {
      prepared,
      era: name === '' ? era : Math.min(era, readings?.era ?? 0),
      text,
      parameters,
      binary,
      formats,
      columns: undefined,
      described: false,
      weight,
      suspended: undefined,
      asked: false,
    };
    pending.kind = 'portal';
    pending.name = name;
    names.bind(name, pending.portal);
    this.#unsynced = true;
    if (names.weight > NAMES_MOST) throw new FrameError('too-long', T.bind, 'too much is bound');
    return undefined;
  }

  #execute({ portal: name, most }: frontend.ExecuteMessage): Unsettled | undefined {
    const { names, flow } = this.#conversation;
    const target: Unsettled = { kind: 'portal', name };
    if (this.isUnsettled(target)) return target;
    const portal = names.portal(name);
    this.#unsynced = true;
    if (name !== '' && names.portal('')?.asked === false) {
      this.#hold('execute', PORTAL_WAITS);
      return undefined;
    }
    if (portal !== undefined) portal.asked = true;
    if (portal?.suspended !== undefined) return this.#goOn(portal, portal.suspended);
    const text = portal?.text ?? `FETCH ${most > 0 ? most : 'ALL'} FROM ${quoted(name)}`;
    const parameters = portal?.parameters ?? [];
    const question = showsRows(flow) && isUndescribed(portal) ? askColumns(name, portal) : undefined;
    if (question !== undefined && portal !== undefined) portal.described = true;
    const { types } = portal?.prepared ?? { types: [] };
    const unread = { statement: statement(text, parameters), text, types, era: portal?.era, bound: portal };
    const pending = this.#ask('execute', unread, question);
    pending.portal = portal;
    if (portal?.prepared?.renames === true) this.#renames(pending);
    return undefined;
  }

  /** More rows of a statement that was judged when it began. */
  #goOn(portal: Portal, pending: Pending): undefined {
    portal.suspended = undefined;
    this.#batch.pending.push(pending);
  }

  #describe({ kind, name }: frontend.Target): Unsettled | undefined {
    const { flow, names } = this.#conversation;
    if (showsRows(flow) && this.isUnsettled({ kind, name })) return { kind, name };
    const pending = this.#expect('describe');
    pending.kind = kind;
    if (kind === 'statement') pending.prepared = names.statement(name);
    else pending.portal = names.portal(name);
    const target = pending.prepared ?? pending.portal;
    if (target !== undefined) target.described = true;
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
    else this.#ask('function', { statement: { kind: 'statement', class: 'unknown', text, parameters }, text });
  }

  /** While it copies in, the server passes over a Sync. */
  #sync(): undefined {
    if (this.#conversation.copyingIn) return;
    this.#expect('sync');
    this.#conversation.names.sync();
    this.#unsynced = false;
  }
}

const emptyBatch = (): Batch => ({ pending: [], held: [], actions: [], unread: [], renames: false });

/** Its rows may be shown to a control, which has to know their columns. */
const showsRows = ({ recordsOutput, reads }: FlowContext): boolean => recordsOutput || reads;

/** Nobody has asked for the columns of its rows, so a recording of them would not know their names. */
const isUndescribed = (portal: Portal | undefined): portal is Portal =>
  portal !== undefined && !portal.described && portal.prepared?.described !== true;

function statement(text: string, parameters: readonly (string | null)[] = []): Statement {
  const form = formOf(text);
  return {
    kind: 'statement',
    class: 'unknown',
    text,
    ...(form !== undefined && { form }),
    ...(parameters.length > 0 && { parameters }),
  };
}
