import { loadModule } from 'libpg-query';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Made } from '../../../../src/postgres/sql/context.js';
import { lineageOf, outputsOf, predicatesOf } from './shown.js';

beforeAll(() => loadModule());

/** Each tells something of an ssn by which rows come, how many, in what order, how long it takes, or what remains elsewhere. */
const TELLING = `
select 1 from customers where ssn like '1%'
select 1 from customers where not (ssn !~~ '1%')
select 1 from customers where ssn < '5' or id = 1
select 1 from customers where ssn between '1' and '2'
select 1 from customers where ssn <> note
select 1 from customers where ssn is distinct from card
select 1 from customers where ssn <> any(array(select name from orders))
select 1 from customers where ssn <> all($1 || $2)
select 1 from customers where substr(ssn, 1, 1) = '1'
select 1 from customers where left(ssn, 1) in ('1')
select 1 from customers where ssn || '' = '1'
select 1 from customers where '1' || ssn = '11'
select 1 from customers where ssn::varchar(3) = '123'
select 1 from customers where ssn collate "loose" = '123'
select 1 from customers where ssn = any($1 || $2)
select 1 from customers where ssn = any(array['{1,2,3,4,5,6,7,8,9,10,11}'::_text])
select 1 from customers where ssn = any(array[string_to_array('1,2', ',')])
select 1 from customers where ssn = any(array(select name from orders))
select 1 from customers where ssn = all(array['1'])
select 1 from customers where ssn in (select note from orders)
select 1 from customers where ssn not in (values ('1'), ('2'))
select 1 from customers where (ssn, id) < ('5', 1)
select 1 from customers where (ssn, id) in (select note, id from orders)
select 1 from customers c where c > row(1, 'a')
select 1 from customers c where c::text like '%1%'
select 1 from customers c where row_to_json(c)::text like '%1%'
select 1 from customers c where (c).ssn like '1%'
select 1 from customers c where ssn(c) > '1'
select 1 from customers where case when ssn > '5' then true else false end
select 1 from customers where coalesce(ssn, card) = '1'
select 1 from customers where coalesce(left(ssn, 1), '') = '1'
select 1 from customers where nullif(ssn, '1') is null
select 1 from customers where length(ssn) = 9
select 1 from customers where ssn = note
select 1 from customers, generate_series(1, 999) g where ssn = g::text
select 1 from customers join (values ('1'), ('2')) v(x) on v.x = ssn
select 1 from customers, lateral (select ssn like '1%' as x) l where x
select 1 from (select ssn > '5' as x from customers) q where x
with q as (select upper(ssn) as u from customers) select 1 from q where u > 'X'
with q as (select '1' as s union all select '2') select 1 from customers, q where ssn = s
select 1 from v_ssn where number > '5'
select 1 from v_hash where h = 'abc'
select 1 from customers where exists (select 1 from log where log.ssn = customers.ssn)
select exists (select 1 from customers where ssn > '5')
select (select count(*) from customers where ssn like '1%')
select count(*) filter (where ssn like '1%') from customers
select count(*) from customers group by substr(ssn, 1, 1)
select count(*) from customers group by ssn
select id from customers order by ssn
select id from customers order by substr(ssn, 1, 1) desc limit 1
select id as x from (select id, ssn from customers) q order by q.ssn
select id, ssn from customers order by 2
select distinct on (ssn) id from customers order by ssn, id
select rank() over (order by ssn) from customers
select count(*) over (partition by ssn) from customers
select count(*) over (order by id range between ascii(ssn) preceding and current row) from customers
select string_agg(name, ',' order by ssn) from customers
select percentile_disc(1) within group (order by ssn) from customers
select id from customers limit (select ascii(ssn) from customers limit 1)
select id from customers offset (select ascii(ssn) from customers limit 1)
select 1 from customers tablesample system ((select ascii(ssn) from customers limit 1))
select 1 from customers, generate_series(1, ascii(ssn))
select generate_series(1, ascii(ssn)) is null from customers
select 1 from customers, regexp_matches(ssn, '^1')
select unnest(string_to_array(ssn, '1')) from customers
select 1 from customers, unnest(string_to_array(ssn, '1'), array[1])
select count(*) from customers having max(ssn) > '5'
select 1 from customers a join customers b on a.ssn = b.ssn
select 1 from customers a join log b using (ssn)
select 1 from customers natural join log
select id from customers union select 1 from log where log.id in (select id from customers where ssn > '1')
select 'x' intersect select ssn from customers
select 'x' except select ssn from customers
select case when ssn > '5' then pg_sleep(5) end from customers
select ssn > '5' and pg_sleep(1) is null from customers
select case when ssn > '5' then (select 1) else 2 end from customers
select 1 / (ascii(ssn) - 49) from customers
select case when ssn > '5' then 1 / 0 end from customers
select pg_sleep(ascii(ssn)) from customers
select pg_advisory_lock(ascii(ssn)) from customers
select nextval(ssn) from customers
select set_config('a.b', ssn, false) from customers
update orders set note = 'x' from customers c where c.id = customer_id and c.ssn like '1%'
update customers set name = case when ssn > '5' then 'a' else 'b' end
delete from orders using customers where ssn > '5'
insert into log(message) select 'x' from customers where ssn > '5'
insert into log(message) select ssn from customers
insert into log(id) select ascii(ssn) from customers
merge into orders o using customers c on o.note = c.ssn when matched then delete
merge into orders o using customers c on o.id = c.id when matched and c.ssn > '5' then delete
copy (select 1 from customers where ssn > '5') to stdout
copy customers to program 'cat'
create table t as select ssn from customers
create view v as select 1 from customers where ssn > '5'
create materialized view v as select ssn from customers
select ssn into t from customers
alter table customers rename to c2
alter table customers rename column ssn to x
alter table customers set schema private
alter schema public rename to other
alter table customers add column y text generated always as (ssn) stored
alter table customers alter column note type text using ssn
create rule r as on insert to log do also insert into orders(note) select ssn from customers
explain analyze select 1 from customers where ssn > '5'
declare c cursor for select 1 from customers where ssn > '5'
prepare p as select 1 from customers where ssn > '5'
select (case when ssn > '5' then 'x' else '1' end)::int from customers
select 2147483647 + (ssn > '5')::int from customers
select upper(ssn)::date from customers
select ssn like '1\\' from customers
select coalesce(case when ssn > '5' then id end, 1 / (id - 1)) from customers
select ssn > '5' and 1 / (id - 1) = 1 from customers
select not (ssn > '5') or exists (select 1 from orders) from customers
select case when ssn > '5' then 1 when 1 / (id - 1) = 1 then 2 end from customers
select case when ssn > '5' then q.r end from (select ssn, 1 / (id - 1) as r from customers) q
select case ssn when '5' then (select 1) end from customers
select (case when ssn > '5' then row(1) else row('a') end) = row(1) from customers
select array[case when ssn > '5' then array[1] else array[1, 2] end, array[1]] from customers
select ssn || ssn || (select string_agg(note, '') from orders) || case when ssn > '5' then 'x' end from customers
update customers set ssn = case when ssn > '5' then null else ssn end
select 1 from customers where ssn = '123' collate "loose"
do $$ begin perform 1 from customers where ssn > '1'; end $$
do $$ declare x text := '1'; begin perform 1 from customers where ssn = x; end $$
do $$ begin for i in 1..9 loop execute 'select 1 from customers where ssn = $1' using i; end loop; end $$
do $$ declare x bool; begin x := (select ssn = '1' from customers); insert into log(message) values (x); end $$
do $$ declare x text; begin select ssn into x from customers where ssn = '1'; insert into log(message) values (x); end $$
do $$ declare x text; begin select ssn into x from customers; insert into log(message) values (x); end $$
`;

