import { EMPTY, ProtocolError, type Refusal } from '@hoop/core';
import {
  columnsIn,
  readParameterStatus,
  readReport,
  readReportHead,
  readStatus,
  readTag,
  readTypes,
  rowsOf,
} from '../codec/backend.js';
import type { Cutter } from '../codec/cutter.js';
import { Fields } from '../codec/fields.js';
import type { Conversation } from './conversation.js';
import type { Expects, Pending } from './ledger.js';
import { unpinned } from './settings.js';
import type { Shown } from './shown.js';

const T = {
  parseComplete: 0x31,
  bindComplete: 0x32,
  closeComplete: 0x33,
  notification: 0x41,
  commandComplete: 0x43,
  dataRow: 0x44,
  error: 0x45,
  copyIn: 0x47,
  copyOut: 0x48,
  emptyQuery: 0x49,
  notice: 0x4e,
  parameterStatus: 0x53,
  rowDescription: 0x54,
  functionResponse: 0x56,
  ready: 0x5a,
  copyDone: 0x63,
  copyData: 0x64,
  noData: 0x6e,
  suspended: 0x73,
  parameterDescription: 0x74,
} as const;
/** Tags of one Query with many commands are kept up to here. */
const TAGS_MOST = 1000;

/** Moves the ledger along with each message of the server's. One that answers nothing is a `ProtocolError`. */
export class Replies {
  readonly #conversation: Conversation;
  readonly #cutter: Cutter;
  readonly #shown: Shown | undefined;

  constructor(conversation: Conversation, cutter: Cutter, shown: Shown | undefined) {
    this.#conversation = conversation;
    this.#cutter = cutter;
    this.#shown = shown;
  }

  frame(): void {
    switch (this.#cutter.type) {
      case T.dataRow:
        return this.#row();
      case T.copyData:
        return this.#copyData();
      case T.commandComplete:
        return this.#complete(readTag(this.#cutter.bytes, this.#cutter.start + 5, this.#cutter.end));
      case T.ready:
        return this.#ready();
      case T.error:
        return this.#error();
      case T.rowDescription:
        return this.#described();
      case T.noData:
        return this.#told(this.#head('describe'));
      case T.emptyQuery:
        return this.#executed(this.#running());
      case T.suspended:
        return this.#suspended(this.#head('execute'));
      case T.copyIn:
        return this.#copyIn();
      case T.copyOut:
        return this.#copyOut();
      case T.parameterStatus:
        return this.#setting();
      case T.notice:
        return this.#shown?.report('N');
      case T.notification:
        return this.#shown?.notification();
      default:
        return this.#rest();
    }
  }

  #rest(): void {
    const { ledger, names } = this.#conversation;
    switch (this.#cutter.type) {
      case T.parseComplete: {
        const parse = this.#head('parse');
        if (parse.prepared !== undefined) names.prepared(parse.name, parse.prepared);
        this.#confirmed(parse);
        return this.#defined(parse);
      }
      case T.bindComplete: {
        const bind = this.#head('bind');
        if (bind.portal !== undefined) names.bound(bind.name, bind.portal);
        this.#confirmed(bind);
        return this.#defined(bind);
      }
      case T.closeComplete: {
        const { kind, name } = this.#head('close');
        names.closed(kind, name);
        return ledger.pop();
      }
      case T.parameterDescription:
        return this.#takes(this.#head('describe'));
      case T.functionResponse:
        return this.#functionResponse(this.#head('function'));
      case T.copyDone:
        if (this.#running().copy !== 'out') throw unasked();
        return this.#shown?.copyEnds();
      default:
        throw new ProtocolError('CopyBoth is for replication, which is not available');
    }
  }

