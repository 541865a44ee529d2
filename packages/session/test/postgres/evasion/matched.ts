import { allowed } from './allowed.js';
import { type Attack, attacks } from './attack.js';

/** A function that tells whether somebody has this number. */
const of = (body: string, language = 'sql', takes = 'text', returns = 'boolean'): string =>
  `CREATE FUNCTION pg_temp.has(${takes}) RETURNS ${returns} LANGUAGE ${language} STABLE AS $f$ ${body} $f$`;
const HAS = of('SELECT EXISTS (SELECT 1 FROM public.customers WHERE ssn = $1)');
const HAS_NUMBER = of("SELECT EXISTS (SELECT 1 FROM public.customers WHERE ssn = '900-71-' || $1)", 'sql', 'int');
const WHO = of("SELECT id FROM public.customers WHERE ssn = '900-71-' || $1::text", 'sql', 'int', 'SETOF int');
const INQUIRES = of(
  "DECLARE n int; BEGIN SELECT count(*) INTO n FROM public.customers WHERE ssn = '900-71-' || $1; RETURN n > 0; END",
  'plpgsql',
  'int',
);
const RUNS = of(
  "DECLARE n int; v text := '900-71-' || $1; BEGIN EXECUTE 'SELECT count(*) FROM public.customers WHERE ssn = $1' INTO n USING v; RETURN n > 0; END",
  'plpgsql',
  'int',
);
const GUESSED = "('900-71-' || g)";

