import { type Allowed, allowed } from './allowed.js';
import { type Attack, attacks } from './attack.js';
import { alike } from './oracle.js';

/** The row whose cell is what the text says, and another. */
const row = (text: string, holds: boolean): string => text.replaceAll('{W}', holds ? 'id = 1' : 'id = 3');

/** A25: a cell that is written like NULL, or in quotes, for what is in it. */
const COPIED: readonly Attack[] = alike(
  'A25',
  [
    ...['ssn', 'name, ssn', 'ssn AS x, upper(ssn)', 'ssn, ssn, left(ssn, 3)'].flatMap((list) => {
      const from = `(SELECT ${list.replace('name', "'n' AS name")} FROM customers WHERE {W})`;
      return [
        `COPY ${from} TO STDOUT (NULL '900-71-4271')`,
        `COPY ${from} TO STDOUT WITH NULL AS '900-71-4271'`,
        `COPY ${from} TO STDOUT (NULL '900')`,
        `COPY ${from} TO STDOUT (FORMAT csv, NULL '900-71-4271')`,
        `COPY ${from} TO STDOUT (FORMAT csv, NULL '900-71-4271', FORCE_QUOTE *)`,
        `COPY ${from} TO STDOUT (FORMAT csv, DELIMITER '7')`,
        `COPY ${from} TO STDOUT WITH CSV DELIMITER '7' HEADER`,
        `COPY ${from} TO STDOUT (FORMAT csv, QUOTE '7')`,
        `COPY ${from} TO STDOUT (FORMAT csv, QUOTE '7', ESCAPE '-')`,
        `COPY ${from} TO STDOUT (FORMAT csv, ESCAPE '7')`,
        `COPY ${from} TO STDOUT (FORMAT csv, ESCAPE '7', FORCE_QUOTE *)`,
        `COPY ${from} TO STDOUT (DELIMITER '-', NULL '900')`,
        `COPY ${from} TO STDOUT (DELIMITER '1', NULL 'x')`,
        // What is made of a column may be all NULL, so that the text for NULL shows.
      ].map((text) => (list.includes('(') ? text.replace("'900-71-4271'", "'900'") : text));
    }),
    "COPY (SELECT left(ssn, 6) || E'\\t' FROM customers WHERE {W}) TO STDOUT (NULL '900-71\\t')",
    "COPY (SELECT '\\' || left(ssn, 6) FROM customers WHERE {W}) TO STDOUT (NULL '\\\\900-71')",
    "COPY (SELECT card, ssn, email FROM customers WHERE {W}) TO STDOUT (NULL 'quetzalone@canary.example')",
    "COPY (SELECT badge FROM staff WHERE {W}) TO STDOUT (NULL '4711')",
    "COPY (SELECT hired FROM staff WHERE {W}) TO STDOUT (NULL '2019-04-05 06:07:08+00')",
    'COPY (SELECT tags FROM staff WHERE {W}) TO STDOUT (FORMAT csv)',
    "COPY (SELECT file FROM staff WHERE {W}) TO STDOUT (NULL '[]')",
    "COPY (SELECT left(ssn, 3) = '900' FROM customers WHERE {W}) TO STDOUT (NULL 't')",
    'COPY (SELECT to_json(left(ssn, 6)) FROM customers WHERE {W}) TO STDOUT (NULL \'"900-71"\')',
  ],
  row,
);

