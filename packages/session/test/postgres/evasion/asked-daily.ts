import { type Allowed, allowed } from './allowed.js';

/** What ORMs, dashboards and people at a prompt send. */
export const ASKED_DAILY: readonly Allowed[] = [
  allowed([{ text: 'SELECT * FROM customers WHERE id = $1', values: ['2'] }], 2, 3, 4),
  allowed("SELECT id FROM customers WHERE lower(email) = lower('Quetzalone@canary.example')"),
  allowed('SELECT country, count(*) FROM customers GROUP BY country ORDER BY 1'),
  allowed('SELECT c.name, o.total FROM customers c JOIN orders o ON o.customer_id = c.id ORDER BY o.id'),
  allowed('SELECT c.email, o.total FROM customers c JOIN orders o ON o.customer_id = c.id ORDER BY o.id', 0),
  allowed(
    'SELECT id, name, email AS address FROM customers UNION ALL SELECT id, body, NULL FROM notes ORDER BY 1, 2',
    2,
  ),
  allowed('SELECT * FROM revenue ORDER BY 1'),
  allowed(`SELECT COUNT(*) FROM "public"."customers" WHERE "public"."customers"."country" = 'DE'`),
  allowed(
    'SELECT SUBSTRING("public"."products"."name", 1, 1234) AS "substring" FROM "public"."products" ORDER BY 1 LIMIT 10000',
  ),
  allowed(
    "SELECT id FROM orders WHERE total > 5 AND status IN ('open', 'paid') ORDER BY placed_at DESC, id LIMIT 5 OFFSET 2",
  ),
  allowed(
    "SELECT o.id FROM orders o WHERE EXISTS (SELECT 1 FROM customers c WHERE c.id = o.customer_id AND c.country = 'DE') ORDER BY 1",
  ),
  allowed("SELECT id, tags[1], spec->>'size' FROM products ORDER BY id"),
  allowed("SELECT generate_series(date '2025-01-01', '2025-01-03', '1 day')"),
  allowed('SELECT * FROM generate_series(1, 3) WITH ORDINALITY'),
  allowed("SELECT add_tax(price => 10), join_all('a', 'b')"),
  allowed("SELECT title FROM tickets WHERE title = 'broken'"),
  allowed('SELECT s.id, s.name FROM staff s ORDER BY s.name'),
  allowed('SELECT name, salary FROM staff WHERE id = 1', 1),
  allowed('EXPLAIN (COSTS off) DELETE FROM orders WHERE id = 1'),
  allowed("SELECT COUNT(*) FROM pg_namespace WHERE nspname='public'"),
  allowed(
    "SELECT column_name, data_type, is_nullable, column_default FROM information_schema.columns WHERE table_name = 'customers' AND table_schema = 'public' ORDER BY ordinal_position",
  ),
  allowed('SELECT rolname, rolsuper, rolcanlogin FROM pg_roles WHERE rolname = current_user'),
  allowed("SELECT pg_size_pretty(pg_total_relation_size('notes')) IS NOT NULL"),
  allowed("SELECT name, setting FROM pg_settings WHERE name IN ('max_connections', 'server_version_num') ORDER BY 1"),
  allowed("SELECT pg_get_viewdef('revenue'::regclass, true)"),
  allowed("SELECT has_table_privilege('public.customers', 'SELECT'), has_schema_privilege('public', 'USAGE')"),
  allowed(
    "SELECT current_setting('server_version_num'), current_setting('search_path'), current_setting('nope', true)",
  ),
  allowed("SELECT id, name FROM customers WHERE ssn IN ('900-71-4271', '901-82-5382') ORDER BY id"),
  allowed(
    "SELECT c.name, count(o.id) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id WHERE c.email = 'quetzalone@canary.example' GROUP BY c.id ORDER BY c.id",
  ),
  allowed("SELECT now() > '2020-01-01', extract(epoch from timestamp '2025-01-01')"),
  allowed('SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY total) FROM orders'),
  allowed('SELECT id, lag(total) OVER w, sum(total) OVER w FROM orders WINDOW w AS (ORDER BY id) ORDER BY id'),
  allowed("SELECT CASE WHEN c.email IS NULL THEN 'missing' ELSE 'there' END FROM customers c ORDER BY id"),
  allowed("SELECT crypt('x', '$1$abcdefgh') = crypt('x', '$1$abcdefgh')"),
  allowed(
    [{ text: 'SELECT "customers".* FROM "customers" WHERE "customers"."id" IN ($1, $2, $3)', values: ['1', '2', '3'] }],
    2,
    3,
    4,
  ),
  allowed(
    'SELECT DISTINCT "distinctAlias"."User_id" AS "ids_User_id" FROM (SELECT "User"."id" AS "User_id", "User"."name" AS "User_name", "User"."email" AS "User_email" FROM "customers" "User" LEFT JOIN "orders" "o" ON "o"."customer_id" = "User"."id") "distinctAlias" ORDER BY "User_id" ASC LIMIT 3',
  ),
  allowed(
    [
      {
        text: 'select c1_0.id,c1_0.email from customers c1_0 where upper(c1_0.email)=upper($1)',
        values: ['Quetzalone@canary.example'],
      },
    ],
    1,
  ),
  allowed('select count(c1_0.id) from customers c1_0'),
  allowed([
    {
      text: 'SELECT COUNT(*) FROM (SELECT "public"."customers"."id" FROM "public"."customers" WHERE 1=1 OFFSET $1) AS "sub"',
      values: ['0'],
    },
  ]),
  allowed(
    `SELECT "customers"."id", "customers"."email" FROM "customers" WHERE UPPER("customers"."email"::text) = UPPER('quetzalone@canary.example')`,
    1,
  ),
  allowed(
    'SELECT "orders"."status", COUNT("orders"."id") AS "n" FROM "orders" GROUP BY "orders"."status" ORDER BY 2 DESC LIMIT 21',
  ),
  allowed(
    "SELECT db.datname, db.datcollate FROM pg_catalog.pg_database db WHERE datallowconn AND NOT datistemplate AND datname = 'postgres'",
  ),
  allowed("SELECT typcategory FROM pg_type WHERE typname = 'text'"),
  allowed(
    `SELECT 'session_stats' AS chart_name, pg_catalog.row_to_json(t) AS chart_data FROM (SELECT (SELECT count(*) > 0 FROM pg_catalog.pg_stat_activity) AS "Total", (SELECT count(*) >= 0 FROM pg_catalog.pg_stat_activity WHERE state = 'active') AS "Active") t`,
  ),
  allowed('SELECT * FROM pg_catalog.pg_stat_activity WHERE pid = -1'),
  allowed("SELECT current_setting('server_version_num')::int/100 as version"),
  allowed('SELECT TRUE AS "_" FROM "public"."customers" WHERE 1 <> 1 LIMIT 0'),
  allowed(
    'SELECT count(*) AS "count", sum("public"."orders"."total") AS "sum", avg("public"."orders"."total") FROM "public"."orders" LEFT JOIN "public"."customers" AS "C" ON "public"."orders"."customer_id" = "C"."id" WHERE "C"."email" IS NOT NULL',
  ),
  allowed(
    "SELECT c.id, c.email, json_agg(json_build_object('id', o.id, 'total', o.total) ORDER BY o.id) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY c.id ORDER BY c.id",
    1,
  ),
  allowed('SELECT country, array_agg(name ORDER BY name) FROM customers GROUP BY country ORDER BY country'),
  allowed('SELECT s.name, s.salary FROM staff s WHERE s.id IN (1, 3) ORDER BY s.id', 1),
  allowed('SELECT id, name FROM customers WHERE ssn IS NULL'),
  allowed('SELECT * FROM wallets ORDER BY id', 1),
  allowed('SELECT is_big(o), o.is_big FROM orders o ORDER BY id LIMIT 2'),
  allowed("SELECT levenshtein('a', 'b'), soundex('x'), unaccent('é'), show_trgm('ab')"),
  allowed('SELECT id::text, total::int, placed_at::date, status::varchar(3) FROM orders ORDER BY id LIMIT 2'),
  allowed('SELECT * FROM orders ORDER BY id LIMIT 1 FOR SHARE'),
  allowed('SELECT * FROM orders WHERE id IN (SELECT max(id) FROM orders GROUP BY customer_id) ORDER BY id'),
  allowed("SELECT tablename, attname, null_frac, avg_width FROM pg_stats WHERE tablename = 'orders' ORDER BY 2"),
  allowed('SELECT sequencename, last_value IS NULL FROM pg_sequences ORDER BY 1'),
];
