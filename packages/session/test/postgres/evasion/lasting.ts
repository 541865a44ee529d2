import { allowed } from './allowed.js';
import { type Attack, attacks } from './attack.js';

const within = (...steps: string[]): string[] => ['BEGIN', ...steps, 'ROLLBACK'];
const refused = (row: Attack['row'], steps: readonly (string | string[])[]): Attack[] => attacks(row, steps, 'refused');
const made = (setting: string, body = 'SELECT 1'): string =>
  `CREATE FUNCTION mine() RETURNS int LANGUAGE sql SET ${setting} AS '${body}'`;

/** A22: settings that come with a function, a role or a database. */
const KEPT_SETTINGS = refused('A22', [
  made('role = postgres'),
  made('ROLE pg_monitor'),
  made('session_authorization = postgres'),
  made('session_replication_role = replica'),
  made('standard_conforming_strings = off'),
  made("client_encoding = 'SJIS'"),
  made('"Session_Replication_Role" TO replica'),
  made('work_mem = 4096 SET role = postgres'),
  made('allow_system_table_mods = on'),
  made("local_preload_libraries = 'x'"),
  "CREATE PROCEDURE mine() LANGUAGE sql SET role = postgres AS 'SELECT 1'",
  'CREATE FUNCTION mine() RETURNS trigger LANGUAGE plpgsql SET session_replication_role = replica AS $$ BEGIN RETURN NEW; END $$',
  'ALTER FUNCTION total_with_tax(numeric) SET role = postgres',
  'ALTER FUNCTION total_with_tax SET session_replication_role TO replica',
  'ALTER FUNCTION total_with_tax(numeric) COST 5 SET session_authorization = postgres',
  'ALTER ROUTINE total_with_tax(numeric) SET role = postgres',
  "ALTER PROCEDURE clear_orders() SET standard_conforming_strings = 'off'",
  'DO $$ BEGIN ALTER FUNCTION total_with_tax(numeric) SET role = postgres; END $$',
  'ALTER ROLE CURRENT_USER SET session_replication_role = replica',
  'ALTER ROLE ALL SET search_path = shadow',
  'ALTER DATABASE victim SET standard_conforming_strings = off',
  "DO $$ BEGIN EXECUTE 'ALTER ROLE CURRENT_USER SET role = postgres'; END $$",
  'CREATE CAST (text AS int) WITH INOUT AS IMPLICIT',
  'CREATE CAST (varchar AS uuid) WITH INOUT AS ASSIGNMENT',
]);

const PARENT = 'CREATE TABLE parent (k text PRIMARY KEY, id int UNIQUE)';
const FOLLOW = 'ALTER TABLE orders ADD CONSTRAINT mine FOREIGN KEY';

/** A19: what loses rows or what is written without saying DROP, or when another row goes. */
const LOSSES = [
  ...refused('A19', [
    'ALTER TABLE orders ADD COLUMN mine int DEFAULT 1 REFERENCES notes ON DELETE CASCADE',
    'ALTER TABLE orders ADD mine int GENERATED ALWAYS AS (1) STORED REFERENCES notes ON DELETE CASCADE',
    `CREATE TABLE parent (id int PRIMARY KEY); DO $$ BEGIN ${FOLLOW} (id) REFERENCES parent ON DELETE SET NULL; END $$`,
    'REFRESH MATERIALIZED VIEW wallets WITH NO DATA',
    'CREATE RULE mine AS ON INSERT TO notes DO INSTEAD NOTHING',
    'CREATE RULE mine AS ON UPDATE TO notes WHERE old.id > 0 DO INSTEAD NOTHING',
    'CREATE OR REPLACE RULE mine AS ON DELETE TO public.notes DO INSTEAD NOTIFY gone',
    'CREATE RULE mine AS ON INSERT TO notes DO INSTEAD SELECT 1',
    'ALTER TABLE notes SET UNLOGGED',
    'DO $$ BEGIN ALTER TABLE notes SET UNLOGGED; END $$',
  ]),
  ...attacks('A19', [
    ['BEGIN', 'ALTER TABLE orders RENAME TO gone', 'DROP TABLE IF EXISTS gone', 'COMMIT'],
    ['BEGIN', 'ALTER TABLE orders SET SCHEMA shadow', 'DROP TABLE IF EXISTS shadow.orders', 'COMMIT'],
    ['BEGIN', 'ALTER SCHEMA public RENAME TO gone', 'DROP TABLE IF EXISTS gone.orders', 'COMMIT'],
    within(
      PARENT,
      "INSERT INTO parent VALUES ('open', 1)",
      `${FOLLOW} (status) REFERENCES parent ON DELETE CASCADE`,
      "DELETE FROM parent WHERE k = 'open'",
    )
      .slice(0, 5)
      .concat('COMMIT'),
    within(
      PARENT,
      "INSERT INTO parent VALUES ('open', 1)",
      `${FOLLOW} (status) REFERENCES parent ON UPDATE CASCADE`,
      "UPDATE parent SET k = 'wrecked' WHERE k = 'open'",
    )
      .slice(0, 5)
      .concat('COMMIT'),
  ]),
];

