import { loadModule } from 'libpg-query';
import { beforeAll, describe, expect, test } from 'vitest';
import { lineageOf, outputsOf, predicatesOf, storesOf } from './shown.js';

beforeAll(() => loadModule());

const SSN = 'customers.ssn';

/** What a definition asks of the rows that are there: the text, and its predicates. */
const HELD: readonly (readonly [string, string])[] = [
  ["create index on customers (id) where ssn like '1%'", `${SSN}:pattern`],
  ["create index on customers ((ssn like '1%'))", `${SSN}:function`],
  ['create index on customers (left(ssn, 1))', `${SSN}:function`],
  ['create index on customers (upper(btrim(ssn)), id)', `${SSN}:order`],
  ["create index on v_ssn (id) where number > '1'", `${SSN}:range v_ssn.number:range`],
  ["alter table customers add check (ssn <> '1')", `${SSN}:range`],
  ["alter table customers add check (ssn like '1%') not valid", `${SSN}:pattern`],
  ["alter table customers add column x text check (ssn > '1')", `${SSN}:range`],
  [
    "alter table customers add exclude using gist (ssn with <>) where (card > '1')",
    `customers.card:range ${SSN}:range`,
  ],
  ['alter table log add foreign key (message) references customers (ssn)', `${SSN}:join log.message:join`],
  ["create table x (check (ssn like '1%')) inherits (customers)", `${SSN}:pattern`],
  ['create table x (a text references customers (ssn))', `${SSN}:join`],
  ['create table x (a text, foreign key (a) references customers (ssn))', `${SSN}:join`],
  ['alter table customers alter ssn type int', `${SSN}:function`],
  ['alter table customers alter ssn type varchar(9)', `${SSN}:function`],
  ['alter table customers alter ssn type mood using ssn::mood', `${SSN}:fails ${SSN}:function`],
  ['create statistics s on (substr(ssn, 1, 1)), id from customers', `${SSN}:function`],
  [
    "create trigger t before update on customers for each row when (old.ssn like '1%') execute function f()",
    `${SSN}:pattern`,
  ],
  [
    'create trigger t before update on customers for each row when (old.ssn < new.ssn) execute function f()',
    `${SSN}:join`,
  ],
  [
    'create trigger t before update on customers for each row when (old.ssn = new.card) execute function f()',
    `customers.card:join ${SSN}:join`,
  ],
  ['create index on customers (ssn) include (id)', `${SSN}:order`],
  ['alter table customers add unique (ssn, id)', `${SSN}:order`],
  ["create schema x create view v as select id from public.customers where ssn > '1'", `${SSN}:range`],
];

/** Definitions that tell nothing of anybody. */
const PLAIN = [
  'create index on customers (ssn)',
  'create unique index on customers (lower(ssn))',
  'create index on customers (upper(btrim(ssn)))',
  'alter table customers add unique (ssn)',
  'alter table customers alter ssn type text',
  'alter table customers alter ssn type varchar(320) using ssn::varchar(320)',
  'alter table customers alter ssn set not null',
  'create statistics s on ssn, id from customers',
  "create table x (id int primary key, ssn text unique check (ssn like '_%'))",
  "create domain d as text check (value like '_%')",
];

