import { allowed } from './allowed.js';
import { type Attack, attacks } from './attack.js';

/** What the session makes in its own schema goes with it, and what depends on that. */
const peeks = (takes: string, returns = 'text', body = 'SELECT ssn FROM public.customers WHERE id = 1'): string =>
  `CREATE FUNCTION pg_temp.peeks(${takes}) RETURNS ${returns} LANGUAGE sql STABLE AS '${body}'`;
const peeksJson = (takes: string, as = 'json'): string =>
  peeks(
    takes,
    as,
    'SELECT to_json(ssn)::text::json FROM public.customers WHERE id = 1'.replace('json FROM', `${as} FROM`),
  );
const purges = (takes: string, returns: string, answer: string): string =>
  `CREATE FUNCTION pg_temp.purges(${takes}) RETURNS ${returns} LANGUAGE plpgsql AS $$ BEGIN DELETE FROM public.orders; RETURN ${answer}; END $$`;
const cast = (from: string, to: string, how = ''): string =>
  `CREATE CAST (${from} AS ${to}) WITH FUNCTION pg_temp.peeks(${from})${how}`;
const castPurges = (from: string, to: string, how = ''): string =>
  `CREATE CAST (${from} AS ${to}) WITH FUNCTION pg_temp.purges(${from})${how}`;

/** Operators of the session's own schema, which only their full name calls. */
const OPERATORS: readonly Attack[] = attacks('A20', [
  ['CREATE OPERATOR pg_temp.<<< (FUNCTION = look, LEFTARG = int, RIGHTARG = int)', 'SELECT 1 OPERATOR(pg_temp.<<<) 2'],
  [
    'CREATE OPERATOR pg_temp.<<< (FUNCTION = erase, LEFTARG = text, RIGHTARG = text)',
    "SELECT 'a' OPERATOR(pg_temp.<<<) 'b'",
  ],
  [
    'CREATE OPERATOR pg_temp.= (FUNCTION = erase, LEFTARG = text, RIGHTARG = text)',
    "SELECT 'a' OPERATOR(pg_temp.=) 'b'",
  ],
  [
    'CREATE OPERATOR pg_temp.= (FUNCTION = erase, LEFTARG = text, RIGHTARG = text)',
    "SELECT body OPERATOR(pg_temp.=) 'b' FROM notes",
  ],
  [
    'CREATE OPERATOR pg_temp.= (FUNCTION = erase, LEFTARG = text, RIGHTARG = text)',
    "SELECT 'a' OPERATOR(pg_temp.=) ANY (ARRAY['b'])",
  ],
  [
    'CREATE OPERATOR pg_temp.= (FUNCTION = erase, LEFTARG = text, RIGHTARG = text)',
    "SELECT 'a' OPERATOR(pg_temp.=) ALL (SELECT body FROM notes)",
  ],
  [
    'CREATE OPERATOR pg_temp.= (FUNCTION = erase, LEFTARG = text, RIGHTARG = text)',
    'PREPARE p(text) AS SELECT $1 OPERATOR(pg_temp.=) $1',
    "EXECUTE p('a')",
  ],
  [
    peeks('int'),
    'CREATE OPERATOR pg_temp.~ (FUNCTION = pg_temp.peeks, RIGHTARG = int)',
    'SELECT OPERATOR(pg_temp.~) 1',
  ],
  [
    peeks('int'),
    'CREATE OPERATOR pg_temp.~ (FUNCTION = pg_temp.peeks, RIGHTARG = int)',
    'SELECT OPERATOR(pg_temp.~) id FROM notes',
  ],
  [
    peeks('int'),
    'CREATE OPERATOR pg_temp.~ (FUNCTION = pg_temp.peeks, RIGHTARG = int)',
    'CREATE TEMP VIEW v AS SELECT OPERATOR(pg_temp.~) id AS x FROM notes',
    'SELECT x FROM v',
  ],
  [
    purges('int, int', 'boolean', 'true'),
    'CREATE FUNCTION pg_temp.fine(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT true $$',
    'CREATE OPERATOR pg_temp.!~~ (FUNCTION = pg_temp.purges, LEFTARG = int, RIGHTARG = int)',
    'CREATE OPERATOR pg_temp.~~~ (FUNCTION = pg_temp.fine, LEFTARG = int, RIGHTARG = int, NEGATOR = OPERATOR(pg_temp.!~~))',
    'SELECT NOT (id OPERATOR(pg_temp.~~~) 2) FROM notes',
  ],
]);

