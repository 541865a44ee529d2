import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { type SqliteDatabase, SqliteDialect, type SqliteStatement } from 'kysely';

/** Kysely's SQLite dialect over node:sqlite: the few calls of better-sqlite3 that Kysely makes. */
export function dialect(database: DatabaseSync): SqliteDialect {
  const adapter: SqliteDatabase = {
    close: () => database.close(),
    prepare: (sql) => statement(database, sql),
  };
  return new SqliteDialect({ database: adapter });
}

function statement(database: DatabaseSync, sql: string): SqliteStatement {
  const prepared = database.prepare(sql);
  const values = (parameters: readonly unknown[]) => parameters as SQLInputValue[];
  return {
    reader: prepared.columns().length > 0,
    all: (parameters) => prepared.all(...values(parameters)),
    run: (parameters) => {
      const run = () => prepared.run(...values(parameters));
      return RESTORABLE.test(sql) ? unsynced(database, run) : run();
    },
    iterate: (parameters) => prepared.iterate(...values(parameters)),
  };
}

/** Rows of sessions: each flow writes them twice, and the record, which is synced by itself, tells the same. */
const RESTORABLE = /^(insert into|update|delete from) "sessions"/;

/** Runs a statement that survives a crash of the gateway at once, and a power cut once anything else was committed. */
function unsynced<T>(database: DatabaseSync, run: () => T): T {
  if (database.isTransaction) return run();
  database.exec('PRAGMA synchronous=NORMAL');
  try {
    return run();
  } finally {
    database.exec('PRAGMA synchronous=FULL');
  }
}

/**
 * WAL, so that the commands on the host may read beside the gateway. `synchronous=FULL`: a person who was disabled is
 * still disabled after a power cut.
 */
export function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { enableForeignKeyConstraints: true, timeout: 5_000 });
  database.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;');
  return database;
}

/** What SQLite itself finds wrong with the file, or nothing. */
export function damageOf(database: DatabaseSync): string | undefined {
  const found = database.prepare('PRAGMA quick_check(1)').get() as { quick_check?: string } | undefined;
  return found?.quick_check === 'ok' ? undefined : (found?.quick_check ?? 'no answer');
}
