import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
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

describe('what could not be written out', () => {
  const own = (name: string, text: string | null, hash = 'h') => [
    `["relation", 20001, "public", "fresh", "r", [[1, "${name}", 25, false]], [], [], []]`,
    JSON.stringify(['on-write', 20001, hash, text]),
  ];
  const onWrite = (catalogue: Catalogue) => catalogue.byOid.get(20001)?.onWrite;
  const before = assembled([...ROWS, ...own('a', 'f(a)')]);

  test('is what it was', () => {
    expect(assembled([...ROWS, ...own('a', null)], before)).toBe(before);
    const more = assembled([...ROWS, ...own('a', null), '["schema", "more"]'], before);
    expect(onWrite(more)).toEqual(['f(a)']);
    expect(onWrite(assembled([...ROWS, ...own('a', null)], more))).toEqual(['f(a)']);
  });
  test('is not, where it is of something else or names are others', () => {
    expect(onWrite(assembled([...ROWS, ...own('a', null)]))).toEqual(['?']);
    expect(onWrite(assembled([...ROWS, ...own('a', null, 'i')], before))).toEqual(['?']);
    expect(onWrite(assembled([...ROWS, ...own('b', null)], before))).toEqual(['?']);
  });
  test('is had as soon as it can be', () => {
    const unwritten = assembled([...ROWS, ...own('a', null)]);
    expect(onWrite(assembled([...ROWS, ...own('a', 'f(a)')], unwritten))).toEqual(['f(a)']);
  });
});
