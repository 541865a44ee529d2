import { loadModule } from 'libpg-query';
import { beforeAll, expect, test } from 'vitest';
import { formOf } from '../../src/postgres/engine/form.js';

beforeAll(async () => {
  formOf('select 1');
  await loadModule();
});

test.each([
  'select 1',
  'SELECT abalance FROM pgbench_accounts WHERE aid = 4711;',
  'select a.x, b.* from a join b on a.id = b.id where a.x is not null and b.y in (1, 2) order by 1 limit 5',
  'SELECT abalance FROM pgbench_accounts WHERE aid = $1;',
  'select x from t where a = $1 and b=$12',
  'select case when x > 1 then 2 else 3 end from (select x from t) s',
  'select 1 union all select x from t where exists (select 1 from u)',
])('plain: %s', (text) => {
  expect(formOf(text)).toBe('plain-select');
});

test.each([
  'select f(1)',
  'select x from f()',
  'select count(*) from t',
  'select x from t where g(x) = 1',
  'select x from t order by h(x)',
  'select 1 union select f(1)',
  'select x from t for update',
  'select x from (select y from t for share) s',
  'select x into u from t',
  'with d as (delete from t returning x) select x from d',
  'with d as (select 1) select x from d',
  'select 1; delete from t',
  'insert into t select 1',
  'table t for update',
  'values (f(1))',
  'select current_user',
  'begin',
  'set x = 1',
  'explain analyze select 1',
  'execute p(1)',
  'fetch all from c',
  'select $a1$ x $a1$',
  'select $$ x $$',
  'select $1$a$ , f(1), $a$',
  'select $1a',
  "select 'x'",
  'select 1 -- x',
  'select 1 /* x */',
  'select "X" from t',
  'select \\ 1',
  'select é from t',
  'nonsense',
  '',
  `select ${'1 + '.repeat(400)}1`,
])('not plain: %s', (text) => {
  expect(formOf(text)).toBeUndefined();
});

test('digits do not make a text look like another: a name with digits may be a function', () => {
  expect(formOf('select f1, x from t1')).toBe('plain-select');
  expect(formOf('select f1(2), x from t1')).toBeUndefined();
  expect(formOf('select f2(1), x from t2')).toBeUndefined();
});
