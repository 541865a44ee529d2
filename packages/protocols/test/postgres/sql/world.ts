import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Assembly } from '../../../src/postgres/sql/assemble.js';
import type { Catalogue } from '../../../src/postgres/sql/catalogue.js';
import { cases } from './cases/index.js';

export const WORLD_SQL = readFileSync(join(import.meta.dirname, 'world.sql'), 'utf8');
export const WORLD_ROWS = join(import.meta.dirname, 'world.jsonl');

/** What a PostgreSQL 15 with `world.sql` in it answered to `learn`, without what the cases do not name; and `more` rows. */
export function world(...more: readonly unknown[]): Catalogue {
  const assembly = new Assembly();
  for (const row of readFileSync(WORLD_ROWS, 'utf8').trimEnd().split('\n')) assembly.add(row);
  for (const row of more) assembly.add(JSON.stringify(row));
  return assembly.catalogue();
}

/** Leaves out the system's own objects whose names no case has. */
export function reduced(rows: readonly string[]): string[] {
  const texts = [WORLD_SQL, ...Object.values(cases).flatMap((group) => group.map(([sql]) => sql))];
  const words = new Set(texts.join(' ').toLowerCase().match(/\w+/g));
  return rows.filter((row) => {
    const [about, oid, , name] = JSON.parse(row) as [string, unknown, string, string];
    if (about === 'extended') return (oid as number) >= 16384;
    if (about === 'type' || about === 'routine' || about === 'relation') {
      return (oid as number) >= 16384 || words.has(name) || ALWAYS.has(name);
    }
    return true;
  });
}
/** What the grammar names where the text does not. */
const ALWAYS = new Set(
  `int4 int8 int2 text bool timestamptz timestamp timetz time date interval numeric float8 float4 bpchar varchar record trigger
  void regclass regproc xml json jsonb btrim ltrim rtrim overlay position substring extract timezone similar_to_escape
  like_escape is_normalized pg_collation_for normalize`.split(/\s+/),
);
