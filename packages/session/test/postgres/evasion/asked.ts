import { type Attack, attacks } from './attack.js';

/** A24: rows that come in the order of what they are grouped by, whichever way the server takes to group them. */
const GROUPED = attacks(
  'A24',
  [
    ['SET enable_hashagg=off', 'SELECT id FROM customers GROUP BY card, id'],
    ['SET enable_hashagg=off', 'SELECT DISTINCT card, id FROM customers'],
    ['SET enable_hashagg=off', 'SELECT id, max(name) FROM customers GROUP BY ssn, name, id'],
    ['SET enable_hashagg=off', 'SELECT ssn, id FROM customers UNION SELECT ssn, id FROM customers'],
    'SELECT DISTINCT email, id, name FROM customers',
    'SELECT DISTINCT p.id, c.card, c.id FROM products p, customers c',
    'SELECT DISTINCT c.country, c.card, c.id FROM customers c',
    'SELECT DISTINCT s.* FROM (SELECT card, id FROM customers) s',
    'SELECT c.id FROM customers c GROUP BY c.card, c.*',
    'SELECT c.id FROM customers c, staff s GROUP BY c.id, s.salary, s.id',
    'SELECT id FROM customers GROUP BY GROUPING SETS ((card, id))',
    'SELECT id FROM customers GROUP BY ROLLUP (card, id)',
    'SELECT id FROM customers GROUP BY (card, id)',
    'SELECT id, row_number() OVER (PARTITION BY card, id) FROM customers',
    'SELECT id FROM customers GROUP BY lower(card), id',
    'SELECT card, id FROM customers GROUP BY 1, 2',
    'SELECT DISTINCT ON (card, id) id FROM customers',
    'SELECT id FROM (SELECT DISTINCT card, id FROM customers) x',
  ],
  'refused',
);

/** A24: whether a number or a time fits into a smaller type, by how much it was divided, added to or moved. */
const FITTED = attacks(
  'A24',
  [
    'SELECT (salary/1.56)::smallint FROM staff WHERE id=1',
    'SELECT (salary/1.57)::smallint FROM staff WHERE id=1',
    'SELECT round(salary/1.56)::smallint FROM staff WHERE id=1',
    'SELECT max(salary/1.56)::smallint FROM staff',
    'SELECT (max(salary)/1.56)::smallint FROM staff',
    'SELECT (sum(salary)/3)::smallint FROM staff',
    'SELECT (avg(salary)/1.2)::smallint FROM staff',
    'SELECT (extract(epoch FROM hired)/40000)::smallint FROM staff',
    'SELECT (avg(salary)/1.5)::int2 FROM staff',
    'SELECT (sum(salary))::int FROM staff, generate_series(1, 41943) WHERE staff.id = 1',
    'SELECT sum(now() - hired) FROM staff, generate_series(1, 800000) WHERE staff.id = 1',
    'SELECT sum(age(hired)) FROM staff, generate_series(1, 10) WHERE staff.id = 1',
    'SELECT avg(coalesce(salary, 4294967000))::int FROM staff',
    "SELECT extract(epoch from age(hired, '2019-01-01'))::int FROM staff",
    "SELECT extract(epoch from hired at time zone interval '999999 hours')::int FROM staff",
    "SELECT extract(epoch from timezone('999999 hours'::interval, hired))::int FROM staff",
    "SELECT extract(epoch from (hired at time zone '+05:00')::time)::smallint FROM staff",
    "SELECT extract(year from hired + interval '9999 years' + interval '9999 years')::smallint FROM staff",
    'SELECT score / 99999999999999999 / 99999999999999999 / 99999999999999999 / 99999999999999999 / 99999999999999999 FROM staff',
    'SELECT (salary % 50000)::smallint FROM staff',
    'SELECT (salary / 60 / 12)::int FROM staff',
    'SELECT (salary / 1000)::smallint FROM staff',
    'SELECT (trunc(salary / 3, 0))::int FROM staff',
    'SELECT (coalesce(salary, 0) / 1.7)::int FROM staff',
    'SELECT (lag(salary) OVER (ORDER BY id) / 1.7)::int2 FROM staff',
    "SELECT to_char(salary / 1.7, '999')::int FROM staff",
    'SELECT (salary / 2.0::float8)::smallint FROM staff',
    'SELECT (badge / 2)::smallint FROM staff',
    [{ text: 'SELECT (salary / $1)::smallint FROM staff', values: ['1.57'] }],
    'SELECT (salary / 1.57)::numeric(4,0) FROM staff',
    'SELECT CAST(salary / 1.57 AS int2) FROM staff',
    'SELECT int2(salary / 1.57) FROM staff',
    'SELECT int4(salary / 1.57) FROM staff',
    'SELECT (extract(milliseconds FROM hired))::int2 FROM staff',
    "SELECT extract(day from age('2024-01-01'::timestamp, hired))::smallint FROM staff",
    "SELECT extract(year from age('34787-06-01'::timestamp, hired))::smallint FROM staff",
  ],
  'refused',
);