describe('what tells of a column without showing it', () => {
  for (const text of TELLING.trim().split('\n'))
    test(text, () => {
      const { predicates, stores } = lineageOf(text);
      const asked = predicates
        .filter(({ how }) => how !== 'equality' && how !== 'null-test')
        .map(({ column }) => column);
      expect([...asked, ...stores]).toEqual(expect.arrayContaining(['public.customers.ssn']));
    });

  test.each([
    ['ssn = any($1)', [0], 0],
    ['ssn <> all($2::text[])', [1], 0],
    ["ssn = any($1) or ssn = any(array['1', $3]) or ssn = '2'", [0, 2], 2],
    ["ssn = any(array[array['1', '2'], $1])", [0], 2],
  ])('an array that a message brings is counted as it comes: %s', (where, parameters, besides) => {
    const text = `select 1 from customers where ${where}`;
    const { lists } = lineageOf(text);
    expect(lists).toEqual([{ column: 'public.customers.ssn', parameters, besides }]);
    expect(lineageOf(`prepare p as ${text}`).lists).toEqual([]);
  });

  test('eleven equalities are a range', () => {
    const many = (count: number) =>
      predicatesOf(
        lineageOf(
          `select 1 from customers where ${Array.from({ length: count }, (_, i) => `ssn = '${i}'`).join(' or ')}`,
        ),
      );
    expect(many(10)).toBe('customers.ssn:equality');
    expect(many(11)).toBe('customers.ssn:equality customers.ssn:range');
  });
});

