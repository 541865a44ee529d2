import { type Allowed, allowed } from './allowed.js';

/** What is made of a masked number or time, and grouped beside one. */
const COMPUTED = [
  allowed('SELECT id FROM customers GROUP BY id, card ORDER BY id'),
  allowed('SELECT customers.id FROM customers GROUP BY customers.id, customers.name, customers.email ORDER BY 1'),
  allowed(
    "SELECT extract(year from hired)::int, extract(year from age(born))::int, date_part('year', age(now(), hired))::int FROM staff ORDER BY id",
    0,
    1,
    2,
  ),
  allowed(
    "SELECT extract(hour from hired at time zone 'Europe/Berlin')::int, (hired at time zone 'UTC')::date, extract(day from now() - hired)::int FROM staff ORDER BY id",
    0,
    1,
    2,
  ),
  allowed(
    'SELECT floor((current_date - born) / 365.25)::int, (salary / 12)::int, round(salary)::int, salary::bigint, avg(salary)::int FROM staff GROUP BY id ORDER BY id',
    0,
    1,
    2,
    3,
    4,
  ),
  allowed(
    'SELECT sum(salary), avg(salary), round(sum(salary) / count(*), 2), round(avg(salary / 12), 2), max(salary)::int, avg(badge), stddev(score) FROM staff',
    0,
    1,
    2,
    3,
    4,
    5,
    6,
  ),
  allowed('SELECT salary::smallint FROM staff WHERE id > 3'),
  allowed('SELECT extract(year from current_date) - extract(year from born) AS age FROM staff ORDER BY id', 0),
  allowed(
    "SELECT date_trunc('month', hired at time zone 'America/New_York'), to_char(hired, 'YYYY-MM'), age(current_date, born) FROM staff ORDER BY id",
    0,
    1,
    2,
  ),
  allowed(
    'SELECT extract(epoch from now() - hired) / 3600, extract(epoch from hired)::bigint FROM staff ORDER BY id',
    0,
    1,
  ),
  allowed('SELECT DISTINCT country, id, email FROM customers ORDER BY id', 2),
  allowed(
    'SELECT c.country, c.id, c.email, count(*) FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY c.country, c.id, c.email ORDER BY c.id',
    2,
  ),
  allowed('SELECT DISTINCT c.* FROM customers c ORDER BY c.id', 2, 3, 4),
  allowed(
    'SELECT o.id, c.id, c.email FROM orders o JOIN customers c ON c.id = o.customer_id GROUP BY o.id, c.id, c.email ORDER BY o.id',
    2,
  ),
  allowed('SELECT DISTINCT o.*, c.* FROM orders o JOIN customers c ON c.id = o.customer_id ORDER BY o.id', 8, 9, 10),
];

