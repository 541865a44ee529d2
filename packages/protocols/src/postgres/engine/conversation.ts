import {
  type CancelKey,
  concat,
  EMPTY,
  type Entry,
  type EntryError,
  type FlowContext,
  type Note,
  type Script,
  Signal,
} from '@hoop/core';
import { noticeResponse } from '../codec/build.js';
import type { UpstreamGreeting } from '../connect.js';
import { Ledger, type Pending } from './ledger.js';
import { Names } from './names.js';
import type { Read, Readings } from './readings.js';

/** What the two scripts of one flow share. */
export class Conversation {
  readonly flow: FlowContext;
  readonly ledger: Ledger;
  readonly names: Names;
  readonly read: Read;
  /** Set before the first statement where the flow reads. */
  readings: Readings | undefined;
  /** Raised when the upstream is ready and the client was told; `greeting` is set then. */
  readonly opened = new Signal();
  greeting: UpstreamGreeting | undefined;
  /** The key that the client may cancel with. */
  key: CancelKey | undefined;
  /** Raised after the upstream answered something, for a client script that `waits`. */
  readonly answered = new Signal();
  waits = false;
  /** Events that the next turn tells the record. */
  readonly entries: Entry[] = [];
  /** What went to the client ends on a message boundary. */
  boundary = true;
  /** The client copies in; until its end, Sync is passed over by the server. */
  copyingIn = false;
  /** Ends of copies that the client has said and that were not sent yet: they wait beside what is judged. */
  copyEndsHeld = 0;
  /** Bytes of CopyData since the last copy ended. */
  copiedIn = 0;
  /** The server said FATAL: it ends by itself, and the client knows why. */
  fatal: EntryError | undefined;
  /** The client has said Terminate, or ended its direction. */
  clientEnded = false;
  /** Something that was sent may have come by what is masked: what it told others may hold it. */
  cameByMasked = false;
  /** Statements that were judged so far; the record counts alike. */
  judged = 0;
  /** Raised when there is something to say. */
  readonly said = new Signal();
  #notes: Note[] = [];

  constructor(flow: FlowContext, read: Read) {
    this.flow = flow;
    this.read = read;
    this.names = new Names((suspended) => this.#tellFinished(suspended));
    this.ledger = new Ledger((pending) => this.#skip(pending));
  }

  say(note: Note): void {
    this.#notes.push(note);
    this.said.raise();
  }

  /** Notes that wait for a message boundary, as frames. */
  takeNotes(): Uint8Array {
    if (this.#notes.length === 0) return EMPTY;
    const frames = this.#notes.map(noticeResponse);
    this.#notes = [];
    return concat(frames);
  }

  *tell(): Script {
    for (let entry = this.entries.shift(); entry !== undefined; entry = this.entries.shift()) {
      yield { do: 'note', entry };
    }
  }

  /** A statement has come to its end, well or not. */
  finish(pending: Pending): void {
    if (pending.statement === 0) return;
    pending.spent += this.flow.now() - pending.since;
    this.#tellFinished(pending);
  }

  /** A portal has given the rows it was asked for, and has more. */
  suspend(pending: Pending): void {
    if (pending.portal === undefined) return this.finish(pending);
    pending.spent += this.flow.now() - pending.since;
    pending.portal.suspended = pending;
  }

  #tellFinished({ statement, spent, rows, bytes, tag, error }: Pending): void {
    this.entries.push({
      kind: 'finished',
      statement,
      ms: spent,
      rows,
      bytes,
      ...(tag === '' ? {} : { tag }),
      ...(error === undefined ? {} : { error }),
    });
  }

  /** A message was denied: the name it was to define keeps its meaning. */
  denied(pending: Pending): void {
    this.#settle(pending);
    if (pending.action !== undefined) this.readings?.denied(pending.action);
  }

  /** The server failed on the oldest message, one of the extended protocol: what follows is skipped up to Sync. */
  fail(head: Pending): void {
    this.#settle(head);
    this.finish(head);
    this.ledger.pop();
    this.ledger.skipToSync();
  }

  /** The flow ends: what runs is told with the reason. */
  abandon(code: string, message: string): void {
    for (const pending of this.ledger.rest()) {
      pending.error ??= { code, message };
      this.finish(pending);
    }
    this.names.idle();
    this.readings?.over();
  }

  /** The server passed over a message, since an earlier one of the pipeline had failed. */
  #skip(pending: Pending): void {
    this.#settle(pending);
    pending.error ??= { code: '25P02', message: 'not run: an earlier message of the pipeline failed' };
    this.finish(pending);
  }

  #settle({ expects, kind, name }: Pending): void {
    if (expects === 'parse' || expects === 'bind' || expects === 'close') this.names.settle(kind, name);
  }
}