/** Casts to json that the server's functions look for by themselves. */
const TO_JSON: readonly Attack[] = [
  ...attacks(
    'A20',
    [
      'SELECT to_json(s) FROM lots',
      'SELECT to_jsonb(s) FROM lots',
      'SELECT row_to_json(l) FROM lots l',
      'SELECT json_agg(l) FROM lots l',
      "SELECT jsonb_build_object('a', s) FROM lots",
      "SELECT json_object_agg('a', s) FROM lots",
      'SELECT array_to_json(array_agg(s)) FROM lots',
      'SELECT to_json(ARRAY[s]) FROM lots',
      'SELECT to_json(ROW(1, s)) FROM lots',
      "SELECT to_json('open'::status)",
      "SELECT to_json(ARRAY['open'::status])",
      'SELECT to_json(enum_first(NULL::status))',
      'WITH x AS (SELECT s FROM lots) SELECT json_agg(x)::text FROM x',
      "SELECT length(to_json(s)::text) FROM lots WHERE to_json(s)::text LIKE '\"9%'",
      'COPY (SELECT to_json(s) FROM lots) TO STDOUT',
      'SELECT s::json FROM lots',
      'SELECT json(s) FROM lots',
    ].map((text) => [peeksJson('status'), cast('status', 'json'), text]),
  ),
  ...attacks('A20', [
    [purges('citext', 'json', "'1'"), castPurges('citext', 'json'), 'SELECT to_jsonb(title) FROM tickets'],
    [purges('citext', 'json', "'1'"), castPurges('citext', 'json'), 'SELECT json_agg(t) FROM tickets t'],
    [purges('citext', 'json', "'1'"), castPurges('citext', 'json'), "SELECT to_json('a'::citext)"],
    [purges('notes', 'json', "'1'"), castPurges('notes', 'json'), 'SELECT to_json(n) FROM notes n'],
    [purges('notes', 'json', "'1'"), castPurges('notes', 'json'), 'SELECT json_agg(n) FROM notes n'],
    [purges('notes', 'json', "'1'"), castPurges('notes', 'json'), "SELECT to_json(ROW(1, 'x')::notes)"],
    [
      'CREATE TYPE pg_temp.inner AS (s citext)',
      'CREATE TEMP TABLE outer_t (i pg_temp.inner)',
      "INSERT INTO outer_t VALUES (ROW('a'))",
      purges('citext', 'json', "'1'"),
      castPurges('citext', 'json'),
      'SELECT to_json(o) FROM outer_t o',
    ],
  ]),
];