/** Comparisons whose sides are of types that no column says, where somebody has an operator of that name. */
const TYPED = [
  allowed("SELECT set_config('bytea_output','hex',false) FROM pg_show_all_settings() WHERE name='bytea_output'"),
  allowed(
    "SELECT rolname, 'pg_signal_backend'=ANY(ARRAY(SELECT rolname FROM pg_roles)) FROM pg_roles ORDER BY 1 LIMIT 1",
  ),
  allowed(
    "SELECT roles.rolname, CASE WHEN 'pg_signal_backend'=ANY(ARRAY(WITH RECURSIVE cte AS (SELECT pg_roles.oid,pg_roles.rolname FROM pg_roles WHERE pg_roles.oid = roles.oid UNION ALL SELECT m.roleid,pgr.rolname FROM cte cte_1 JOIN pg_auth_members m ON m.member = cte_1.oid JOIN pg_roles pgr ON pgr.oid = m.roleid) SELECT rolname FROM cte)) THEN True ELSE False END AS can FROM pg_roles AS roles ORDER BY 1 LIMIT 2",
  ),
  allowed(`SELECT * FROM jsonb_each_text('{"a":1}') WHERE key='a'`),
  allowed("SELECT e.key, e.value FROM products p, jsonb_each(p.spec) e WHERE e.key = 'size' ORDER BY p.id"),
  allowed("SELECT x FROM unnest(ARRAY['a']) u(x) WHERE x='a'"),
  allowed("SELECT x FROM unnest(ARRAY['a','b']) WITH ORDINALITY u(x, n) WHERE x='a' AND n = 1"),
  allowed("SELECT x FROM unnest('{a,b}'::text[]) u(x) WHERE x='a'"),
  allowed("SELECT x FROM (VALUES ('a')) v(x) WHERE x='a'"),
  allowed("SELECT x FROM (VALUES ('a', 1), ('b', 2)) v(x, n) WHERE x='a' AND n = 1"),
  allowed(`SELECT * FROM json_to_recordset('[{"a":"x","b":1}]') AS t(a text, b int) WHERE a = 'x'`),
  allowed(
    `SELECT * FROM jsonb_to_recordset('[{"a":"x","b":["1"]}]') AS t(a varchar(10), b text[]) WHERE a = 'x' AND 'y' <> ALL (b)`,
  ),
  allowed(
    "SELECT * FROM xmltable('/r/i' PASSING '<r><i>a</i></r>'::xml COLUMNS v text PATH '.', n FOR ORDINALITY) WHERE v = 'a'",
  ),
  allowed("SELECT id FROM orders WHERE CASE WHEN total > 5 THEN 'a' ELSE 'b' END = 'a' ORDER BY id"),
  allowed("SELECT id FROM orders WHERE CASE status WHEN 'open' THEN 'a' ELSE 'b' END = 'a' ORDER BY id"),
  allowed("SELECT id FROM orders WHERE coalesce(NULL, status) = 'open' ORDER BY id"),
  allowed(
    "WITH RECURSIVE r(t) AS (VALUES ('a') UNION ALL SELECT t || 'b' FROM r WHERE length(t) < 3) SELECT * FROM r WHERE t = 'ab'",
  ),
  allowed("SELECT name FROM pg_timezone_names() WHERE name = 'UTC'"),
  allowed("SELECT name FROM pg_available_extensions() WHERE name = 'plpgsql'"),
  allowed("SELECT name FROM pg_available_extensions WHERE name = 'plpgsql'"),
  allowed(
    "SELECT relname, a.privilege_type FROM pg_class, aclexplode(relacl) a WHERE a.privilege_type = 'SELECT' AND relname = 'nothing'",
  ),
  allowed("SELECT option_name FROM pg_options_to_table(ARRAY['a=b']) WHERE option_name = 'a'"),
  allowed("SELECT token FROM ts_debug('english', 'a fox') WHERE alias = 'asciiword'"),
  allowed([{ text: 'SELECT id FROM orders WHERE status = $1 ORDER BY id LIMIT 1', values: ['open'] }]),
  allowed([{ text: 'SELECT id FROM orders WHERE status = ANY($1) ORDER BY id LIMIT 1', values: ['{open}'] }]),
  allowed("SELECT x FROM (SELECT 'a' AS x UNION ALL SELECT 'b') u WHERE x = 'a'"),
  allowed("SELECT x FROM (SELECT status AS x FROM orders UNION SELECT name FROM products) u WHERE x = 'open'"),
  allowed(`SELECT k FROM json_object_keys('{"a":1}') k WHERE k = 'a'`),
  allowed("SELECT s FROM regexp_split_to_table('a,b', ',') s WHERE s = 'a'"),
  allowed("SELECT s FROM string_to_table('a,b', ',') s WHERE s = 'a'"),
  allowed("SELECT id FROM orders WHERE (status IS NULL) = 'false' ORDER BY id LIMIT 1"),
  allowed("SELECT id FROM orders WHERE (string_to_array(status, ','))[1] = 'open' ORDER BY id LIMIT 1"),
  allowed("SELECT id FROM orders WHERE greatest('a', 'b') = 'b' ORDER BY id LIMIT 1"),
  allowed("SELECT country FROM customers GROUP BY country HAVING 'DE' = ANY(array_agg(country))"),
  allowed("SELECT * FROM (SELECT row_number() OVER () AS n, 'x' AS t) z WHERE t = 'x' AND n = 1"),
  allowed("SELECT word FROM pg_get_keywords() WHERE word = 'select'"),
  allowed("SELECT * FROM generate_series(1,3) g(n) WHERE n = '2'"),
  allowed("SELECT id, nullif(status, '') FROM orders WHERE nullif(status, '') = 'open' ORDER BY id LIMIT 1"),
  allowed("SELECT (SELECT status FROM orders WHERE id = 1) = 'open'"),
  allowed("SELECT 'x' = ANY('{x,y}'::text[]), 'x' = ALL(string_to_array('x,x', ','))"),
  allowed("SELECT id FROM products WHERE spec->>'size' = '1' AND tags[1] = 'a' AND 'a' = ANY(tags)"),
  allowed("SELECT current_setting('server_version') = 'x', split_part('a.b', '.', 1) = 'a'"),
  allowed("SELECT id FROM orders o, LATERAL (VALUES (o.status)) v(s) WHERE v.s = 'open' ORDER BY id LIMIT 1"),
  allowed("SELECT id FROM orders WHERE ('open') = status AND (status, 'a') = ('open', 'a') ORDER BY id LIMIT 1"),
];

export const ASKED_ALLOWED: readonly Allowed[] = [...COMPUTED, ...TYPED];
