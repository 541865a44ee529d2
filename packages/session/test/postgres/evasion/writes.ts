import { allowed } from './allowed.js';
import { attacks } from './attack.js';

const every = [
  "status SIMILAR TO '%' OR id = 1",
  "status ~~ '%%%'",
  "status LIKE '_%' ESCAPE '!'",
  "status LIKE ALL ('{}')",
  "status ~ '^(x?|.*)+'",
  "status !~ '^$a'",
  "true = ANY ('{t}')",
  "'t' = true OR id = 1",
  "id::text <> ''",
  'id NOT IN (0)',
  'id > 1 - 2',
  'id + 1 > 0',
  '(id, total) > (0, 0)',
  '(id > 0) = true',
  "status <> 'a' OR status <> 'b'",
  "starts_with(status, '')",
  "substr(status, 1, 0) = ''",
  'id <@ int4range(NULL, NULL)',
  "placed_at < 'tomorrow'",
  'extract(year FROM placed_at) > 0',
  'id = (SELECT id)',
  'id = ANY (SELECT generate_series(1, 100000))',
  'id = ANY ((SELECT array_agg(id) FROM orders)::int[])',
  'id IN (WITH a AS (SELECT id FROM orders) SELECT id FROM a)',
  'id IN (SELECT id FROM writable LIMIT (SELECT count(*) FROM orders))',
  'customer_id IN (SELECT id FROM customers WHERE id > 0)',
  'EXISTS (SELECT FROM customers c WHERE c.id = customer_id)',
  'NOT EXISTS (SELECT FROM customers c WHERE c.id = orders.id AND 1 = 0)',
];

/** A19: writes of all rows, with a WHERE that leaves none out. */
export const WRITES = attacks('A19', [
  ...every.map((where) => `DELETE FROM orders WHERE ${where}`),
  'DELETE FROM orders USING generate_series(1, 100) g WHERE g = orders.id',
  'DELETE FROM orders USING customers c WHERE c.id = orders.customer_id',
  'DELETE FROM writable WHERE id IN (SELECT id FROM orders)',
  'WITH a AS (SELECT id FROM orders), d AS (DELETE FROM orders WHERE id IN (SELECT id FROM a) RETURNING 1) SELECT count(*) FROM d',
  'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) DELETE FROM orders USING n WHERE n.i = orders.id',
  'MERGE INTO orders o USING customers c ON o.customer_id IS NOT NULL AND c.id = 1 WHEN MATCHED THEN DELETE',
  'MERGE INTO orders o USING customers c ON o.customer_id = c.id WHEN MATCHED THEN DELETE',
  'INSERT INTO orders (id, total) SELECT id, 0 FROM orders ON CONFLICT (id) DO UPDATE SET total = 0',
  "INSERT INTO orders SELECT * FROM orders ON CONFLICT (id) DO UPDATE SET status = 'x' WHERE orders.id = excluded.id",
  'DO $$ DECLARE r record; BEGIN FOR r IN SELECT id FROM orders LOOP DELETE FROM orders WHERE id = r.id; END LOOP; END $$',
  'DO $$ BEGIN FOR i IN 1..100 LOOP DELETE FROM orders WHERE id = i; END LOOP; END $$',
  ['PREPARE p AS DELETE FROM orders WHERE id > -1', 'EXECUTE p'],
]);

/** Writes that choose their rows. */
export const CHOSEN = [
  "DELETE FROM notes WHERE body LIKE 'test-%'",
  "DELETE FROM notes WHERE body ~ '^(test|demo)-'",
  "DELETE FROM orders WHERE placed_at < now() - interval '90 years'",
  'DELETE FROM orders WHERE id = (SELECT id FROM orders WHERE total > 18 ORDER BY id FOR UPDATE SKIP LOCKED LIMIT 1) RETURNING id',
  'DELETE FROM orders WHERE ctid IN (SELECT ctid FROM orders WHERE total < 0 LIMIT 500)',
  'DELETE FROM notes WHERE id NOT IN (SELECT min(id) FROM notes GROUP BY body)',
  'DELETE FROM notes WHERE id IN (SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY body ORDER BY id) AS rn FROM notes) d WHERE rn > 1)',
  'DELETE FROM notes a USING notes b WHERE a.id < b.id AND a.body = b.body',
  "UPDATE orders SET status = 'v' FROM orders x WHERE x.id = orders.id AND x.total > 19",
  "UPDATE orders SET status = 'v' WHERE customer_id IN (SELECT id FROM customers WHERE country = 'NL')",
  'UPDATE orders SET total = u.n FROM unnest(ARRAY[1, 2], ARRAY[10, 20]) u (id, n) WHERE u.id = orders.id',
  'WITH RECURSIVE s AS (SELECT id FROM notes WHERE id = 2 UNION ALL SELECT n.id FROM notes n JOIN s ON n.id = s.id + 100) DELETE FROM notes WHERE id IN (SELECT id FROM s)',
  'UPDATE orders SET status = name FROM products p WHERE p.id = orders.product_id AND p.id = 4',
  'UPDATE orders SET total = id WHERE total > (SELECT avg(total) FROM orders) AND id = 20',
].map((text) => allowed(text));
