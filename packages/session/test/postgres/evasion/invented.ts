import { allowed } from './allowed.js';
import { attacks } from './attack.js';

const deleting = (where: string): string => `DELETE FROM orders WHERE ${where}`;
const COUNTED = 'WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 100)';
const NUMBERS = "CREATE FUNCTION pg_temp.nums() RETURNS SETOF int LANGUAGE sql AS 'SELECT generate_series(1, 1000)'";
const EACH =
  'CREATE FUNCTION pg_temp.nums() RETURNS SETOF int LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..100 LOOP RETURN NEXT i; END LOOP; END $$';

/** A19: keys that no table of a user's chose. */
export const INVENTED = attacks('A19', [
  ...[
    `id IN (${COUNTED} SELECT i FROM n)`,
    'id IN (SELECT a + 10 * b FROM unnest(ARRAY[0,1,2,3,4,5,6,7,8,9]) a, unnest(ARRAY[0,1,2]) b)',
    'id IN (SELECT attnum FROM pg_attribute)',
    "id IN (SELECT ordinality FROM string_to_table(repeat(',', 1000), ',') WITH ORDINALITY)",
  ].map(deleting),
  'DELETE FROM orders o USING pg_attribute a WHERE a.attnum = o.id',
  `INSERT INTO orders (id, total) ${COUNTED} SELECT i, 0 FROM n ON CONFLICT (id) DO UPDATE SET total = 0`,
  'SELECT clear_one(attnum) FROM pg_attribute',
  [NUMBERS, 'DELETE FROM orders WHERE id IN (SELECT pg_temp.nums())'],
  [EACH, 'UPDATE orders SET total = 0 FROM pg_temp.nums() g WHERE g = orders.id'],
  [
    "CREATE FUNCTION pg_temp.ids() RETURNS SETOF int LANGUAGE sql AS 'SELECT id FROM orders'",
    'DELETE FROM orders WHERE id IN (SELECT * FROM pg_temp.ids())',
  ],
  [
    'CREATE TEMP TABLE ids AS SELECT attnum AS id FROM pg_attribute',
    'DELETE FROM orders WHERE id IN (SELECT id FROM ids)',
  ],
]);

/** Keys that a table, or the text, lists. */
export const NUMBERED = [
  'UPDATE orders SET total = total WHERE id IN (SELECT generate_series(5, 7))',
  "INSERT INTO notes SELECT g, 'x' FROM generate_series(9700, 9705) g ON CONFLICT (id) DO UPDATE SET body = excluded.body",
  "UPDATE orders SET total = total WHERE id IN (SELECT unnest(string_to_array('1,2', ','))::int)",
  'WITH RECURSIVE t AS (SELECT id FROM orders WHERE id = 5 UNION SELECT o.id FROM orders o JOIN t ON o.product_id = t.id AND o.id = 7) DELETE FROM orders WHERE id IN (SELECT id FROM t)',
]
  .map((text) => allowed(text))
  .concat([
    allowed([
      "CREATE FUNCTION pg_temp.old() RETURNS SETOF int LANGUAGE sql AS 'SELECT id FROM orders WHERE total > 900'",
      'DELETE FROM orders WHERE id IN (SELECT pg_temp.old())',
    ]),
  ]);