/** Casts from a row's type, and from others' own, to what is the server's. */
const FROM_OWN: readonly Attack[] = [
  ...attacks(
    'A20',
    [
      'SELECT n::text FROM notes n',
      'SELECT text(n) FROM notes n',
      'SELECT n.text FROM notes n',
      "SELECT string_agg(n::text, ',') FROM notes n",
      "SELECT (ROW(1, 'x')::notes)::text",
      'SELECT x::text FROM (SELECT n FROM notes n) AS y(x)',
      'SELECT a[1]::text FROM (SELECT array_agg(n) AS a FROM notes n) x',
      'SELECT a::text[] FROM (SELECT array_agg(n) AS a FROM notes n) x',
      'SELECT CASE WHEN true THEN n::text END FROM notes n',
      "SELECT id FROM notes n WHERE n::text LIKE '900%' AND 1 / (id - 1) > 0",
      'CREATE TEMP TABLE kept AS SELECT n::text AS t FROM notes n ;; SELECT t FROM kept',
      'CREATE TEMP VIEW kept AS SELECT n::text AS t FROM notes n ;; SELECT t FROM kept',
      'DECLARE c CURSOR WITH HOLD FOR SELECT n::text FROM notes n ;; FETCH c',
      'PREPARE p AS SELECT n::text FROM notes n ;; EXECUTE p',
      "CREATE FUNCTION pg_temp.says(notes) RETURNS text LANGUAGE sql AS 'SELECT $1::text' ;; SELECT pg_temp.says(n) FROM notes n",
      'CREATE FUNCTION pg_temp.says(n notes) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN n::text; END $$ ;; SELECT pg_temp.says(n) FROM notes n',
      'CREATE FUNCTION pg_temp.says() RETURNS text LANGUAGE plpgsql AS $$ DECLARE n notes; BEGIN SELECT * INTO n FROM notes LIMIT 1; RETURN n::text; END $$ ;; SELECT pg_temp.says()',
      'COPY (SELECT n::text FROM notes n) TO STDOUT',
    ].map((text) => [peeks('notes'), cast('notes', 'text'), ...text.split(' ;; ')]),
  ),
  ...attacks(
    'A20',
    [
      "SELECT n::text || '' FROM notes n",
      "SELECT n || 'x' FROM notes n",
      "SELECT CASE WHEN true THEN n ELSE 'x'::text END FROM notes n",
      'SELECT coalesce(NULL::text, n) FROM notes n',
      "SELECT n FROM notes n UNION ALL SELECT 'x'::text",
      "SELECT x FROM (SELECT 'x'::text AS x UNION ALL SELECT n FROM notes n) y",
      "SELECT x FROM (VALUES ('x'::text), (ROW(1, 'x')::notes)) v(x)",
      "SELECT unnest(ARRAY['x'::text, n]) FROM notes n",
      "SELECT greatest('0'::text, n) FROM notes n",
      'CREATE TEMP TABLE kept (t text) ;; INSERT INTO kept SELECT n FROM notes n ;; SELECT t FROM kept',
      "CREATE TEMP TABLE kept (t text) ;; INSERT INTO kept VALUES (ROW(1, 'x')::notes) RETURNING t",
      "CREATE TEMP TABLE kept (t text) ;; INSERT INTO kept VALUES ('a') ;; UPDATE kept SET t = (SELECT n FROM notes n LIMIT 1) RETURNING t",
      'CREATE FUNCTION pg_temp.says() RETURNS text LANGUAGE plpgsql AS $$ DECLARE n notes; t text; BEGIN SELECT * INTO n FROM notes LIMIT 1; t := n; RETURN t; END $$ ;; SELECT pg_temp.says()',
      "CREATE FUNCTION pg_temp.says() RETURNS text LANGUAGE sql AS 'SELECT n FROM notes n LIMIT 1' ;; SELECT pg_temp.says()",
    ].map((text) => [peeks('notes'), cast('notes', 'text', ' AS IMPLICIT'), ...text.split(' ;; ')]),
  ),
  ...attacks('A20', [
    [peeksJson('notes'), cast('notes', 'json'), 'SELECT n::json FROM notes n'],
    [peeksJson('notes'), cast('notes', 'json'), 'SELECT to_json(n) FROM notes n'],
    [peeksJson('notes', 'jsonb'), cast('notes', 'jsonb'), 'SELECT n::jsonb FROM notes n'],
    [
      peeks('status'),
      cast('status', 'text', ' AS ASSIGNMENT'),
      'CREATE TEMP TABLE kept (t text)',
      'INSERT INTO kept SELECT s FROM lots',
      'SELECT t FROM kept',
    ],
    [
      peeks('status'),
      cast('status', 'text', ' AS ASSIGNMENT'),
      'CREATE TEMP TABLE kept (t text)',
      'INSERT INTO kept SELECT s FROM lots RETURNING t',
    ],
    [peeks('status'), cast('status', 'text'), 'SELECT s::text FROM lots'],
    [peeks('status'), cast('status', 'text'), 'SELECT s::varchar FROM lots'],
    [purges('notes', 'text', "'x'"), castPurges('notes', 'text'), 'SELECT n::text FROM notes n'],
    [purges('notes', 'text', "'x'"), castPurges('notes', 'text', ' AS IMPLICIT'), 'SELECT length(n) FROM notes n'],
    [
      'CREATE TEMP TABLE mine (id int)',
      'INSERT INTO mine VALUES (1)',
      peeks('pg_temp.mine'),
      cast('pg_temp.mine', 'text'),
      'SELECT m::text FROM mine m',
    ],
    [
      'CREATE TYPE pg_temp.pair AS (a int, b text)',
      peeks('pg_temp.pair'),
      cast('pg_temp.pair', 'text'),
      "SELECT (ROW(1, 'x')::pg_temp.pair)::text",
    ],
    [
      'CREATE TYPE pg_temp.pair AS (a int, b text)',
      peeks('pg_temp.pair'),
      cast('pg_temp.pair', 'text'),
      "SELECT (ROW(1, 'x')::pair)::text",
    ],
    ['CREATE DOMAIN pg_temp.dom AS text CHECK (ssn_of(1) <> VALUE)', "SELECT 'x'::pg_temp.dom::text, ssn_of(1)"],
  ]),
];

