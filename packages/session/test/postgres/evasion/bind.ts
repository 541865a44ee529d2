import * as w from '../../../../protocols/test/postgres/wire.js';
import { allowed } from './allowed.js';
import { attacks, type Step } from './attack.js';
import type { WireAttack } from './wire.js';

const given = (text: string, ...values: (string | null)[]): Step => ({ text, values });
const where = (condition: string, ...values: (string | null)[]): Step[] => [
  given(`DELETE FROM orders WHERE ${condition}`, ...values),
];

/** What a Bind gives, for which a condition leaves out no row. */
const GIVEN: readonly Step[][] = [
  where('id <> ALL ($1)', '{}'),
  where('id <> ALL ($1::int[])', '{-1,0}'),
  where('NOT (id = ANY ($1))', '{}'),
  where('NOT id = ANY ($1) AND id > $2', '{}', '0'),
  where('status LIKE $1', '%'),
  where('status ILIKE $1', '%%'),
  where("status LIKE '%' || $1 || '%'", ''),
  where("status LIKE concat($1::text, '%')", ''),
  where('status LIKE ANY ($1)', '{a,%}'),
  where('status ~ $1', '.*'),
  where('status ~ $1', ''),
  where('status !~ $1', '^$a'),
  where('status SIMILAR TO $1', '%'),
  where('starts_with(status, $1)', ''),
  where('id >= $1', '0'),
  where('id > $1', '-1'),
  where('id < $1', '2147483647'),
  where('id > $1 + $2', '-5', '2'),
  where('id <> $1', '-1'),
  where('id <> $1', '0'),
  where('id NOT IN ($1, $2)', '-1', '-2'),
  where('id BETWEEN $1 AND $2', '0', '2147483647'),
  where('id NOT BETWEEN $1 AND $2', '5', '1'),
  where('total >= $1', '0'),
  where('placed_at > $1', '-infinity'),
  where('placed_at > $1', '1970-01-01'),
  where('placed_at < $1', '9999-12-31'),
  where("placed_at > now() - ($1 || ' years')::interval", '1000'),
  where('placed_at > now() - $1::interval', '300 years'),
  where('placed_at > now() - make_interval(years => $1)', '500'),
  where("placed_at < $1::date + interval '900 years'", '2024-01-01'),
  where('id * $1 = 0', '0'),
  where('id & $1 = 0', '0'),
  where('id % $1 = 0', '1'),
  where("left(status, $1) = ''", '0'),
  where("replace(status, status, $1) = ''", ''),
  where('coalesce($1, id) = id', null),
  where('id = coalesce($1, id)', null),
  where('id = id + $1', '0'),
  where('$1', 't'),
  where('$1::boolean', 'true'),
  where('id = $1 OR $2', '1', 't'),
  where('id = $1 OR $2::int IS NULL', '1', null),
  where('$1::text IS NULL OR status = $1', null),
  where('(id = $1) IS NOT TRUE', null),
  where('(id = $1) IS NOT TRUE', '-1'),
  where('(id = 1 AND id = $1) IS NOT TRUE', '2'),
  where('NOT (id = $1 AND id = $2)', '1', '2'),
  where('id IS DISTINCT FROM $1', '-1'),
  where('id IS DISTINCT FROM $1::int', null),
  where('id <> $1 OR id <> $2', '1', '2'),
  where('id % 2 = $1 OR id % 2 = $2', '0', '1'),
  where('id < $1 OR id > $2', '9', '5'),
  where('(id, total) > ($1, $2)', '0', '0'),
  where('id <@ $1::int4range', '[0,)'),
  where('id = ANY (ARRAY(SELECT id FROM orders LIMIT $1))', '1000000'),
  where('id IN (SELECT id FROM orders LIMIT $1)', '1000000'),
  where('id IN (SELECT id FROM orders ORDER BY id FETCH FIRST $1 ROWS ONLY)', '1000'),
  where('id IN (SELECT id FROM orders WHERE id > $1)', '0'),
  where('EXISTS (SELECT FROM orders o WHERE o.id = orders.id AND o.id > $1)', '0'),
  where('CASE WHEN id = $1 THEN true ELSE $2 END', '1', 't'),
  [given('UPDATE orders SET status = $2 WHERE id > $1', '0', 'x')],
  [given('UPDATE orders o SET total = 0 FROM (SELECT id FROM orders WHERE id > $1) s WHERE s.id = o.id', '0')],
  [given('WITH s AS (SELECT id FROM orders WHERE id >= $1) DELETE FROM orders WHERE id IN (SELECT id FROM s)', '0')],
  [given('WITH s AS (SELECT id FROM orders LIMIT $1) DELETE FROM orders USING s WHERE s.id = orders.id', '100000')],
  [given('WITH d AS (DELETE FROM orders WHERE id > $1 RETURNING 1) SELECT count(*) FROM d', '0')],
  [given('MERGE INTO orders o USING orders s ON o.id = s.id AND o.id > $1 WHEN MATCHED THEN DELETE', '0')],
  [
    given(
      "INSERT INTO orders SELECT * FROM orders ON CONFLICT (id) DO UPDATE SET status = 'x' WHERE orders.id > $1",
      '0',
    ),
  ],
  [given('EXPLAIN ANALYZE DELETE FROM orders WHERE id > $1', '0')],
  [given('UPDATE writable SET status = $1 WHERE id > $2', 'x', '0')],
];