/** A24: how many parts a value has, by how many rows are made of it. */
const PARTS: readonly Attack[] = attacks(
  'A24',
  [
    'SELECT unnest(tags) FROM staff',
    'SELECT id, unnest(tags) FROM staff WHERE id = 1',
    'SELECT s.id, t FROM staff s, unnest(s.tags) t',
    'SELECT s.id FROM staff s CROSS JOIN LATERAL unnest(s.tags) WITH ORDINALITY u(x, n)',
    'SELECT s.id, u.n FROM staff s, unnest(s.tags, ARRAY[1]) WITH ORDINALITY u(x, y, n)',
    'SELECT s.id FROM staff s, ROWS FROM (unnest(s.tags), generate_series(1, 1)) u',
    'SELECT id, (SELECT count(*) FROM unnest(tags)) FROM staff',
    'SELECT id FROM staff WHERE EXISTS (SELECT FROM unnest(tags))',
    'SELECT id, ARRAY(SELECT 1 FROM unnest(tags)) FROM staff',
    'SELECT max(n) FROM staff s, LATERAL (SELECT row_number() OVER () AS n FROM unnest(s.tags)) q WHERE s.id = 1',
    'SELECT s.id, e.key FROM staff s, jsonb_each(s.file) e WHERE s.id = 1',
    'SELECT s.id FROM staff s, jsonb_each_text(s.file) e WHERE s.id = 1',
    'SELECT jsonb_object_keys(file) FROM staff WHERE id = 1',
    'SELECT count(*) FROM staff, jsonb_object_keys(file) WHERE id = 1',
    "SELECT count(*) FROM staff, jsonb_array_elements(file -> 'a') WHERE id = 1",
    "SELECT jsonb_array_elements_text(file #> '{a}') IS NULL FROM staff WHERE id = 1",
    "SELECT 1 FROM staff, jsonb_path_query(file, '$.a[*]') WHERE id = 1",
    "SELECT 1 FROM staff, json_table(file, '$.a[*]' COLUMNS (x int PATH '$')) WHERE id = 1",
    'SELECT generate_subscripts(tags, 1) IS NULL FROM staff',
    'SELECT 1 FROM staff, generate_series(1, cardinality(tags))',
    'SELECT 1 FROM staff, generate_series(1, array_length(tags, 1)) WHERE id = 1',
    'SELECT id, generate_series(1, length(ssn)) IS NULL FROM customers',
    "SELECT id, regexp_split_to_table(ssn, '-') FROM customers",
    "SELECT id, string_to_table(ssn, '-') FROM customers",
    "SELECT 1 FROM customers, regexp_matches(ssn, '\\d', 'g')",
    "SELECT count(*) FROM customers c, unnest(string_to_array(c.ssn, '7')) WHERE c.id = 1",
    'SELECT (SELECT count(*) FROM unnest(array_agg(tags))) FROM staff',
    'WITH p AS (SELECT id, unnest(tags) AS t FROM staff) SELECT id FROM p',
    'INSERT INTO notes SELECT 100 + row_number() OVER (), NULL FROM staff, unnest(tags)',
    ['PREPARE p AS SELECT unnest(tags) FROM staff', 'EXECUTE p'],
    ['BEGIN', 'DECLARE c CURSOR FOR SELECT unnest(tags) FROM staff', 'MOVE ALL c'],
    'COPY (SELECT 1 FROM staff, unnest(tags)) TO STDOUT',
    'DO $$ DECLARE t text; BEGIN FOR t IN SELECT unnest(tags) FROM public.staff LOOP PERFORM 1; END LOOP; END $$',
  ],
  'refused',
);

