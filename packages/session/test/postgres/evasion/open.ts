import { allowed } from './allowed.js';
import { attacks } from './attack.js';

const within = (...steps: string[]): string[] => ['BEGIN', ...steps, 'ROLLBACK'];
const FRESH = 'CREATE TABLE fresh (id int, v text)';

/** A22, A23: what an open transaction has made is known by what made it; nothing that is masked comes by it. */
export const OPEN = [
  ...attacks('A23', [
    within(FRESH, 'INSERT INTO fresh SELECT id, ssn FROM customers', 'SELECT v FROM fresh'),
    within(FRESH, 'INSERT INTO fresh VALUES (1, (SELECT ssn FROM customers WHERE id = 1)) RETURNING v'),
    within(
      FRESH,
      'MERGE INTO fresh USING customers c ON false WHEN NOT MATCHED THEN INSERT VALUES (c.id, c.ssn)',
      'TABLE fresh',
    ),
    within('CREATE TABLE fresh (v) AS SELECT ssn FROM customers', 'SELECT v FROM fresh'),
    within(
      'CREATE TABLE fresh (id int, v text DEFAULT ssn_of(1))',
      'INSERT INTO fresh (id) VALUES (1) RETURNING v',
      'TABLE fresh',
    ),
    within(
      FRESH,
      'ALTER TABLE fresh ALTER v SET DEFAULT ssn_of(1)',
      'INSERT INTO fresh (id) VALUES (1) RETURNING v',
      'TABLE fresh',
    ),
    within(
      'CREATE DOMAIN hidden AS text DEFAULT ssn_of(1)',
      'CREATE TABLE fresh (id int, v hidden)',
      'INSERT INTO fresh (id) VALUES (1) RETURNING v',
    ),
    within(
      'ALTER TABLE customers ADD v text',
      'UPDATE customers SET v = ssn WHERE id = 1 RETURNING v',
      'SELECT v FROM customers',
    ),
    within('ALTER TABLE customers ADD extra int', 'TABLE customers', 'SELECT c FROM customers c'),
    within(
      'CREATE TABLE parent (name text, email text, ssn text)',
      'ALTER TABLE customers INHERIT parent',
      'SELECT ssn FROM parent',
    ),
    within('CREATE TABLE kid (x int) INHERITS (customers)', 'SELECT ssn FROM customers'),
    within(
      FRESH,
      'ALTER TABLE fresh RENAME TO other',
      'ALTER TABLE customers RENAME TO fresh',
      'SELECT ssn FROM fresh',
    ),
    within('CREATE TEMP TABLE customers (id int, name text, ssn text)', 'SELECT ssn FROM public.customers'),
    [
      'BEGIN',
      'SAVEPOINT a',
      'CREATE TEMP TABLE customers (id int, name text, ssn text)',
      'ROLLBACK TO a',
      'TABLE customers',
      'ROLLBACK',
    ],
    within(
      FRESH,
      'CREATE RULE "_RETURN" AS ON SELECT TO fresh DO INSTEAD SELECT id, ssn AS v FROM customers',
      'SELECT v FROM fresh',
    ),
  ]),
  ...attacks('A25', [
    ['LISTEN c', "SELECT pg_notify('c', ssn) FROM customers WHERE id = 1", 'SELECT 1'],
    ['LISTEN c', "SELECT pg_notify('c', what) FROM find_customer(1)", 'SELECT 1'],
    ['LISTEN c', "PREPARE n AS SELECT pg_notify('c', ssn) FROM customers", 'EXECUTE n', 'SELECT 1'],
    ['LISTEN c', "DO $$ BEGIN PERFORM pg_notify('c', ssn) FROM customers; END $$", 'SELECT 1'],
  ]),
];

/** Migrations, and what the server says of names that it does not know. */
export const MIGRATIONS = [
  [
    'BEGIN',
    'CREATE TABLE moves (id serial PRIMARY KEY, name varchar(255), batch integer DEFAULT 1)',
    "INSERT INTO moves (name) VALUES ('a') RETURNING id, name",
    'UPDATE moves SET batch = 2 WHERE id = 1 RETURNING *',
    'COMMIT',
    'TABLE moves',
  ],
  within(
    'CREATE TABLE copied AS SELECT id, status FROM orders',
    'SELECT max(status) FROM copied',
    'SELECT * FROM copied ORDER BY id LIMIT 1',
  ),
  within(
    'ALTER TABLE notes ADD COLUMN kind int DEFAULT 5',
    'SELECT id, kind FROM notes ORDER BY id',
    'UPDATE notes SET kind = 6 WHERE id = 1 RETURNING *',
  ),
  within('ALTER TABLE customers ADD COLUMN kind int DEFAULT 5', 'SELECT id, name, kind FROM customers ORDER BY id'),
  within(
    'CREATE SCHEMA aside',
    'CREATE TABLE aside.t (id int)',
    'INSERT INTO aside.t VALUES (1) RETURNING id',
    'TABLE aside.t',
  ),
  `CREATE TYPE "Kind" AS ENUM ('USER', 'ADMIN'); CREATE TABLE "Person" ("id" SERIAL NOT NULL, "kind" "Kind" NOT NULL DEFAULT 'USER'); INSERT INTO "Person" DEFAULT VALUES RETURNING *`,
  ...[
    'SELECT * FROM nowhere',
    'SELECT nosuch(1)',
    'SELECT 1::nosuch',
    'DELETE FROM nowhere WHERE id = 1',
    'SELECT nosuch(id) FROM customers',
    'CALL nosuch()',
    'SELEC 1',
    'SELECT * FORM orders',
    "SELECT 'a",
  ],
].map((steps) => allowed(steps));
