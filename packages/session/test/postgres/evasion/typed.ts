import * as w from '../../../../protocols/test/postgres/wire.js';
import { allowed } from './allowed.js';
import { attacks, type Step } from './attack.js';
import type { WireAttack } from './wire.js';

const given = (text: string, ...values: (string | null)[]): Step => ({ text, values });

/** A19, A24: what a parameter, or an argument, is of decides on what is meant. */
export const TYPED = [
  ...attacks('A19', [
    [given('SELECT length($1::varchar)', 'a')],
    [given('SELECT $1::varchar, length($1)', 'a')],
    [given('SELECT length($1), $1::varchar', 'a')],
    'DROP FUNCTION IF EXISTS purge()',
    'DROP FUNCTION IF EXISTS ssn_of("int4")',
    'DROP PROCEDURE IF EXISTS out_plain(int, int)',
    'DROP FUNCTION IF EXISTS join_all(VARIADIC text[])',
    'DROP FUNCTION IF EXISTS find_customer(int, OUT text, OUT text)',
    'ALTER TABLE IF EXISTS notes DROP COLUMN body',
  ]),
  ...attacks(
    'A24',
    [
      "EXPLAIN (ANALYZE) SELECT id FROM customers WHERE email LIKE 'q%'",
      "EXPLAIN (ANALYZE) SELECT email FROM customers WHERE email <> 'q' ORDER BY id",
      'EXPLAIN (ANALYZE) SELECT email FROM customers ORDER BY id',
      "EXPLAIN (ANALYZE) SELECT CASE WHEN email LIKE 'q%' THEN (SELECT count(*) FROM generate_series(1, 9)) END FROM customers",
      "EXPLAIN (ANALYZE) SELECT repeat(email, 10) FROM customers WHERE ssn = '1' ORDER BY 1",
    ],
    'refused',
  ),
];

/** A parameter that is said to be a varchar. */
export const TYPED_WIRE: readonly WireAttack[] = [
  {
    name: 'a function that only takes what the parameter is said to be',
    says: [
      [
        w.frame('P', w.z(''), w.z('SELECT length($1)'), w.i16(1), w.i32(1043)),
        w.bind('', '', ['a']),
        w.execute(''),
        w.sync,
      ],
    ],
  },
  {
    name: 'the same under a name, after one that was said to be a text',
    says: [
      [w.frame('P', w.z('t'), w.z('SELECT length($1)'), w.i16(1), w.i32(25)), w.sync],
      [w.frame('P', w.z('v'), w.z('SELECT length($1)'), w.i16(1), w.i32(1043)), w.sync],
      [w.bind('', 't', ['a']), w.execute(''), w.sync],
      [w.bind('', 'v', ['a']), w.execute(''), w.sync],
    ],
  },
];

export const TYPED_ALLOWED = [
  [given("SELECT $1 || 'x', upper($2), coalesce($3, 'd'), length($4)", 'a', 'b', null, 'abc')],
  [given('SELECT id FROM notes WHERE length(body) > $1 AND lower(body) = lower($2)', '3', 'FIRST')],
  [
    'DROP FUNCTION IF EXISTS purge(int, int)',
    'DROP AGGREGATE IF EXISTS tally(int)',
    'DROP FUNCTION IF EXISTS ssn_of(text)',
  ],
  'ALTER TABLE IF EXISTS not_there DROP COLUMN x',
  'CALL clear_called(900)',
  "EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) SELECT name FROM customers WHERE email = 'x@y.z' AND country = 'DE'",
].map((steps) => allowed(steps));
