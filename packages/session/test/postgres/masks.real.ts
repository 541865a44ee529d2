import { randomBytes } from 'node:crypto';
import { setImmediate as pause } from 'node:timers/promises';
import { FailedLoads, type MaskRule, masksFor, rulesOf } from '@hoop/controls';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as w from '../../../protocols/test/postgres/wire.js';
import type { Upstream } from '../../src/index.js';
import { cellsOf, fieldOf, type Message, MODES, Session } from './evasion/session-run.js';
import { type Server, startServer } from './server.js';

/** Each masked column holds it, in one form or another; nobody may see it. */
const SSN = '219-09-4271';
const SCHEMA = `
CREATE DOMAIN tax AS varchar(20);
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TYPE pair AS (a text, b int);
CREATE TABLE people (
  id int PRIMARY KEY, name text, note text,
  s_text text, s_varchar varchar(20), s_char char(14), s_name name, s_tax tax,
  s_json json, s_jsonb jsonb, s_array text[], s_pair pair, s_bytea bytea, s_xml xml,
  s_int int, s_big bigint, s_numeric numeric, s_double float8, s_date date, s_time timestamptz, s_uuid uuid, s_range int4range, s_bool bool, s_mood mood
);
INSERT INTO people SELECT n, 'name ' || n, NULL, '${SSN}', '${SSN}', '${SSN}', '${SSN}', '${SSN}',
  '{"s":"${SSN}"}', '{"s":"${SSN}"}', ARRAY['${SSN}'], ROW('${SSN}', 1)::pair, '${SSN}', '<a>${SSN}</a>',
  219094271, 219094271, 219094271, 219094271, '2019-09-04', '2019-09-04', md5('x')::uuid, '[219,4271)', true, 'ok'
FROM generate_series(1, 3) n;
CREATE TABLE notes (id int, body text, tags text[], doc jsonb, raw bytea, big bigint, num numeric, at timestamptz DEFAULT '2026-11-22 05:10:11+00');
INSERT INTO notes VALUES
  (1, 'nothing of note', '{a,b}', '{"a":1}', 'plain', 4111111111111112, 12.5),
  (2, 'call ada@shop.example now', '{ada@shop.example}', '{"mail":"ada@shop.example"}', 'to ada@shop.example', 4111111111111111, 4111111111111111.50),
  (3, 'two: 4111 1111 1111 1111 / GB82 WEST 1234 5698 7654 32', NULL, NULL, '\\x00ff', NULL, 0);
CREATE FUNCTION tells(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE 'it is %', $1; RETURN $1; END $$;
`;
const MASKED: MaskRule = {
  name: 'people',
  connections: ['*'],
  columns: ['public.people.s_*'],
  detectors: [],
  way: 'redact',
  predicates: 'deny',
  exempt: ['sre'],
};

let server: Server;
let upstream: Upstream;
let admin: Client;
beforeAll(async () => {
  server = await startServer();
  await server.admin.query('CREATE DATABASE masked');
  await server.cluster.sql(SCHEMA, 'masked');
  await server.admin.query('CREATE DATABASE extended');
  const extended = `CREATE EXTENSION citext; CREATE TABLE people (s_text citext); INSERT INTO people VALUES ('${SSN}')`;
  await server.cluster.sql(extended, 'extended');
  upstream = { ...server.upstream, name: 'pg-support', databases: ['masked', 'extended'] };
  admin = new Client(server.cluster.config({ database: 'masked' }));
  await admin.connect();
}, 60_000);
afterAll(async () => {
  await admin?.end();
  await server?.stop();
});

const key = randomBytes(32);
async function withSession<T>(
  rules: readonly MaskRule[],
  use: (session: Session) => Promise<T>,
  groups = ['support'],
  database = 'masked',
): Promise<T> {
  const masks = masksFor(
    rules,
    { connection: 'pg-support', groups, person: 'u1' },
    { key, pause: async () => void (await pause()), failedLoads: new FailedLoads(Date.now) },
  );
  const session = new Session(upstream, masks === undefined ? {} : { reads: true, masks });
  expect((await session.open({ database })).at(-1)?.type).toBe('Z');
  const result = await use(session);
  await session.close();
  expect(session.bugs).toEqual([]);
  if (masks !== undefined) {
    for (const text of [
      ...session.heard.map(({ body }) => body.toString('latin1')),
      JSON.stringify(session.lines.all),
    ]) {
      expect(text).not.toContain(SSN);
      expect(text).not.toContain(Buffer.from(SSN).toString('hex'));
      expect(text).not.toContain('219094271');
    }
  }
  return result;
}
const rowsOf = (messages: readonly Message[]) => messages.filter(({ type }) => type === 'D').map(cellsOf);
const textOf = (rows: readonly (readonly (Buffer | null)[])[]) =>
  rows.map((row) => row.map((cell) => cell?.toString() ?? null));