/** A24: whether a value is there is asked of many, each the only constant of its call. */
export const MATCHED: readonly Attack[] = attacks(
  'A24',
  [
    `SELECT g FROM generate_series(1, 9999) g WHERE EXISTS (SELECT 1 FROM customers WHERE ssn = ${GUESSED})`,
    `SELECT g FROM generate_series(1, 9999) g, LATERAL (SELECT 1 FROM customers WHERE ssn = ${GUESSED}) x`,
    "SELECT * FROM customers WHERE ssn = (SELECT '900-71-' || g FROM generate_series(4271, 4271) g)",
    "SELECT id FROM customers WHERE ssn IN (SELECT '900-71-' || g FROM generate_series(4000, 4999) g)",
    "SELECT id FROM customers WHERE ssn = ANY (ARRAY(SELECT '900-71-' || g FROM generate_series(4000, 4999) g))",
    "WITH RECURSIVE r (n) AS (SELECT 4000 UNION ALL SELECT n + 1 FROM r WHERE n < 4999) SELECT n FROM r WHERE EXISTS (SELECT 1 FROM customers WHERE ssn = '900-71-' || n)",
    "SELECT v.x FROM (VALUES ('900-71-4271'), ('a'), ('b')) v (x) JOIN customers ON ssn = v.x",
    "SELECT x FROM unnest(ARRAY['900-71-4271', 'a']) x WHERE EXISTS (SELECT FROM customers WHERE ssn = x)",
    [HAS, `SELECT g FROM generate_series(1, 9999) g WHERE pg_temp.has${GUESSED}`],
    [HAS, `SELECT g, pg_temp.has${GUESSED} FROM generate_series(1, 9999) g`],
    [HAS, `SELECT count(*) FILTER (WHERE pg_temp.has${GUESSED}) FROM generate_series(1, 9999) g`],
    [HAS, `SELECT g FROM generate_series(1, 99) g ORDER BY pg_temp.has${GUESSED}`],
    [HAS, `SELECT (SELECT pg_temp.has${GUESSED}) FROM generate_series(1, 99) g`],
    [HAS, `SELECT x FROM generate_series(1, 99) g, LATERAL pg_temp.has${GUESSED} x`],
    [HAS, `SELECT CASE WHEN pg_temp.has${GUESSED} THEN g END FROM generate_series(1, 99) g`],
    [HAS, "SELECT pg_temp.has(v) FROM (VALUES ('900-71-4271'), ('a')) x (v)"],
    [HAS, "SELECT pg_temp.has(unnest(ARRAY['900-71-4271', 'a']))"],
    [HAS, `SELECT ${Array.from({ length: 11 }, (_, n) => `pg_temp.has('900-71-${4270 + n}')`).join(', ')}`],
    [
      HAS,
      Array.from({ length: 11 }, (_, n) => `SELECT ${n} WHERE pg_temp.has('900-71-${4270 + n}')`).join(' UNION ALL '),
    ],
    [HAS_NUMBER, 'SELECT g FROM generate_series(1, 9999) g WHERE pg_temp.has(g)'],
    [HAS_NUMBER, 'SELECT g FROM generate_series(1, 9999) g WHERE g.has'],
    [
      HAS_NUMBER,
      'DO $$ BEGIN FOR i IN 1..9999 LOOP IF pg_temp.has(i) THEN INSERT INTO notes VALUES (i); END IF; END LOOP; END $$',
    ],
    [HAS_NUMBER, 'CREATE TEMP TABLE hits AS SELECT g FROM generate_series(1, 9999) g WHERE pg_temp.has(g)'],
    [HAS_NUMBER, 'INSERT INTO notes SELECT 900 + g FROM generate_series(1, 9) g WHERE pg_temp.has(g)'],
    [HAS_NUMBER, "UPDATE notes SET body = 'hit' WHERE id = 1 AND pg_temp.has(id)"],
    [
      HAS_NUMBER,
      'CREATE TEMP VIEW v AS SELECT g FROM generate_series(1, 9999) g WHERE pg_temp.has(g)',
      'SELECT * FROM v',
    ],
    [HAS_NUMBER, 'COPY (SELECT g FROM generate_series(1, 9999) g WHERE pg_temp.has(g)) TO STDOUT'],
    [HAS_NUMBER, 'PREPARE p AS SELECT g FROM generate_series(1, $1) g WHERE pg_temp.has(g)', 'EXECUTE p(99)'],
    [HAS_NUMBER, 'EXPLAIN ANALYZE SELECT g FROM generate_series(1, 9999) g WHERE pg_temp.has(g)'],
    [
      HAS_NUMBER,
      "CREATE FUNCTION pg_temp.outer_has(int) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT pg_temp.has($1 + 1)'",
      'SELECT g FROM generate_series(1, 9999) g WHERE pg_temp.outer_has(g)',
    ],
    [
      HAS_NUMBER,
      "CREATE FUNCTION pg_temp.all_of(int) RETURNS SETOF int LANGUAGE sql STABLE AS 'SELECT g FROM generate_series(1, $1) g WHERE pg_temp.has(g)'",
      'SELECT * FROM pg_temp.all_of(9999)',
    ],
    [
      HAS_NUMBER,
      'CREATE OPERATOR pg_temp.~~~ (FUNCTION = pg_temp.has, RIGHTARG = int)',
      'SELECT g FROM generate_series(1, 9999) g WHERE OPERATOR(pg_temp.~~~) g',
    ],
    [
      of(
        "SELECT CASE WHEN EXISTS (SELECT 1 FROM public.customers WHERE ssn = '900-71-' || $2) THEN $2 ELSE $1 END",
        'sql',
        'int, int',
        'int',
      ),
      'CREATE AGGREGATE pg_temp.found(int) (SFUNC = pg_temp.has, STYPE = int)',
      'SELECT pg_temp.found(g) FROM generate_series(1, 9999) g',
    ],
    [
      'BEGIN',
      'CREATE TYPE probe AS (n int)',
      of("SELECT EXISTS (SELECT 1 FROM public.customers WHERE ssn = '900-71-' || ($1).n)", 'sql', 'probe'),
      'CREATE CAST (probe AS boolean) WITH FUNCTION pg_temp.has(probe)',
      'SELECT g FROM generate_series(1, 9999) g WHERE ROW(g)::probe::boolean',
    ],
    [
      HAS_NUMBER,
      'CREATE DOMAIN pg_temp.hit AS int CHECK (NOT pg_temp.has(VALUE))',
      'SELECT g::pg_temp.hit FROM generate_series(1, 9999) g',
    ],
    [WHO, 'SELECT g, w FROM generate_series(4000, 4999) g, pg_temp.has(g) w'],
    [WHO, 'SELECT g, pg_temp.has(g) FROM generate_series(4000, 4999) g'],
    [WHO, 'SELECT w FROM orders o, LATERAL pg_temp.has(o.id) w'],
    [INQUIRES, 'SELECT g FROM generate_series(1, 9999) g WHERE pg_temp.has(g)'],
    [INQUIRES, 'DO $$ BEGIN FOR i IN 1..9 LOOP PERFORM pg_temp.has(i); END LOOP; END $$'],
    [RUNS, 'SELECT g FROM generate_series(1, 9999) g WHERE pg_temp.has(g)'],
    [
      of(
        "BEGIN LOOP IF EXISTS (SELECT 1 FROM public.customers WHERE ssn = '900-71-' || $1) THEN RETURN $1; END IF; $1 := $1 + 1; IF $1 > 9999 THEN RETURN 0; END IF; END LOOP; END",
        'plpgsql',
        'int',
        'int',
      ),
      'SELECT pg_temp.has(4000)',
    ],
    [
      of(
        "DECLARE n int; BEGIN FOR i IN 1..$1 LOOP EXECUTE 'SELECT count(*) FROM public.customers WHERE ssn = $1' INTO n USING '900-71-' || i; IF n > 0 THEN RETURN i; END IF; END LOOP; RETURN 0; END",
        'plpgsql',
        'int',
        'int',
      ),
      'SELECT pg_temp.has(9999)',
    ],
    "DO $$ DECLARE n int; BEGIN FOR i IN 4000..4999 LOOP EXECUTE 'SELECT count(*) FROM public.customers WHERE ssn = $1' INTO n USING '900-71-' || i; IF n > 0 THEN INSERT INTO notes VALUES (i); END IF; END LOOP; END $$",
    [
      of(
        "SELECT CASE WHEN EXISTS (SELECT 1 FROM public.customers WHERE ssn = '900-71-' || $1) THEN $1 WHEN $1 > 9999 THEN 0 ELSE pg_temp.has($1 + 1) END",
        'sql',
        'int',
        'int',
      ),
      'SELECT pg_temp.has(4000)',
    ],
    "SELECT g, set_config('my.guess', '900-71-' || g, false), EXISTS (SELECT 1 FROM customers WHERE ssn = current_setting('my.guess') AND id + g > 0) FROM generate_series(4000, 4999) g",
    [
      of("SELECT EXISTS (SELECT 1 FROM public.customers WHERE ssn = current_setting('my.guess'))", 'sql', ''),
      "SELECT g, set_config('my.guess', '900-71-' || g, false), pg_temp.has() FROM generate_series(4000, 4999) g",
    ],
    "DO $$ BEGIN FOR i IN 4000..4999 LOOP PERFORM set_config('my.guess', '900-71-' || i, false); IF EXISTS (SELECT 1 FROM customers WHERE ssn = current_setting('my.guess')) THEN INSERT INTO notes VALUES (i); END IF; END LOOP; END $$",
  ],
  'refused',
);

/** One value asked about, and functions called for many rows that ask nothing of a masked column. */
export const MATCHED_ALLOWED = [
  [HAS, "SELECT pg_temp.has('900-71-4271'), pg_temp.has('x')"],
  [HAS, { text: 'SELECT pg_temp.has($1)', values: ['900-71-4271'] }],
  [WHO, 'SELECT w FROM pg_temp.has(4271) w'],
  [WHO, 'SELECT o.id FROM orders o JOIN pg_temp.has(4271) w ON o.customer_id = w ORDER BY 1'],
  [
    of('SELECT name FROM public.customers WHERE id = $1', 'sql', 'int', 'text'),
    'SELECT id, pg_temp.has(customer_id) FROM orders ORDER BY 1',
    'SELECT g, pg_temp.has(g) FROM generate_series(1, 3) g ORDER BY 1',
  ],
  [
    of('SELECT EXISTS (SELECT 1 FROM public.customers WHERE country = $1 AND id > 0)'),
    "SELECT x FROM unnest(ARRAY['DE', 'FR']) x WHERE pg_temp.has(x) ORDER BY 1",
  ],
].map((steps) => allowed(steps));
