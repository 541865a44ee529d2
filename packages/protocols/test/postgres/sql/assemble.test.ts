import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Assembly } from '../../../src/postgres/sql/assemble.js';
import type { Catalogue } from '../../../src/postgres/sql/catalogue.js';
import { WORLD_ROWS } from './world.js';

const ROWS = readFileSync(WORLD_ROWS, 'utf8').trimEnd().split('\n');

function assembled(rows: readonly string[], before?: Catalogue): Catalogue {
  const assembly = new Assembly();
  for (const row of rows) assembly.add(row);
  return assembly.catalogue(before);
}

test('a catalogue of the same rows is the one that was there', () => {
  const before = assembled(ROWS);
  expect(assembled(ROWS, before)).toBe(before);
  expect(assembled(ROWS)).not.toBe(before);
});

test('one row more, less, or other, is another', () => {
  const before = assembled(ROWS);
  const more = assembled([...ROWS, '["schema", "more"]'], before);
  expect(more.schemas.has('more')).toBe(true);
  expect(assembled(ROWS, more).schemas.has('more')).toBe(false);
  const other = ROWS.map((row) => row.replace('"customers", "r"', '"clients", "r"'));
  expect(assembled(other, before).relations.get('public')?.has('clients')).toBe(true);
  expect(assembled(ROWS.slice(0, -1), before)).not.toBe(before);
});
