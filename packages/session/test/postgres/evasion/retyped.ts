import { allowed } from './allowed.js';
import { attacks } from './attack.js';

const retyped = (table: string, column: string, type: string): string[] => [
  `ALTER TABLE ${table} ALTER COLUMN ${column} TYPE ${type}`,
  `SELECT ${column} FROM ${table}`,
];
const ODD = "CASE WHEN ssn LIKE '988%' THEN 'nosuch.x' ELSE 'work_mem' END";
const one = (value: string): string => `SELECT ${value} FROM customers WHERE id = 1`;
const NOPE = "CASE WHEN ssn LIKE '988%' THEN 'nope' ELSE 'md5' END";

/** A23: rows that are kept in a column become a text, which only the column's name is known of. A25: what is not there fails. */
export const RETYPED = [
  ...attacks('A23', [
    retyped('holder', 'person', 'text USING person::text'),
    retyped('holder', 'person', 'text'),
    retyped('holder', 'person', 'text USING (person).ssn'),
    [
      ...retyped('holder', 'person', 'text').slice(0, 1),
      'CREATE VIEW hv AS SELECT person p FROM holder',
      'SELECT p FROM hv',
    ],
    retyped('company', 'people', 'text USING people::text'),
    retyped('company', 'people', 'jsonb USING to_jsonb(people)'),
    retyped('dossier', 'who', 'text USING who::text'),
    retyped('dossier', 'kept', 'text USING kept::text'),
    retyped('dossier', 'kept', 'text USING (kept).ssn'),
    retyped('dossier', 'who', 'text USING (kept).ssn'),
    retyped('holder', 'id', 'text USING (person).card'),
  ]),
  ...attacks(
    'A25',
    [
      one(`current_setting(${ODD})`),
      one(`current_setting(${ODD}, false)`),
      one(`length(current_setting(${ODD}))`),
      one("CASE WHEN ssn LIKE '988%' THEN current_setting('nosuch.x') END"),
      one("current_setting(CASE substr(ssn, 1, 1) WHEN '5' THEN 'a.b' ELSE 'work_mem' END)"),
      'WITH c AS (SELECT id AS x, email AS id, ssn FROM customers) SELECT id, ssn, count(*) FROM c GROUP BY id, ssn',
      'SELECT c.id, c.e, count(*) FROM (SELECT c.id, d.email AS e FROM customers c CROSS JOIN customers d) c GROUP BY c.id, c.e',
      'SELECT c.id, c.email FROM (SELECT id, email FROM customers) c(email, id) GROUP BY c.id, c.email',
      'SELECT c.id, c.email FROM (SELECT name AS id, email FROM customers) c GROUP BY c.id, c.email',
      'WITH c(email, id) AS (SELECT id, email FROM customers) SELECT id, email FROM c GROUP BY id, email',
      'SELECT c.email, c.id FROM (SELECT id, email FROM customers) c GROUP BY c.email, c.id',
      'SELECT DISTINCT c.id, c.email FROM (SELECT id, email FROM customers UNION ALL SELECT id, name FROM customers) c',
      "DO $$ #variable_conflict use_variable DECLARE id int := 1; n int; BEGIN SELECT count(*) INTO n FROM (SELECT id, email FROM customers GROUP BY id, email) x; RAISE NOTICE '%', n; END $$",
      one(`digest('a', ${NOPE})`),
      one(`hmac('a', 'k', ${NOPE})`),
      one("CASE WHEN ssn LIKE '988%' THEN digest('a', 'nope') END"),
    ],
    'refused',
  ),
];

export const RETYPED_ALLOWED = [
  allowed(['BEGIN', 'ALTER TABLE orders ALTER COLUMN status TYPE varchar(300)', 'ROLLBACK']),
  allowed("SELECT id FROM orders WHERE id = coalesce(current_setting('app.order', true), '7')::int"),
  allowed(["SET app.tenant = '7'", "SELECT id, email FROM customers WHERE id = current_setting('app.tenant')::int"], 1),
  allowed("SELECT id, CASE WHEN current_setting('app.mask', true) = 'on' THEN '-' ELSE name END FROM customers"),
  allowed(one("encode(digest(ssn, 'sha256'), 'hex'), hmac(ssn, 'k', 'sha1')"), 0, 1),
  allowed(
    'WITH c AS (SELECT id, name, email FROM customers) SELECT c.id, c.email, count(o.id) FROM c LEFT JOIN orders o ON o.customer_id = c.id GROUP BY c.id, c.email ORDER BY c.id',
    1,
  ),
  allowed('SELECT k, c.email FROM (SELECT id AS k, email FROM customers c) c GROUP BY 1, 2 ORDER BY 1', 1),
  allowed("SELECT digest(body, 'md5') FROM notes"),
];
