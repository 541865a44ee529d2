import { concat, type Output, ProtocolError, type Script } from '@hoop/core';
import { type Column, readRow } from '../codec/backend.js';
import type { Cutter } from '../codec/cutter.js';
import { Fields } from '../codec/fields.js';
import type { Pending } from './ledger.js';

/** What a statement showed in one chunk, for a recording of output; so memory is bound by a chunk and one row. */
export class Shown {
  #statement = 0;
  #columns: Column[] = [];
  #rows: (Uint8Array | null)[][] = [];
  #copied: Uint8Array[] = [];
  #waiting: { statement: number; output: Output }[] = [];

  /** A DataRow. */
  row(pending: Pending, cutter: Cutter): void {
    if (!cutter.complete) return this.#left(pending, `a row of ${cutter.length - 4} bytes`);
    const cells = readRow(new Fields(cutter.bytes, cutter.start + 5, cutter.end));
    if (this.#rows.length === 0 || this.#statement !== pending.statement) {
      this.#end();
      this.#statement = pending.statement;
      this.#columns = columnsOf(pending, cells.length);
    }
    this.#rows.push(cells);
  }

  /** A CopyData. */
  copied(pending: Pending, cutter: Cutter): void {
    if (!cutter.complete) return this.#left(pending, `a piece of COPY of ${cutter.length - 4} bytes`);
    if (this.#copied.length === 0 || this.#statement !== pending.statement) this.#end();
    this.#statement = pending.statement;
    this.#copied.push(cutter.bytes.subarray(cutter.start + 5, cutter.end));
  }

  /** Rows of another shape follow. */
  described(): void {
    this.#end();
  }

  /** Reveals what was gathered, before its bytes go to the client. Nothing here can change a cell yet. */
  *reveal(): Script {
    this.#end();
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { output, statement } of waiting) {
      const revealed = yield { do: 'reveal', output, statement };
      if (revealed !== output) throw new ProtocolError('an output was to be changed, which is not done here');
    }
  }

  #left(pending: Pending, what: string): void {
    this.#end();
    this.#waiting.push({ statement: pending.statement, output: { kind: 'message', text: `${what} was not kept` } });
  }

  #end(): void {
    const statement = this.#statement;
    if (this.#rows.length > 0) {
      this.#waiting.push({ statement, output: { kind: 'rows', columns: this.#columns, cells: this.#rows } });
      this.#rows = [];
    }
    if (this.#copied.length > 0) {
      this.#waiting.push({ statement, output: { kind: 'body', bytes: concat(this.#copied) } });
      this.#copied = [];
    }
  }
}

/** The columns as described for this execution; where nobody asked, the formats are still known from the Bind. */
function columnsOf({ described, portal }: Pending, count: number): Column[] {
  const columns = described ?? portal?.columns ?? portal?.prepared?.columns;
  const formats = portal?.formats ?? [];
  return Array.from({ length: count }, (_, at) => {
    const column = columns?.[at] ?? { name: '?column?', format: 'text', type: 0 };
    const bound = formats.length === 1 ? formats[0] : formats[at];
    return bound === undefined ? column : { ...column, format: bound === 1 ? 'binary' : 'text' };
  });
}