describe('what a definition is held against the rows for', () => {
  test.each(HELD)('%s', (text, predicates) => {
    expect(predicatesOf(lineageOf(text))).toBe(predicates);
  });

  test.each(PLAIN)('%s', (text) => {
    const found = lineageOf(text);
    expect([predicatesOf(found), storesOf(found)]).toEqual(['', '']);
  });

  test('a trigger gives the whole row to a function that somebody made', () => {
    const when = 'when (old.ssn is distinct from new.ssn or old.* is distinct from new.*)';
    const found = lineageOf(`create trigger t before update on customers for each row ${when} execute function f()`);
    expect([predicatesOf(found), storesOf(found).includes(SSN)]).toEqual(['', true]);
  });

  test('rows that come in the order of an index', () => {
    for (const text of ['cluster customers using i', 'alter table customers cluster on i'])
      expect(predicatesOf(lineageOf(text))).toContain(`${SSN}:order`);
  });

  test('a default is put into every row to come', () => {
    const given = '(select ssn from customers)';
    for (const text of [
      `create table x (a text default ${given})`,
      `alter table log alter message set default ${given}`,
      `alter table log add column x text default ${given}`,
      `create domain d as text default ${given}`,
      `alter domain nosy set default ${given}`,
    ])
      expect(storesOf(lineageOf(text))).toBe(SSN);
  });

  test('another name is no longer masked', () => {
    for (const text of [
      'alter index customers rename to x',
      'alter type customers rename to x',
      'alter table customers rename ssn to x',
    ])
      expect(storesOf(lineageOf(text))).toContain(SSN);
    for (const text of ['alter type pair rename attribute a to c', 'alter type pair set schema private'])
      expect(storesOf(lineageOf(text))).toContain('pair.a');
    expect(storesOf(lineageOf('alter index customers_pkey rename to x'))).toBe('');
  });

  test('what leaves its family loses the names that it had there', () => {
    for (const text of ['alter table managers no inherit employees', 'alter table people detach partition managers'])
      expect(storesOf(lineageOf(text))).toContain('people.ssn');
    expect(storesOf(lineageOf('alter table managers no inherit employees'))).not.toContain('managers.ssn');
  });
});

describe('copies of values', () => {
  const ASKED = 'pg_catalog.pg_stat_activity.query';

  test('stand for any column, wherever they go', () => {
    expect(storesOf(lineageOf('create table x as select stavalues1 from pg_statistic'))).toBe(
      '* pg_catalog.pg_statistic.stavalues1',
    );
    expect(storesOf(lineageOf('insert into log select 1, query from pg_stat_activity'))).toBe(`* ${ASKED}`);
    expect(predicatesOf(lineageOf("select 1 from pg_statistic where stavalues1::text like '%1%'"))).toContain(
      '*:function',
    );
    expect(storesOf(lineageOf('create table x as select pid, state from pg_stat_activity'))).not.toContain('*');
    // What the catalogue does not have, and a view whose text could not be had.
    expect(storesOf(lineageOf('create table x as select chunk_data from pg_toast.pg_toast_1'))).toBe('*');
    expect(storesOf(lineageOf('create table x as select a from v_lost'))).toContain('*');
  });

  test.each([
    ["query <> '<IDLE>'", 'equality'],
    ["query not ilike '%pg_stat_activity%'", 'equality'],
    ["query like 'autovacuum:%'", 'equality'],
    ['query is not null', 'null-test'],
    ["query ~* '^(insert|update|delete)'", 'equality'],
    ["query ~ '^autovacuum:'", 'equality'],
    ["query ~ '^(insert|9)'", 'pattern'],
    ["query ~ '^insert.9'", 'pattern'],
    ["query ilike '%insert%9%'", 'pattern'],
    ["query like '%1%'", 'pattern'],
    ["query ilike '%pg_stat_activity_ %'", 'pattern'],
    ["query like '_elect%'", 'pattern'],
    ["query > 'a'", 'range'],
    ['query <> state', 'join'],
  ])('%s asks by %s', (condition, how) => {
    const found = predicatesOf(lineageOf(`select pid from pg_stat_activity where ${condition}`));
    expect(found).toContain(`*:${how}`);
  });
});

describe('a column of a row type', () => {
  test('holds what the columns of that type do', () => {
    expect(outputsOf(lineageOf('select (person).ssn, (h.person).name from holder h'))).toBe(
      `ssn<-${SSN}+holder.person! name<-customers.name+holder.person!`,
    );
    expect(outputsOf(lineageOf('select person::text as p from holder'))).toContain(SSN);
    expect(predicatesOf(lineageOf("select 1 from holder where (person).ssn like '1%'"))).toContain(`${SSN}:pattern`);
  });

  test('takes nothing that another field of it would show', () => {
    expect(storesOf(lineageOf('update holder set person.name = c.ssn from customers c'))).toBe(SSN);
    expect(storesOf(lineageOf("update holder set person.name = 'x' where id = 1"))).toBe('');
  });
});
