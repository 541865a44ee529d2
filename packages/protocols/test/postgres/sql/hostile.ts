const times = <T>(count: number, each: (at: number) => T): T[] =>
  Array.from({ length: count }, (_, at) => each(at + 1));
const nested = (depth: number, each: (inner: string, at: number) => string, innermost: string): string =>
  times(depth, (at) => at).reduce(each, innermost);

/** Tables w1, w2 … of seven columns each, as rows of a catalogue. */
export const TABLES = 300;
export const WIDE = times(TABLES, (at) => {
  const columns = ['a', 'b', 'c', 'd', 'e', 'f'].map((name, place) => [place + 2, name, 25, false]);
  return ['relation', 90_000 + at, 'public', `w${at}`, 'r', [[1, 'id', 23, true], ...columns], ['id'], [], []];
});
const all = times(TABLES, (at) => `w${at}`);
const some = all.slice(0, 200);

/** Texts of fewer words than are parsed at once, which are as much work as their authors could make them. */
export const HOSTILE: Readonly<Record<string, string>> = {
  'stars over tables': `select ${all.map(() => '*')} from ${all}`,
  'OR in a query': `select * from customers where ${times(660, (at) => `id = ${at}`).join(' or ')}`,
  'OR in a change': `delete from customers where ${times(660, (at) => `id = ${at}`).join(' or ')}`,
  'OR of sums': `delete from customers where ${times(500, (at) => `id + ${at} = ${at}`).join(' or ')}`,
  'natural joins of one table': `select 1 from customers ${times(600, (at) => `natural join customers c${at}`).join(' ')}`,
  'natural joins of many': `select * from w1 ${some
    .slice(1)
    .map((name) => `natural join ${name}`)
    .join(' ')}`,
  'joins by a column': `select * from w1 ${some
    .slice(1)
    .map((name) => `join ${name} using (id)`)
    .join(' ')}`,
  'joins by a condition': `select * from w1 ${times(199, (at) => `join w${at + 1} on w${at + 1}.id = w${at}.id`).join(' ')}`,
  'many statements': times(400, (at) => `select name from customers where id = ${at}`).join('; '),
  'many statements under several paths': `set search_path = public, evil; ${times(300, () => 'select name from customers').join('; ')}`,
  'tables made': times(350, (at) => `create table t${at} (a int)`).join('; '),
  'views made': times(350, (at) => `create view t${at} as select ssn from customers`).join('; '),
  'statements prepared and executed': times(
    250,
    (at) => `prepare p${at} as select ssn from customers; execute p${at}`,
  ).join('; '),
  'UNION ALL of tables': all.map((name) => `select * from ${name}`).join(' union all '),
  CASE: `select ${nested(350, (inner, at) => `case when ssn = '${at}' then name else ${inner} end`, 'ssn')} from customers`,
  'queries used twice': `with c0 as (select * from customers) ${times(150, (at) => `, c${at} as (select a.* from c${at - 1} a, c${at - 1} b)`).join(' ')} select * from c150`,
  'queries that use each other': `with recursive ${times(80, (at) => `c${at}(x) as (select 1 union all select x + 1 from c${at}, c${(at % 80) + 1})`)} select 1`,
  'a list': `delete from customers where ssn not in (${times(900, (at) => `'${at}'`)})`,
  'columns without a qualifier': `select ${times(1_500, () => 'email')} from customers, ${all.slice(0, 290)}`,
  'columns that are not there': `select ${times(600, (at) => `nope${at}`)} from ${all}`,
  'a sum over tables': `select ${all.map((name) => `${name}.a`).join('||')} from ${all}`,
  'rows beside constants': `select 1 from ${some} where concat(${some}) in (${times(700, (at) => `'${at}'`)})`,
  'rows shown often': `with q as (select concat(${some}) x from ${some}) select ${times(1_400, () => 'x')} from q`,
  'subqueries in a change': `delete from customers where id = ${nested(120, (inner) => `(select min(id) from customers where id = ${inner})`, '1')}`,
  'IN in a change': `delete from customers where id ${nested(120, (inner) => `in (select id from customers where id ${inner})`, '> 1')}`,
  'calls in calls in a change': `delete from customers where ${nested(400, (inner) => `upper(${inner})`, 'name')} = 'X'`,
  'a very long number in a change': `delete from customers where created > now() - interval '${'1'.repeat(200_000)}'`,
  'a pattern of brackets in a change': `delete from customers where name ~ '${'[[:'.repeat(700)}'`,
  'a long pattern in a change': `delete from customers where name !~ '${'['.repeat(3_000)}'`,
  'calls as attributes': `select ${times(600, () => 'c.upper')} from customers c`,
  'a block': `do $$ begin ${times(120, (at) => `if exists (select 1 from w${at}) then perform 1; end if;`).join(' ')} end $$`,
  'a long literal': `insert into plain (id, t) values (1, '${'x'.repeat(250_000)}')`,
};

/** What programs send that load rows, or ask for many: it is long, and read. */
export const HONEST: Readonly<Record<string, string>> = {
  'an INSERT of 1,000 rows of 20 columns': `insert into wide (${times(20, (at) => `c${at}`)}) values ${times(1_000, (row) => `(${times(20, (at) => (at % 2 === 0 ? `'value ${row} ${at}'` : row))})`)}`,
  'a list of 5,000': `select * from customers where id in (${times(5_000, (at) => at)})`,
  'a list of 5,000 in a change': `delete from orders where status in (${times(5_000, (at) => `'${at}'`)})`,
};
export const LOADED = [
  'relation',
  95_000,
  'public',
  'wide',
  'r',
  times(20, (at) => [at, `c${at}`, 25, false]),
  [],
  [],
  [],
];
