import { allowed } from './allowed.js';
import { type Attack, attacks } from './attack.js';

const within = (...steps: string[]): string[] => ['BEGIN', ...steps, 'ROLLBACK'];
const PUT = 'INSERT INTO customers (id, name, email, country)';
const HIT = 'quetzalone@canary.example';
const GUESSES = `SELECT 1000 + g, 'x', CASE g WHEN 77 THEN '${HIT}' ELSE 'q' || g END, 'X' FROM generate_series(1, 5000) g`;
const listed = (count: number): string =>
  Array.from({ length: count }, (_, n) => `(${1000 + n}, 'x', '${n === 3 ? HIT : `q${n}`}', 'X')`).join(', ');

/** A24: many values are tried against a column at once, and each is answered. */
export const GUESSED: readonly Attack[] = attacks(
  'A24',
  [
    `${PUT} ${GUESSES} ON CONFLICT DO NOTHING`,
    `${PUT} ${GUESSES} ON CONFLICT DO NOTHING RETURNING id`,
    `${PUT} ${GUESSES} ON CONFLICT (email) DO NOTHING`,
    `${PUT} ${GUESSES} ON CONFLICT (email) DO UPDATE SET name = 'hit' RETURNING id`,
    `${PUT} ${GUESSES} ON CONFLICT ON CONSTRAINT customers_email_key DO NOTHING`,
    `${PUT} VALUES ${listed(11)} ON CONFLICT DO NOTHING RETURNING id`,
    `${PUT} VALUES ${listed(40)} ON CONFLICT ON CONSTRAINT customers_email_key DO UPDATE SET name = 'hit'`,
    `${PUT} VALUES (1000 + generate_series(1, 500), 'x', 'q' || generate_series(1, 500), 'X') ON CONFLICT DO NOTHING`,
    `${PUT} SELECT 1000 + generate_series(1, 500), 'x', 'q' || generate_series(1, 500), 'X' ON CONFLICT (email) DO NOTHING`,
    `${PUT} SELECT * FROM (VALUES ${listed(11)}) v ON CONFLICT DO NOTHING`,
    `WITH g AS (${GUESSES}) ${PUT} TABLE g ON CONFLICT DO NOTHING`,
    `WITH i AS (${PUT} ${GUESSES} ON CONFLICT DO NOTHING RETURNING 1) SELECT count(*) FROM i`,
    `EXPLAIN ANALYZE ${PUT} ${GUESSES} ON CONFLICT DO NOTHING`,
    [`PREPARE p AS ${PUT} ${GUESSES} ON CONFLICT DO NOTHING`, 'EXECUTE p'],
    `INSERT INTO contacts (id, name, address) SELECT 1000 + g, 'x', 'q' || g FROM generate_series(1, 50) g ON CONFLICT DO NOTHING`,
    within(
      'CREATE UNIQUE INDEX us ON customers (ssn)',
      `INSERT INTO customers (id, name, email, ssn, country) SELECT 1000 + g, 'x', 'zz' || g, '900-71-' || g, 'X' FROM generate_series(4000, 4999) g ON CONFLICT DO NOTHING`,
    ).slice(0, 3),
    `DO $$ BEGIN ${PUT} ${GUESSES} ON CONFLICT DO NOTHING; END $$`,
    `DO $$ BEGIN FOR i IN 1..50 LOOP ${PUT} VALUES (1000 + i, 'x', 'q' || i, 'X') ON CONFLICT DO NOTHING; END LOOP; END $$`,
    `DO $$ DECLARE i int := 0; BEGIN WHILE i < 50 LOOP i := i + 1; BEGIN ${PUT} VALUES (1000 + i, 'x', 'q' || i, 'X'); EXCEPTION WHEN unique_violation THEN INSERT INTO notes VALUES (i, 'hit'); END; END LOOP; END $$`,
    `DO $$ DECLARE e text; BEGIN FOREACH e IN ARRAY ARRAY['a', 'b'] LOOP BEGIN UPDATE customers SET email = e WHERE id = 6; EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; END $$`,
    "SELECT g, tried('q' || g) FROM generate_series(1, 500) g",
    'SELECT tried(body) FROM notes',
    "DO $$ BEGIN FOR i IN 1..500 LOOP PERFORM tried('q' || i); END LOOP; END $$",
    "DO $$ BEGIN PERFORM tried('q' || g) FROM generate_series(1, 500) g; END $$",
    "SELECT g FROM generate_series(1, 500) g WHERE slipped('q' || g)",
    "SELECT tried_too('q' || g) FROM generate_series(1, 500) g",
    "SELECT slipped('q' || generate_series(1, 5))",
    "SELECT (SELECT slipped('q' || g)) FROM generate_series(1, 5) g",
    "SELECT * FROM generate_series(1, 5) g, LATERAL slipped('q' || g)",
    "SELECT slipped(x) FROM (VALUES ('a'), ('b')) v (x)",
    "SELECT count(*) FILTER (WHERE slipped('q' || id)) FROM orders WHERE id < 9",
    "INSERT INTO notes SELECT g + 900, slipped('q' || g)::text FROM generate_series(1, 3) g",
    "DO $$ DECLARE r record; BEGIN FOR r IN SELECT 'q' || g AS e FROM generate_series(1, 50) g LOOP PERFORM slipped(r.e); END LOOP; END $$",
    `DO $$ BEGIN ${Array.from({ length: 12 }, (_, n) => `BEGIN ${PUT} VALUES (${1000 + n}, 'x', 'q${n}', 'X'); EXCEPTION WHEN unique_violation THEN NULL; END;`).join(' ')} END $$`,
    `WITH a AS (${PUT} VALUES ${listed(6)} ON CONFLICT DO NOTHING RETURNING id), b AS (${PUT} VALUES ${listed(12).slice(listed(6).length + 2)} ON CONFLICT DO NOTHING RETURNING id) SELECT * FROM a, b`,
    "INSERT INTO german_contacts (id, a) SELECT g, 'q' || g FROM generate_series(1000, 1050) g ON CONFLICT DO NOTHING",
    `${PUT} SELECT * FROM unnest(ARRAY[1001, 1002], ARRAY['x', 'y'], ARRAY['q1', 'q2'], ARRAY['X', 'Y']) ON CONFLICT DO NOTHING RETURNING id`,
    'UPDATE notes SET body = slipped(body)::text WHERE id = 1',
    ...[
      `${PUT} ${GUESSES}`,
      `${PUT} VALUES ${listed(40)}`,
      "UPDATE customers SET email = CASE id WHEN 3 THEN 'quetzalone@canary.example' ELSE 'q' || id END WHERE id > 1",
      `MERGE INTO customers c USING (${GUESSES}) g (id, name, email, country) ON c.id = g.id WHEN NOT MATCHED THEN INSERT (id, name, email, country) VALUES (g.id, g.name, g.email, g.country)`,
      `DO $$ DECLARE e text; BEGIN FOREACH e IN ARRAY ARRAY['a1', 'b2', '${HIT}'] LOOP ${PUT} VALUES (ascii(e) * 10, 'x', e, 'X'); END LOOP; END $$`,
      `WITH i AS (${PUT} ${GUESSES} RETURNING id) SELECT count(*) FROM i`,
      "SELECT put_in(CASE g WHEN 7 THEN 'quetzalone@canary.example' ELSE 'q' || g END) FROM generate_series(1, 9) g",
      'COPY customers (id, name, email, country) FROM STDIN',
    ].map((load) => [
      load,
      load,
      load,
      load,
      load,
      `${PUT} SELECT 1000 + g, 'x', 'other' || g, 'X' FROM generate_series(1, 50) g`,
    ]),
    `DO $$ BEGIN BEGIN ${PUT} ${GUESSES}; EXCEPTION WHEN unique_violation THEN INSERT INTO notes VALUES (900, 'hit'); END; END $$`,
    `DO $$ BEGIN ${PUT} ${GUESSES}; EXCEPTION WHEN OTHERS THEN NULL; END $$`,
    `COPY (SELECT 1) TO STDOUT; ${PUT} ${GUESSES} ON CONFLICT DO NOTHING`,
  ],
  'refused',
);