const errorOf = (messages: readonly Message[]) => messages.find(({ type }) => type === 'E');
const dataOf = (messages: readonly Message[]) =>
  Buffer.concat(messages.filter(({ type }) => type === 'd').map(({ body }) => body));

const TEXTS = ['s_text', 's_varchar', 's_char', 's_name', 's_tax'];
const OTHERS = [
  's_array',
  's_pair',
  's_bytea',
  's_xml',
  's_int',
  's_big',
  's_numeric',
  's_double',
  's_date',
  's_time',
  's_uuid',
  's_range',
  's_bool',
  's_mood',
];

describe.each(MODES)('%s: a masked column of every type', (mode) => {
  test('texts are three stars, JSON a string of them, all else NULL; what is not masked is what it was', async () => {
    const columns = ['id', 'name', ...TEXTS, 's_json', 's_jsonb', ...OTHERS];
    const rows = await withSession([MASKED], async (session) =>
      rowsOf(await session.run({ text: `SELECT ${columns.join()} FROM people ORDER BY id` }, mode)),
    );
    expect(rows).toHaveLength(3);
    const stars = TEXTS.map((name) => (name === 's_char' ? '***           ' : '***'));
    const jsonb = mode === 'binary' ? null : '"***"';
    const expected = ['name 1', ...stars, mode === 'binary' ? null : '"***"', jsonb, ...OTHERS.map(() => null)];
    expect(textOf(rows)[0]?.slice(1)).toEqual(expected);
  });

  test('as a whole row, a star, an array, JSON: masked whole', async () => {
    await withSession([MASKED], async (session) => {
      for (const text of [
        'SELECT p FROM people p',
        'SELECT to_jsonb(p) FROM people p',
        'SELECT array_agg(s_text) FROM people',
        "SELECT upper(s_text) || '' FROM people",
      ]) {
        const rows = textOf(rowsOf(await session.run({ text }, mode)));
        expect(rows.length).toBeGreaterThan(0);
        for (const [cell] of rows) expect([null, '***', '"***"']).toContain(cell);
      }
      const all = textOf(rowsOf(await session.run({ text: 'SELECT * FROM people ORDER BY id' }, mode)));
      expect(all[0]?.filter((cell) => cell !== null && !/^"?\*\*\*"? *$/.test(cell))).toHaveLength(2);
    });
  });

  test('what detectors find, in each type', async () => {
    const rows = await withSession(rulesOf('pii', ['*']), async (session) =>
      rowsOf(await session.run({ text: 'SELECT id, body, tags, doc, raw, big, num, at FROM notes ORDER BY id' }, mode)),
    );
    const [first, second, third] = rows;
    expect(second?.slice(2, 7)).toEqual([null, null, null, null, null]);
    expect(textOf(rows).map((row) => row[1])).toEqual([
      'nothing of note',
      'call *** now',
      'two: **** **** **** 1111 / **** **** **** **** **54 32',
    ]);
    expect(first?.every((cell) => cell !== null)).toBe(true);
    expect(third?.[4]).not.toBeNull();
  });

  test('a type of an extension that is text', async () => {
    const ask = (session: Session) => session.run({ text: 'SELECT s_text, s_text::text FROM people' }, mode);
    const said = await withSession([MASKED], ask, [], 'extended');
    expect(textOf(rowsOf(said))).toEqual([['***', '***']]);
  });

  test('exempt people see all of it', async () => {
    const text = 'SELECT s_text FROM people';
    const rows = await withSession([MASKED], async (session) => textOf(rowsOf(await session.run({ text }, mode))), [
      'sre',
    ]);
    expect(rows).toEqual([[SSN], [SSN], [SSN]]);
  });
});

