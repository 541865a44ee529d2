import { allowed } from './allowed.js';
import { attacks, type Step } from './attack.js';

const within = (...steps: (string | Step)[]): (string | Step)[] => ['BEGIN', ...steps, 'COMMIT'];
const undone = (...steps: (string | Step)[]): (string | Step)[] => ['BEGIN', ...steps, 'ROLLBACK'];
const EVIL = "RETURNS text LANGUAGE plpgsql AS $$ BEGIN DELETE FROM public.orders; RETURN 'x'; END $$";

/** A19: what was made a moment ago is taken for what it is, and for no more. */
export const FRESH = attacks('A19', [
  within(
    "CREATE TYPE mood AS ENUM ('a')",
    'CREATE TABLE fresh (m mood)',
    `CREATE FUNCTION evil(mood) ${EVIL}`,
    'CREATE CAST (mood AS text) WITH FUNCTION evil(mood) AS IMPLICIT',
    "INSERT INTO fresh VALUES ('a')",
    'SELECT upper(m) FROM fresh',
  ),
  within(
    'CREATE TABLE fresh (r relic)',
    "INSERT INTO fresh VALUES (ROW('a','b'))",
    "DELETE FROM fresh WHERE r = 'x'::text",
  ),
  within("CREATE TABLE fresh AS SELECT ROW('a','b')::relic AS r", "SELECT count(*) FROM fresh WHERE r = 'x'::text"),
  within(
    'SAVEPOINT a',
    'CREATE TABLE fresh (r text)',
    'ROLLBACK TO a',
    "CREATE TABLE fresh AS SELECT ROW('a','b')::relic AS r",
    "SELECT count(*) FROM fresh WHERE r = 'x'::text",
  ),
  within('CREATE TABLE IF NOT EXISTS orders (id int)', 'DELETE FROM orders'),
  'CREATE TABLE IF NOT EXISTS orders (id int); UPDATE orders SET total = 0',
  within('ALTER TABLE orders ADD COLUMN IF NOT EXISTS status text', "UPDATE orders SET status = 'x'"),
  'CREATE TABLE t AS SELECT * FROM orders WHERE false; ALTER TABLE orders INHERIT t; DELETE FROM t',
  within(
    'CREATE TABLE t AS SELECT id FROM customers',
    'ALTER TABLE t ADD PRIMARY KEY (id)',
    'ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES t (id) ON DELETE CASCADE',
    'DELETE FROM t',
  ),
  within('CREATE TABLE t (id int)', 'INSERT INTO t VALUES (1)', 'DELETE FROM orders USING t'),
]);

/** Migrations, as tools send them: all in one transaction. */
export const FRESH_ALLOWED = [
  undone(
    'CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))',
    "INSERT INTO alembic_version (version_num) VALUES ('1975ea83b712') RETURNING alembic_version.version_num",
    "UPDATE alembic_version SET version_num = '2bafd0d1' WHERE alembic_version.version_num = '1975ea83b712'",
    "DELETE FROM alembic_version WHERE alembic_version.version_num = '2bafd0d1'",
  ),
  undone(
    `CREATE TABLE "_moves" ("id" VARCHAR(36) PRIMARY KEY, "done" TIMESTAMPTZ, "steps" INTEGER NOT NULL DEFAULT 0, "key" uuid DEFAULT gen_random_uuid(), tags text[])`,
    { text: `UPDATE "_moves" SET "done" = $1, "steps" = "steps" + 1 WHERE "id" = $2`, values: ['2025-01-01', 'x'] },
    `CREATE TYPE "Role" AS ENUM ('USER', 'ADMIN')`,
    `CREATE TABLE "Account" ("id" SERIAL NOT NULL, "role" "Role" NOT NULL DEFAULT 'USER', "label" citext, "meta" JSONB)`,
    `UPDATE "Account" SET "role" = 'ADMIN' WHERE "role" = 'USER' AND "label" = 'x' AND meta ->> 'k' = 'v'`,
    `SELECT id FROM "Account" WHERE "role" IN ('ADMIN', 'USER')`,
    `UPDATE "_moves" SET tags = ARRAY['a'] WHERE 'b' = ANY (tags)`,
  ),
  // A table that is locked by it is still known.
  [
    ...within('ALTER TABLE notes ADD COLUMN more text'),
    ...undone(
      'ALTER TABLE orders ADD COLUMN region text',
      "UPDATE orders SET region = 'EU'",
      "UPDATE orders SET region = 'US' WHERE region = 'x'",
      'SELECT id, status, region FROM orders ORDER BY id',
      "SELECT count(*) FROM orders WHERE region = 'EU'",
    ),
  ],
  undone(
    'CREATE TABLE lock (id int NOT NULL, locked boolean NOT NULL, by varchar(255))',
    'DELETE FROM lock',
    'INSERT INTO lock (id, locked) VALUES (1, FALSE)',
    "UPDATE lock SET locked = TRUE, by = 'h' WHERE id = 1 AND locked = FALSE",
  ),
  undone(
    'CREATE TABLE fix AS SELECT id, status FROM orders WHERE id < 5',
    'UPDATE fix SET status = upper(status)',
    'UPDATE orders o SET status = f.status FROM fix f WHERE f.id = o.id AND f.status = o.status',
  ),
].map((steps) => allowed(steps));
