import { ProtocolError, type Refusal } from '@hoop/core';
import { readReport, readRow, readTag, type ServerReport } from './codec/backend.js';
import { query } from './codec/build.js';
import { text } from './codec/fields.js';
import { type Dialling, LoginReader } from './login/messages.js';

/** What one statement answered: its tag, and its rows as text. */
export interface Result {
  tag: string;
  rows: readonly (readonly (string | null)[])[];
}
export type Asked = { ok: true; results: readonly Result[] } | { ok: false; error: ServerReport };

/** No answer to a question of ours is longer: the definition of a view, at most. */
const ANSWER_MOST = 64 * 1024 * 1024;

/**
 * SQL on a connection of the gateway's own, past its login, by the simple protocol: several statements of one `ask` are one
 * transaction. https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SIMPLE-QUERY
 */
export class Asking {
  readonly #reader = new LoginReader(ANSWER_MOST);

  /** `rest`: what came behind the first ReadyForQuery. */
  constructor(rest: Uint8Array) {
    this.#reader.push(rest);
  }

  /** Throws `ProtocolError` where the server breaks the protocol, or closes the connection before it has answered. */
  *ask(sql: string): Dialling<Asked> {
    yield { do: 'write', bytes: query(sql) };
    const results: Result[] = [];
    let rows: (string | null)[][] = [];
    let error: ServerReport | undefined;
    for (;;) {
      const message = yield* this.#reader.next();
      if (message === undefined) throw new ProtocolError('the server closed the connection before it answered');
      const { type, frame, fields } = message;
      if (type === 'Z') return error === undefined ? { ok: true, results } : { ok: false, error };
      if (type === 'E') error ??= readReport(fields);
      else if (type === 'D') rows.push(readRow(fields).map(cellText));
      else if (type === 'C') {
        results.push({ tag: readTag(frame, 5, frame.length), rows });
        rows = [];
      } else if (!BESIDES.has(type)) throw new ProtocolError('a message that does not answer a simple query');
    }
  }
}

/** RowDescription, EmptyQueryResponse, notices, parameters, notifications. */
const BESIDES: ReadonlySet<string> = new Set(['T', 'I', 'N', 'S', 'A']);

const cellText = (cell: Uint8Array | null): string | null => (cell === null ? null : text(cell));

/** A question of ours that the server did not answer. What it said about it stays with the operator. */
export const unanswered = ({ code, message }: ServerReport): Refusal => ({
  code: 'upstream-refused',
  native: code,
  message,
});

/** A name as SQL has it, whatever it is made of. */
export const identifier = (name: string): string => `"${name.replaceAll('\0', '').replaceAll('"', '""')}"`;
/** A string as SQL has it, however backslashes are read. */
export const literal = (value: string): string =>
  `E'${value.replaceAll('\0', '').replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
