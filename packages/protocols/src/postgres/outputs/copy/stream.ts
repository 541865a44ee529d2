import { concat, type OutputColumn, ProtocolError, type Rows } from '@hoop/core';
import { message } from '../../codec/build.js';
import type { Batch } from '../batch.js';
import { BinaryBatch, BinaryReader } from './binary.js';
import { CopyCells, type CopyReader } from './cells.js';
import { CsvReader } from './csv.js';
import type { CopyForm } from './form.js';
import { PlainBatch } from './plain.js';
import { TextReader } from './text.js';

/** A row may stand in several messages up to this length in all; PostgreSQL sends each in one. */
const APART_MOST = 1024 * 1024;
const HEAD = 5;

/** A message as it came; `whole` false: the rest of one, without its head. */
interface Piece {
  bytes: Uint8Array;
  whole: boolean;
}

const bodyOf = ({ bytes, whole }: Piece): Uint8Array => (whole ? bytes.subarray(HEAD) : bytes);

/** The rows of one COPY TO STDOUT, gathered from its messages wherever these are cut. */
export class CopyStream {
  readonly statement: number;
  readonly columns: readonly OutputColumn[];
  readonly #reader: CopyReader;
  readonly #form: CopyForm;
  #pieces: Piece[] = [];

  constructor(statement: number, columns: readonly OutputColumn[], form: CopyForm) {
    this.statement = statement;
    this.columns = columns;
    this.#form = form;
    if (form.kind === 'binary') this.#reader = new BinaryReader(columns.length);
    else if (form.kind === 'csv') this.#reader = new CsvReader(form, columns.length);
    else this.#reader = new TextReader(form, columns.length);
  }

  /** A CopyData, head and all. */
  add(message: Uint8Array): void {
    this.#pieces.push({ bytes: message, whole: true });
  }

  get isEmpty(): boolean {
    return this.#pieces.length === 0;
  }

  /** For rows that each stand in a message of their own, as PostgreSQL sends them; undefined where the next may be none. */
  batch(bytes: Uint8Array, from: number): Batch | undefined {
    if (!this.isEmpty || !this.#reader.isAtRow) return undefined;
    const { statement, columns } = this;
    if (this.#form.kind === 'binary') return new BinaryBatch(statement, columns, bytes, from);
    return new PlainBatch({ statement, columns, form: this.#form, reader: this.#reader }, bytes, from);
  }

  /** The COPY has ended: no row may be left half. */
  end(): void {
    if (!this.isEmpty) throw new ProtocolError('a COPY ended within a row');
  }

  /** The rows that have come whole; what is left waits for the rest. */
  take(): CopyBatch {
    const pieces = this.#pieces;
    const body = Buffer.concat(pieces.map(bodyOf));
    const cells = new CopyCells(this.#form.kind === 'binary' ? body : Buffer.allocUnsafeSlow(body.length));
    const end = this.#reader.read(body, cells);
    if (body.length - end > APART_MOST) throw new ProtocolError('a row of COPY is in too many pieces');
    const [before, after] = split(pieces, end);
    this.#pieces = after;
    return new CopyBatch(this.columns, this.#reader, before, body.subarray(0, end), cells);
  }
}

/** Pieces up to the byte `at` of their bodies, and from there on. */
function split(pieces: readonly Piece[], at: number): [Piece[], Piece[]] {
  const before: Piece[] = [];
  const after: Piece[] = [];
  let start = 0;
  for (const piece of pieces) {
    const body = bodyOf(piece);
    const end = start + body.length;
    if (end <= at) before.push(piece);
    else if (start >= at) after.push(piece);
    else {
      before.push({ bytes: body.subarray(0, at - start), whole: false });
      after.push({ bytes: body.subarray(at - start), whole: false });
    }
    start = end;
  }
  return [before, after];
}

/** Rows of a COPY that came together. */
export class CopyBatch {
  readonly rows: Rows;
  readonly #reader: CopyReader;
  readonly #pieces: readonly Piece[];
  readonly #body: Buffer;
  readonly #written: Int32Array;

  constructor(
    columns: readonly OutputColumn[],
    reader: CopyReader,
    pieces: readonly Piece[],
    body: Buffer,
    { bytes, cells, written, length, rows }: CopyCells,
  ) {
    this.#reader = reader;
    this.#pieces = pieces;
    this.#body = body;
    this.#written = written;
    this.rows = { kind: 'rows', columns, count: rows, bytes, cells: cells.subarray(0, 2 * length) };
  }

  /** The messages with changed cells written anew; the others as they came. */
  encode({ changes }: Rows): Uint8Array[] {
    const out: Uint8Array[] = [];
    let start = 0;
    let next = 0;
    for (const piece of this.#pieces) {
      const end = start + bodyOf(piece).length;
      const parts: Uint8Array[] = [];
      let at = start;
      while (changes !== undefined && next < changes.count) {
        const cell = changes.cells[next] as number;
        const [from, to] = [this.#written[2 * cell] as number, this.#written[2 * cell + 1] as number];
        if (from >= end && to > from) break;
        if (from > end) break;
        if (from >= start) {
          const length = changes.spans[2 * next + 1] as number;
          const value = changes.spans[2 * next] as number;
          const said = length < 0 ? null : changes.bytes.subarray(value, value + length);
          parts.push(this.#body.subarray(at, from), this.#reader.write(said));
        }
        at = Math.min(to, end);
        if (to > end) break;
        next += 1;
      }
      if (parts.length === 0 && at === start) out.push(piece.whole ? piece.bytes : message('d', piece.bytes));
      else out.push(message('d', ...parts, this.#body.subarray(at, end)));
      start = end;
    }
    return joined(out);
  }
}

/** Pieces that are shorter are copied together. */
const SMALL = 4096;

/** As few pieces as may be: what stands side by side in memory is one, and so is what is small. */
function joined(pieces: readonly Uint8Array[]): Uint8Array[] {
  const out: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  const flush = () => {
    if (small.length > 0) out.push(concat(small));
    small = [];
  };
  for (const piece of besides(pieces)) {
    if (piece.length < SMALL) small.push(piece);
    else {
      flush();
      out.push(piece);
    }
  }
  flush();
  return out;
}

function besides(pieces: readonly Uint8Array[]): Uint8Array[] {
  const out: Uint8Array[] = [];
  for (const piece of pieces) {
    const last = out.at(-1);
    if (last?.buffer === piece.buffer && last.byteOffset + last.length === piece.byteOffset) {
      out[out.length - 1] = new Uint8Array(last.buffer, last.byteOffset, last.length + piece.length);
    } else out.push(piece);
  }
  return out;
}