/** A definition keeps a value at once, and shows it in the catalogue. */
const BOUNDS: readonly Attack[] = attacks('A23', [
  [
    'CREATE TEMP TABLE lp (word text) PARTITION BY LIST (word)',
    'CREATE TEMP TABLE lp1 PARTITION OF lp FOR VALUES IN (ssn_of(1))',
    "SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = 'lp1'",
  ],
  [
    'CREATE TEMP TABLE lp (word text) PARTITION BY LIST (word)',
    "CREATE TEMP TABLE lp1 PARTITION OF lp FOR VALUES IN ('a', 'x' || ssn_of(1))",
    "SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = 'lp1'",
  ],
  [
    'CREATE TEMP TABLE lp (word text) PARTITION BY RANGE (word)',
    "CREATE TEMP TABLE lp1 PARTITION OF lp FOR VALUES FROM ('') TO (ssn_of(1))",
    "SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = 'lp1'",
  ],
  [
    'CREATE TEMP TABLE lp (word text) PARTITION BY RANGE (word)',
    'CREATE TEMP TABLE lp1 PARTITION OF lp FOR VALUES FROM (ssn_of(1)) TO (MAXVALUE)',
    "SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = 'lp1'",
  ],
  [
    'CREATE TEMP TABLE lp (word text) PARTITION BY LIST (word)',
    'CREATE TEMP TABLE lp1 (word text)',
    'ALTER TABLE lp ATTACH PARTITION lp1 FOR VALUES IN (ssn_of(1))',
    "SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = 'lp1'",
  ],
  [
    'CREATE TEMP TABLE lp (word text) PARTITION BY LIST (word)',
    'DO $$ BEGIN CREATE TEMP TABLE lp1 PARTITION OF lp FOR VALUES IN (ssn_of(1)); END $$',
    "SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = 'lp1'",
  ],
]);