/** The same by EXECUTE, with what stands there in the text. */
const EXECUTED: readonly (readonly string[])[] = [
  ['PREPARE d(int[]) AS DELETE FROM orders WHERE id <> ALL ($1)', "EXECUTE d('{}')"],
  ['PREPARE d(int[]) AS DELETE FROM orders WHERE id <> ALL ($1)', 'EXECUTE d(ARRAY[]::int[])'],
  ['PREPARE d(text) AS DELETE FROM orders WHERE status LIKE $1', "EXECUTE d('%')"],
  ['PREPARE d(text) AS DELETE FROM orders WHERE status LIKE $1', "EXECUTE d('%' || '%')"],
  ['PREPARE d(int) AS DELETE FROM orders WHERE id >= $1', 'EXECUTE d(0)'],
  ['PREPARE d(int) AS DELETE FROM orders WHERE id >= $1', 'EXECUTE d((SELECT 0))'],
  ['PREPARE d(int) AS DELETE FROM orders WHERE id >= $1', 'EXECUTE d((SELECT min(id) FROM orders))'],
  ['PREPARE d(int) AS DELETE FROM orders WHERE id >= $1', 'EXPLAIN ANALYZE EXECUTE d(0)'],
  ['PREPARE d(int) AS DELETE FROM orders WHERE id >= $1', 'EXECUTE d(500)', 'EXECUTE d(-1)'],
  ['PREPARE d AS DELETE FROM orders WHERE id IN (SELECT id FROM orders LIMIT $1)', 'EXECUTE d(1000000)'],
  ["PREPARE d(int) AS UPDATE orders SET status = 'x' WHERE id <> $1", 'EXECUTE d(-1)'],
];

/** Conditions that say nothing, by their own parts. */
const CONTRADICTIONS = [
  'NOT (id = 1 AND id = 2)',
  'NOT (id = 1 AND (total = 5 AND id = 2))',
  "NOT (status = 'a' AND NOT status = 'a')",
  '(id = 1 AND id = 2) IS NOT TRUE',
  '(id = NULL) IS NOT TRUE',
  'NOT (total > 500 AND total < 3)',
  'NOT (id % 2 = 0 AND id % 2 = 1)',
  "status <> 'a' OR (total = 5 OR status <> 'b')",
  "(status <> 'a' AND status <> 'c') OR status <> 'b'",
  'CASE WHEN id = 1 THEN true ELSE true END',
  'NOT CASE WHEN id = 1 THEN false ELSE false END',
  'coalesce(status = status, true)',
  'id IN (SELECT id FROM orders LIMIT 1000000)',
  'id IN (SELECT id FROM orders LIMIT 1000)',
  'id IN (SELECT id FROM orders ORDER BY id LIMIT 10 ^ 6)',
  'id IN (SELECT id FROM orders ORDER BY id FETCH FIRST 5000 ROWS ONLY)',
  'id IN (SELECT id FROM orders ORDER BY status FETCH FIRST 1 ROWS WITH TIES)',
  'ctid = ANY (ARRAY(SELECT ctid FROM orders LIMIT 100000))',
  'id IN (SELECT id FROM orders TABLESAMPLE SYSTEM (100))',
  "placed_at < '2024-01-01'::date + 999999",
  "placed_at > now() - 99999 * interval '1 day'",
].map((condition) => `DELETE FROM orders WHERE ${condition}`);

const looped = (declared: string, ...body: readonly string[]): string =>
  `DO $$ DECLARE x int; ids int[]${declared}; BEGIN ${body.join('; ')}; END $$`;
const EACH = 'LOOP DELETE FROM orders WHERE id = x; END LOOP';