  #takes({ prepared }: Pending): void {
    const { bytes, start, end, complete } = this.#cutter;
    if (prepared !== undefined && complete) prepared.takes = readTypes(new Fields(bytes, start + 5, end));
  }

  #functionResponse(call: Pending): void {
    call.bytes += this.#cutter.length - 4;
    this.#shown?.value(call);
  }

  /** A reader depends on some: with another value nothing can be judged any more. */
  #setting(): void {
    const { bytes, start, end, complete } = this.#cutter;
    if (this.#conversation.readings === undefined) return;
    if (!complete) return this.#shown?.tooLong();
    const { name, value } = readParameterStatus(new Fields(bytes, start + 5, end));
    const refusal = unpinned(name, value);
    if (refusal !== undefined) throw new Unpinned(refusal);
    this.#shown?.setting(name, value);
  }

  #confirmed({ action }: Pending): void {
    if (action !== undefined) this.#conversation.readings?.confirmed(action);
  }

  #head(expects: Expects): Pending {
    const { head } = this.#conversation.ledger;
    if (head?.expects !== expects) throw unasked();
    return head;
  }

  /** What rows and tags are for. */
  #running(): Pending {
    const { head } = this.#conversation.ledger;
    if (head === undefined || (head.expects !== 'execute' && head.expects !== 'query')) throw unasked();
    return head;
  }

  /** The end of a Describe; of our own the client learns nothing. */
  #told(pending: Pending): void {
    if (pending.owner === 'gateway') this.#cutter.replace(EMPTY);
    this.#pop(pending);
  }

  #defined(pending: Pending): void {
    this.#conversation.finish(pending);
    this.#pop(pending);
  }

  #pop(pending: Pending): void {
    this.#shown?.passed(pending);
    this.#conversation.ledger.pop();
  }

  #row(): void {
    const running = this.#running();
    running.rows += 1;
    running.bytes += this.#cutter.length - 4;
    this.#shown?.row(running);
  }

  #copyData(): void {
    const running = this.#running();
    if (running.copy !== 'out') throw unasked();
    running.copied += this.#cutter.length - 4;
    running.bytes += this.#cutter.length - 4;
    this.#shown?.copied(running);
  }

  #described(): void {
    const { head } = this.#conversation.ledger;
    if (head === undefined || (head.expects !== 'describe' && head.expects !== 'query')) throw unasked();
    if (this.#shown !== undefined) {
      this.#shown.described();
      const columns = columnsIn(this.#cutter.bytes, this.#cutter.start + 5, this.#cutter.end);
      if (head.portal !== undefined) head.portal.columns = columns;
      else if (head.prepared !== undefined) head.prepared.columns = columns;
      head.described = columns;
    }
    if (head.expects === 'describe') this.#told(head);
  }

  #complete(tag: string): void {
    const running = this.#running();
    const told = rowsOf(tag);
    if (running.copy !== 'none') this.#copyEnded(running, told);
    if (running.rows === running.rowsBefore) running.rows += told;
    running.rowsBefore = running.rows;
    running.commands += 1;
    if (running.tag === '') running.tag = tag;
    else if (running.tag.length < TAGS_MOST) running.tag += `; ${tag}`;
    this.#conversation.names.completed(tag);
    if (tag === 'PREPARE' || tag === 'DECLARE CURSOR') this.#confirmed(running);
    this.#executed(running);
  }

  /** An Execute is done; a Query only with ReadyForQuery. */
  #executed(running: Pending): void {
    if (running.expects !== 'execute') return;
    this.#conversation.finish(running);
    this.#pop(running);
  }

  #suspended(running: Pending): void {
    this.#conversation.suspend(running);
    this.#pop(running);
  }

  #copyOut(): void {
    const running = this.#running();
    running.copy = 'out';
    this.#shown?.copyBegins(running);
  }

  #copyIn(): void {
    const running = this.#running();
    const { ledger } = this.#conversation;
    running.copy = 'in';
    if (!ledger.beginCopyIn()) throw new SentIntoCopy('messages that are not COPY data were sent into a COPY');
    this.#conversation.copyingIn = ledger.length === 1 && this.#conversation.copyEndsHeld === 0;
  }

  #copyEnded(running: Pending, rows: number): void {
    const conversation = this.#conversation;
    const direction = running.copy === 'in' ? 'in' : 'out';
    const bytes = direction === 'in' ? conversation.copiedIn : running.copied;
    if (running.statement > 0) {
      conversation.entries.push({ kind: 'copied', statement: running.statement, direction, bytes, rows });
    }
    if (direction === 'in') this.#stopCopyIn(running);
    running.copy = 'none';
    running.copied = 0;
  }

  #stopCopyIn(running: Pending): void {
    running.bytes += this.#conversation.copiedIn;
    this.#conversation.copiedIn = 0;
    this.#conversation.copyingIn = false;
  }

  #ready(): void {
    const conversation = this.#conversation;
    const { head } = conversation.ledger;
    if (head === undefined || (head.expects !== 'sync' && head.expects !== 'query' && head.expects !== 'function')) {
      throw unasked();
    }
    const status = readStatus(this.#cutter.bytes[this.#cutter.start + 5]);
    conversation.finish(head);
    this.#pop(head);
    this.#shown?.ready();
    if (status !== 'I') return;
    conversation.names.idle();
    if (conversation.ledger.length === 0) conversation.readings?.idle();
  }

  /**
   * An error ends a Query, a FunctionCall or a Sync together with the ReadyForQuery that follows; in the extended
   * protocol the server goes on at the next Sync. An error with nothing owed comes before a FATAL end.
   */
  #error(): void {
    const { ledger } = this.#conversation;
    const { severity, code, message } = this.#report();
    const { head } = ledger;
    const error = { code, message };
    if (severity === 'FATAL' || severity === 'PANIC') {
      this.#conversation.fatal = error;
      return this.#shown?.report('E', error);
    }
    if (head?.substitute !== undefined) this.#cutter.replace(head.substitute);
    else this.#shown?.report('E', error);
    if (head === undefined) return;
    if (head.substitute === undefined) (head.askedFor ?? head).error = error;
    this.#shown?.passed(head);
    if (head.copy === 'in') this.#stopCopyIn(head);
    if (head.expects === 'query' || head.expects === 'function' || head.expects === 'sync') return;
    this.#conversation.fail(head);
  }

  #report() {
    const { bytes, start, end, complete } = this.#cutter;
    return complete ? readReport(new Fields(bytes, start + 5, end)) : readReportHead(bytes, start + 5, end);
  }
}

/** Found out by the server's answer, but the client's fault. */
export class SentIntoCopy extends ProtocolError {}

/** A setting has changed by which nobody can read on. */
export class Unpinned extends ProtocolError {
  constructor(readonly refusal: Refusal) {
    super(refusal.message);
  }
}

const unasked = () => new ProtocolError('an answer to nothing that was asked');