/** The server calls it by itself: to gather statistics, to sort, to compare, to divide rows among partitions. */
const UNASKED: readonly Attack[] = [
  ...attacks('A20', [
    [
      'CREATE TEMP TABLE st (id int)',
      'INSERT INTO st VALUES (1)',
      'CREATE STATISTICS pg_temp.sz ON (purge()), id FROM st',
      'ANALYZE st',
    ],
    [
      'CREATE TEMP TABLE st (id int)',
      'INSERT INTO st VALUES (1)',
      'CREATE STATISTICS pg_temp.sz ON (harmless() + id), id FROM st',
      'ANALYZE st',
    ],
    [
      'CREATE TEMP TABLE st (id int)',
      'INSERT INTO st VALUES (1)',
      'CREATE STATISTICS pg_temp.sz ON (harmless() + id), id FROM st',
      'VACUUM ANALYZE st',
    ],
    [
      'CREATE TEMP TABLE st (id int)',
      'INSERT INTO st VALUES (1)',
      'CREATE STATISTICS pg_temp.sz ON (harmless() + id), id FROM st',
      'ANALYZE',
    ],
  ]),
  ...attacks('A20', [
    ...[
      'CREATE INDEX ON st (t pg_temp.oc)',
      "CREATE TEMP TABLE pt (t text) PARTITION BY RANGE (t pg_temp.oc) ;; CREATE TEMP TABLE pt1 PARTITION OF pt FOR VALUES FROM ('a') TO ('b')",
      'ALTER TABLE st ADD EXCLUDE USING btree (t pg_temp.oc WITH =)',
      "INSERT INTO st VALUES ('c') ON CONFLICT (t pg_temp.oc) DO NOTHING",
    ].map((text) => [
      'CREATE TEMP TABLE st (t text)',
      "INSERT INTO st VALUES ('a'), ('b')",
      purges('text, text', 'int', '0'),
      'CREATE OPERATOR CLASS pg_temp.oc FOR TYPE text USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 pg_temp.purges(text, text)',
      ...text.split(' ;; '),
    ]),
    [
      'CREATE TEMP TABLE st (t text)',
      "INSERT INTO st VALUES ('a'), ('b')",
      purges('text', 'int', '0'),
      'CREATE OPERATOR CLASS pg_temp.hc FOR TYPE text USING hash AS OPERATOR 1 =, FUNCTION 1 pg_temp.purges(text)',
      'CREATE INDEX ON st USING hash (t pg_temp.hc)',
    ],
    [
      'CREATE TYPE pg_temp.pair AS (a int)',
      'CREATE TEMP TABLE st (t pg_temp.pair)',
      'INSERT INTO st VALUES (ROW(1)), (ROW(2))',
      purges('pg_temp.pair, pg_temp.pair', 'int', '0'),
      'CREATE FUNCTION pg_temp.less(pg_temp.pair, pg_temp.pair) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT true $$',
      'CREATE OPERATOR pg_temp.< (FUNCTION = pg_temp.less, LEFTARG = pg_temp.pair, RIGHTARG = pg_temp.pair)',
      'CREATE OPERATOR pg_temp.= (FUNCTION = pg_temp.less, LEFTARG = pg_temp.pair, RIGHTARG = pg_temp.pair)',
      'CREATE OPERATOR CLASS pg_temp.oc DEFAULT FOR TYPE pg_temp.pair USING btree AS OPERATOR 1 pg_temp.<, OPERATOR 3 pg_temp.=, FUNCTION 1 pg_temp.purges(pg_temp.pair, pg_temp.pair)',
      'SELECT * FROM st ORDER BY t',
    ],
    [
      'CREATE TYPE pg_temp.pair AS (a int)',
      'CREATE TEMP TABLE st (t pg_temp.pair)',
      'INSERT INTO st VALUES (ROW(1)), (ROW(2))',
      purges('pg_temp.pair, pg_temp.pair', 'int', '0'),
      'CREATE FUNCTION pg_temp.less(pg_temp.pair, pg_temp.pair) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT true $$',
      'CREATE OPERATOR pg_temp.< (FUNCTION = pg_temp.less, LEFTARG = pg_temp.pair, RIGHTARG = pg_temp.pair)',
      'CREATE OPERATOR CLASS pg_temp.oc FOR TYPE pg_temp.pair USING btree AS OPERATOR 1 pg_temp.<, FUNCTION 1 pg_temp.purges(pg_temp.pair, pg_temp.pair)',
      'SELECT * FROM st ORDER BY t USING OPERATOR(pg_temp.<)',
    ],
    [
      purges('float8, float8', 'float8', '0'),
      'CREATE TYPE pg_temp.span AS RANGE (subtype = float8, subtype_diff = pg_temp.purges)',
      'CREATE TEMP TABLE st (r pg_temp.span)',
      'INSERT INTO st SELECT pg_temp.span(g, g + 1) FROM generate_series(1, 1000) g',
      'CREATE INDEX ON st USING gist (r)',
    ],
    [
      purges('text, text', 'int', '0'),
      'CREATE OPERATOR FAMILY pg_temp.fam USING btree',
      'CREATE OPERATOR CLASS pg_temp.oc FOR TYPE text USING btree FAMILY pg_temp.fam AS OPERATOR 1 <, OPERATOR 3 =',
      'ALTER OPERATOR FAMILY pg_temp.fam USING btree ADD FUNCTION 1 (text, text) pg_temp.purges(text, text)',
      'CREATE TEMP TABLE st (t text)',
      "INSERT INTO st VALUES ('a'), ('b')",
      'CREATE INDEX ON st (t pg_temp.oc)',
    ],
  ]),
  ...attacks(
    'A20',
    [
      'CREATE TEXT SEARCH DICTIONARY pg_temp.dx (TEMPLATE = synonym, SYNONYMS = synonym_sample)',
      'CREATE TEXT SEARCH DICTIONARY pg_temp.dx (TEMPLATE = ispell, DictFile = ispell_sample, AffFile = ispell_sample)',
      "CREATE TEXT SEARCH DICTIONARY pg_temp.dx (TEMPLATE = thesaurus, DictFile = thesaurus_sample, Dictionary = 'pg_catalog.english_stem')",
      'ALTER TEXT SEARCH DICTIONARY english_stem (SYNONYMS = synonym_sample)',
      'CREATE TEXT SEARCH TEMPLATE pg_temp.tx (LEXIZE = dsimple_lexize, INIT = dsimple_init)',
      'CREATE TEXT SEARCH PARSER pg_temp.px (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype)',
      "CREATE CONVERSION pg_temp.cx FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8",
      'ALTER DATABASE nowhere CONNECTION LIMIT 0',
      'ALTER DATABASE mirror CONNECTION LIMIT 0',
      'ALTER DATABASE mirror ALLOW_CONNECTIONS false',
      'ALTER DATABASE mirror SET TABLESPACE pg_default',
      'ALTER DATABASE mirror IS_TEMPLATE true',
      'CREATE DATABASE spare TEMPLATE victim',
      'CREATE OPERATOR public.!~> (FUNCTION = look_up, LEFTARG = text, RIGHTARG = text, NEGATOR = OPERATOR(pg_catalog.~~))',
      'CREATE OPERATOR FAMILY pg_temp.fam USING btree',
      'CREATE OR REPLACE TRIGGER snare_trigger BEFORE INSERT ON snare FOR EACH ROW EXECUTE FUNCTION touched()',
    ],
    'refused',
  ),
];