describe('however the rows are asked for', () => {
  test('cursors of SQL, in text and binary, and by the protocol', async () => {
    await withSession([MASKED], async (session) => {
      for (const kind of ['CURSOR', 'BINARY CURSOR']) {
        await session.run({ text: 'BEGIN' }, 'simple');
        await session.run({ text: `DECLARE c ${kind} FOR SELECT s_text, s_int FROM people` }, 'simple');
        for (const text of ['FETCH 1 FROM c', 'FETCH ALL FROM c']) {
          const rows = textOf(rowsOf(await session.run({ text }, 'simple')));
          for (const row of rows) expect(row).toEqual(['***', null]);
          expect(rows.length).toBeGreaterThan(0);
        }
        session.say(w.execute('c', 1), w.sync);
        for (const [cell] of textOf(rowsOf(await session.answer()))) expect([null, '***']).toContain(cell);
        await session.run({ text: 'ROLLBACK' }, 'simple');
      }
    });
  });

  test('executed again and again, never described, in parts', async () => {
    await withSession([MASKED], async (session) => {
      session.say(w.parse('s', 'SELECT s_text, id FROM people ORDER BY id'), w.sync);
      await session.answer();
      for (let time = 0; time < 3; time++) {
        session.say(w.bind('', 's'), w.execute('', 1), w.execute('', 1), w.execute('', 0), w.sync);
        expect(textOf(rowsOf(await session.answer()))).toEqual([
          ['***', '1'],
          ['***', '2'],
          ['***', '3'],
        ]);
      }
      session.say(w.bind('', 's'), w.execute(''), w.bind('', 's'), w.execute(''), w.sync);
      expect(textOf(rowsOf(await session.answer())).map(([cell]) => cell)).toEqual(Array(6).fill('***'));
    });
  });

  test('many statements in one Query, each by its own columns', async () => {
    await withSession([MASKED], async (session) => {
      const text =
        "SELECT name FROM people WHERE id = 1; SELECT s_text FROM people WHERE id = 1; SELECT 1, s_text, 'x' FROM people WHERE id = 1";
      expect(textOf(rowsOf(await session.run({ text }, 'simple')))).toEqual([['name 1'], ['***'], ['1', '***', 'x']]);
    });
  });

  test('RETURNING', async () => {
    await withSession([MASKED], async (session) => {
      const rows = textOf(
        rowsOf(
          await session.run(
            { text: "UPDATE people SET note = 'x' WHERE id = 1 RETURNING id, s_text, note" },
            'extended',
          ),
        ),
      );
      expect(rows).toEqual([['1', '***', 'x']]);
    });
  });
});

describe('COPY TO STDOUT', () => {
  const columns = 'id, name, note, s_text, s_int, s_array';

  test('text, csv and their options', async () => {
    await withSession([MASKED], async (session) => {
      const copied = async (text: string) => dataOf(await session.run({ text }, 'simple')).toString();
      await admin.query('UPDATE people SET note = E\'tab\\t, "quoted" \\\\ and\\nlines\' WHERE id = 2');
      const [, , line] = (await copied(`COPY people (${columns}) TO STDOUT`)).split(/(?<=\n)/);
      expect(line).toMatch(/^(?:2\tname 2|3\tname 3)\t.*\t\*\*\*\t\\N\t\\N\n$/);
      expect(await copied(`COPY (SELECT ${columns} FROM people WHERE id = 2) TO STDOUT`)).toBe(
        '2\tname 2\ttab\\t, "quoted" \\\\ and\\nlines\t***\t\\N\t\\N\n',
      );
      expect(await copied(`COPY (SELECT ${columns} FROM people WHERE id = 2) TO STDOUT CSV HEADER`)).toBe(
        'id,name,note,s_text,s_int,s_array\n2,name 2,"tab\t, ""quoted"" \\ and\nlines",***,,\n',
      );
      const options = "(FORMAT csv, DELIMITER '|', QUOTE '''', FORCE_QUOTE *, NULL 'nil', ESCAPE '\\')";
      expect(await copied(`COPY (SELECT ${columns} FROM people WHERE id = 3) TO STDOUT WITH ${options}`)).toBe(
        "'3'|'name 3'|nil|'***'|nil|nil\n",
      );
    });
  });

  test('binary reads back', async () => {
    const data = await withSession([MASKED], async (session) =>
      dataOf(
        await session.run(
          { text: `COPY (SELECT ${columns} FROM people WHERE id = 3) TO STDOUT (FORMAT binary)` },
          'simple',
        ),
      ),
    );
    const field = (value: string | null) =>
      value === null ? Buffer.from(w.i32(-1)) : Buffer.concat([Buffer.from(w.i32(value.length)), Buffer.from(value)]);
    expect(data.subarray(19)).toEqual(
      Buffer.concat([
        Buffer.from(w.i16(6)),
        field('\0\0\0\x03'),
        field('name 3'),
        field(null),
        field('***'),
        field(null),
        field(null),
        Buffer.from(w.i16(-1)),
      ]),
    );
  });

  test('what is not masked is the same bytes as without masks', async () => {
    for (const text of [
      'COPY notes TO STDOUT',
      'COPY notes TO STDOUT CSV HEADER',
      'COPY notes TO STDOUT (FORMAT binary)',
    ]) {
      const run = (session: Session) => session.run({ text }, 'simple');
      const masked = await withSession([MASKED], run);
      const plain = await withSession([], run);
      expect(masked).toEqual(plain);
    }
  });

  test('by detectors', async () => {
    await withSession(rulesOf('pii', ['*']), async (session) => {
      const text = dataOf(
        await session.run({ text: 'COPY (SELECT body, big FROM notes ORDER BY id) TO STDOUT' }, 'simple'),
      ).toString();
      expect(text.split('\n')[1]).toBe('call *** now\t\\N');
    });
  });
});

