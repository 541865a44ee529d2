import { beforeAll, describe, expect, test } from 'vitest';
import { readCached } from '../../../src/postgres/sql/cached.js';
import type { ReadingContext, SqlReading } from '../../../src/postgres/sql/context.js';
import { ready } from '../../../src/postgres/sql/parse.js';
import { read } from '../../../src/postgres/sql/read.js';
import { cases, doesOf, EVERY, INVENTED, LISTED, SOME, SPANNED_EVERY, SPANNED_SOME } from './cases/index.js';
import { world } from './world.js';

const catalogue = world();
const at: ReadingContext = { catalogue, paths: [['public']] };
const under = (...paths: string[][]): ReadingContext => ({ catalogue, paths });
const only = (text: string, context = at): SqlReading => {
  const readings = read(text, context);
  expect(readings).toHaveLength(1);
  return readings[0] as SqlReading;
};
const uses = ({ relations }: SqlReading): string[] => relations.map(({ name, does }) => `${does} ${name}`).sort();

beforeAll(ready);

describe.each(Object.entries(cases))('what %s do', (_name, group) => {
  test.each(group)('%s', (sql, does) => {
    expect(doesOf(read(sql, at))).toBe(does);
  });
});

describe('rows', () => {
  const isUnbounded = (sql: string): boolean => read(sql, at).some(({ unbounded }) => unbounded);
  test.each([...EVERY, ...SPANNED_EVERY, ...INVENTED])('all of them: %s', (sql) => expect(isUnbounded(sql)).toBe(true));
  test.each([...SOME, ...SPANNED_SOME, ...LISTED])('chosen ones: %s', (sql) => expect(isUnbounded(sql)).toBe(false));
});

describe('names', () => {
  test('an unqualified name stands for what any path gives it, first of each', () => {
    expect(uses(only('select * from customers', under(['public', 'evil'], ['evil', 'public'])))).toEqual([
      'read evil.customers',
      'read public.customers',
    ]);
  });
  test('a function may be any of all schemas of a path', () => {
    const path = ['public', 'evil', 'pg_catalog'];
    expect(only('select lower(name) from customers', under(path)).class).toBe('write');
    expect(only('select pg_catalog.lower(name) from customers', under(path)).class).toBe('read');
    expect(only('select lower(name) from customers', under(['public'], path)).class).toBe('write');
  });
  test("the server's own hides one that takes the same, where the path does not put it later", () => {
    expect(only('select lower(name) from customers', under(['public', 'evil'])).class).toBe('read');
    expect(only('select 1 = 2', under(['evil'])).class).toBe('read');
  });
  test('an operator, too', () => {
    expect(only('select 1 = 2', under(['evil', 'pg_catalog'])).class).toBe('write');
    expect(only('select 1 operator(pg_catalog.=) 2', under(['evil'])).class).toBe('read');
  });
  test('a path of nothing leaves the system', () => {
    expect(only('select * from customers', under([])).missing).toEqual(['customers']);
    expect(only('select * from pg_class', under([])).class).toBe('read');
  });
  test('the views, the tables below them, and the partitions are named', () => {
    expect(uses(only('select * from v_nested'))).toEqual([
      'read public.customers',
      'read public.v_customers',
      'read public.v_nested',
    ]);
    expect(uses(only('select * from parted'))).toEqual(['read public.parted', 'read public.parted_1']);
  });
  test('a delete goes on to what refers to the table, and to what its triggers write', () => {
    expect(uses(only('delete from customers where id = 1'))).toContain('write public.orders');
    expect(uses(only('delete from customers where id = 1'))).toContain('write public.audit');
  });
  test('WITH hides a table, and only where it is in scope', () => {
    expect(uses(only('with orders as (select 1 as id) select * from orders'))).toEqual([]);
    expect(uses(only('select * from (with orders as (select 1 as id) select * from orders) x, orders'))).toEqual([
      'read public.orders',
    ]);
    expect(uses(only('with a as (select * from orders), orders as (select 1) select * from a, orders'))).toEqual([
      'read public.orders',
    ]);
  });
  test('what the catalogue has not is said, to load it anew', () => {
    expect([...only('select nosuch(1), 1::nothere from nowhere').missing].sort()).toEqual([
      'nosuch',
      'nothere',
      'nowhere',
    ]);
  });
  test('a dropped schema takes its names along', () => {
    const reading = only('drop schema evil cascade');
    expect(uses(reading)).toEqual(['define evil.customers']);
    expect(reading.makes).toContainEqual({ what: 'other', name: 'lower' });
  });
});