/** Rows one after the other, out of an array of all. */
const LOOPED = [
  looped('', `FOREACH x IN ARRAY (SELECT array_agg(id) FROM orders) ${EACH}`),
  looped(' := ARRAY(SELECT id FROM orders)', `FOREACH x IN ARRAY ids ${EACH}`),
  looped('', 'SELECT array_agg(id) INTO ids FROM orders', `FOREACH x IN ARRAY ids ${EACH}`),
  looped('', 'ids := (SELECT array_agg(id) FROM orders)', `FOREACH x IN ARRAY ids[1:1000] ${EACH}`),
  looped('', 'ids := ARRAY(SELECT id FROM orders)', 'DELETE FROM orders WHERE id = ANY (ids)'),
];

/** Definitions that lose what is there, or give away what others have. */
const LOSSES = [
  'ALTER TABLE products ALTER COLUMN name TYPE varchar(1) USING left(name, 1)',
  'ALTER TABLE products ALTER COLUMN name TYPE varchar(1) USING name::varchar(1)',
  'ALTER TABLE products ALTER COLUMN name TYPE text USING NULL',
  "ALTER TABLE products ALTER COLUMN name TYPE text USING 'x'",
  'ALTER TABLE products ALTER COLUMN name TYPE text USING name::varchar(1)::text',
  'ALTER TABLE products ALTER COLUMN name TYPE "char"',
  'ALTER TABLE products ALTER COLUMN price TYPE int',
  'ALTER TABLE products ALTER COLUMN price TYPE numeric(10, 0)',
  'ALTER TABLE products ALTER COLUMN price TYPE numeric(10, 2) USING 0',
  'ALTER TABLE orders ALTER COLUMN placed_at TYPE date',
  'ALTER TABLE orders ALTER COLUMN placed_at TYPE timestamptz(0)',
  'ALTER TABLE orders ALTER COLUMN placed_at TYPE timestamptz USING now()',
  'ALTER TABLE orders ALTER COLUMN status SET DATA TYPE text USING id::text',
  'CREATE SCHEMA theirs AUTHORIZATION pg_monitor',
  'CREATE SCHEMA AUTHORIZATION pg_monitor',
  "CREATE FUNCTION leaks(text) RETURNS boolean LANGUAGE sql LEAKPROOF AS 'SELECT true'",
  'ALTER FUNCTION total_with_tax(numeric) LEAKPROOF',
];

/** A19: writes of all rows, by what is only known as they are bound. */
export const BOUND = [
  ...attacks('A19', [...GIVEN, ...EXECUTED, ...CONTRADICTIONS, ...LOOPED]),
  ...attacks('A19', LOSSES, 'refused'),
];

const [INT4, INT8, TEXT, INTS, TIMESTAMPTZ, NUMERIC, JSONB] = [23, 20, 25, 1007, 1184, 1700, 3802];
const i64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
};
/** A Parse with types (0: none is told), and a Bind in binary. */
const binary = (text: string, type: number, value: Uint8Array | number[], portal = '', statement = '') => [
  w.frame('P', w.z(statement), w.z(text), ...(type === 0 ? [w.i16(0)] : [w.i16(1), w.i32(type)])),
  w.frame('B', w.z(portal), w.z(statement), w.i16(1), w.i16(1), w.i16(1), w.i32(value.length), value, w.i16(0)),
];
const says = (name: string, ...all: readonly (readonly Uint8Array[])[]): WireAttack => ({ name, says: all });
const runs = (name: string, condition: string, type: number, value: Uint8Array | number[]): WireAttack =>
  says(`in binary: ${name}`, [...binary(`DELETE FROM orders WHERE ${condition}`, type, value), w.execute(''), w.sync]);
const NO_ITEMS = [...w.i32(0), ...w.i32(0), ...w.i32(INT4)];
const ALL_BELOW = 'DELETE FROM orders WHERE id > $1';

