import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kysely } from 'kysely';
import { afterEach, expect, test } from 'vitest';
import { dialect, openDatabase } from '../src/store/sqlite.js';

const folder = mkdtempSync(join(tmpdir(), 'hoop-unsynced-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('only rows of sessions are spared the disk, also inside a transaction nothing breaks', async () => {
  const database = openDatabase(join(folder, 'store.db'));
  const seen: string[] = [];
  const level = () => (database.prepare('PRAGMA synchronous').get() as { synchronous: number }).synchronous;
  database.exec('create table sessions (id text, at integer); create table logins (id text, at integer)');
  database.function('level', () => {
    seen.push('called');
    return level();
  });
  const db = new Kysely<Record<'sessions' | 'logins', { id: string; at: number }>>({ dialect: dialect(database) });
  const at = async (table: 'sessions' | 'logins') => {
    await db.deleteFrom(table).execute();
    await db
      .insertInto(table)
      .values((build) => ({ id: 'x', at: build.fn<number>('level', []) }))
      .execute();
    return (await db.selectFrom(table).select('at').executeTakeFirstOrThrow()).at;
  };
  // 1 is NORMAL, 2 is FULL (sqlite.org/pragma.html#pragma_synchronous).
  expect(await at('sessions')).toBe(1);
  expect(await at('logins')).toBe(2);
  expect(level()).toBe(2);
  await db.transaction().execute(async (tx) => {
    await tx.updateTable('sessions').set({ at: 7 }).execute();
  });
  expect((await db.selectFrom('sessions').select('at').executeTakeFirstOrThrow()).at).toBe(7);
  expect(seen).toHaveLength(2);
  await db.destroy();
});