/** A24: rows in the order of an index that is gone through for the client's settings. */
const STEERED: readonly Attack[] = attacks(
  'A24',
  [
    ['SET enable_seqscan = off', 'SELECT id FROM customers WHERE email IS NOT NULL'],
    // What was read before is read anew; nothing else here has this text.
    [
      'SELECT id AS nth FROM customers WHERE email IS NOT NULL',
      'SET enable_seqscan = off',
      'SELECT id AS nth FROM customers WHERE email IS NOT NULL',
    ],
    ['SET enable_seqscan = off; SELECT id FROM customers WHERE email IS NOT NULL'],
    [
      "SELECT set_config('enable_seqscan', 'off', false)",
      'SELECT id, name FROM customers WHERE email IS NOT NULL LIMIT 1',
    ],
    [
      'SET random_page_cost = 0',
      'SET seq_page_cost = 10000',
      'SELECT id FROM customers WHERE (email IS NULL) = false AND email IS NOT NULL',
    ],
    [
      'BEGIN',
      'SET LOCAL enable_seqscan TO off',
      'DECLARE c CURSOR FOR SELECT id FROM customers WHERE email IS NOT NULL',
      'FETCH ALL FROM c',
    ],
    ['PREPARE p AS SELECT id FROM customers WHERE email IS NOT NULL', 'SET cpu_tuple_cost = 100', 'EXECUTE p'],
    ['SET enable_bitmapscan = false', 'SELECT array_agg(id) FROM customers WHERE email IS NOT NULL'],
    ['SET enable_seqscan = off', 'SELECT c.id FROM contacts c WHERE address IS NOT NULL'],
    ['SET enable_seqscan = off', 'INSERT INTO notes SELECT 900 + id FROM customers WHERE email IS NOT NULL'],
    ['SET enable_seqscan = off', 'UPDATE customers SET name = name WHERE email IS NOT NULL AND id < 9 RETURNING id'],
    [
      'SET enable_seqscan = off',
      "DO $$ DECLARE r record; BEGIN FOR r IN SELECT id FROM public.customers WHERE email IS NOT NULL LOOP RAISE NOTICE '%', r.id; END LOOP; END $$",
    ],
    [
      "DO $$ DECLARE r record; BEGIN SET LOCAL enable_seqscan = off; FOR r IN SELECT id FROM public.customers WHERE email IS NOT NULL LOOP RAISE NOTICE '%', r.id; END LOOP; END $$",
    ],
    ['SET enable_seqscan = off', 'COPY (SELECT id FROM customers WHERE email IS NOT NULL) TO STDOUT'],
    ['SET enable_seqscan = off', 'CREATE TEMP TABLE o AS SELECT id FROM customers WHERE email IS NOT NULL'],
    ['SET enable_seqscan = off', 'EXPLAIN ANALYZE SELECT id FROM customers WHERE email IS NOT NULL'],
    [
      "CREATE FUNCTION pg_temp.f() RETURNS SETOF int LANGUAGE sql STABLE SET enable_seqscan = off AS 'SELECT id FROM public.customers WHERE email IS NOT NULL'",
      'SELECT * FROM pg_temp.f()',
    ],
    [
      "CREATE FUNCTION pg_temp.f() RETURNS int[] LANGUAGE sql STABLE SET random_page_cost = 0 SET seq_page_cost = 9999 AS 'SELECT array_agg(id) FROM public.customers WHERE email IS NOT NULL'",
      'SELECT pg_temp.f()',
    ],
    [
      "CREATE FUNCTION pg_temp.f() RETURNS SETOF int LANGUAGE plpgsql STABLE AS 'BEGIN RETURN QUERY SELECT id FROM public.customers WHERE email IS NOT NULL; END'",
      'ALTER FUNCTION pg_temp.f() SET enable_seqscan = off',
      'SELECT * FROM pg_temp.f()',
    ],
    [
      "CREATE FUNCTION pg_temp.f() RETURNS SETOF int LANGUAGE sql STABLE SET enable_seqscan = off AS 'SELECT id FROM public.customers WHERE email IS NOT NULL'",
      'CREATE TEMP VIEW v AS SELECT * FROM pg_temp.f()',
      'SELECT * FROM v',
    ],
    [
      "CREATE FUNCTION pg_temp.inner_f() RETURNS SETOF int LANGUAGE sql STABLE AS 'SELECT id FROM public.customers WHERE email IS NOT NULL'",
      "CREATE FUNCTION pg_temp.f() RETURNS SETOF int LANGUAGE sql STABLE SET enable_bitmapscan = off SET enable_seqscan = 0 AS 'SELECT * FROM pg_temp.inner_f()'",
      'SELECT * FROM pg_temp.f()',
    ],
    [
      "CREATE PROCEDURE pg_temp.p() LANGUAGE plpgsql SET enable_seqscan = off AS 'DECLARE n int; BEGIN FOR n IN SELECT id FROM public.customers WHERE email IS NOT NULL LOOP RAISE NOTICE ''%'', n; END LOOP; END'",
      'CALL pg_temp.p()',
    ],
    [
      "CREATE FUNCTION pg_temp.f() RETURNS SETOF int LANGUAGE plpgsql AS 'BEGIN SET LOCAL enable_seqscan = off; RETURN QUERY SELECT id FROM public.customers WHERE email IS NOT NULL; END'",
      'SELECT * FROM pg_temp.f()',
    ],
    [
      "CREATE FUNCTION pg_temp.f() RETURNS SETOF int LANGUAGE sql AS 'SELECT set_config(''enable_seqscan'', ''off'', true); SELECT id FROM public.customers WHERE email IS NOT NULL'",
      'SELECT * FROM pg_temp.f()',
    ],
  ],
  'refused',
);