/** What people load, and the values of one person. */
export const LOADED = [
  `${PUT} VALUES (1000, 'x', 'new@shop.example', 'X') ON CONFLICT (email) DO NOTHING RETURNING id`,
  `${PUT} VALUES (1001, 'x', 'new@shop.example', 'X') ON CONFLICT (email) DO UPDATE SET name = excluded.name RETURNING id`,
  `${PUT} VALUES (1000, 'x', 'new@shop.example', 'X') ON CONFLICT DO NOTHING`,
  `${PUT} VALUES (1000, 'y', 'new@shop.example', 'X'), (1002, 'z', 'z@shop.example', 'X') ON CONFLICT (id) DO UPDATE SET name = excluded.name`,
  `${PUT} SELECT 1003, 'x', 'third@shop.example', 'X' ON CONFLICT DO NOTHING`,
  `${PUT} SELECT 1004, 'x', 'third@shop.example', 'X' WHERE NOT EXISTS (SELECT 1 FROM customers WHERE email = 'third@shop.example')`,
  `${PUT} SELECT 2000 + g, 'Test ' || g, 'test' || g || '@shop.example', 'DE' FROM generate_series(1, 50) g`,
  `${PUT} VALUES ${Array.from({ length: 30 }, (_, n) => `(${3000 + n}, 'x', 'load${n}@shop.example', 'X')`).join(', ')} RETURNING id`,
  `${PUT} SELECT 2000 + g, 'Test ' || g, 'test' || g || '@shop.example', 'DE' FROM generate_series(1, 50) g ON CONFLICT (id) DO NOTHING`,
  'COPY customers (id, name, email, country) FROM STDIN',
  [
    'CREATE TABLE staged (id int, name text, email text, country text)',
    "INSERT INTO staged VALUES (4000, 'x', 's1@shop.example', 'X'), (4001, 'y', 's2@shop.example', 'Y')",
    `${PUT} SELECT id, name, email, country FROM staged`,
    `${PUT} SELECT id, name, email, country FROM staged ON CONFLICT (id) DO UPDATE SET country = excluded.country`,
    'INSERT INTO customers (id, name, email, country) TABLE staged ON CONFLICT (id) DO NOTHING',
    'DELETE FROM customers WHERE id IN (SELECT id FROM staged)',
  ],
  "INSERT INTO notes SELECT g, 'n' || g FROM generate_series(100, 200) g ON CONFLICT DO NOTHING",
  `DO $$ BEGIN ${PUT} VALUES (1005, 'x', 'fourth@shop.example', 'X'); EXCEPTION WHEN unique_violation THEN NULL; END $$`,
  'DO $$ BEGIN FOR i IN 300..320 LOOP INSERT INTO notes VALUES (i, i::text) ON CONFLICT DO NOTHING; END LOOP; END $$',
  `DO $$ BEGIN FOR i IN 1..20 LOOP ${PUT} VALUES (5000 + i, 'x', 'loop' || i || '@shop.example', 'X'); END LOOP; END $$`,
  "SELECT tried_too('fifth@shop.example')",
  "DO $$ BEGIN PERFORM slipped('sixth@shop.example'); END $$",
  'DELETE FROM customers WHERE id BETWEEN 1000 AND 7000',
].map((steps) => allowed(steps));

