import { loadModule } from 'libpg-query';
import { beforeAll, describe, expect, test } from 'vitest';
import { CASES } from './cases.js';
import { lineageOf, outputsOf, predicatesOf, storesOf } from './shown.js';

beforeAll(() => loadModule());

describe('what a command shows, asks and stores', () => {
  for (const [text, outputs, predicates = '', stores = ''] of CASES)
    test(text, () => {
      const found = lineageOf(text);
      expect([outputsOf(found), predicatesOf(found), storesOf(found)]).toEqual([outputs, predicates, stores]);
    });
});

describe('places', () => {
  const literalsOf = (text: string): string[] =>
    lineageOf(text).literals.map(
      ({ column, from, to }) => `${column.replace('public.customers.', '')} ${text.slice(from, to)}`,
    );

  test('constants that a column is compared with, counted in UTF-16 units', () => {
    expect(literalsOf("select '🙂é' as x from customers where ssn = 'ü-1' and upper(name) = E'a\\'b'")).toEqual([
      "ssn 'ü-1'",
      "name E'a\\'b'",
    ]);
    expect(literalsOf("select 1 from customers where ssn in ('a', $tag$b'$tag$, 'c'\n  'd') and id = - 7")).toEqual([
      "ssn 'a'",
      "ssn $tag$b'$tag$",
      "ssn 'c'\n  'd'",
      'id - 7',
    ]);
  });

  test('constants on a way', () => {
    const text = "with k as (select 'x' as s union select 'y') select 1 from customers, k where ssn = k.s";
    expect(literalsOf(text)).toEqual(["ssn 'x'", "ssn 'y'"]);
    expect(literalsOf("select 1 from customers where '1' = any(select ssn from customers)")).toEqual(["ssn '1'"]);
  });

  test('constants that are put into a column', () => {
    expect(literalsOf("insert into customers(ssn, id) values ('1', 2), ('3', 4)")).toEqual([
      "ssn '1'",
      "ssn '3'",
      'id 2',
      'id 4',
    ]);
    expect(literalsOf("update customers set (ssn, name) = ('1', 'b'), note = null")).toEqual(["ssn '1'", "name 'b'"]);
  });

  test('parameters', () => {
    expect(lineageOf('update customers set ssn = $2 where id = $1').bound).toEqual([
      { column: 'public.customers.id', parameter: 0 },
      { column: 'public.customers.ssn', parameter: 1 },
    ]);
    expect(lineageOf('prepare p as select 1 from customers where id = $1').bound).toEqual([]);
  });
});

describe('relations', () => {
  const relationsOf = (text: string): string[] => lineageOf(text).relations.map(({ name, does }) => `${does} ${name}`);

  test('a view, and what is below it', () => {
    expect(relationsOf('select * from v_on_v').sort()).toEqual([
      'read public.customers',
      'read public.v_on_v',
      'read public.v_ssn',
    ]);
  });

  test('several search paths', () => {
    const found = lineageOf('select ssn from customers', { paths: [['public'], ['private', 'public']] });
    expect(outputsOf(found)).toBe('ssn<-customers.ssn+private.customers.ssn');
    expect(outputsOf(lineageOf('select * from orders', { paths: [['public'], ['private']] }))).toBe('*');
  });
});