/** What a cast asks is asked by who makes the server call it, though it is not shown; and what is made meanwhile is not yet known. */
const CAST_ASKS: readonly Attack[] = [
  ...attacks(
    'A24',
    [
      'SELECT id FROM notes n WHERE n',
      'SELECT id FROM notes n WHERE NOT n',
      'SELECT count(*) FILTER (WHERE n) FROM notes n',
      'SELECT CASE WHEN n THEN 1 END FROM notes n',
      'SELECT n::boolean FROM notes n LIMIT 1',
      'SELECT 1 FROM generate_series(1, 3) LIMIT (SELECT CASE WHEN n THEN 1 ELSE 0 END FROM notes n LIMIT 1)',
    ].map((text) => [
      peeks('notes', 'boolean', "SELECT true FROM public.customers WHERE id = 1 AND ssn LIKE ''900%''"),
      cast('notes', 'boolean', ' AS IMPLICIT'),
      text,
    ]),
    'refused',
  ),
  ...attacks('A20', [
    [
      'BEGIN',
      purges('citext', 'json', "'1'"),
      castPurges('citext', 'json'),
      'SELECT to_jsonb(title) FROM tickets',
      'COMMIT',
    ],
    ['BEGIN', peeks('notes'), cast('notes', 'text'), 'SELECT n::text FROM notes n', 'COMMIT'],
    [
      `DO $do$ BEGIN ${purges('citext', 'json', "'1'")}; ${castPurges('citext', 'json')}; PERFORM to_jsonb(title) FROM tickets; END $do$`,
    ],
    [
      purges('interval', 'citext', "'x'"),
      castPurges('interval', 'citext', ' AS IMPLICIT'),
      "SELECT interval '1 day' OPERATOR(public.~) interval '1 day'",
    ],
    [
      purges('interval', 'citext', "'x'"),
      castPurges('interval', 'citext', ' AS IMPLICIT'),
      "SELECT texticregexeq(interval '1 day', interval '1 day')",
    ],
  ]),
];

/** A20: what keeps a table in order works out its index, by a function that empties another. */
const UPKEEP: readonly Attack[] = attacks(
  'A20',
  [
    'ANALYZE indexed',
    'VACUUM (ANALYZE) indexed',
    'REINDEX TABLE indexed',
    'REINDEX INDEX indexed_key',
    'CLUSTER indexed USING indexed_key',
    'CREATE INDEX ON indexed (id)',
    'ALTER TABLE indexed ALTER id TYPE bigint',
  ],
  'refused',
);