describe('what is said beside rows', () => {
  test('an error over a masked value keeps its code', async () => {
    await withSession([MASKED], async (session) => {
      for (const mode of MODES) {
        const error = errorOf(await session.run({ text: 'SELECT s_text::int FROM people' }, mode)) as Message;
        expect(fieldOf(error, 'C')).toBe('22P02');
        expect(fieldOf(error, 'M')).toBe('invalid text representation');
      }
      const own = errorOf(await session.run({ text: 'SELECT nothing FROM people' }, 'simple')) as Message;
      expect(fieldOf(own, 'M')).toBe('column "nothing" does not exist');
    });
  });

  test('a violated constraint names no value', async () => {
    await admin.query('CREATE TABLE IF NOT EXISTS uniq (s_text text UNIQUE)');
    await admin.query(`INSERT INTO uniq VALUES ('${SSN}') ON CONFLICT DO NOTHING`);
    await withSession([{ ...MASKED, columns: ['uniq.s_text'] }], async (session) => {
      const said = await session.run(
        { text: "INSERT INTO uniq VALUES ($1 || '71')", values: ['219-09-42'] },
        'extended',
      );
      expect(fieldOf(errorOf(said) as Message, 'C')).toBe('23505');
    });
  });

  test('what a function says and what a setting is made', async () => {
    await withSession([MASKED], async (session) => {
      await session.run({ text: 'SELECT tells(s_text) FROM people' }, 'simple');
      await session.run({ text: "SELECT set_config('application_name', s_text, false) FROM people" }, 'extended');
      await session.run({ text: 'SHOW application_name' }, 'simple');
      await session.run({ text: "SELECT pg_notify('c', s_text) FROM people" }, 'simple');
    });
  });

  test('another’s notification comes without what it carries', async () => {
    await withSession([MASKED], async (session) => {
      await session.run({ text: 'LISTEN c' }, 'simple');
      await admin.query(`SELECT pg_notify('c', '${SSN}')`);
      const said = await session.run({ text: 'SELECT 1' }, 'simple');
      const all = [...session.heard, ...said];
      expect(all.some(({ type, body }) => type === 'A' && body.includes('***'))).toBe(true);
    });
  });

  test('one of its own comes as it is, until the session has come by what is masked', async () => {
    await withSession([MASKED], async (session) => {
      await session.run({ text: 'LISTEN c' }, 'simple');
      await session.run({ text: "NOTIFY c, 'job 17'" }, 'simple');
      await session.run({ text: 'SELECT s_text FROM people' }, 'simple');
      await session.run({ text: "NOTIFY c, 'job 18'" }, 'simple');
      await session.run({ text: 'SELECT 1' }, 'simple');
      const told = session.heard.filter(({ type }) => type === 'A').map(({ body }) => body.toString());
      expect(told).toEqual([expect.stringContaining('job 17'), expect.stringContaining('***')]);
    });
  });
});

test('the record says what was masked and by which rule, and keeps no value', async () => {
  await withSession([MASKED], async (session) => {
    await session.run({ text: `SELECT id, s_text FROM people WHERE s_text = '${SSN}'` }, 'simple');
    await session.run({ text: 'SELECT id, s_text FROM people WHERE s_text = $1', values: [SSN] }, 'extended');
    const { lines } = session;
    expect(lines.intents.map(({ action }) => action.text)).toEqual([
      "SELECT id, s_text FROM people WHERE s_text = '***'",
      'SELECT id, s_text FROM people WHERE s_text = $1',
    ]);
    expect(lines.intents[1]?.action.parameters).toEqual(['***']);
    expect(lines.entries.filter(({ kind }) => kind === 'masked')).toEqual([
      { kind: 'masked', statement: 1, rule: 'people', cells: 3 },
      { kind: 'masked', statement: 2, rule: 'people', cells: 3 },
    ]);
  });
});
