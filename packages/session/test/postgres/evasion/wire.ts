import * as w from '../../../../protocols/test/postgres/wire.js';

/** What is said in messages; each inner list goes out at once, and is answered before the next one. */
export interface WireAttack {
  name: string;
  parameters?: Record<string, string>;
  says: readonly (readonly Uint8Array[])[];
}

const SSN = 'SELECT ssn FROM customers ORDER BY id';
const NAMES = 'SELECT name FROM products ORDER BY id';
const DELETE = 'DELETE FROM orders';
const CALL = 'SELECT harmless()';
const says = (name: string, ...all: readonly (readonly Uint8Array[])[]): WireAttack => ({ name, says: all });
const opens = (parameters: Record<string, string>, text = DELETE): WireAttack => ({
  name: `startup with ${JSON.stringify(parameters)}, then ${text}`,
  parameters,
  says: [[w.query(text)]],
});
/** A Parse that says of which types its parameters are. */
const typed = (text: string, ...oids: number[]) =>
  w.frame('P', w.z(''), w.z(text), w.i16(oids.length), ...oids.map((oid) => w.i32(oid)));
/** A Bind with a format for each column. */
const formats = (portal: string, statement: string, ...codes: number[]) =>
  w.frame(
    'B',
    w.z(portal),
    w.z(statement),
    w.i16(0),
    w.i16(0),
    w.i16(codes.length),
    ...codes.map((code) => w.i16(code)),
  );
const call = (oid: number, ...values: string[]) =>
  w.frame(
    'F',
    w.i32(oid),
    w.i16(0),
    w.i16(values.length),
    ...values.flatMap((value) => [w.i32(Buffer.byteLength(value)), value]),
    w.i16(0),
  );