const PROBED = ["INSERT INTO customers (id, name, email, country) VALUES (500, 'm', 'pb', 'X')", 'ANALYZE customers'];
const asked = (query: string): string[] => within(...PROBED, query).slice(0, 4);

/** A24: what statistics say of a column by which a row of one's own is placed among the others. */
export const MEASURED: readonly Attack[] = [
  ...attacks(
    'A24',
    [
      "SELECT correlation FROM pg_stats WHERE tablename = 'customers' AND attname = 'email' AND NOT inherited",
      'SELECT correlation FROM pg_stats WHERE attname = $$email$$',
      "SELECT round(correlation::numeric, 2) FROM pg_catalog.pg_stats s WHERE s.tablename IN ('customers', 'orders') AND attname = 'email'",
      "SELECT n_distinct FROM pg_stats WHERE tablename = 'customers' AND attname = 'ssn'",
      "SELECT most_common_freqs FROM pg_stats WHERE tablename = 'customers' AND attname = 'country' OR attname = 'ssn'",
      "SELECT x.correlation FROM pg_stats x, pg_stats y WHERE y.tablename = 'orders' AND x.attname = 'card'",
      "SELECT n_distinct FROM pg_stats WHERE tablename::text = 'customers' AND attname = 'card'",
      "SELECT correlation FROM pg_stats WHERE tablename <> 'orders' AND attname = 'card'",
      "SELECT correlation FROM pg_stats WHERE NOT tablename = 'orders' AND attname = 'card'",
      "SELECT correlation FROM pg_stats WHERE tablename = 'staff' AND attname = 'salary'",
      "SELECT stanumbers1, stanumbers2, stadistinct FROM pg_statistic WHERE starelid = 'customers'::regclass",
      'SELECT n_distinct, dependencies FROM pg_stats_ext',
      'SELECT stxdndistinct, stxddependencies FROM pg_statistic_ext_data',
      "SELECT correlation FROM (SELECT * FROM pg_stats) s WHERE tablename = 'customers' AND attname = 'email'",
      "SELECT (SELECT correlation FROM pg_stats WHERE tablename = 'customers' AND attname = 'email' AND NOT inherited)",
      "SELECT (s).correlation FROM pg_stats s WHERE tablename = 'customers' AND attname = 'email'",
      "WITH s AS (SELECT * FROM pg_stats WHERE tablename = 'customers') SELECT correlation FROM s WHERE attname = 'email'",
      "SELECT correlation FROM pg_stats JOIN pg_class ON relname = tablename WHERE tablename = 'customers' AND attname = 'email'",
    ].map(asked),
    'masked',
  ),
  ...attacks(
    'A24',
    [
      "SELECT attname FROM pg_stats WHERE tablename = 'customers' AND correlation > 0.2",
      "SELECT 1 FROM pg_stats WHERE tablename = 'customers' AND attname = 'email' AND correlation BETWEEN 0.2 AND 0.3",
      "SELECT attname FROM pg_stats WHERE tablename = 'customers' ORDER BY correlation",
      "CREATE TABLE kept AS SELECT correlation FROM pg_stats WHERE tablename = 'customers'",
      "SELECT CASE WHEN correlation > 0.2 THEN 1 / 0 END FROM pg_stats WHERE tablename = 'customers'",
      "INSERT INTO notes SELECT 900, correlation::text FROM pg_stats WHERE attname = 'email' LIMIT 1",
    ].map(asked),
    'refused',
  ),
];