/** A19: conditions that leave out no row. */
const BOUNDED = [
  ...attacks(
    'A19',
    [
      'DELETE FROM orders WHERE id <= 10 OR id >= 11',
      'DELETE FROM orders WHERE id < 10 OR id > 9',
      "DELETE FROM tickets WHERE spans @> 'empty'::int4range",
      "DELETE FROM tickets WHERE 'empty'::int4range <@ spans",
      'DELETE FROM tickets WHERE spans @> int4range(1, 1)',
      "DELETE FROM orders WHERE placed_at < now() + interval '600 months'",
      "DELETE FROM orders WHERE placed_at < now() + interval '99999 hours'",
      "DELETE FROM orders WHERE placed_at > now() - interval '600 months'",
      "DELETE FROM orders WHERE placed_at > now() - interval '999999 hours'",
      'DELETE FROM orders WHERE id BETWEEN -1 AND 99999999',
      'DELETE FROM orders WHERE id BETWEEN 0 AND 2147483647',
      "DELETE FROM orders WHERE age(placed_at) > '-1 day'",
      "DELETE FROM orders WHERE now() - placed_at > '-1 day'",
      "DELETE FROM orders WHERE age(placed_at) > interval '0'",
      ['BEGIN', 'CREATE TEMP TABLE ids (x int)', 'DELETE FROM orders WHERE id IN (SELECT id FROM ids)'],
      [
        'BEGIN',
        'CREATE TEMP TABLE ids AS SELECT id AS x FROM orders',
        'DELETE FROM orders WHERE id IN (SELECT id FROM ids)',
      ],
      'DELETE FROM orders WHERE id > 10 OR id <= 10',
      'DELETE FROM orders WHERE NOT (id > 10 AND id < 11)',
      "DELETE FROM orders WHERE now() - placed_at >= '0'",
      'DELETE FROM orders WHERE id < 99999999',
      "DELETE FROM orders WHERE placed_at < now() + '10 years'",
    ],
    'refused',
  ),
];