describe('what the session did before', () => {
  test('search paths are said, also those that a function or a block sets', () => {
    expect(only('set search_path = evil, "Mine"').setsPath).toEqual([['evil', 'Mine']]);
    expect(only(`select set_config('search_path', 'Evil, "Mine"', true)`).setsPath).toEqual([['evil', 'Mine']]);
    expect(only('select moves()').setsPath).toEqual([['evil']]);
    expect(only('do $$ begin set search_path to evil; end $$').setsPath).toEqual([['evil']]);
    expect(only(`select set_config('search_path', $1, true)`).setsPath).toBe('unknown');
    expect(only('explain analyze select moves()').setsPath).toEqual([['evil']]);
  });
  test('a path that the same text sets counts for all of it', () => {
    const [, second] = read('set search_path = evil; select * from customers', at);
    expect(uses(second as SqlReading)).toEqual(['read evil.customers', 'read public.customers']);
  });
  test('so does one that the command itself sets', () => {
    expect(uses(only('do $$ begin set search_path = evil; perform * from customers; end $$'))).toContain(
      'read evil.customers',
    );
  });
  test('a prepared statement is what its name may stand for', () => {
    const prepare = only('prepare p (int) as delete from orders where id = $1');
    expect(prepare.prepares).toEqual({ name: 'p', text: 'prepare p (int) as delete from orders where id = $1' });
    const prepared = new Map([['p', ['select 1', 'prepare p as delete from orders', 'parse error (']]]);
    const { class: level, unbounded, executes, runs } = only('execute p(1)', { ...at, prepared });
    expect({ level, unbounded, executes }).toEqual({ level: 'unknown', unbounded: true, executes: ['p'] });
    expect(runs).toContain('delete');
    expect(only('execute p', { ...at, prepared: new Map([['p', ['select 1']]]) }).class).toBe('read');
    expect(only('execute P', { ...at, prepared: new Map([['P', ['select 1']]]) }).class).toBe('unknown');
  });
  test('a statement that executes itself is not followed for ever', () => {
    const prepared = new Map([['p', ['execute p']]]);
    expect(only('execute p', { ...at, prepared }).class).toBe('unknown');
  });
  test('a cursor, too', () => {
    expect(only('declare c cursor with hold for select purge()').declares?.name).toBe('c');
    const cursors = new Map([['c', ['declare c cursor for select purge()']]]);
    expect(only('fetch all from c', { ...at, cursors })).toMatchObject({ class: 'write', executes: ['c'] });
    expect(only('move c', { ...at, cursors }).class).toBe('write');
  });
  test('what was made just now is not what the catalogue has', () => {
    const made = [
      { what: 'other' as const, name: 'customers' },
      { what: 'other' as const, name: 'lower' },
      { what: 'table' as const, name: 'fresh' },
    ];
    expect(only('select * from customers', { ...at, made }).class).toBe('unknown');
    expect(only(`select lower('x')`, { ...at, made }).class).toBe('unknown');
    expect(only('select (name).lower from orders', { ...at, made }).class).toBe('unknown');
    expect(only('select * from fresh', { ...at, made }).class).toBe('read');
    expect(only('insert into fresh values (1)', { ...at, made }).class).toBe('write');
  });
  test('a text that makes and uses is read with what it makes', () => {
    expect(doesOf(read('create table fresh (id int); insert into fresh values (1)', at))).toBe(
      'create table define; insert write',
    );
    expect(doesOf(read('create view fresh as select purge(); select * from fresh', at))).toBe(
      'create view define; select unknown',
    );
    expect(doesOf(read(`create function safe(int) returns int language sql as ''; select safe(1)`, at))).toBe(
      'create function define; select unknown',
    );
  });
  test('a cached reading is of its catalogue, paths and makings; what names stand for is looked up', () => {
    const text = 'select * from customers';
    expect(readCached(text, at)).toBe(readCached(text, { ...at }));
    expect(readCached(text, under(['evil']))).not.toEqual(readCached(text, at));
    expect(readCached(text, { ...at, made: [{ what: 'other', name: 'customers' }] })[0]?.class).toBe('unknown');
    expect(readCached('execute q', { ...at, prepared: new Map([['q', ['select 1']]]) })[0]?.class).toBe('read');
    expect(readCached('execute q', { ...at, prepared: new Map([['q', ['drop table a']]]) })[0]?.class).toBe('define');
  });
});

