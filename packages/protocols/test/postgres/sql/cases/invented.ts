const deleting = (where: string): string => `delete from plain where ${where}`;
const counted = 'with recursive n (i) as (select 0 union all select i + 1 from n where i < 1000)';

/** Keys that no table of a user's chose. */
export const INVENTED = [
  ...[
    `id in (${counted} select i from n)`,
    `id in (${counted} table n)`,
    `id in (select i from (${counted} select i from n) x)`,
    `id = any (array(${counted} select i from n))`,
    `id = any ((${counted} select array_agg(i) from n)::int[])`,
    `exists (${counted} select 1 from n where n.i = plain.id)`,
    'id in (with recursive n (i) as (select min(id) from plain union all select (select min(id) from plain where id > n.i) from n where n.i is not null) select i from n)',
    'id in (select a + 10 * b from unnest(array[0, 1, 2, 3]) a, unnest(array[0, 1, 2]) b)',
    'id in (with d (x) as (values (0), (1)) select a.x + 2 * b.x from d a, d b)',
    'id in (select relnatts from pg_class)',
    'id in (select row_number() over () from pg_class)',
    'id in (select row_number() over () from customers)',
    "id in (select ordinality from string_to_table(repeat(',', 1000), ',') with ordinality)",
    'id in (select n from unnest(array(select 1 from pg_class)) with ordinality u (x, n))',
    'id = any (array(select generate_subscripts(array_fill(0, array[1000]), 1)))',
    'id in (select generate_series(0, 20))',
    'id in (select generate_series(2, 5000))',
  ].map(deleting),
  `${counted} delete from plain where id in (select i from n)`,
  `${counted} update plain set n = 0 where id in (select i from n)`,
  'delete from plain p using pg_class a where a.relnatts = p.id',
  'merge into plain p using pg_class a on a.relnatts = p.id when matched then delete',
  'insert into plain (id, n) select relnatts, 0 from pg_class on conflict (id) do update set n = 0',
  `insert into plain (id, n) ${counted} select i, 0 from n on conflict (id) do update set n = 0`,
];

/** Keys that a table or the text lists. */
export const LISTED = [
  ...[
    'id in (select unnest(array[1, 2]))',
    'id in (select unnest($1::int[]))',
    "id in (select unnest(string_to_array('1,2', ','))::int)",
    "id in (select (x ->> 'id')::int from jsonb_array_elements($1::jsonb) x)",
    'id in (values (1), (2))',
    'id in (select x from (values (1), (2)) v (x))',
    'id in (select 1 union all select 2)',
    'id in (select u.x from unnest($1::int[]) with ordinality u (x, n) join unnest($2::int[]) with ordinality w (y, m) on u.n = w.m)',
    'id in (select generate_series(5, 7))',
    'id in (select g from generate_series(5, 7) g)',
    'id = any (array(select generate_series(5, 7)))',
    'id in (select d.id from (select id, row_number() over (partition by t order by id) as r from plain) d where d.r > 1)',
    'id in (with recursive s as (select id from plain where id = 5 union all select p.id from plain p join s on p.n = s.id) select id from s)',
    'id in (with recursive s (id, deep) as (select id, 1 from plain where id = 5 union all select p.id, s.deep + 1 from plain p join s on p.n = s.id) select id from s where deep < 3)',
    'id in (select quantity from orders where id = 4)',
    'id not in (select relnatts from pg_class)',
    't in (select relname from pg_class)',
  ].map(deleting),
  'with recursive s as (select id from plain where id = 5 union all select p.id from plain p join s on p.n = s.id) delete from plain where id in (select id from s)',
  'with recursive s as (select id from plain where id = 5 union all select p.id from plain p join s on p.n = s.id) update plain set n = 0 from s where s.id = plain.id',
  'insert into plain (id, t) select g, g::text from generate_series(9700, 9705) g on conflict (id) do update set t = excluded.t',
  'insert into plain (id, t) select * from unnest($1::int[], $2::text[]) on conflict (id) do update set t = excluded.t',
  'insert into plain (n, id) select row_number() over (), id from orders where id = 4 on conflict (id) do update set n = excluded.n',
];