/** A23: a column or a table by another name is masked as before, or keeps its name. */
const RENAMED = attacks('A23', [
  within('ALTER TABLE customers RENAME ssn TO zzz', 'SELECT zzz FROM customers'),
  within('ALTER TABLE ONLY public.customers RENAME COLUMN email TO zzz', 'SELECT zzz FROM customers'),
  within('ALTER TABLE IF EXISTS customers RENAME card TO zzz', 'TABLE customers'),
  within('ALTER TABLE customers RENAME TO zzz', 'SELECT ssn FROM zzz'),
  within('ALTER TABLE customers RENAME TO notes_too', 'TABLE notes_too'),
  within('ALTER TABLE staff RENAME TO zzz', 'SELECT salary FROM zzz'),
  within('ALTER TABLE customers SET SCHEMA shadow', 'SELECT ssn FROM shadow.customers'),
  within('DROP VIEW shadow.customers', 'ALTER TABLE customers SET SCHEMA shadow', 'SELECT ssn FROM shadow.customers'),
  within('ALTER SCHEMA public RENAME TO zzz', 'SELECT ssn FROM zzz.customers'),
  within('ALTER VIEW contacts RENAME address TO zzz', 'SELECT zzz FROM contacts'),
  within('ALTER VIEW contacts RENAME TO zzz', 'SELECT address FROM zzz'),
  within('ALTER TABLE contacts RENAME TO zzz', 'SELECT address FROM zzz'),
  within('ALTER INDEX customers RENAME TO zzz', 'SELECT ssn FROM zzz'),
  within('ALTER MATERIALIZED VIEW wallets RENAME COLUMN number TO zzz', 'SELECT zzz FROM wallets'),
  within('ALTER MATERIALIZED VIEW wallets RENAME TO zzz', 'SELECT number FROM zzz'),
  within('ALTER TABLE holder RENAME person TO zzz', 'SELECT (zzz).ssn FROM holder', 'SELECT zzz FROM holder'),
  within('ALTER TABLE holder RENAME TO zzz', 'SELECT (person).ssn FROM zzz', 'TABLE zzz'),
  within('ALTER TYPE customers RENAME TO zzz', 'SELECT ssn FROM zzz'),
  within('ALTER TYPE dossier_entry RENAME ATTRIBUTE person TO zzz', 'SELECT ((who).zzz).ssn FROM dossier'),
  within('DO $$ BEGIN ALTER TABLE customers RENAME ssn TO zzz; END $$', 'SELECT zzz FROM customers'),
  within("DO $$ BEGIN EXECUTE 'ALTER TABLE customers RENAME ssn TO zzz'; END $$", 'SELECT zzz FROM customers'),
  within(
    'ALTER TABLE customers RENAME name TO zzz',
    'ALTER TABLE customers RENAME ssn TO name',
    'SELECT name FROM customers',
  ),
  within('ALTER TABLE archived_customers NO INHERIT customers', 'SELECT ssn FROM archived_customers'),
  ['ALTER TABLE customers RENAME ssn TO zzz; SELECT zzz FROM customers'],
  ['ALTER TABLE customers RENAME ssn TO zzz', 'SELECT zzz FROM customers'],
]);

export const LASTING: readonly Attack[] = [...KEPT_SETTINGS, ...LOSSES, ...RENAMED];

