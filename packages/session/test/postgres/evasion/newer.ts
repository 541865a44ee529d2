import { type Attack, attacks } from './attack.js';

const LEAK = "AS 'SELECT ssn FROM public.customers LIMIT 1'";
const leaking = (name: string) => `CREATE FUNCTION public.${name} RETURNS text LANGUAGE sql STABLE ${LEAK}`;

/** A20, A23: what is a word of the grammar in PostgreSQL 16 and later, and anybody's function before. */
const WORDS = attacks('A23', [
  "SELECT json_scalar('x')",
  "SELECT json_serialize('x')",
  "SELECT json_array('x'::text)",
  'SELECT json_array()',
  'SELECT json_object()',
  "SELECT json_query('{}'::jsonb, '$')",
  "SELECT json_value('{}'::jsonb, '$')",
  "SELECT json_exists('{}'::jsonb, '$')",
  'SELECT json(1)',
  'SELECT merge_action()',
  ['BEGIN', leaking('json_scalar(text)'), "SELECT json_scalar('x')", 'ROLLBACK'],
  [
    'SET search_path = public, pg_catalog',
    `CREATE FUNCTION json_object(text[]) RETURNS text LANGUAGE sql STABLE ${LEAK}`,
    "SELECT json_object('{a,b}'::text[])",
  ],
]);

/** What came with the server, made anew. */
const REMADE = attacks('A23', [
  [
    `CREATE OR REPLACE FUNCTION pg_catalog.lpad(text, int) RETURNS text LANGUAGE sql STABLE ${LEAK}`,
    "SELECT lpad('x', 1)",
  ],
  [
    `CREATE OR REPLACE FUNCTION pg_catalog.obj_description(oid) RETURNS text LANGUAGE sql STABLE ${LEAK}`,
    'SELECT obj_description(1::oid)',
  ],
  [
    'SET search_path = pg_catalog, public',
    `CREATE OR REPLACE FUNCTION lpad(text, int) RETURNS text LANGUAGE sql STABLE ${LEAK}`,
    "SELECT lpad('x', 1)",
  ],
]);

/** A24: CYCLE compares rows, and says which are alike. */
const CYCLES = attacks(
  'A24',
  ['left(c.ssn, 3)', 'substr(c.ssn, 1, 3)', 'c.ssn'].flatMap((value) =>
    ['', " TO 'yes' DEFAULT 'no'"].map((marks) => [
      `WITH RECURSIVE r AS (SELECT 0 AS id, '900'::text AS s UNION ALL SELECT c.id, ${value} FROM customers c, r WHERE r.id = 0) CYCLE s SET y${marks} USING p SELECT id, y FROM r ORDER BY id`,
    ]),
  ),
  'refused',
);

export const NEWER: readonly Attack[] = [...WORDS, ...REMADE, ...CYCLES];
