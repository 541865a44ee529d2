import { type Allowed, allowed } from './allowed.js';
import { type Attack, attacks } from './attack.js';

const SSN = '(SELECT ssn FROM customers WHERE id = 1)';
const ZZ = 'DECLARE zz CURSOR FOR SELECT ssn FROM customers ORDER BY id';
const told = (body: string, declares = "c refcursor := 'zz'; r text") =>
  `DO $$ DECLARE ${declares}; BEGIN ${body} END $$`;
const KEEP = "PERFORM set_config('app.leak', r, false);";

/** What is given to a named statement, and what code reads of names that it did not give. */
export const EXECUTED: readonly Attack[] = [
  ...attacks('A22', [
    ['PREPARE p(text) AS SELECT $1', 'EXECUTE p(ssn_of(1))'],
    ["PREPARE p(text) AS SELECT 'x' || $1", `EXECUTE p(${SSN})`],
    ["PREPARE p(text) AS SELECT md5($1), encode(convert_to($1, 'UTF8'), 'hex')", 'EXECUTE p(ssn_of(1))'],
    ['PREPARE p AS SELECT $1::text', 'EXECUTE p(ssn_of(1))'],
    ['PREPARE p(text) AS UPDATE notes SET body = $1 WHERE id = 1', 'EXECUTE p(ssn_of(1))'],
    ['PREPARE p(text) AS INSERT INTO notes VALUES (960, $1) RETURNING body', 'EXECUTE p(ssn_of(1))'],
    ["PREPARE p(text) AS SELECT set_config('app.x', $1, false)", 'EXECUTE p(ssn_of(1))', 'SHOW app.x'],
    ['PREPARE p(customers) AS SELECT ($1).ssn', 'EXECUTE p((SELECT c FROM customers c WHERE id = 1))'],
    ['PREPARE p(customers) AS SELECT ($1).*', 'EXECUTE p((SELECT c FROM customers c WHERE id = 1))'],
    ['PREPARE p(text[]) AS SELECT unnest($1)', 'EXECUTE p(ARRAY(SELECT ssn FROM customers))'],
    ['PREPARE p(text) AS SELECT $1 AS a', 'CREATE TEMP TABLE z1 AS EXECUTE p(ssn_of(1))', 'TABLE z1'],
    ['PREPARE p(text) AS WITH w AS (SELECT $1 AS a) SELECT b.a FROM w b', 'EXECUTE p(ssn_of(1))'],
    ["PREPARE p(text) AS SELECT body || $1 FROM notes UNION SELECT 'x'", 'EXECUTE p(ssn_of(1))'],
    ['PREPARE p(text) AS SELECT body FROM notes WHERE body = $1', 'EXPLAIN EXECUTE p(ssn_of(1))'],
    ['PREPARE p(text) AS SELECT body FROM notes WHERE body = $1', 'EXPLAIN ANALYZE EXECUTE p(ssn_of(1))'],
    'PREPARE p(text) AS SELECT $1; EXECUTE p(ssn_of(1))',
    [
      'PREPARE p(text) AS SELECT $1',
      "DO $$ DECLARE r text; BEGIN EXECUTE 'EXECUTE p(ssn_of(1))' INTO r; PERFORM set_config('app.leak', r, false); END $$",
      'SHOW app.leak',
    ],
    [
      "CREATE FUNCTION pg_temp.put(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT set_config('app.leak', t, false) $$",
      'SELECT count(pg_temp.put(ssn)) FROM customers',
      'SHOW app.leak',
    ],
    [
      "CREATE PROCEDURE pg_temp.put(t text) LANGUAGE sql AS $$ SELECT set_config('app.leak', t, false) $$",
      `CALL pg_temp.put(${SSN})`,
      'SHOW app.leak',
    ],
  ]),
  ...attacks(
    'A22',
    [
      ['PREPARE p(int) AS SELECT count(*) FROM generate_series(1, $1)', 'EXECUTE p(ascii(ssn_of(1)))'],
      ['PREPARE p(int) AS SELECT g FROM generate_series(1, 100) g LIMIT $1', 'EXECUTE p(ascii(ssn_of(1)))'],
      ['PREPARE p(text) AS SELECT id FROM notes WHERE $1 LIKE $$9%$$', 'EXECUTE p(ssn_of(1))'],
      ['PREPARE p(text) AS SELECT id FROM notes WHERE $1 > $$9$$', 'EXECUTE p(ssn_of(1))'],
      ['PREPARE p(text) AS SELECT 1 / (ascii($1) - 57)', 'EXECUTE p(ssn_of(1))'],
      ['PREPARE p(int) AS SELECT 1', `EXECUTE p(${SSN}::int)`],
      ['PREPARE p(smallint) AS SELECT 1', 'EXECUTE p((SELECT badge FROM staff WHERE id = 1))'],
      ['PREPARE p(text) AS SELECT id FROM customers WHERE ssn = $1', 'EXECUTE p((SELECT max(body) FROM notes))'],
      [
        'PREPARE p(text) AS SELECT id FROM notes ORDER BY CASE WHEN $1 > $$9$$ THEN id ELSE -id END',
        'EXECUTE p(ssn_of(1))',
      ],
    ],
    'masked',
  ),
  ...attacks('A22', [
    ['BEGIN', ZZ, told(`FETCH c INTO r; ${KEEP}`), 'SHOW app.leak'],
    [
      'BEGIN',
      ZZ,
      told(`MOVE c; FETCH RELATIVE 1 FROM c INTO r; INSERT INTO notes VALUES (961, r);`),
      'SELECT body FROM notes WHERE id = 961',
      'COMMIT',
    ],
    ['BEGIN', ZZ, told(`c := 'zz'; FETCH c INTO r; ${KEEP}`, 'c refcursor; r text'), 'SHOW app.leak'],
    ['BEGIN', ZZ, told(`SELECT 'zz' INTO c; FETCH c INTO r; ${KEEP}`, 'c refcursor; r text'), 'SHOW app.leak'],
    ['BEGIN', ZZ, told(`c := 'zz'; FETCH c INTO r; ${KEEP}`, 'c CURSOR FOR SELECT 1; r text'), 'SHOW app.leak'],
    [
      'BEGIN',
      ZZ,
      told(`FOR c IN SELECT 'zz' LOOP FETCH c INTO r; ${KEEP} END LOOP;`, 'c refcursor; r text'),
      'SHOW app.leak',
    ],
    [
      'BEGIN',
      ZZ,
      told(`FOREACH c IN ARRAY ARRAY['zz'] LOOP FETCH c INTO r; ${KEEP} END LOOP;`, 'c refcursor; r text'),
      'SHOW app.leak',
    ],
    [
      'BEGIN',
      ZZ,
      told(
        `BEGIN RAISE EXCEPTION 'zz'; EXCEPTION WHEN others THEN GET STACKED DIAGNOSTICS c = MESSAGE_TEXT; FETCH c INTO r; ${KEEP} END;`,
        'c refcursor; r text',
      ),
      'SHOW app.leak',
    ],
    ['BEGIN', ZZ, told(`IF false THEN OPEN c FOR SELECT 'x'; END IF; FETCH c INTO r; ${KEEP}`), 'SHOW app.leak'],
    ['BEGIN', ZZ, told(`EXECUTE 'FETCH zz' INTO r; ${KEEP}`, 'r text'), 'SHOW app.leak'],
    [
      'BEGIN',
      ZZ,
      told(`RAISE NOTICE '%', 1; FETCH c INTO r; EXECUTE 'SELECT $1' INTO r USING r; ${KEEP}`),
      'SHOW app.leak',
    ],
    [
      'PREPARE pq AS SELECT ssn FROM customers',
      told(`EXECUTE 'EXECUTE pq' INTO r; ${KEEP}`, 'r text'),
      'SHOW app.leak',
    ],
    [
      'PREPARE pq AS SELECT ssn FROM customers',
      told(`FOR r IN EXECUTE 'EXECUTE pq' LOOP ${KEEP} END LOOP;`, 'r text'),
      'SHOW app.leak',
    ],
    ['BEGIN', ZZ, "SELECT read_cursor('zz')"],
    ['BEGIN', ZZ, "SELECT * FROM read_cursor_all('zz')"],
    ['BEGIN', ZZ, "SELECT keep_cursor('zz')", 'SHOW app.leak'],
    ['BEGIN', ZZ, told("PERFORM keep_cursor('zz');", 'r text'), 'SHOW app.leak'],
    ['BEGIN', ZZ, 'SELECT keep_named()', 'SHOW app.leak'],
    ['PREPARE pq AS SELECT ssn FROM customers', 'SELECT keep_prepared()', 'SHOW app.leak'],
    [
      'BEGIN',
      'SELECT open_hidden()',
      told(`FETCH c INTO r; ${KEEP}`, "c refcursor := 'hidden'; r text"),
      'SHOW app.leak',
    ],
    ['BEGIN', 'SELECT open_hidden()', "SELECT read_cursor('hidden')"],
    ['BEGIN', 'SELECT open_hidden()', 'FETCH ALL FROM hidden'],
    ['SELECT keep_ssn(1)', 'SHOW app.leak'],
    ['SELECT count(keep_quietly(ssn)) FROM customers', 'SHOW app.leak'],
    ['SELECT keep_quietly(ssn_of(1)) IS NULL', 'SHOW app.leak'],
    ['DO $$ BEGIN PERFORM keep_quietly(ssn) FROM customers; END $$', 'SHOW app.leak'],
    // Names that stood for something plain, given anew inside of code.
    [
      'BEGIN',
      'DECLARE zz CURSOR FOR SELECT name FROM products',
      told('CLOSE c; OPEN c FOR SELECT ssn FROM customers;', "c refcursor := 'zz'"),
      'FETCH ALL FROM zz',
    ],
    [
      'BEGIN',
      'DECLARE zz CURSOR FOR SELECT name FROM products',
      told('CLOSE c; OPEN d;', "c refcursor := 'zz'; d CURSOR FOR SELECT ssn FROM customers").replace(
        'CLOSE c;',
        "CLOSE c; d := 'zz';",
      ),
      'FETCH ALL FROM zz',
    ],
    [
      'PREPARE pq AS SELECT name FROM products',
      told('DEALLOCATE pq; PREPARE pq AS SELECT ssn AS name FROM customers;', 'r text'),
      'EXECUTE pq',
    ],
    [
      'PREPARE pq AS SELECT name FROM products',
      told("EXECUTE 'DEALLOCATE pq'; EXECUTE 'PREPARE pq AS SELECT ssn AS name FROM customers';", 'r text'),
      'EXECUTE pq',
    ],
    [
      told("EXECUTE 'PREPARE pq AS SELECT ssn FROM customers';", 'r text'),
      'CREATE TEMP TABLE z2 AS EXECUTE pq',
      'TABLE z2',
    ],
    ['BEGIN', 'DECLARE zz CURSOR FOR SELECT name FROM products', 'SELECT open_anew()', 'FETCH ALL FROM zz'],
    ['PREPARE pq AS SELECT name FROM products', 'SELECT prepare_anew()', 'EXECUTE pq'],
  ]),
];

