import type { RecordLine } from '@hoop/controls';
import type { Entry } from '@hoop/core';
import type { Totals } from '../store/sessions.js';
import type { AuditLine, ShownOutput } from './lines.js';

type Kept = Exclude<Entry, { kind: 'output' }> | ShownOutput;
/** A line as it is read back. */
export type Written = { n: number; at: number } & (
  | Exclude<RecordLine, { kind: 'entry' }>
  | { kind: 'entry'; session: string; entry: Kept }
  | AuditLine
);

/** Sums a session's lines for its row in the store. */
export class Tally {
  readonly totals: Totals = { database: null, statements: 0, rows: 0, bytes_in: 0, bytes_out: 0, ms: 0 };
  /** Whether the record has it at all: a flow that asked for nothing (a cancel request, a port check) leaves none. */
  recorded = false;
  /** How the record says it ended, if it does. */
  end: string | undefined;

  add(line: RecordLine | Written): void {
    this.recorded = true;
    if (line.kind === 'intent') this.totals.statements += 1;
    else if (line.kind === 'entry') this.#entry(line.entry);
    else if (line.kind === 'end') {
      this.end = line.outcome.end;
      this.totals.bytes_in = line.outcome.bytesIn;
      this.totals.bytes_out = line.outcome.bytesOut;
    }
  }

  #entry(entry: Entry | ShownOutput): void {
    if (entry.kind === 'opened') this.totals.database = entry.database ?? null;
    if (entry.kind !== 'finished') return;
    this.totals.rows += entry.rows;
    this.totals.ms += entry.ms;
  }
}