/** A20: what is dropped if it is there, and is. */
const DROPPED = [
  ...attacks(
    'A20',
    [
      'DROP INDEX IF EXISTS customers_ssn',
      'DROP TRIGGER IF EXISTS snare_trigger ON snare',
      'DROP FUNCTION IF EXISTS ssn_of(int)',
      'DROP SCHEMA IF EXISTS shadow CASCADE',
      'DROP TYPE IF EXISTS contact CASCADE',
      'DROP MATERIALIZED VIEW IF EXISTS wallets',
      'DROP EXTENSION IF EXISTS citext',
      'DROP RULE IF EXISTS trap_rule ON trap',
      'ALTER TABLE orders DROP COLUMN IF EXISTS total',
      'ALTER TABLE orders DROP CONSTRAINT IF EXISTS orders_pkey',
      'ALTER TABLE orders DROP COLUMN IF EXISTS nope, DROP COLUMN IF EXISTS total',
      'ALTER INDEX customers_ssn RENAME TO nope_idx; DROP INDEX IF EXISTS nope_idx',
      'ALTER TABLE orders RENAME COLUMN total TO nope; ALTER TABLE orders DROP COLUMN IF EXISTS nope',
      'DO $$ BEGIN ALTER TABLE orders RENAME COLUMN total TO nope; ALTER TABLE orders DROP COLUMN IF EXISTS nope; END $$',
      'DROP TABLE IF EXISTS not_there, notes',
      'DROP INDEX IF EXISTS not_there_idx, customers_ssn',
      'ALTER TABLE orders RENAME COLUMN total TO nope; ALTER TABLE orders DROP COLUMN IF EXISTS nope',
      'ALTER TABLE notes RENAME TO o2; ALTER TABLE o2 DROP COLUMN IF EXISTS body',
      'ALTER TABLE orders DROP COLUMN IF EXISTS nope, DROP COLUMN total',
      'DROP FUNCTION IF EXISTS ssn_of',
      'DROP ROUTINE IF EXISTS purge',
    ],
    'refused',
  ),
  ...attacks(
    'A20',
    [
      [
        'BEGIN',
        'ALTER TABLE orders RENAME COLUMN total TO nope',
        'ALTER TABLE orders DROP COLUMN IF EXISTS nope',
        'COMMIT',
      ],
      ['BEGIN', 'ALTER INDEX customers_ssn RENAME TO nope_idx', 'DROP INDEX IF EXISTS nope_idx', 'COMMIT'],
      'ALTER FUNCTION ssn_of(int) RENAME TO nope_f; DROP FUNCTION IF EXISTS nope_f(int)',
      [
        'BEGIN',
        'ALTER TABLE orders RENAME COLUMN total TO nope',
        'ALTER TABLE orders DROP COLUMN IF EXISTS nope',
        'COMMIT',
      ],
      ['BEGIN', 'ALTER TABLE orders RENAME TO o2', 'ALTER TABLE o2 DROP COLUMN IF EXISTS total', 'COMMIT'],
      'ALTER TABLE notes RENAME TO o2; ALTER VIEW revenue RENAME TO notes; ALTER TABLE o2 DROP COLUMN IF EXISTS body',
      [
        'BEGIN',
        'ALTER TRIGGER snare_trigger ON snare RENAME TO nope',
        'DROP TRIGGER IF EXISTS nope ON snare',
        'COMMIT',
      ],
      ['BEGIN', 'ALTER SCHEMA shadow RENAME TO nope', 'DROP SCHEMA IF EXISTS nope CASCADE', 'COMMIT'],
      ['BEGIN', 'ALTER TYPE contact RENAME TO nope', 'DROP TYPE IF EXISTS nope CASCADE', 'COMMIT'],
      [
        'BEGIN',
        'ALTER TABLE orders RENAME CONSTRAINT orders_pkey TO nope',
        'ALTER TABLE orders DROP CONSTRAINT IF EXISTS nope',
        'COMMIT',
      ],
    ],
    'no trace',
  ),
];

/** A24: how many values differ: the number is masked, and what goes by it refused. */
const COUNTED = [
  ...attacks(
    'A24',
    [
      'SELECT 1 / (count(DISTINCT ssn) - 1) FROM customers',
      'SELECT country FROM customers GROUP BY country HAVING count(DISTINCT ssn) > 1',
      'SELECT country FROM customers GROUP BY country ORDER BY count(DISTINCT ssn)',
      'SELECT id FROM customers LIMIT (SELECT count(DISTINCT ssn) FROM customers)',
      'SELECT generate_series(1, count(DISTINCT ssn)) FROM customers',
      'SET plpgsql.variable_conflict = use_variable',
    ],
    'refused',
  ),
  ...attacks(
    'A24',
    [
      'SELECT count(DISTINCT ssn) FROM customers WHERE id IN (1, 2)',
      'SELECT array_agg(DISTINCT card) FROM customers',
      "SELECT count(DISTINCT x) FROM (SELECT ssn AS x FROM customers WHERE id = 1 UNION ALL SELECT '900-71-' || g FROM generate_series(4000, 5000) g) s",
    ],
    'masked',
  ),
];

export const ASKED: readonly Attack[] = [...GROUPED, ...FITTED, ...BOUNDED, ...DROPPED, ...COUNTED];
