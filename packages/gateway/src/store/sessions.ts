import { randomInt } from 'node:crypto';
import type { SessionRow } from '@hoop/contracts/gateway';
import type { Kysely } from 'kysely';
import { micros } from '../record/lines.js';
import type { SessionTable, Tables } from './tables.js';

export type NewSession = Pick<
  SessionTable,
  'subject' | 'email' | 'connection' | 'protocol' | 'program' | 'started_at' | 'segment'
>;
export type Totals = Pick<SessionTable, 'database' | 'statements' | 'rows' | 'bytes_in' | 'bytes_out' | 'ms'>;
const NOTHING: Totals = { database: null, statements: 0, rows: 0, bytes_in: 0, bytes_out: 0, ms: 0 };

/** Without what is misread: 0 o, 1 l i. */
const ALPHABET = '23456789abcdefghjkmnpqrstuvwxyz';

/** One row a session; what was said in it is in the record. */
export class SessionStore {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** Answers the new session's id: short, for people; longer once the short ones get rare. */
  async begin(session: NewSession): Promise<string> {
    for (let attempt = 0; ; attempt += 1) {
      const id = randomId(4 + Math.floor(attempt / 3));
      const row = { ...session, ...NOTHING, id, ended_at: null, end: null };
      const insert = this.#db.insertInto('sessions').values(row);
      const done = await insert.onConflict((conflict) => conflict.doNothing()).executeTakeFirstOrThrow();
      if ((done.numInsertedOrUpdatedRows ?? 0n) > 0n) return id;
    }
  }

  async end(id: string, end: string, at: number, totals: Totals): Promise<void> {
    const change = { ...totals, end, ended_at: at };
    await this.#db.updateTable('sessions').set(change).where('id', '=', id).execute();
  }

  /** For a flow that turned out to be no session. */
  async drop(id: string): Promise<void> {
    await this.#db.deleteFrom('sessions').where('id', '=', id).execute();
  }

  /** Those that have no end: live ones, or, at the start, those a crash left. */
  async open(): Promise<SessionTable[]> {
    return this.#db.selectFrom('sessions').selectAll().where('ended_at', 'is', null).execute();
  }

  async get(id: string): Promise<SessionTable | undefined> {
    return this.#db.selectFrom('sessions').selectAll().where('id', '=', id).executeTakeFirst();
  }

  /** Newest first. */
  async list(filter: { subject?: string; connection?: string | undefined; limit: number }): Promise<SessionTable[]> {
    let query = this.#db.selectFrom('sessions').selectAll().orderBy('started_at', 'desc').limit(filter.limit);
    if (filter.subject !== undefined) query = query.where('subject', '=', filter.subject);
    if (filter.connection !== undefined) query = query.where('connection', '=', filter.connection);
    return query.execute();
  }
}

function randomId(length: number): string {
  return Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}

/** A row as the API tells it. `live` has the counts of a session that still runs. */
export function told(row: SessionTable, live?: Totals): SessionRow {
  const totals = live ?? row;
  return {
    id: row.id,
    person: row.email,
    connection: row.connection,
    protocol: row.protocol,
    ...(row.program !== null && { program: row.program }),
    ...(totals.database !== null && { database: totals.database }),
    startedAt: row.started_at,
    ...(row.ended_at !== null && { endedAt: row.ended_at }),
    ...(row.end !== null && { end: row.end }),
    statements: totals.statements,
    rows: totals.rows,
    bytesIn: totals.bytes_in,
    bytesOut: totals.bytes_out,
    ms: micros(totals.ms),
  };
}