/** Statistics of tables without a masked column, and of any what says nothing of values. */
export const MEASURED_ALLOWED = [
  "SELECT attname, n_distinct, correlation, most_common_freqs FROM pg_stats WHERE schemaname = 'public' AND tablename = 'orders' ORDER BY 1",
  "SELECT s.attname, s.correlation FROM pg_stats s WHERE s.tablename IN ('orders', 'products') AND abs(s.correlation) >= 0 ORDER BY s.tablename, s.correlation, 1",
  "SELECT tablename, attname, null_frac, avg_width FROM pg_stats WHERE tablename = 'customers' ORDER BY 2, 3",
  "SELECT sum((1 - null_frac) * avg_width) > 0 FROM pg_stats WHERE schemaname = 'public'",
  "SELECT c.relname, s.attname, s.n_distinct FROM pg_class c JOIN pg_stats s ON s.tablename = c.relname WHERE s.tablename = 'products' ORDER BY 2",
].map((text) => allowed(text));

/** A24: an index by which rows come in the order of a column. */
export const SORTED: readonly Attack[] = attacks(
  'A24',
  [
    'CREATE INDEX ix ON customers (card) INCLUDE (id)',
    'CREATE INDEX ix ON customers (card) INCLUDE (id, name)',
    'CREATE UNIQUE INDEX ix ON customers (card, id)',
    'CREATE INDEX ix ON customers (country, card DESC, id)',
    'CREATE INDEX ix ON ONLY customers USING btree (lower(card), name)',
    'CREATE INDEX ix ON staff (salary) INCLUDE (name)',
    'CREATE INDEX ix ON wallets (number, id)',
    'ALTER TABLE customers ADD CONSTRAINT ix UNIQUE (card, id)',
    'ALTER TABLE customers ADD UNIQUE (card) INCLUDE (id)',
    'ALTER TABLE staff ADD EXCLUDE USING btree (badge WITH =, id WITH =)',
    'DO $$ BEGIN CREATE INDEX ix ON customers (card) INCLUDE (id); END $$',
  ],
  'refused',
);

/** Indexes as migrations make them. */
export const SORTED_ALLOWED = [
  'CREATE UNIQUE INDEX by_card ON customers (card)',
  'CREATE INDEX by_place ON customers (country, email)',
  'CREATE INDEX by_name ON customers (name, created DESC) INCLUDE (country)',
  "CREATE UNIQUE INDEX living ON customers (lower(email)) WHERE country <> 'XX'",
  'CREATE INDEX hashed ON customers USING hash (card)',
  'ALTER TABLE orders ADD CONSTRAINT once UNIQUE (customer_id, id)',
  'ALTER TABLE customers ADD CONSTRAINT placed UNIQUE (country, id, card)',
  'CREATE TABLE logins (email text, at timestamptz, ip inet, PRIMARY KEY (email, at), UNIQUE (email, ip))',
].map((text) => allowed(text));