describe('temporary tables', () => {
  const temporary = (oid: number, name: string, kind = 'r') => [
    ['relation', oid, 'pg_temp_5', name, kind, [[1, 'id', 23, false]], [], [], []],
  ];
  const rows = [...temporary(90001, 'held'), ...temporary(90002, 'seen', 'v'), ...temporary(90003, 'orders')];
  const own: ReadingContext = { catalogue: world(['schema', 'pg_temp_5'], ...rows), paths: [['public']] };
  const does = (sql: string, context = own) => {
    const { traits, unbounded } = only(sql, context);
    return traits.includes('destroys') || unbounded;
  };

  test.each([
    'drop table held',
    'drop table if exists held',
    'drop table pg_temp.held, held',
    'drop view seen',
    'truncate held restart identity',
    'delete from held',
    'update held set id = 1',
    'alter table held drop column id',
    'drop table pg_temp.orders',
    'delete from pg_temp.orders',
  ])('are nobody else’s: %s', (sql) => {
    expect(does(sql)).toBe(false);
  });

  test.each([
    'drop table orders',
    'drop table held, customers',
    'drop table held cascade',
    'drop table pg_temp_5.held',
    'drop table nowhere',
    'truncate orders',
    'truncate held, customers',
    'delete from orders',
    'delete from seen',
    'delete from pg_temp.seen',
    'alter table held drop column id cascade',
    'with d as (delete from held) delete from customers',
  ])('are not meant, or not alone: %s', (sql) => {
    expect(does(sql)).toBe(true);
  });

  test('what goes by that no other has the name is to be learned anew', () => {
    expect(only('drop table held', own).own).toBe(true);
    expect(only('delete from held', own).own).toBe(true);
    expect(only('drop table pg_temp.held', own).own).toBeUndefined();
    expect(only('drop table orders', own).own).toBeUndefined();
  });

  test('a name that was given to something else meanwhile is no longer theirs', () => {
    const made = (one: object): ReadingContext => ({ ...own, made: [{ what: 'table', name: 'held', ...one }] });
    expect(does('drop table held', made({}))).toBe(true);
    expect(does('drop table held', made({ what: 'other', temporary: true }))).toBe(false);
    expect(does('delete from held', made({ what: 'other', temporary: true }))).toBe(true);
    expect(does('drop table held', made({ temporary: true }))).toBe(false);
    const renamed = 'alter table customers rename to held; drop table held';
    expect(read(renamed, own).at(-1)?.traits).toContain('destroys');
    const several =
      'create temp table fresh (id int); insert into fresh values (1); delete from fresh; drop table fresh';
    expect(read(several, at).some(({ traits, unbounded }) => unbounded || traits.includes('destroys'))).toBe(false);
    expect(read('create table fresh (id int); drop table fresh', at).at(-1)?.traits).toContain('destroys');
  });
});

describe('what cannot be read', () => {
  test.each([
    ['a syntax error', 'selec 1'],
    ['a zero byte', 'select 1\0; drop table customers'],
    ['a lone surrogate', 'select \ud800'],
    ['what is not UTF-8', 'select \ufffd'],
    ['what is open', `select 'x`],
    ['very many words', `select ${'1,'.repeat(3_000)}1`],
    ['much nesting', `select ${'('.repeat(100_000)}1${')'.repeat(100_000)}`],
    ['a sum of a hundred thousand', `select ${'1+'.repeat(100_000)}1`],
    ['a megabyte', `select '${'x'.repeat(1024 * 1024)}'`],
  ])('%s', (_what, text) => {
    const reading = only(text);
    expect(reading).toMatchObject({ kind: 'unparsable', class: 'unknown', outputs: undefined, setsPath: 'unknown' });
    expect(reading.unknown).toMatch(/^it /);
  });
  test('nothing at all is no command', () => {
    expect(read('', at)).toEqual([]);
    expect(read(' -- a remark\n;; /* x */', at)).toEqual([]);
  });
  test('deep expressions that are short enough are read', () => {
    expect(only(`select ${'('.repeat(900)}1${')'.repeat(900)}`).class).toBe('read');
    expect(only(`select ${'1+'.repeat(600)}1`).class).toBe('read');
    expect(read(`select ${'1+'.repeat(1_500)}1`, at, 'any')[0]?.class).toBe('read');
    expect(only(`select * from customers where ${'id = 1 or '.repeat(300)}id = 2`).class).toBe('read');
  });
  // 50 ms are promised.
  test('a recursive query of many columns, each of which comes from the one before it, holds up nobody', () => {
    const names = Array.from({ length: 100 }, (_, at) => `a${at}`);
    const text = `with recursive r(${names}) as (select ${names.map(() => 1)} union all select ssn, ${names.slice(0, -1)} from r, customers) select 1 from r`;
    const begun = performance.now();
    read(text, at);
    expect(performance.now() - begun).toBeLessThan(250);
  });
  test('a long literal is short to parse', () => {
    expect(only(`insert into plain (id, t) values (1, '${'x'.repeat(200_000)}')`).class).toBe('write');
  });
  test('places are units of UTF-16, whatever the text is in', () => {
    const [first, second] = read(`select 'äöü😀'; select '日本'`, at);
    expect([first?.from, first?.to, second?.from, second?.to]).toEqual([0, 14, 16, 27]);
  });
  // The parser of bodies gives up on each without setting its stack back, and is broken after some thousands.
  test('functions without a body, however many, leave the parser whole', () => {
    const body = "create function f() returns int language plpgsql as 'begin return 1; end'";
    for (let count = 0; count < 12_000; count++)
      read(`create function f${count}() returns trigger language plpgsql`, at);
    expect(only(body).unknown).toBeUndefined();
  });
  test('no part of any case makes it throw', () => {
    const texts = Object.values(cases).flatMap((group) => group.map(([sql]) => sql));
    for (const [at_, text] of texts.entries()) {
      const cut = Math.floor((text.length * ((at_ * 37) % 100)) / 100);
      const other = texts[(at_ * 7 + 3) % texts.length] as string;
      for (const mixed of [
        text.slice(0, cut),
        text.slice(cut),
        `${text.slice(0, cut)}${other}`,
        text.replace(/\w+$/, other),
      ]) {
        expect(() => read(mixed, at)).not.toThrow();
      }
    }
  });
});
