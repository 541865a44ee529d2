import { allowed } from './allowed.js';

const TEMP = 'CREATE TEMP TABLE held AS SELECT id, status FROM orders';

/** What is the session's own, and what only tells of a column what its WHERE may ask. */
export const OWN = [
  [TEMP, 'SELECT count(*) FROM held', 'DROP TABLE held'],
  [TEMP, 'DROP TABLE pg_temp.held'],
  [TEMP, 'DROP TABLE IF EXISTS held', 'DROP TABLE IF EXISTS pg_temp.held'],
  [
    'BEGIN',
    'CREATE TEMPORARY TABLE held (id int PRIMARY KEY, word text) ON COMMIT DROP',
    'COPY held FROM STDIN',
    'ROLLBACK',
  ],
  ['BEGIN', TEMP, 'TRUNCATE held', 'DROP TABLE held', 'COMMIT'],
  [TEMP, 'TRUNCATE TABLE held', 'INSERT INTO held VALUES (1)', 'DELETE FROM held', "UPDATE held SET status = 'x'"],
  [TEMP, 'ALTER TABLE held ADD COLUMN n int', 'ALTER TABLE held DROP COLUMN status', 'SELECT count(n) FROM held'],
  [TEMP, "UPDATE held SET status = 'x' WHERE true", 'SELECT DISTINCT status FROM held'],
  [TEMP, 'CREATE INDEX ON held (id)', 'ANALYZE held', 'SELECT count(*) FROM held h JOIN orders o USING (id)'],
  ['SELECT id, total INTO TEMP picked FROM orders', 'DELETE FROM picked', 'DROP TABLE picked'],
  ['BEGIN', TEMP, 'DELETE FROM held', 'COMMIT', 'DROP TABLE held', TEMP, 'DROP TABLE held'],
  'CREATE TEMP TABLE held (id int); INSERT INTO held VALUES (1); UPDATE held SET id = 2; DROP TABLE held',
  ['CREATE TEMP VIEW seen AS SELECT id FROM orders', 'SELECT count(*) FROM seen', 'DROP VIEW seen'],
  // Settings that an application makes its own.
  ["SET app.tenant = '7'", 'SHOW app.tenant', "SELECT current_setting('app.tenant')"],
  ['BEGIN', "SET LOCAL app.tenant_id = '7'", "SELECT current_setting('app.tenant_id', true)", 'COMMIT'],
  [{ text: "SELECT set_config('app.tenant_id', $1, true)", values: ['7'] }],
  [{ text: "SELECT set_config('request.jwt.claims', $1, false)", values: ['{"sub": 1}'] }],
  ['SET myapp."user" TO \'bob\'', 'RESET myapp.user'],
  // What a WHERE may ask.
  "EXPLAIN (COSTS off) SELECT name FROM customers WHERE email = 'x@y.z'",
  "EXPLAIN (COSTS off) SELECT * FROM customers WHERE ssn = '900-71-4271' AND country = 'DE'",
  [{ text: 'EXPLAIN (COSTS off) SELECT id FROM customers WHERE email = $1', values: ['x@y.z'] }],
  'EXPLAIN (COSTS off) SELECT id, email FROM customers WHERE id = 1',
  'EXPLAIN (COSTS off) SELECT count(*) FROM customers WHERE email IS NOT NULL',
  "SELECT id FROM customers WHERE lower(email) = 'quetzalone@canary.example'",
  "SELECT id FROM customers WHERE lower(email) = lower('Quetzalone@Canary.example')",
  "SELECT id FROM customers WHERE upper(email) = 'QUETZALONE@CANARY.EXAMPLE' OR trim(ssn) = '900-71-4271'",
  "SELECT id FROM customers WHERE lower(trim(email)) IN ('a@b.c', 'quetzalone@canary.example')",
  [{ text: 'SELECT id FROM customers WHERE email = lower($1)', values: ['Quetzalone@canary.example'] }],
  [
    {
      text: 'SELECT "id" FROM "customers" WHERE LOWER("customers"."email") = LOWER($1) LIMIT $2',
      values: ['Quetzalone@canary.example', '1'],
    },
  ],
  [
    {
      text: 'SELECT "id" FROM "customers" WHERE UPPER("customers"."email"::text) = UPPER($1)',
      values: ['quetzalone@canary.example'],
    },
  ],
  'SELECT id, email IS NULL AS missing, ssn IS NOT NULL AS has FROM customers ORDER BY id',
  "SELECT id, CASE WHEN ssn IS NULL THEN 'no' ELSE 'yes' END AS has FROM customers ORDER BY id",
  'SELECT id, CASE WHEN card IS NOT NULL THEN name END FROM customers ORDER BY id',
  'SELECT count(email), count(ssn) > 0, count(*) FILTER (WHERE card IS NOT NULL) FROM customers',
  'SELECT country, bool_or(ssn IS NULL), sum((card IS NULL)::int) FROM customers GROUP BY 1 ORDER BY 1',
  "SELECT id FROM customers WHERE coalesce(ssn, '') = ''",
  'SELECT id FROM customers ORDER BY ssn IS NULL, id',
  'SELECT id, name FROM customers WHERE (ssn IS NULL) = false ORDER BY id',
  // An operator of somebody's is meant by its types.
  "SELECT id FROM customers WHERE (email, country) = ('quetzalone@canary.example', 'DE')",
].map((steps) => allowed(steps));