/** A21 on the wire, and A22 in the startup packet. */
export const WIRE: readonly WireAttack[] = [
  says(
    'what SQL gives a named statement',
    [w.parse('s', 'SELECT $1::text'), w.sync],
    [w.query('EXECUTE s(ssn_of(1))')],
  ),
  says(
    'a named portal that code reads',
    [w.query('BEGIN')],
    [w.parse('', SSN), w.bind('zz', ''), w.sync],
    [w.query("SELECT keep_cursor('zz')")],
    [w.query('SHOW app.leak')],
  ),
  says('a named statement', [w.parse('s', SSN), w.bind('', 's'), w.execute(''), w.sync]),
  says('a named statement, later', [w.parse('s', SSN), w.sync], [w.bind('', 's'), w.execute(''), w.sync]),
  says('a named portal', [w.query('BEGIN')], [w.parse('', SSN), w.bind('p', ''), w.sync], [w.execute('p'), w.sync]),
  says(
    'a named portal in pieces',
    [w.query('BEGIN')],
    [w.parse('', SSN), w.bind('p', ''), w.execute('p', 1), w.sync],
    [w.execute('p', 2), w.sync],
    [w.execute('p'), w.sync],
  ),
  says('rows without a Describe', [w.parse('', SSN), w.bind('', ''), w.execute(''), w.sync]),
  says('the same twice', [w.parse('s', SSN), w.bind('', 's'), w.execute(''), w.bind('', 's'), w.execute(''), w.sync]),
  says('binary for all', [w.parse('', SSN), formats('', '', 1), w.execute(''), w.sync]),
  says('binary for one of two', [
    w.parse('', 'SELECT id, card FROM customers'),
    formats('', '', 0, 1),
    w.execute(''),
    w.sync,
  ]),
  says('Describe of another', [
    w.parse('a', NAMES),
    w.parse('b', SSN),
    w.describe('S', 'a'),
    w.bind('', 'b'),
    w.execute(''),
    w.sync,
  ]),
  says(
    'Describe of the statement before it is another',
    [w.parse('s', NAMES), w.describe('S', 's'), w.sync],
    [w.close('S', 's'), w.parse('s', SSN), w.bind('', 's'), w.execute(''), w.sync],
  ),
  says('a name that is given anew in a pipeline', [
    w.parse('s', NAMES),
    w.bind('', 's'),
    w.execute(''),
    w.close('S', 's'),
    w.parse('s', SSN),
    w.bind('', 's'),
    w.execute(''),
    w.sync,
  ]),
  says(
    'a name of SQL, run by the wire',
    [w.query(`PREPARE s AS ${SSN}`)],
    [w.bind('', 's'), w.describe('P', ''), w.execute(''), w.sync],
  ),
  says('a name of the wire, run by SQL', [w.parse('s', SSN), w.sync], [w.query('EXECUTE s')]),
  says(
    'a name of the wire that SQL gives anew',
    [w.parse('s', NAMES), w.sync],
    [w.query('DEALLOCATE s')],
    [w.query(`PREPARE s AS ${SSN}`)],
    [w.bind('', 's'), w.execute(''), w.sync],
  ),
  says(
    'a name of the wire that SQL gives anew in one pipeline',
    [w.parse('s', NAMES), w.sync],
    [
      w.parse('', 'DEALLOCATE s'),
      w.bind('', ''),
      w.execute(''),
      w.parse('', `PREPARE s AS ${SSN}`),
      w.bind('', ''),
      w.execute(''),
      w.bind('', 's'),
      w.execute(''),
      w.sync,
    ],
  ),
  says(
    'a portal of the wire, fetched by SQL',
    [w.query('BEGIN')],
    [w.parse('', SSN), w.bind('p', ''), w.sync],
    [w.query('FETCH ALL FROM p')],
  ),
  says(
    'a cursor of SQL, run by the wire',
    [w.query('BEGIN')],
    [w.query(`DECLARE c CURSOR FOR ${SSN}`)],
    [w.execute('c'), w.sync],
  ),
  says(
    'a cursor of SQL that is another by then',
    [w.query('BEGIN')],
    [w.query(`DECLARE c CURSOR FOR ${NAMES}`)],
    [w.query(`CLOSE c; DECLARE c CURSOR FOR ${SSN}`)],
    [w.execute('c'), w.sync],
  ),
  says(
    'a name of 70 characters',
    [w.parse('n'.repeat(70), SSN), w.sync],
    [w.bind('', 'n'.repeat(63)), w.execute(''), w.sync],
  ),
  says('what is passed over after an error', [
    w.parse('', 'SELECT 1/0'),
    w.bind('', ''),
    w.execute(''),
    w.parse('', DELETE),
    w.bind('', ''),
    w.execute(''),
    w.sync,
  ]),
  says('a write behind a read', [
    w.parse('', 'SELECT 1'),
    w.bind('', ''),
    w.execute(''),
    w.parse('', DELETE),
    w.bind('', ''),
    w.execute(''),
    w.sync,
  ]),
  says('a Query behind a pipeline', [w.parse('', 'SELECT 1'), w.bind('', ''), w.execute(''), w.query(DELETE)]),
  says('two Queries at once', [w.query('SELECT 1'), w.query(DELETE)]),
  says('a Bind that plans, and no Execute', [w.parse('', CALL), w.bind('', ''), w.sync]),
  says('a Bind that plans a condition', [
    w.parse('', 'SELECT 1 FROM products WHERE id = harmless()'),
    w.bind('', ''),
    w.sync,
  ]),
  says('a named statement that plans', [w.parse('s', CALL), w.sync], [w.bind('', 's'), w.sync]),
  says('Describe alone', [w.parse('', CALL), w.describe('S', ''), w.sync]),
  says('Flush in place of Sync', [w.parse('', DELETE), w.bind('', ''), w.execute(''), w.flush, w.sync]),
  says(
    'a denied statement inside a transaction, and COMMIT',
    [w.query('BEGIN')],
    [w.query(DELETE)],
    [w.query('COMMIT')],
  ),
  says('DDL and its use in one pipeline', [
    w.parse('', 'CREATE TEMP VIEW v AS SELECT ssn AS n FROM customers'),
    w.bind('', ''),
    w.execute(''),
    w.parse('', 'SELECT n FROM v'),
    w.bind('', ''),
    w.execute(''),
    w.sync,
  ]),
  says('search_path and its use in one pipeline', [
    w.parse('', 'SET search_path = shadow'),
    w.bind('', ''),
    w.execute(''),
    w.parse('', 'SELECT name FROM customers'),
    w.bind('', ''),
    w.execute(''),
    w.sync,
  ]),
  says(
    'a statement prepared before the search_path',
    [w.parse('s', 'SELECT name FROM customers'), w.sync],
    [w.query('SET search_path = shadow')],
    [w.bind('', 's'), w.execute(''), w.sync],
  ),
  says(
    'a statement prepared before a temporary table',
    [w.parse('s', 'SELECT name FROM products'), w.sync],
    [w.query('CREATE TEMP TABLE products AS SELECT ssn AS name FROM customers')],
    [w.bind('', 's'), w.execute(''), w.sync],
  ),
  says('a command behind a zero byte', [w.frame('Q', 'SELECT 1\0; DELETE FROM orders\0')]),
  says('a Query of many', [w.query(`${'SELECT 1;'.repeat(200)}${DELETE}`)]),
  says('a parameter in place of a condition', [
    w.parse('', 'DELETE FROM orders WHERE $1::bool'),
    w.bind('', '', ['t']),
    w.execute(''),
    w.sync,
  ]),
  says('a parameter that is a pattern', [
    w.parse('', 'SELECT id FROM customers WHERE ssn LIKE $1'),
    w.bind('', '', ['9%']),
    w.execute(''),
    w.sync,
  ]),
  says('COPY out by the extended protocol', [
    w.parse('', 'COPY customers TO STDOUT'),
    w.bind('', ''),
    w.execute(''),
    w.sync,
  ]),
  says('FunctionCall of lo_import', [call(764, '/etc/passwd')]),
  says('FunctionCall of pg_read_file', [call(2624, 'PG_VERSION', '0', '9')]),
  says('FunctionCall of query_to_xml', [call(2925, 'SELECT ssn FROM customers', 't', 't', '')]),
  says(
    'FunctionCall of set_config',
    [call(2078, 'standard_conforming_strings', 'off', 'f')],
    [w.query("SELECT '\\'; DELETE FROM orders; --'")],
  ),
  says('a parameter of a type that is not known', [
    typed('SELECT $1', 16_999_999),
    w.bind('', '', ['x']),
    w.execute(''),
    w.sync,
  ]),
  opens({ options: '-c standard_conforming_strings=off' }, "SELECT '\\'; DELETE FROM orders; --'"),
  opens({ standard_conforming_strings: 'off' }, "SELECT '\\'; DELETE FROM orders; --'"),
  opens({ client_encoding: 'SJIS' }),
  opens({ options: '-c client_encoding=BIG5' }),
  opens({ options: '-csearch_path=shadow' }, 'SELECT name FROM customers'),
  opens({ search_path: 'shadow' }, 'SELECT name FROM customers'),
  opens({ options: '--search-path=shadow,public' }, 'SELECT name, country FROM customers'),
  opens({ options: '-c search_path=shadow\\,\\ public' }, 'SELECT name, country FROM customers'),
  opens({ options: '-c session_replication_role=replica' }),
  opens({ options: '-c role=pg_monitor' }),
  opens({ role: 'pg_monitor' }),
  opens({ session_authorization: 'postgres' }),
  opens({ options: '-c local_preload_libraries=x' }),
  opens({ options: '-c allow_system_table_mods=on' }, "UPDATE pg_class SET relname = 'x' WHERE relname = 'notes'"),
  opens({ replication: 'database' }, 'IDENTIFY_SYSTEM'),
  opens({ replication: 'true' }, 'BASE_BACKUP'),
  opens({ database: 'postgres' }),
];
