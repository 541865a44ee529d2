import type { EntryError, OutputSource, Reading, Statement } from '@hoop/core';
import type { Column } from '../codec/backend.js';
import type { Portal, Prepared } from './names.js';

/** What the server owes for one message that was sent to it. */
export type Expects =
  | 'query' // rows, CommandComplete, …, then ReadyForQuery
  | 'function' // FunctionCallResponse, then ReadyForQuery
  | 'parse'
  | 'bind'
  | 'describe' // RowDescription or NoData, for a statement after ParameterDescription
  | 'execute' // rows or COPY, then CommandComplete, EmptyQueryResponse or PortalSuspended
  | 'close'
  | 'sync' // ReadyForQuery
  | 'copy-end'; // nothing: CopyDone and CopyFail complete what began the copy

/** One entry of the ledger. `owner: gateway`: a message of ours, whose reply is not the client's as it stands. */
export class Pending {
  readonly owner: 'client' | 'gateway';
  readonly expects: Expects;
  /** The record's number of the statement; 0 for what is none. */
  statement = 0;
  /** What was judged, with its readings where the flow reads. */
  action: Statement | undefined = undefined;
  /** The controls want to see what comes back. */
  reveals = false;
  /** What the server says of it beside rows may hold what is masked. */
  generic = false;
  /** Not judged, and what the server says of it can only name things and repeat what the client sent. */
  plain = false;
  /** Commands of it that are complete: the next result is that command's. */
  commands = 0;
  /** `flow.now()` when it was forwarded. */
  since = 0;
  /** Milliseconds of earlier Executes of the same portal. */
  spent = 0;
  rows = 0;
  /** Rows when the last command of a Query was complete. */
  rowsBefore = 0;
  bytes = 0;
  tag = '';
  error: EntryError | undefined = undefined;
  copy: 'none' | 'in' | 'out' = 'none';
  copied = 0;
  prepared: Prepared | undefined = undefined;
  portal: Portal | undefined = undefined;
  /** What a Parse or Bind that is not judged is of. */
  text = '';
  /** Columns of a Query's current result. */
  described: readonly Column[] | undefined = undefined;
  /** What a Parse, Bind or Close names. */
  kind: 'statement' | 'portal' = 'statement';
  name = '';
  /** What it asks may give names of the protocol's a new meaning: SQL shares them. */
  renames = false;
  /** The client's message that a question of ours was asked for. */
  askedFor: Pending | undefined = undefined;
  /** What the client is told instead of the server's error; with owner `gateway`. */
  substitute: Uint8Array | undefined = undefined;

  constructor(owner: 'client' | 'gateway', expects: Expects) {
    this.owner = owner;
    this.expects = expects;
  }

  /** What the action was found to do by a catalogue that is newer than the one it was judged by. */
  again: readonly Reading[] | undefined = undefined;

  /** Where the columns of the result that now comes are from; undefined where that cannot be told: anything may be in them. */
  get sources(): readonly OutputSource[] | undefined {
    return (this.again ?? this.action?.readings)?.[this.commands]?.outputs;
  }
}

/**
 * The response ledger (design §4, rule 3): what the server still owes, oldest first. After an error in the extended
 * protocol the server skips all up to the next Sync, and so does the ledger: what it skips goes to `skipped`.
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-EXT-QUERY
 */
export class Ledger {
  readonly #skipped: (pending: Pending) => void;
  #entries: (Pending | undefined)[] = [];
  #first = 0;
  #skipping = false;
  #renaming = 0;

  constructor(skipped: (pending: Pending) => void) {
    this.#skipped = skipped;
  }

  get length(): number {
    return this.#entries.length - this.#first;
  }

  /** Something is owed that may change what names stand for. */
  get renames(): boolean {
    return this.#renaming > 0;
  }

  /** The server passes over all that comes before the next Sync. */
  get isSkipping(): boolean {
    return this.#skipping;
  }

  /** The oldest entry. */
  get head(): Pending | undefined {
    return this.#entries[this.#first];
  }

  push(pending: Pending): void {
    if (this.#skipping && pending.expects !== 'sync') {
      this.#skipped(pending);
      return;
    }
    this.#skipping = false;
    if (pending.expects === 'copy-end' && this.length === 0) return;
    if (pending.renames) this.#renaming += 1;
    this.#entries.push(pending);
  }

  /** Takes off the oldest entry, and what is owed nothing behind it. */
  pop(): void {
    do this.#shift();
    while (this.head?.expects === 'copy-end');
  }

  #shift(): void {
    if (this.#entries[this.#first]?.renames === true) this.#renaming -= 1;
    this.#entries[this.#first] = undefined;
    this.#first += 1;
    if (this.#first === this.#entries.length) {
      this.#entries.length = 0;
      this.#first = 0;
    } else if (this.#first >= 1024 && this.#first * 2 >= this.#entries.length) {
      this.#entries.splice(0, this.#first);
      this.#first = 0;
    }
  }

  /** The server failed on what was just popped: it reads on at the next Sync, sent or to come. */
  skipToSync(): void {
    for (let head = this.#entries[this.#first]; head !== undefined; head = this.#entries[this.#first]) {
      if (head.expects === 'sync') return;
      this.pop();
      this.#skipped(head);
    }
    this.#skipping = true;
  }

  /**
   * The head has begun to copy in. The server passes over every Sync that was sent before the copy's end; it takes any
   * other message for an error. False if there is one.
   */
  beginCopyIn(): boolean {
    const at = this.#first + 1;
    while (this.#entries[at]?.expects === 'sync') this.#entries.splice(at, 1);
    const next = this.#entries[at];
    return next === undefined || next.expects === 'copy-end';
  }

  /** All that is owed, at the end of a flow. */
  rest(): Pending[] {
    return this.#entries.slice(this.#first) as Pending[];
  }
}