/** Nothing of these may be taken for more than an equality. */
const PLAIN = `
select name from customers where ssn = '1'
select name from customers where '1' = ssn
select name from customers where ssn = $1
select name from customers where ssn = '1'::text and card = $2::varchar
select name from customers where ssn::text = $1
select name from customers where ssn collate "C" = '1'
select name from customers where ssn in ('1', '2', $1)
select name from customers where ssn = any('{1,2}')
select name from customers where ssn = any(array['1', $1])
select name from customers where (ssn, card) = ('1', '2')
select name from customers where (ssn, card) in (('1', '2'), ('3', '4'))
select name from customers where ssn is null or card is not null
select name from customers where ssn is not distinct from '1'
select name from customers where not (ssn = '1')
select name from customers where ssn <> '1' and card != $1
select name from customers where ssn is distinct from '1'
select name from customers where ssn not in ('1', '2') and card <> all(array['1', '2'])
select name from customers where ssn = lower('X')
select name from v_ssn, customers where number = '1'
select exists (select 1 from customers where ssn = '1')
select count(*), count(ssn), count(c) from customers c where ssn = '1'
select c.name, o.note from customers c join orders o on ssn = '1'
select name, ssn, upper(card), ssn || card, ssn is null, ssn > '5', row_to_json(c), case when ssn > '5' then 'a' end from customers c
select coalesce(nullif(ssn, ''), '-'), case when ssn is null then 1 / (id - 1) end, ssn is null and 1 / id = 1 from customers
select ssn = '1', card || ' <' || upper(ssn) || '>', case when vip then ssn else upper(ssn) end, ssn::date from customers
update customers set ssn = '1', card = upper(card) where ssn = '2' returning ssn
delete from customers where ssn = '1'
insert into customers(ssn) values ('1') on conflict (ssn) do update set ssn = excluded.ssn returning id
do $$ begin perform 1 from customers where ssn = '1'; end $$
do $$ begin if exists (select 1 from customers where ssn in ('1', '2')) then update orders set note = 'x' where customer_id = 1; end if; end $$
`;

describe('what is asked plainly', () => {
  for (const text of PLAIN.trim().split('\n'))
    test(text, () => {
      const { predicates, stores } = lineageOf(text);
      const secret = /\.(ssn|card|number|tags)$/;
      const asked = predicates.filter(
        ({ how, column }) => how !== 'equality' && how !== 'null-test' && secret.test(column),
      );
      expect([asked, stores]).toEqual([[], []]);
    });
});

describe('names that stand for something else', () => {
  test('a prepared statement, with what it is given', () => {
    const prepared = new Map([
      ['p', ['prepare p as select ssn from customers where ssn = $1', 'select name from customers']],
    ]);
    const found = lineageOf("execute p('123')", { prepared });
    expect(outputsOf(found)).toBe('*');
    expect(predicatesOf(found)).toBe('customers.ssn:equality');
    const one = lineageOf("execute p('123')", {
      prepared: new Map([['p', ['select ssn from customers where ssn = $1']]]),
    });
    expect(outputsOf(one)).toBe('ssn<-customers.ssn!');
    expect(one.literals).toEqual([{ column: 'public.customers.ssn', from: 10, to: 15 }]);
    expect(outputsOf(lineageOf("execute q('123')", { prepared }))).toBe('*');
  });

  test('a cursor', () => {
    const cursors = new Map([['c', ['declare c cursor for select ssn from customers']]]);
    expect(outputsOf(lineageOf('fetch all from c', { cursors }))).toBe('ssn<-customers.ssn!');
    expect(outputsOf(lineageOf('move all from c', { cursors }))).toBe('');
    expect(outputsOf(lineageOf('fetch d', { cursors }))).toBe('*');
    expect(outputsOf(lineageOf('fetch c', { cursors: new Map([['c', ['fetch c']]]) }))).toBe('*');
  });

  test('what the session has made of plain columns', () => {
    const as = { schema: 'public', columns: [{ name: 'id' }, { name: 'ssn' }] };
    const of = (text: string, ...made: Made[]) => outputsOf(lineageOf(text, { made }));
    expect(of('select * from fresh', { what: 'table', name: 'fresh', as })).toBe('id<-fresh.id! ssn<-fresh.ssn!');
    expect(of('select * from private.fresh', { what: 'table', name: 'fresh', as })).toBe('*');
    // It may be the one or the other, and hides no column that is masked.
    expect(of('select ssn from customers', { what: 'table', name: 'customers', as })).toContain('customers.ssn');
    expect(of('select * from customers', { what: 'table', name: 'customers', as })).toBe('*');
    const grown = { what: 'table', name: 'fresh', adds: [{ name: 'more' }] } as const;
    expect(of('select more from fresh', { what: 'table', name: 'fresh', as }, grown)).toBe('more<-fresh.more!');
    expect(of('select * from fresh', { what: 'table', name: 'fresh', as }, { what: 'table', name: 'fresh' })).toBe('*');
  });
  test('what the session has made', () => {
    const made = [
      { what: 'table', name: 'customers' },
      { what: 'other', name: 'upper' },
    ] as const;
    expect(outputsOf(lineageOf('select * from customers', { made }))).toBe('*');
    expect(outputsOf(lineageOf('select upper(message) from log', { made }))).toBe('upper<-log.message?');
  });
});

describe('what is too much', () => {
  test('is not worked out, and carries anything', () => {
    let text = 'select id from customers';
    for (let i = 0; i < 30; i++)
      text = `with recursive r(a) as (select 1 union all select a from (${text}) z(a)) select a from r`;
    expect(outputsOf(lineageOf(text))).toBe('*');
    let ctes = 'with a0 as (select * from customers)';
    for (let i = 1; i < 25; i++) ctes += `, a${i} as (select x.*, y.* from a${i - 1} x, a${i - 1} y)`;
    expect(outputsOf(lineageOf(`${ctes} select * from a24`))).toBe('*');
  });
});
