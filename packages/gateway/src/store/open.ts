import { chmodSync, existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { HoopError, UserError } from '@hoop/core';
import { Kysely } from 'kysely';
import { makeFolder } from './make-folder.js';
import { migrate } from './migrations.js';
import { mayUse } from './owner.js';
import { damageOf, dialect, openDatabase } from './sqlite.js';
import { Store } from './store.js';
import type { Tables } from './tables.js';

export const STORE_FILE = 'store.db';
export const RECORD_FOLDER = 'record';

/**
 * Opens the store in the data folder, making it on first use. Throws `UserError` `store-damaged`, naming the file: an
 * empty store in place of a lost one would forget who is disabled.
 */
export async function openStore(data: string): Promise<Store> {
  makeFolder(data);
  const path = join(data, STORE_FILE);
  mayUse(path);
  refuseLost(path, data);
  try {
    const database = openDatabase(path);
    chmodSync(path, 0o600);
    const damage = damageOf(database);
    if (damage) throw damaged(path, damage);
    const db = new Kysely<Tables>({ dialect: dialect(database) });
    await migrate(db);
    return new Store(db);
  } catch (cause) {
    if (cause instanceof HoopError) throw cause;
    throw damaged(path, (cause as Error).message, cause);
  }
}

function refuseLost(path: string, data: string): void {
  const record = join(data, RECORD_FOLDER);
  const recorded = existsSync(record) && readdirSync(record).some((name) => name.endsWith('.jsonl'));
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === 0) throw damaged(path, 'it is empty');
  if (size === undefined && recorded) throw damaged(path, `it is gone, though ${record} is there`);
}

function damaged(path: string, why: string, cause?: unknown): UserError {
  const hint = `restore ${path} from its copy; or, giving up logins and who is disabled, move the data folder away`;
  return new UserError('store-damaged', `the store ${path} cannot be used: ${why}`, { hint, cause });
}
