import {
  concat,
  EMPTY,
  type EntryError,
  type Output,
  type OutputColumn,
  ProtocolError,
  type Rows,
  type Script,
} from '@hoop/core';
import { type Column, ROW_WHOLE } from '../codec/backend.js';
import { functionResponse, notification, parameterStatus } from '../codec/build.js';
import type { Cutter } from '../codec/cutter.js';
import { Fields, int32At } from '../codec/fields.js';
import { replaceBytes } from '../codec/pieces.js';
import { type Batch, cellsIn, RowBatch } from '../outputs/batch.js';
import type { Known } from '../outputs/columns.js';
import { copiedColumns } from '../outputs/copy/columns.js';
import { formOf, UnreadableCopy } from '../outputs/copy/form.js';
import { CopyStream } from '../outputs/copy/stream.js';
import { fieldsOf, generic, isPlain, report } from '../outputs/generic.js';
import { ColumnViews } from '../outputs/views.js';
import type { Conversation } from './conversation.js';
import type { Pending } from './ledger.js';

/** A message that has to be masked is held up to here; one that is longer ends the flow (design §4, rule 6). */
export const MASKED_WHOLE = 128 * 1024 * 1024;
const T = {
  dataRow: 0x44,
  copyData: 0x64,
  copyOut: 0x48,
  functionResponse: 0x56,
  rowDescription: 0x54,
  error: 0x45,
  notice: 0x4e,
  notification: 0x41,
  parameterStatus: 0x53,
} as const;
const ASIDE: ReadonlySet<number> = new Set([T.error, T.notice, T.notification, T.parameterStatus]);

/** An output that is to be revealed, and where its bytes stand in what goes on; absent where nothing of it can be changed. */
interface Waiting {
  statement: number;
  output: Output;
  place?: Place;
}

interface Place {
  from: number;
  to: number;
  /** What came was held back: it is put in again, changed or not. */
  held?: boolean;
  /** `undefined`: what stands there is already as it is to be. */
  encode(revealed: Output): readonly Uint8Array[] | undefined;
}

/** A result whose description does not agree with the catalogue, as it is seen again by another. */
interface Doubt {
  pending: Pending;
  /** The place of its command in its text. */
  command: number;
  columns: readonly Column[];
  count: number;
}

/** `at`: where in what goes on the rows stand that were held back. */
interface Copy {
  stream: CopyStream;
  at: number | undefined;
}

/**
 * What is shown to the controls before it goes to the client, and what they make of it: one chunk's rows, pieces of COPY,
 * and what the server says aside. So memory is bound by a chunk and one message.
 */
export class Shown {
  readonly #conversation: Conversation;
  readonly #cutter: Cutter;
  readonly #keeps: boolean;
  readonly #reads: boolean;
  readonly #views = new ColumnViews();
  #batch: { rows: Batch; from: number; to: number; changes: boolean } | undefined;
  #copied: { statement: number; bytes: Uint8Array[] } | undefined;
  #copy: Copy | undefined;
  /** By their columns as they were seen. */
  readonly #doubts = new Map<readonly OutputColumn[], Doubt>();
  #waiting: Waiting[] = [];
  /** A statement since the last ReadyForQuery touches what is masked. */
  #generic = false;

  constructor(conversation: Conversation, cutter: Cutter) {
    const { recordsOutput, reads } = conversation.flow;
    this.#conversation = conversation;
    this.#cutter = cutter;
    this.#keeps = recordsOutput;
    this.#reads = reads;
  }