export const TOLD: readonly Attack[] = [...COPIED, ...PARTS, ...STEERED];

/** What stands beside these, and has to pass. */
export const TOLD_ALLOWED: readonly Allowed[] = [
  allowed("COPY (SELECT id, name FROM customers ORDER BY id) TO STDOUT (NULL 'Alice')"),
  allowed(
    "COPY (SELECT id, name, NULL FROM customers ORDER BY id) TO STDOUT (FORMAT csv, NULL 'none', FORCE_QUOTE (name))",
  ),
  allowed(
    "COPY (SELECT id, name FROM customers ORDER BY id) TO STDOUT (FORMAT csv, DELIMITER ';', HEADER, ENCODING 'LATIN1')",
  ),
  allowed("COPY (SELECT NULL::text, '', 'a,\"b\"', E'x\\ty') TO STDOUT WITH NULL ''"),
  allowed('SELECT p.id, t FROM products p, unnest(p.tags) WITH ORDINALITY u(t, n) ORDER BY 1, n'),
  allowed("SELECT s.id, s.name, w FROM staff s, regexp_split_to_table(s.name, '') w ORDER BY 1, 3"),
  allowed('SELECT s.id, array_length(s.tags, 1), cardinality(s.tags) FROM staff s ORDER BY 1', 1, 2),
  allowed('SELECT s.id, g FROM staff s, generate_series(1, s.id) g ORDER BY 1, 2'),
  allowed("SELECT name FROM customers WHERE email <> 'quetzalone@canary.example' ORDER BY id"),
  allowed("SELECT count(*) FROM customers WHERE email != 'x' AND ssn IS DISTINCT FROM '900-71-4271'"),
  allowed("SELECT name FROM customers WHERE card NOT IN ('1', '2', '4929003456789015') ORDER BY id"),
  allowed([
    { text: 'SELECT name FROM customers WHERE email <> $1 ORDER BY id', values: ['axolotltwo@canary.example'] },
  ]),
  allowed("SELECT name FROM customers WHERE email <> ALL ('{quetzalone@canary.example,x}') ORDER BY id"),
  allowed('SELECT json_arrayagg(id ORDER BY id) FROM products'),
  allowed('SELECT constructor(1)'),
  allowed('SELECT "__proto__", tostring FROM products'),
  allowed('SELECT p.constructor FROM products p'),
  allowed('SELECT id AS constructor, name AS "__proto__", 1 AS "hasOwnProperty" FROM products ORDER BY 1'),
  allowed([
    'CREATE TABLE constructor (constructor int, "__proto__" text)',
    'SELECT * FROM constructor',
    'DELETE FROM constructor WHERE "__proto__" = \'x\'',
  ]),
  allowed('SELECT lo_get(99999)'),
  allowed([
    // One plan is left, whatever the tables' statistics are.
    'SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_indexonlyscan = off',
    'EXPLAIN (COSTS off) SELECT id FROM ONLY customers WHERE id = 1',
    'SELECT id, name FROM products WHERE id = 1',
    'EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off, BUFFERS off) SELECT id FROM products WHERE id = 1',
    "INSERT INTO customers (id, name, email, country) VALUES (77, 'x', 'x', 'X')",
  ]),
  allowed([
    "CREATE FUNCTION pg_temp.f() RETURNS SETOF int LANGUAGE sql STABLE SET enable_seqscan = off SET work_mem = '8MB' AS 'SELECT id FROM public.products WHERE id < 3'",
    'SELECT * FROM pg_temp.f() ORDER BY 1',
    'SELECT count(*) FROM customers WHERE email IS NOT NULL',
    'SELECT id, name FROM customers ORDER BY id',
  ]),
  allowed([
    "CREATE FUNCTION pg_temp.f(int) RETURNS text LANGUAGE sql STABLE SET work_mem = '8MB' SET search_path = public AS 'SELECT name FROM customers WHERE id = $1'",
    'SELECT pg_temp.f(1)',
  ]),
  allowed([
    'SET enable_seqscan = on',
    "SET work_mem = '8MB'",
    'SET jit = off',
    'SELECT count(*) FROM customers WHERE email IS NOT NULL',
  ]),
];