/** Migrations and functions as they are written with care. */
export const LASTING_ALLOWED = [
  within(
    "CREATE FUNCTION careful(int) RETURNS int LANGUAGE sql SET search_path = pg_catalog, public AS 'SELECT $1 + 1'",
    'ALTER FUNCTION careful(int) SET search_path = pg_catalog',
    "ALTER FUNCTION careful(int) SET work_mem = '64MB'",
    'ALTER FUNCTION careful(int) RESET ALL',
  ),
  [
    "CREATE FUNCTION careful(int) RETURNS int LANGUAGE sql STABLE SET search_path = public, pg_temp AS 'SELECT $1 + count(*)::int FROM orders'",
    'SELECT careful(1)',
    'ALTER FUNCTION careful(int) SET search_path = public',
    'SELECT careful(2)',
  ],
  "CREATE FUNCTION slow() RETURNS int LANGUAGE plpgsql SET statement_timeout = '5s' SET timezone = 'UTC' AS $$ BEGIN RETURN 1; END $$",
  'ALTER FUNCTION slow() SET search_path FROM CURRENT',
  'CREATE TABLE lines (id serial PRIMARY KEY, order_id int NOT NULL REFERENCES orders ON DELETE CASCADE ON UPDATE CASCADE, n int)',
  [
    'BEGIN',
    'CREATE TABLE parts (id serial PRIMARY KEY, order_id int, product_id int)',
    'ALTER TABLE parts ADD CONSTRAINT parts_orders FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE ON UPDATE CASCADE',
    'ALTER TABLE parts ADD FOREIGN KEY (product_id) REFERENCES products ON DELETE SET NULL',
    'COMMIT',
  ],
  'CREATE TABLE "Post" ("id" SERIAL NOT NULL, "authorId" INTEGER, CONSTRAINT "Post_pkey" PRIMARY KEY ("id")); CREATE INDEX "Post_author" ON "Post"("authorId"); ALTER TABLE "Post" ADD CONSTRAINT "Post_fkey" FOREIGN KEY ("authorId") REFERENCES "customers"("id") ON DELETE SET NULL ON UPDATE CASCADE',
  'ALTER TABLE notes ADD COLUMN order_id int REFERENCES orders ON DELETE CASCADE',
  'ALTER TABLE orders ADD CONSTRAINT whose FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE CASCADE ON UPDATE CASCADE NOT VALID',
  ['ALTER TABLE notes ADD COLUMN product_id int', 'ALTER TABLE notes ADD FOREIGN KEY (product_id) REFERENCES products'],
  'ALTER TABLE notes ADD CONSTRAINT kept FOREIGN KEY (product_id) REFERENCES products (id) ON DELETE RESTRICT ON UPDATE NO ACTION NOT VALID',
  ['DROP TABLE IF EXISTS nowhere', 'DROP VIEW IF EXISTS public.nowhere CASCADE', 'DROP SEQUENCE IF EXISTS nowhere'],
  'REFRESH MATERIALIZED VIEW wallets',
  [
    'CREATE UNLOGGED TABLE quick (id int)',
    'BEGIN',
    'CREATE TABLE quicker (id int)',
    'ALTER TABLE quicker SET UNLOGGED',
    'COMMIT',
  ],
  'CREATE RULE writable_insert AS ON INSERT TO writable DO INSTEAD NOTHING',
  [
    'CREATE TABLE notes_old (id int, body text)',
    'CREATE RULE moved AS ON INSERT TO notes WHERE new.id < 0 DO INSTEAD INSERT INTO notes_old VALUES (new.id, new.body)',
  ],
  ["CREATE TYPE mood AS ENUM ('glad')", 'CREATE CAST (text AS mood) WITH INOUT AS IMPLICIT'],
  ['ALTER TABLE lines RENAME n TO amount', 'ALTER TABLE lines RENAME TO order_lines', 'SELECT amount FROM order_lines'],
  within('ALTER TABLE products RENAME price TO cost', 'SELECT id, name FROM products ORDER BY id'),
  ['CREATE SCHEMA attic', 'ALTER TABLE order_lines SET SCHEMA attic', 'SELECT count(*) FROM attic.order_lines'],
  ['ALTER SEQUENCE orders_id_seq RESTART WITH 500', "SELECT setval('orders_id_seq', 600)"],
].map((steps) => allowed(steps));