  /** Up to which length a message of this type has to come whole, as things stand. */
  wholeUpTo(type: number): number {
    if (type === T.dataRow || type === T.copyData || type === T.functionResponse) {
      if (this.#conversation.ledger.head?.reveals === true) return MASKED_WHOLE;
      return this.#keeps ? ROW_WHOLE : 0;
    }
    if (type === T.rowDescription || type === T.copyOut) return ROW_WHOLE;
    return this.#reads && ASIDE.has(type) ? MASKED_WHOLE : 0;
  }

  /** A DataRow. */
  row(pending: Pending): void {
    const { bytes, start, end, complete, length } = this.#cutter;
    const { reveals, statement } = pending;
    if (!reveals && !this.#keeps) return;
    if (!complete) return this.#left(pending, `a row of ${length - 4} bytes`);
    const columns = this.#columns(pending, cellsIn(bytes, start, end));
    if (this.#batch === undefined || !this.#batch.rows.takes(statement, columns, bytes, start)) {
      this.#end();
      const rows = new RowBatch(statement, columns, bytes, start);
      this.#batch = { rows, from: this.#cutter.offset, to: 0, changes: reveals };
    }
    this.#batch.rows.add(start, end);
    this.#batch.to = this.#cutter.offsetEnd;
  }

  /** A CopyOutResponse: what form its rows have, the server does not tell; so that is read from the statement. */
  copyBegins(pending: Pending): void {
    if (!pending.reveals) return;
    const { bytes, start, end } = this.#cutter;
    const fields = new Fields(bytes, start + 5, end);
    const format = fields.byte() === 1 ? 'binary' : 'text';
    const { readings } = this.#conversation;
    const count = fields.count();
    const columns = copiedColumns(count, format, pending.sources, readings?.catalogue);
    if (pending.sources !== undefined && pending.sources.length !== count) readings?.doubt();
    const form = copyForm(pending);
    if ((form.kind === 'binary') !== (format === 'binary'))
      throw new Unmaskable('a COPY came in a form that was not asked for');
    this.#copy = { stream: new CopyStream(pending.statement, columns, form), at: undefined };
  }

  /** A CopyData. */
  copied(pending: Pending): void {
    const { bytes, start, end, complete, length } = this.#cutter;
    if (!pending.reveals && !this.#keeps) return;
    if (!complete) return this.#left(pending, `a piece of COPY of ${length - 4} bytes`);
    if (this.#copy !== undefined) return this.#copiedRow(this.#copy);
    if (this.#copied?.statement !== pending.statement) {
      this.#end();
      this.#copied = { statement: pending.statement, bytes: [] };
    }
    this.#copied.bytes.push(bytes.subarray(start + 5, end));
  }

  /** Where it can be looked at as it stands, it is; else it is held back until its row is there. */
  #copiedRow(copy: Copy): void {
    const { bytes, start, end } = this.#cutter;
    if (copy.at === undefined && this.#isPlain(copy.stream, bytes, start, end)) return;
    if (copy.at === undefined) this.#end();
    copy.at ??= this.#cutter.offset;
    copy.stream.add(bytes.subarray(start, end));
    this.#cutter.replace(EMPTY);
  }

  #isPlain(stream: CopyStream, bytes: Uint8Array, start: number, end: number): boolean {
    const { statement, columns } = stream;
    const goesOn = this.#batch?.rows.takes(statement, columns, bytes, start) === true;
    const rows = goesOn ? this.#batch?.rows : stream.batch(bytes, start);
    if (rows?.add(start, end) !== true) return false;
    if (!goesOn) {
      this.#end();
      this.#batch = { rows, from: this.#cutter.offset, to: 0, changes: true };
    }
    if (this.#batch !== undefined) this.#batch.to = this.#cutter.offsetEnd;
    return true;
  }

  /** A CopyDone. */
  copyEnds(): void {
    this.#end();
    this.#copy?.stream.end();
    this.#copy = undefined;
  }

  /** A FunctionCallResponse: a piece of a large object, or a number. Where its bytes come from nobody can tell. */
  value(pending: Pending): void {
    if (!pending.reveals) return;
    if (!this.#cutter.complete) this.tooLong();
    const { bytes, start, offset: from, offsetEnd: to } = this.#cutter;
    const length = int32At(bytes, start + 5);
    if (length <= NUMBER_MOST) return;
    this.#end();
    const cells = Int32Array.of(start + 9, length);
    const output: Rows = { kind: 'rows', columns: VALUE, count: 1, bytes, cells };
    this.#waiting.push({ statement: pending.statement, output, place: { from, to, encode: () => [NO_VALUE] } });
  }

  /** Rows of another shape follow. */
  described(): void {
    this.#end();
  }

  /** The server owes nothing more for it. */
  passed(pending: Pending): void {
    this.#generic ||= pending.generic;
  }

  ready(): void {
    this.#generic = false;
  }

  /** Whether what the server says just now may hold what is masked. */
  get isGeneric(): boolean {
    return this.#generic || this.#conversation.ledger.head?.generic === true;
  }

  /** An ErrorResponse or NoticeResponse. `error` is what the record keeps of it. */
  report(type: 'E' | 'N', error?: EntryError): void {
    if (!this.#reads) return;
    if (!this.#cutter.complete) this.tooLong();
    this.#end();
    if (type === 'E') this.#copy = undefined;
    const { bytes, start, end } = this.#cutter;
    const fields = fieldsOf(bytes, start + 5, end);
    const { head } = this.#conversation.ledger;
    if (this.isGeneric) {
      const said = generic(fields, head?.action?.text ?? '');
      if (error !== undefined) Object.assign(error, { code: said.get('C'), message: said.get('M') });
      return this.#cutter.replace(report(type, said));
    }
    for (const [kind, text] of fields) {
      if (!SAID.has(kind)) continue;
      const number = head?.plain === true ? PLAIN : (head?.statement ?? 0);
      this.#message(
        text,
        (shown) => {
          if (number === 0) return unjudged(type, fields, head?.text ?? '', error);
          fields.set(kind, shown);
          if (kind === 'M' && error !== undefined) error.message = shown;
          return report(type, fields);
        },
        number,
      );
    }
  }

  /** A ParameterStatus. Of a value that may be masked, the client learns that it has changed. */
  setting(name: string, value: string): void {
    if (this.isGeneric && !isPlain(value)) this.#cutter.replace(parameterStatus(name, ''));
  }

  /** A NotificationResponse: what it carries comes from anybody, unless this session itself has told it of nothing that is masked. */
  notification(): void {
    if (!this.#reads) return;
    if (!this.#cutter.complete) this.tooLong();
    const { bytes, start, end } = this.#cutter;
    const fields = new Fields(bytes, start + 5, end);
    const [process, channel, payload] = [fields.int32(), fields.string(), fields.string()];
    this.#end();
    if (payload === '') return;
    const { greeting, cameByMasked } = this.#conversation;
    const own = process === greeting?.key?.process && !cameByMasked;
    this.#message(payload, (shown) => notification(process, channel, shown), own ? PLAIN : 0);
  }

  /** A message that had to be looked at has not come whole. */
  tooLong(): never {
    throw tooLong(`a message of ${this.#cutter.length} bytes`);
  }

  #message(text: string, encode: (shown: string) => Uint8Array, statement?: number): void {
    const { offset: from, offsetEnd: to } = this.#cutter;
    const place = { from, to, encode: (one: Output) => (one.kind === 'message' ? [encode(one.text)] : [EMPTY]) };
    const number = statement ?? this.#conversation.ledger.head?.statement ?? 0;
    this.#waiting.push({ statement: number, output: { kind: 'message', text }, place });
  }

  /** The chunk is through. */
  chunkEnds(): void {
    this.#end();
  }

  /** The chunk could not be read to its end: what came before that is still shown, but no half of a COPY. */
  breaksOff(): void {
    this.#copy = undefined;
    this.#end();
  }

  /** Reveals what was gathered, before its bytes go to the client; gives what goes in their place. */
  *reveal(pieces: Uint8Array[]): Script<Uint8Array[]> {
    if (this.#waiting.length === 0) return pieces;
    if (this.#doubts.size > 0) yield* this.#settle();
    const waiting = this.#waiting;
    this.#waiting = [];
    const edits: Edit[] = [];
    for (const { output, statement, place } of waiting) {
      const revealed = (yield { do: 'reveal', output, statement }) as Output;
      if (revealed === output && place?.held !== true) continue;
      if (place === undefined) throw new ProtocolError('an output was to be changed that has gone on already');
      const bytes = place.encode(revealed);
      if (bytes !== undefined) edits.push({ from: place.from, to: place.to, bytes });
    }
    return edits.length === 0 ? pieces : edited(pieces, edits);
  }

  /** The columns as described for this execution; where nobody asked, the formats are still known from the Bind. */
  #columns(pending: Pending, count: number): readonly OutputColumn[] {
    const { described, portal, reveals, commands: command } = pending;
    const columns: readonly Column[] | undefined = described ?? portal?.columns ?? portal?.prepared?.columns;
    if (!reveals) return this.#views.of(columns, portal?.formats, count, undefined).columns;
    const known = this.#known(pending.sources, pending.again !== undefined, columns);
    const view = this.#views.of(columns, portal?.formats, count, known);
    if (!view.agrees && !known.settled && columns !== undefined)
      this.#doubts.set(view.columns, { pending, command, columns, count });
    return view.columns;
  }

  #known(sources: Known['sources'], again: boolean, columns: readonly Column[] | undefined): Known {
    const { catalogue, changes } = this.#conversation.readings ?? {};
    const settled = again || (columns !== undefined && changes?.settled.has(columns) === true);
    return { sources, catalogue, made: changes?.made ?? NONE_MADE, settled };
  }

  /** Loads the catalogue anew, if time allows, and shows what waits by it: its columns, and those of the rows still to come. */
  *#settle(): Script {
    const doubts = [...this.#doubts];
    this.#doubts.clear();
    const { readings } = this.#conversation;
    if (readings === undefined || !(yield* readings.renewed())) return readings?.doubt();
    for (const [before, { pending, command, columns, count }] of doubts) {
      pending.again ??= readings.again(pending);
      const known = this.#known(pending.again[command]?.outputs, true, columns);
      const view = this.#views.of(columns, pending.portal?.formats, count, known);
      if (!view.agrees) readings.changes.settled.add(columns);
      for (const one of this.#waiting)
        if (one.output.kind === 'rows' && one.output.columns === before)
          one.output = { ...one.output, columns: view.columns };
    }
  }

  #endCopied(): void {
    const copy = this.#copy;
    if (copy?.at === undefined) return;
    const { at } = copy;
    copy.at = undefined;
    const batch = copy.stream.take();
    const encode = (revealed: Output) => (revealed.kind === 'rows' ? batch.encode(revealed) : [EMPTY]);
    const place = { from: at, to: at, held: true, encode };
    this.#waiting.push({ statement: copy.stream.statement, output: batch.rows, place });
  }

  #left(pending: Pending, what: string): void {
    if (pending.reveals) throw tooLong(what);
    this.#end();
    this.#waiting.push({ statement: pending.statement, output: { kind: 'message', text: `${what} was not kept` } });
  }

  #end(): void {
    this.#endCopied();
    if (this.#batch !== undefined) {
      const { rows, from, to, changes } = this.#batch;
      this.#batch = undefined;
      const output = rows.rows();
      const encode = (revealed: Output) => encoded(rows, output, revealed);
      this.#waiting.push({ statement: rows.statement, output, ...(changes && { place: { from, to, encode } }) });
    }
    if (this.#copied !== undefined) {
      const { statement, bytes } = this.#copied;
      this.#copied = undefined;
      this.#waiting.push({ statement, output: { kind: 'body', bytes: concat(bytes) } });
    }
  }
}

const NONE_MADE: Known['made'] = [];

/** Bytes of the longest number that a function of large objects answers. */
const NUMBER_MOST = 8;
const NO_VALUE = functionResponse(null);
const VALUE: readonly OutputColumn[] = [
  {
    name: 'value',
    format: 'binary',
    type: 0,
    holds: 'other',
    source: { name: 'value', columns: [], exact: false },
  },
];

/** Fields of a report that may say anything: message, detail, hint, context, and the names that a function can choose. */
/** What may hold anything, said of what nobody has judged. */
function unjudged(type: 'E' | 'N', fields: ReadonlyMap<string, string>, text: string, error: EntryError | undefined) {
  const said = generic(fields, text);
  if (error !== undefined) Object.assign(error, { code: said.get('C'), message: said.get('M') });
  return report(type, said);
}

/** The number of what is not judged and tells of no rows: only its content is looked at, not whence it comes. */
const PLAIN = -1;
const SAID: ReadonlySet<string> = new Set('MDHWqstcdn');

/** What has to be masked, and cannot be: the client's doing as often as not. */
export class Unmaskable extends ProtocolError {}

const tooLong = (what: string) => new Unmaskable(`${what} is too long; ${MASKED_WHOLE} bytes are the most`);

function copyForm({ action, commands }: Pending) {
  try {
    return formOf(action?.text ?? '', commands);
  } catch (error) {
    if (error instanceof UnreadableCopy) throw new Unmaskable(`a COPY cannot be read: ${error.message}`);
    throw error;
  }
}

function encoded(batch: Batch, rows: Rows, revealed: Output): readonly Uint8Array[] | undefined {
  if (revealed.kind !== 'rows' || revealed.changes === undefined)
    throw new ProtocolError('rows were to become something else');
  return batch.encode(rows, revealed.changes);
}

interface Edit {
  from: number;
  to: number;
  bytes: readonly Uint8Array[];
}

/** Later edits of the same place win: each has what those before it made of it. */
function edited(pieces: Uint8Array[], edits: readonly Edit[]): Uint8Array[] {
  let out = pieces;
  let before = Number.POSITIVE_INFINITY;
  for (const { from, to, bytes } of edits.toReversed()) {
    if (from === before && from !== to) continue;
    out = replaceBytes(out, from, to, bytes);
    before = from;
  }
  return out;
}
