import { type Allowed, allowed } from './allowed.js';
import { type Attack, attacks } from './attack.js';

/** The default of a variable of rows, or of a type of somebody's, runs as any other expression does. */
export const RECORD_DEFAULTS: readonly Attack[] = [
  ...attacks('A20', [
    'DO $$ DECLARE r record := ROW(purge()); BEGIN END $$',
    'DO $$ DECLARE n notes := ROW(purge(), 1::text); BEGIN END $$',
    'DO $$ DECLARE n CONSTANT notes NOT NULL DEFAULT ROW(purge(), 1::text); BEGIN END $$',
    'DO $$ DECLARE n/* notes; */notes = /* ; */ ROW(purge(), 1::text); BEGIN END $$',
    'DO $$ DECLARE "n;" notes := ROW(purge(), 1::text); BEGIN END $$',
    `DO $$ DECLARE U&"\\006e" notes := ROW(purge(), 1::text); /* n notes; */ BEGIN END $$`,
    "DO $$ DECLARE a text := 'begin'; n notes := ROW(purge(), 1::text); BEGIN END $$",
    'DO $$ BEGIN DECLARE r record := ROW(purge()); BEGIN NULL; END; END $$',
    "DO 'DECLARE r record := ROW(purge()); BEGIN END'",
    'DO $$ <<l>> DECLARE r record := ROW(purge()); BEGIN IF true THEN DECLARE q record := ROW(1); BEGIN NULL; END; END IF; END $$',
    [
      "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE plpgsql AS 'DECLARE r record := ROW(purge()); BEGIN RETURN 1; END'",
      'SELECT pg_temp.f()',
    ],
    [
      'DO $$ DECLARE n notes := ROW(901, ssn_of(1)); BEGIN INSERT INTO notes VALUES (n.id, n.body); END $$',
      'SELECT body FROM notes WHERE id = 901',
    ],
    [
      "DO $$ DECLARE n notes := ROW(901, ssn_of(1)); BEGIN PERFORM set_config('app.leak', n.body, false); END $$",
      'SHOW app.leak',
    ],
    "DO $$ DECLARE c customers := (SELECT q FROM customers q LIMIT 1); BEGIN RAISE EXCEPTION '%', c; END $$",
  ]),
];

export const RECORD_DEFAULTS_ALLOWED: readonly Allowed[] = [
  allowed([
    "DO $$ DECLARE n notes := ROW(902, 'x'); s text := 'open'; k int = 3; c CURSOR (m int) FOR SELECT id FROM notes WHERE id = m; r record; BEGIN FOR r IN SELECT id FROM products LOOP k := k + 1; END LOOP; INSERT INTO notes VALUES (n.id, n.body || s || k); END $$",
    'SELECT body FROM notes WHERE id = 902',
  ]),
];