export const CASTS: readonly Attack[] = [
  ...UPKEEP,
  ...OPERATORS,
  ...TO_JSON,
  ...FROM_OWN,
  ...BOUNDS,
  ...UNASKED,
  ...CAST_ASKS,
];

/** What people make for themselves, and of which nothing is told. */
export const CASTS_ALLOWED = [
  [
    "CREATE FUNCTION pg_temp.plus(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + 1'",
    'SELECT pg_temp.plus(1)',
    'SELECT pg_temp.plus(id) FROM orders ORDER BY id LIMIT 2',
  ],
  ['CREATE TYPE pg_temp.pair AS (a int, b text)', "SELECT ROW(1, 'x')::pg_temp.pair", "SELECT (ROW(1, 'x')::pair).b"],
  [
    'CREATE DOMAIN pg_temp.natural AS int CHECK (VALUE > 0)',
    'SELECT 1::pg_temp.natural, id::pg_temp.natural FROM orders ORDER BY id LIMIT 2',
  ],
  [
    'CREATE TEMP TABLE tt (id int)',
    'INSERT INTO tt VALUES (1)',
    'SELECT ROW(1)::tt',
    'SELECT ROW(1)::pg_temp.tt FROM tt t',
    'SELECT to_json(t), t::text FROM tt t',
  ],
  [
    "CREATE FUNCTION pg_temp.near(int, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT abs($1 - $2) < 3'",
    'CREATE OPERATOR pg_temp.~~~ (FUNCTION = pg_temp.near, LEFTARG = int, RIGHTARG = int)',
    'SELECT id FROM orders WHERE id OPERATOR(pg_temp.~~~) 4 ORDER BY id',
  ],
  [
    "CREATE TYPE pg_temp.mood AS ENUM ('glad', 'sad')",
    "CREATE TEMP TABLE moods AS SELECT 1 AS id, 'glad'::pg_temp.mood AS m",
    "CREATE FUNCTION pg_temp.said(pg_temp.mood) RETURNS json LANGUAGE sql IMMUTABLE AS 'SELECT to_json($1::text)'",
    'CREATE CAST (pg_temp.mood AS json) WITH FUNCTION pg_temp.said(pg_temp.mood)',
    'SELECT to_json(m), id FROM moods',
    "SELECT row_to_json(m), count(*) OVER () FROM moods m WHERE m = 'glad' ORDER BY m",
  ],
  [
    'CREATE TEMP TABLE lp (word text, at date) PARTITION BY RANGE (at)',
    "CREATE TEMP TABLE lp1 PARTITION OF lp FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')",
    "INSERT INTO lp VALUES ('a', '2025-05-05')",
    'SELECT * FROM lp',
  ],
  [
    'CREATE TEMP TABLE st (id int, t text)',
    'CREATE INDEX ON st (t text_pattern_ops)',
    'CREATE STATISTICS pg_temp.sx ON (lower(t)), id FROM st',
    'ANALYZE st',
    'VACUUM ANALYZE notes',
    'REINDEX TABLE notes',
  ],
  [
    'CREATE TEXT SEARCH DICTIONARY pg_temp.dx (TEMPLATE = snowball, Language = english, StopWords = english)',
    'CREATE TEXT SEARCH CONFIGURATION pg_temp.cx (COPY = english)',
  ],
  [
    'BEGIN',
    "CREATE TYPE pg_temp.mood AS ENUM ('glad', 'sad')",
    'CREATE TEMP TABLE moods (m pg_temp.mood)',
    "INSERT INTO moods VALUES ('glad')",
    'SELECT * FROM moods',
    'COMMIT',
  ],
  ['CREATE OR REPLACE TRIGGER touched_too BEFORE INSERT ON tickets FOR EACH ROW EXECUTE FUNCTION touched()'],
  'CREATE TEMP TABLE lp (id int) PARTITION BY RANGE (id); CREATE TEMP TABLE lp1 PARTITION OF lp FOR VALUES FROM (MINVALUE) TO (10); CREATE TEMP TABLE lp2 PARTITION OF lp FOR VALUES FROM (10) TO (10 + 5); CREATE TEMP TABLE lp3 PARTITION OF lp DEFAULT',
].map((steps) => allowed(steps));