/** The same, of what nobody hides. */
export const EXECUTED_ALLOWED: readonly Allowed[] = [
  allowed([
    'PREPARE q1 (int, text) AS SELECT id, name, $2 FROM customers WHERE id = $1',
    "EXECUTE q1(1, 'a')",
    'EXECUTE q1(length(version()) * 0 + 2, (SELECT body FROM notes WHERE id = 1))',
    'PREPARE q2 (text) AS SELECT name FROM customers WHERE ssn = $1',
    "EXECUTE q2('900-71-4271')",
    'EXPLAIN (COSTS OFF) EXECUTE q1(1, NULL)',
    'CREATE TEMP TABLE kept AS EXECUTE q1(3, lower(current_user::text))',
    'SELECT id, name FROM kept',
    'DROP TABLE kept',
    'PREPARE q3 (orders) AS SELECT ($1).total',
    'EXECUTE q3((SELECT o FROM orders o WHERE id = 3))',
    'PREPARE q4 (int) AS SELECT count(*) FROM generate_series(1, $1)',
    'EXECUTE q4((SELECT count(*)::int FROM orders))',
    'PREPARE q5 AS SELECT ssn, id FROM customers ORDER BY id',
    'DEALLOCATE ALL',
  ]),
  allowed(['PREPARE q5 (text) AS SELECT ssn, $1 FROM customers ORDER BY id', "EXECUTE q5('a')"], 0),
  allowed([
    'BEGIN',
    'DO $$ DECLARE c refcursor; r record; n int := 0; BEGIN OPEN c FOR SELECT id, total FROM orders; LOOP FETCH c INTO r; EXIT WHEN NOT FOUND; n := n + r.id; END LOOP; CLOSE c; INSERT INTO notes VALUES (700, n); END $$',
    'DO $$ DECLARE c CURSOR (least int) FOR SELECT id FROM orders WHERE id > least; n int; BEGIN OPEN c(5); FETCH LAST FROM c INTO n; MOVE PRIOR FROM c; CLOSE c; INSERT INTO notes VALUES (701, n); FOR r IN c(18) LOOP n := r.id; END LOOP; END $$',
    "DO $$ DECLARE n int; t text; BEGIN EXECUTE 'SELECT count(*) FROM orders WHERE id > $1' INTO n USING 5; EXECUTE 'SELECT name FROM customers WHERE id = 1' INTO t; INSERT INTO notes VALUES (702, n || t); END $$",
    'CREATE FUNCTION listed(refcursor) RETURNS refcursor LANGUAGE plpgsql AS $$ BEGIN OPEN $1 FOR SELECT id, name FROM products ORDER BY id; RETURN $1; END $$',
    'SELECT id, body FROM notes ORDER BY id',
    'ROLLBACK',
  ]),
];
