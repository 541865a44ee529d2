import type { Step } from './attack.js';
import { COMPUTED } from './computed.js';

/**
 * What people do all day: it has to pass, and to answer what the server alone would, byte by byte, but for the columns that are
 * named here: there every value that is not NULL is another one.
 */
export interface Allowed {
  steps: readonly Step[];
  masked: readonly number[];
}

export const allowed = (steps: string | readonly (string | Step)[], ...masked: number[]): Allowed => ({
  steps: (typeof steps === 'string' ? [steps] : steps).map((step) =>
    typeof step === 'string' ? { text: step } : step,
  ),
  masked,
});

export const ALLOWED: readonly Allowed[] = [
  allowed('SELECT 1'),
  allowed(''),
  allowed('-- nothing but a comment'),
  allowed('SELECT id, name, country FROM customers ORDER BY id'),
  allowed('SELECT * FROM customers ORDER BY id', 2, 3, 4),
  allowed('SELECT email, id FROM customers ORDER BY id', 0),
  allowed('SELECT c.name, c.ssn AS number FROM customers c WHERE c.id = 1', 1),
  allowed("SELECT id FROM customers WHERE country = 'DE' ORDER BY 1"),
  allowed("SELECT name FROM customers WHERE ssn = '900-71-4271'"),
  allowed("SELECT name, email FROM customers WHERE email = 'nobody@shop.example'", 1),
  allowed("SELECT name FROM customers WHERE card IN ('1', '2', '4929003456789015')"),
  allowed([{ text: 'SELECT name FROM customers WHERE email = $1', values: ['axolotltwo@canary.example'] }]),
  allowed([{ text: 'SELECT id, name FROM customers WHERE id = $1', values: ['2'] }]),
  allowed('SELECT count(*) FROM customers'),
  allowed('SELECT count(ssn) FROM customers WHERE ssn IS NOT NULL'),
  allowed('SELECT country, count(*) FROM customers GROUP BY country ORDER BY 2 DESC, 1'),
  allowed('SELECT name FROM customers ORDER BY name LIMIT 2 OFFSET 1'),
  allowed("SELECT upper(name), length(name), name || '!' FROM customers ORDER BY id"),
  allowed(
    "SELECT to_char(created, 'YYYY-MM-DD'), date_trunc('day', created), extract(year FROM created) FROM customers ORDER BY id",
  ),
  allowed('SELECT o.id, c.name, o.total FROM orders o JOIN customers c ON c.id = o.customer_id ORDER BY o.id'),
  allowed(
    'SELECT c.name, sum(o.total) FROM customers c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY c.id ORDER BY c.id',
  ),
  allowed('SELECT * FROM orders ORDER BY id LIMIT 3'),
  allowed('SELECT * FROM products ORDER BY id'),
  allowed("SELECT name, tags[1], spec ->> 'size', spec -> 'size', tags @> ARRAY['a'] FROM products ORDER BY id"),
  allowed("SELECT jsonb_build_object('id', id, 'name', name), row_to_json(p) FROM products p ORDER BY id"),
  allowed("SELECT array_agg(name ORDER BY id), string_agg(name, ',' ORDER BY id) FROM products"),
  allowed("SELECT name FROM products WHERE name LIKE 'product%' AND price BETWEEN 1 AND 5 ORDER BY 1"),
  allowed("SELECT name FROM products WHERE name ~ '[12]$' OR name ILIKE '%3' ORDER BY 1"),
  allowed('WITH big AS (SELECT * FROM orders WHERE total > 10) SELECT count(*), max(total) FROM big'),
  allowed('WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT i FROM n'),
  allowed(
    'SELECT id, total, sum(total) OVER (ORDER BY id), row_number() OVER (PARTITION BY status ORDER BY id) FROM orders ORDER BY id',
  ),
  allowed('SELECT name FROM products UNION SELECT name FROM customers ORDER BY 1'),
  allowed(
    "SELECT CASE WHEN total > 10 THEN 'big' ELSE 'small' END, coalesce(status, '?'), nullif(status, 'x') FROM orders ORDER BY id",
  ),
  allowed('SELECT DISTINCT status FROM orders'),
  allowed("SELECT id FROM orders WHERE customer_id IN (SELECT id FROM customers WHERE country = 'US') ORDER BY 1"),
  allowed(
    "SELECT id FROM orders o WHERE EXISTS (SELECT 1 FROM customers c WHERE c.id = o.customer_id AND c.name = 'Bob') ORDER BY 1",
  ),
  allowed('SELECT * FROM generate_series(1, 3) n, LATERAL (SELECT n * 2) x(y)'),
  allowed('SELECT total_with_tax(total) FROM orders WHERE id = 1'),
  allowed('SELECT id, name FROM contacts ORDER BY id'),
  allowed('SELECT id, address FROM contacts ORDER BY id', 1),
  allowed('SELECT * FROM revenue ORDER BY customer_id'),
  allowed('SELECT id FROM wallets ORDER BY id'),
  allowed("SELECT version() ~ 'PostgreSQL', current_database() IS NOT NULL, pg_backend_pid() > 0, now() IS NOT NULL"),
  allowed("SELECT current_schema(), current_setting('server_version_num'), current_schemas(true)"),
  allowed('SHOW search_path'),
  allowed('SHOW server_version'),
  allowed('EXPLAIN (COSTS off) SELECT * FROM orders WHERE id = 1'),
  allowed('EXPLAIN (COSTS off, TIMING off, SUMMARY off, ANALYZE) SELECT count(*) FROM products'),
  allowed(['BEGIN', 'SELECT 1', 'COMMIT']),
  allowed(['START TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY', 'SELECT count(*) FROM orders', 'ROLLBACK']),
  allowed(['BEGIN', 'SAVEPOINT a', 'ROLLBACK TO a', 'RELEASE a', 'END']),
  allowed('SELECT 1; SELECT 2; SELECT name FROM products WHERE id = 1'),
  allowed('SELECT id FROM products ORDER BY id; SELECT id, ssn FROM customers WHERE id = 1', 1),
  allowed([
    "SET statement_timeout = '10s'",
    "SET application_name = 'mine'",
    'SHOW application_name',
    'RESET application_name',
  ]),
  allowed(['SET search_path = public', 'SELECT id, name FROM customers WHERE id = 1']),
  allowed([
    "SET TIME ZONE 'UTC'",
    'SET DateStyle = ISO',
    'SET extra_float_digits = 3',
    'SELECT created FROM customers WHERE id = 1',
  ]),
  allowed(["SELECT set_config('statement_timeout', '9s', false)", 'SHOW statement_timeout']),
  allowed(['PREPARE p(int) AS SELECT name FROM products WHERE id = $1', 'EXECUTE p(2)', 'DEALLOCATE p']),
  allowed(['PREPARE q AS SELECT id, email FROM customers ORDER BY id', 'EXECUTE q', 'DEALLOCATE ALL'], 1),
  allowed([
    'BEGIN',
    'DECLARE c CURSOR FOR SELECT id, name FROM products ORDER BY id',
    'FETCH 2 FROM c',
    'MOVE 1 IN c',
    'FETCH ALL c',
    'CLOSE c',
    'COMMIT',
  ]),
  allowed(
    ['BEGIN', 'DECLARE c CURSOR FOR SELECT name, card FROM customers ORDER BY id', 'FETCH 2 FROM c', 'COMMIT'],
    1,
  ),
  allowed("INSERT INTO notes VALUES (50, 'new') RETURNING *"),
  allowed(
    'INSERT INTO orders (id, customer_id, product_id, total) VALUES (500, 1, 1, 9.5), (501, 2, 1, 1) RETURNING id, status',
  ),
  allowed("UPDATE orders SET status = 'paid' WHERE id = 3 RETURNING id, status"),
  allowed("UPDATE orders SET total = total + 1 WHERE customer_id = 2 AND status = 'open'"),
  allowed(
    "UPDATE orders o SET status = 'de' FROM customers c WHERE c.id = o.customer_id AND c.country = 'DE' AND o.id = 7",
  ),
  allowed('DELETE FROM orders WHERE id = 4'),
  allowed('DELETE FROM notes WHERE id IN (50, 51) RETURNING id'),
  allowed("INSERT INTO notes VALUES (60, 'a') ON CONFLICT (id) DO UPDATE SET body = excluded.body"),
  allowed([
    { text: 'INSERT INTO notes VALUES ($1, $2)', values: ['61', "it's; DROP TABLE notes"] },
    'SELECT * FROM notes WHERE id = 61',
  ]),
  allowed("UPDATE customers SET name = 'Alicia' WHERE id = 1 RETURNING id, name"),
  allowed("UPDATE customers SET email = 'new@shop.example' WHERE id = 6 RETURNING id"),
  allowed("WITH moved AS (UPDATE orders SET status = 'sent' WHERE id = 5 RETURNING id) SELECT * FROM moved"),
  allowed(
    "MERGE INTO notes n USING (VALUES (70, 'm')) s(id, body) ON n.id = s.id WHEN MATCHED THEN UPDATE SET body = s.body WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.body)",
  ),
  allowed('COPY products (id, name) TO STDOUT'),
  allowed('COPY (SELECT id, total FROM orders ORDER BY id) TO STDOUT WITH (FORMAT csv, HEADER)'),
  allowed([
    'CREATE TEMP TABLE held (id int, word text)',
    "INSERT INTO held VALUES (1, 'x')",
    'SELECT count(*) FROM held',
  ]),
  allowed([
    "CREATE TABLE fresh (id serial PRIMARY KEY, word text NOT NULL DEFAULT 'x')",
    'INSERT INTO fresh DEFAULT VALUES',
    'SELECT * FROM fresh',
  ]),
  allowed([
    'ALTER TABLE fresh ADD COLUMN more int',
    'CREATE INDEX fresh_more ON fresh (more)',
    'SELECT id, more FROM fresh',
  ]),
  allowed(['BEGIN', 'CREATE TABLE later (id int)', 'INSERT INTO later VALUES (1)', 'COMMIT', 'SELECT * FROM later']),
  allowed(['CREATE VIEW cheap AS SELECT id, name FROM products WHERE price < 4', 'SELECT * FROM cheap ORDER BY id']),
  allowed("COMMENT ON TABLE notes IS 'what people say'"),
  allowed('ANALYZE notes'),
  allowed("SELECT 'DROP TABLE notes', $$; DELETE FROM orders$$, E'\\n'"),
  allowed('SELECT 1 AS "drop", 2 AS "delete" /* DROP TABLE notes; */ -- TRUNCATE orders'),
  allowed("SELECT name FROM products WHERE name = 'DELETE FROM orders'"),
  allowed("SELECT count(*) FROM pg_catalog.pg_class WHERE relname = 'notes'"),
  allowed(
    "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'notes' ORDER BY ordinal_position",
  ),
  allowed(
    "SELECT attname FROM pg_attribute WHERE attrelid = 'public.customers'::regclass AND attnum > 0 ORDER BY attnum",
  ),
  allowed("SELECT pg_get_viewdef('contacts'::regclass), pg_get_functiondef('ssn_of'::regproc)"),
  allowed("SELECT obj_description('notes'::regclass), has_table_privilege('notes', 'SELECT'), format_type(23, -1)"),
  allowed("SELECT pg_size_pretty(1024::bigint), pg_table_is_visible('notes'::regclass), quote_ident('a b')"),
  allowed("SELECT DATE '2024-02-29' + INTERVAL '1 year', 1::numeric / 3, '1'::int, 'a'::bpchar(3), '[1,2)'::int4range"),
  allowed('SELECT x::text FROM unnest(ARRAY[1, 2]) WITH ORDINALITY u(x, n)'),
  allowed('TABLE products'),
  allowed("VALUES (1, 'a'), (2, 'b')"),
  allowed(['LISTEN news', 'UNLISTEN *']),
  allowed('SELECT id FROM customers WHERE id = 1 FOR UPDATE'),
  allowed(['BEGIN', 'LOCK TABLE notes IN ACCESS SHARE MODE', 'COMMIT']),
  allowed('SELECT DISTINCT country FROM customers ORDER BY country'),
  allowed('SELECT grouping(status), status, count(*) FROM orders GROUP BY ROLLUP (status) ORDER BY 1, 2'),
  allowed("SELECT (ARRAY['a','b'])[2], ROW(1, 'x'), (SELECT max(price) FROM products)"),
  ...COMPUTED.map(([steps, ...masked]) => allowed(steps, ...masked)),
  allowed("SELECT encode('abc'::bytea, 'hex'), md5('x'), length('abc'), left('abc', 2)"),
];