/** A21: the same in messages. */
export const BOUND_WIRE: readonly WireAttack[] = [
  runs('int4', 'id > $1', INT4, w.i32(0)),
  runs('int8', 'id >= $1', INT8, i64(1n)),
  runs('text', 'status LIKE $1', TEXT, Buffer.from('%')),
  runs('an empty array', 'id <> ALL ($1)', INTS, NO_ITEMS),
  runs('an array', 'id <> ALL ($1)', INTS, [
    ...w.i32(1),
    ...w.i32(0),
    ...w.i32(INT4),
    ...w.i32(1),
    ...w.i32(1),
    ...w.i32(4),
    ...w.i32(-1),
  ]),
  runs('a time', 'placed_at > $1', TIMESTAMPTZ, i64(-(2n ** 63n))),
  runs('another time', 'placed_at > $1', TIMESTAMPTZ, i64(-946_684_800_000_000n)),
  runs('numeric', 'total >= $1', NUMERIC, [0, 0, 0, 0, 0, 0, 0, 0]),
  runs('a document', 'to_jsonb(status) @> $1 OR spec_of(id) @> $1', JSONB, [1, ...Buffer.from('{}')]),
  runs('int4 of no type', 'id > $1', 0, w.i32(0)),
  runs('int4 of no type that reads as text', 'id < $1', 0, Buffer.from('~~~~')),
  runs('text of no type', 'status LIKE $1', 0, Buffer.from('%')),
  runs('an array of no type', 'id <> ALL ($1)', 0, NO_ITEMS),
  runs('a range', 'id <@ $1', 3904, [0x18]),
  says(
    'of a statement that was described',
    [w.parse('s', ALL_BELOW), w.describe('S', 's'), w.sync],
    [
      w.frame('B', w.z(''), w.z('s'), w.i16(1), w.i16(1), w.i16(1), w.i32(4), w.i32(0), w.i16(0)),
      w.execute(''),
      w.sync,
    ],
  ),
  says(
    'after one that chose',
    [w.parse('s', ALL_BELOW), w.bind('', 's', ['500']), w.execute(''), w.sync],
    [w.bind('', 's', ['0']), w.execute(''), w.sync],
  ),
  says(
    'in a named portal',
    [w.query('BEGIN')],
    [...binary(ALL_BELOW, INT4, w.i32(0), 'c', 's'), w.execute('c'), w.sync],
    [w.query('COMMIT')],
  ),
  says(
    'in pieces',
    [w.query('BEGIN')],
    [w.parse('s', `${ALL_BELOW} RETURNING id`), w.bind('c', 's', ['0']), w.execute('c', 1), w.sync],
    [w.query('COMMIT')],
  ),
  says(
    'fetched',
    [w.query('BEGIN')],
    [w.parse('s', `${ALL_BELOW} RETURNING id`), w.bind('c', 's', ['0']), w.sync],
    [w.query('FETCH ALL FROM c')],
    [w.query('COMMIT')],
  ),
  says(
    'of what SQL prepared',
    [w.query(`PREPARE s(int) AS ${ALL_BELOW}`)],
    [w.bind('', 's', ['0']), w.execute(''), w.sync],
  ),
  says('executed in SQL', [w.parse('s', ALL_BELOW), w.sync], [w.query('EXECUTE s(0)')]),
];

/** Values that choose rows. */
export const BOUND_ALLOWED = [
  [given('DELETE FROM orders WHERE id <> ALL ($1) AND id > $2', '{1,2}', '18')],
  [given('DELETE FROM orders WHERE id = ANY ($1)', '{}')],
  [given('DELETE FROM orders WHERE id = $1', null)],
  [given('DELETE FROM orders WHERE id > $1', null)],
  [given('DELETE FROM notes WHERE body LIKE $1', 'test-%')],
  [given("DELETE FROM notes WHERE body LIKE '%' || $1 || '%'", 'foo')],
  [given('DELETE FROM orders WHERE id BETWEEN $1::int AND $2::int', '100', '200')],
  [given('DELETE FROM orders WHERE placed_at < $1', '2024-01-01')],
  [given("DELETE FROM orders WHERE placed_at < now() - ($1 || ' years')::interval", '5')],
  [given('UPDATE orders SET status = $1 WHERE id = $2 AND status <> $1', 'open', '3')],
  [given('UPDATE orders SET status = $1 WHERE $2::text IS NULL OR status = $2', 'open', 'none')],
  [given("UPDATE orders SET status = 'v' WHERE id IN (SELECT id FROM orders ORDER BY id DESC LIMIT $1)", '1')],
  [given('DELETE FROM orders WHERE placed_at < $1::timestamptz - $2::interval', '2024-01-01', '30 days')],
  [given('DELETE FROM orders WHERE total > $1 AND total <= $2', '500', '600')],
  ['PREPARE gone(int) AS DELETE FROM orders WHERE id > $1', 'EXECUTE gone(500)', 'DEALLOCATE gone'],
  'DELETE FROM orders WHERE (id = 400 AND total = 1) OR (id = 401 AND total = 2)',
  "DELETE FROM orders WHERE placed_at < '2024-01-01'::date - interval '30 days'",
  'DO $$ DECLARE x int; BEGIN FOREACH x IN ARRAY ARRAY[901, 902] LOOP DELETE FROM orders WHERE id = x; END LOOP; END $$',
  [
    'BEGIN',
    'ALTER TABLE products ALTER COLUMN name TYPE varchar(200)',
    'ALTER TABLE products ALTER COLUMN price TYPE numeric(12, 2) USING price::numeric(12, 2)',
    "ALTER TABLE orders ALTER COLUMN placed_at TYPE timestamp USING placed_at AT TIME ZONE 'UTC'",
    'ALTER TABLE notes ALTER COLUMN id TYPE bigint',
    'ROLLBACK',
  ],
].map((steps) => allowed(steps));
