import type { Changes, Output, OutputColumn, OutputSource, Rows } from '@hoop/core';
import { concat } from '@hoop/core';
import { type Heard, readingOf, Stage } from '@hoop/testkit/conformance';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Read } from '../../src/postgres/engine/readings.js';
import { openPostgres } from '../../src/postgres/engine.js';
import { postgres } from '../../src/postgres/index.js';
import { Changes as Made } from '../../src/postgres/knowledge.js';
import type { Catalogue } from '../../src/postgres/sql/catalogue.js';
import { ready } from '../../src/postgres/sql/parse.js';
import * as w from './wire.js';

await ready();

type Masked = (cell: Buffer, column: OutputColumn) => string | null | undefined;

/** A mask that knows nothing: asks for each cell what is to stand there; `undefined` leaves it. */
function masking(masked: Masked) {
  return (output: Output): Output => {
    if (output.kind === 'message') return { kind: 'message', text: output.text.replaceAll('secret', '***') };
    if (output.kind !== 'rows') return output;
    const changed: { cell: number; value: string | null }[] = [];
    for (let cell = 0; cell < output.cells.length / 2; cell++) {
      const [from, length] = [output.cells[2 * cell] as number, output.cells[2 * cell + 1] as number];
      const column = output.columns[cell % output.columns.length] as OutputColumn;
      if (length < 0) continue;
      const value = masked(Buffer.from(output.bytes.subarray(from, from + length)), column);
      if (value !== undefined) changed.push({ cell, value });
    }
    return changed.length === 0 ? output : { ...output, changes: changesOf(changed) };
  };
}
function changesOf(changed: readonly { cell: number; value: string | null }[]): Changes {
  const bytes = Buffer.from(changed.map(({ value }) => value ?? '').join(''));
  let at = 0;
  const spans = changed.flatMap(({ value }) => {
    const length = Buffer.byteLength(value ?? '');
    at += length;
    return [at - length, value === null ? -1 : length];
  });
  const cells = Int32Array.from(changed.map(({ cell }) => cell));
  return { count: changed.length, cells, spans: Int32Array.from(spans), bytes };
}
/** Words that are secret become stars, fewer or more than they had letters; empty ones a word. */
const words: Masked = (cell) => {
  const text = cell.toString('latin1');
  if (text === 'none') return null;
  return text.includes('secret') ? text.replaceAll('secret', '***') : undefined;
};

const source = (name: string): OutputSource => ({ name, columns: [`public.t.${name}`], exact: true });
const reading = (outputs: readonly OutputSource[] | undefined): ReturnType<Read>[number] => ({
  ...readingOf({ outputs }),
  from: 0,
  to: 0,
  runs: [],
  setsPath: [],
  executes: [],
  makes: [],
  missing: [],
});
const catalogue = {
  version: 1,
  schemas: new Set(['public']),
  byOid: new Map([[16477, { schema: 'public', name: 't', columns: [{ number: 2, name: 'ssn', type: 25 }] }]]),
  relations: new Map([
    [
      'public',
      new Map([
        [
          't',
          {
            columns: [
              { name: 'a', type: 25 },
              { name: 'b', type: 25 },
            ],
          },
        ],
      ]),
    ],
  ]),
  typeByOid: new Map(),
} as unknown as Catalogue;

interface Options {
  outputs?: readonly OutputSource[] | undefined;
  masked?: Masked;
  generic?: boolean;
  seen?: Output[];
  /** What the client sends in place of a Query. */
  asks?: Uint8Array;
}

/** What the client gets of what the server says to a statement, in pieces as they are cut. */
function shownOf(text: string, said: Uint8Array, cut: (bytes: Uint8Array) => Uint8Array[], options: Options = {}) {
  const { outputs = [source('a'), source('b')], masked = words, generic = false, seen = [] } = options;
  const spec = { ...postgres, open: (flow: never) => openPostgres(flow, () => [reading(outputs)]) };
  const mask = masking(masked);
  const stage = new Stage(spec as typeof postgres, {
    dialled: w.READY,
    reads: true,
    learned: () => ({ ok: true, greeting: { catalogue, changes: new Made() } }),
    judge: () => ({ allow: true, reveals: true, generic }),
    reveal: (output) => {
      seen.push(output);
      return mask(output);
    },
  });
  stage.run();
  stage.feed('client', w.HELLO);
  stage.feed('client', options.asks ?? w.query(text));
  const from = stage.heard.length;
  for (const piece of cut(Uint8Array.from(said))) stage.feed('upstream', piece);
  const heard = stage.heard.slice(from);
  return { bytes: toClient(heard), heard };
}
const toClient = (heard: readonly Heard[]) =>
  Buffer.from(concat(heard.flatMap((one) => (one.do === 'send' && one.to === 'client' ? [one.bytes] : []))));

const whole = (bytes: Uint8Array) => [bytes];
const cuts = (bytes: Uint8Array, ...at: number[]) =>
  [0, ...at].map((from, index) => bytes.subarray(from, at[index] ?? bytes.length));

/** Whatever the cut, and byte by byte. */
function everyWay(text: string, said: Uint8Array, expected: Uint8Array, options?: Options): void {
  expect(shownOf(text, said, whole, options).bytes).toEqual(Buffer.from(expected));
  for (let at = 1; at < said.length; at++) {
    expect(shownOf(text, said, (bytes) => cuts(bytes, at), options).bytes).toEqual(Buffer.from(expected));
  }
  const bytewise = (bytes: Uint8Array) => Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
  expect(shownOf(text, said, bytewise, options).bytes).toEqual(Buffer.from(expected));
}

describe('rows', () => {
  const rows = (change: (word: string | null) => string | null) =>
    w.all(
      w.columns('a', 'b'),
      ...[
        ['x', 'secret'],
        ['secret and secret', null],
        ['plain', 'plain'],
        ['', 'none'],
        ['secret', 'secret'],
      ].map((cells) => w.row(...cells.map(change))),
      w.complete('SELECT 5'),
      w.ready(),
    );
  const shown = (word: string | null) => (word === 'none' ? null : (word?.replaceAll('secret', '***') ?? null));

  test('changed cells are written anew, all else is what came, however it is cut', () => {
    everyWay(
      'select a, b from t',
      rows((word) => word),
      rows(shown),
    );
  });

  test('cells that keep their length are written over', () => {
    const stars: Masked = (cell) =>
      cell.includes('secret') ? cell.toString().replaceAll('secret', '******') : undefined;
    everyWay(
      'select a, b from t',
      rows((word) => word),
      rows((word) => word?.replaceAll('secret', '******') ?? null),
      {
        masked: stars,
      },
    );
  });

  test('cells of any bytes and lengths, changed or not', () => {
    const cell = fc.option(
      fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constant('secret'), fc.constant('none')),
    );
    const width = fc.integer({ min: 1, max: 6 });
    const table = width.chain((n) =>
      fc.array(fc.array(cell, { minLength: n, maxLength: n }), { minLength: 1, maxLength: 30 }),
    );
    fc.assert(
      fc.property(table, fc.array(fc.nat(2000), { maxLength: 4 }), (rows, places) => {
        const said = (change: (word: string | null) => string | null) =>
          w.all(
            w.columns(...(rows[0] ?? []).map((_, at) => `c${at}`)),
            ...rows.map((cells) => w.row(...cells.map((one) => (one === null ? null : change(one))))),
            w.complete('SELECT'),
            w.ready(),
          );
        const came = said((word) => word);
        const at = places.filter((place) => place < came.length).sort((one, other) => one - other);
        const { bytes } = shownOf('select', came, (all) => cuts(all, ...at), { outputs: undefined });
        expect(bytes).toEqual(Buffer.from(said(shown)));
      }),
    );
  });

  test('a long cell passes as what came, beside one that is changed', () => {
    const long = 'x'.repeat(100_000);
    const said = (word: string) =>
      w.all(w.columns('a', 'b'), w.row(long, word), w.row(word, long), w.complete('SELECT 2'), w.ready());
    expect(shownOf('select', said('secret'), whole).bytes).toEqual(Buffer.from(said('***')));
  });

  test('columns come with where they are from, by the reader and by the server', () => {
    const seen: Output[] = [];
    const described = w.frame(
      'T',
      w.i16(2),
      ...['a', 'b'].flatMap((name) => [w.z(name), w.i32(16477), w.i16(2), w.i32(20), w.i16(8), w.i32(-1), w.i16(1)]),
    );
    const row = w.frame('D', w.i16(2), w.i32(1), 'x', w.i32(-1));
    shownOf('select', w.all(described, row), whole, { seen });
    expect(seen).toMatchObject([
      {
        columns: [
          { name: 'a', format: 'binary', type: 20, holds: 'digits', source: undefined, origin: 'public.t.ssn' },
          { source: undefined },
        ],
      },
    ]);
    // The server says that they are a column which the reader did not find there.
    const same = ['a', 'b'].map((name) => ({ ...source(name), columns: ['public.t.ssn'] }));
    shownOf('select', w.all(described, row), whole, { seen, outputs: same });
    expect((seen.pop() as Rows).columns.map((column) => column.source)).toEqual(same);
    const more = w.all(w.columns('a', 'b', 'c'), w.row('1', '2', '3'));
    shownOf('select', more, whole, { seen });
    expect((seen[1] as Rows).columns.map((column) => column.source)).toEqual([undefined, undefined, undefined]);
  });

  test('one too long to be held ends the flow', () => {
    const head = w.all(w.columns('a'), Uint8Array.from([0x44, ...w.i32(200_000_000), ...w.i16(1)]));
    const { heard } = shownOf('select', head, whole, { outputs: [source('a')] });
    expect(heard).toContainEqual(expect.objectContaining({ do: 'refuse' }));
    expect(JSON.stringify(heard.find((one) => one.do === 'refuse'))).toMatch(/has to be masked and cannot be/);
  });
});

describe('COPY TO STDOUT', () => {
  const copied = (format: 0 | 1, ...data: (string | Uint8Array)[]) =>
    w.all(
      w.frame('H', [format], w.i16(2), w.i16(format), w.i16(format)),
      ...data.map((one) => w.frame('d', one)),
      w.copyDone,
      w.complete('COPY 2'),
      w.ready(),
    );
  const lines = (...all: string[]) => all.map((line) => `${line}\n`);

  test('text', () => {
    everyWay(
      'copy t to stdout',
      copied(0, ...lines('x\tsecret', 'a\\tsecret\\\\\t\\N', '\t', 'none\tplain', '\\N\tsecret\\n')),
      copied(0, ...lines('x\t***', 'a\\t***\\\\\t\\N', '\t', '\\N\tplain', '\\N\t***\\n')),
    );
  });

  test('text with signs of its own and a header', () => {
    everyWay(
      "copy t to stdout with (delimiter '|', null 'NIL', header true)",
      copied(0, ...lines('a|secret', 'x\\|secret|NIL', 'none|p')),
      copied(0, ...lines('a|secret', 'x\\|***|NIL', 'NIL|p')),
    );
  });

  test('csv', () => {
    everyWay(
      'copy (select * from t) to stdout csv header',
      copied(
        0,
        ...lines('a,secret', 'x,secret', '"a ""secret"", b",', '"two\nlines",none', '"",secret', 'plain,"secret"'),
      ),
      copied(0, ...lines('a,secret', 'x,***', '"a ""***"", b",', '"two\nlines",', '"",***', 'plain,***')),
    );
  });

  test('what could be a value is not taken for NULL, nor is a value quoted for what it was', () => {
    everyWay(
      "copy t to stdout (null 'secret')",
      copied(0, ...lines('x\tsecret', 'y\t\\\\secret')),
      copied(0, ...lines('x\t***', 'y\t\\\\***')),
    );
    everyWay(
      "copy t to stdout (format csv, null 'secret', delimiter ';')",
      copied(0, ...lines('x;secret', 'x;"secret"', 'x;none', 'x;"secret;"')),
      copied(0, ...lines('x;secret', 'x;***', 'x;secret', 'x;"***;"')),
    );
  });

  test('csv with signs of its own; what would read as NULL is quoted', () => {
    everyWay(
      "copy t to stdout with (format csv, delimiter ';', quote '''', escape '\\', null '***', force_quote (a))",
      copied(0, ...lines("'x';secret", "'a \\'secret\\' \\\\ ;';***", "'';none")),
      copied(0, ...lines("'x';'***'", "'a \\'***\\' \\\\ ;';***", "'';***")),
    );
  });

  test('binary', () => {
    const head = concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Uint8Array.from([...w.i32(0), ...w.i32(0)])]);
    const tuple = (...cells: (string | null)[]) =>
      concat([
        Uint8Array.from(w.i16(2)),
        ...cells.flatMap((cell) =>
          cell === null ? [Uint8Array.from(w.i32(-1))] : [Uint8Array.from(w.i32(cell.length)), Buffer.from(cell)],
        ),
      ]);
    const end = Uint8Array.from(w.i16(-1));
    everyWay(
      'copy t to stdout (format binary)',
      copied(1, concat([head, tuple('x', 'secret')]), tuple('secret secret', null), tuple('none', ''), end),
      copied(1, concat([head, tuple('x', '***')]), tuple('*** ***', null), tuple(null, ''), end),
    );
  });

  test.each([
    ['two in one message', ['x\tsecret\ny\tplain\n'], ['x\t***\ny\tplain\n']],
    ['one in two messages', ['x\tsec', 'ret\n', 'y\tz\n'], ['x\t***', '\n', 'y\tz\n']],
    [
      'cut anywhere',
      ['x', '\tsecret', '\nsecret\ty\nz', '\t\\', '\\secret\n'],
      ['x', '\t***', '\n***\ty\nz', '\t\\', '\\***\n'],
    ],
  ])('rows are no messages: %s', (_, came, goes) => {
    const text = (bytes: Buffer) => dataOf(bytes).join('');
    for (let at = 0; at < copied(0, ...came).length; at++) {
      const { bytes } = shownOf('copy t to stdout', copied(0, ...came), (all) => (at === 0 ? [all] : cuts(all, at)));
      expect(text(bytes)).toBe(goes.join(''));
    }
  });

  test('what cannot be told apart ends the flow', () => {
    for (const [text, ...data] of [
      ["copy t to stdout (encoding 'SJIS')", 'x\ty\n'],
      ['copy t to stdout', 'x\n'],
      ['copy t to stdout', 'x\ty\tz\n'],
      ['copy t to stdout csv', '"x,y'],
      ['select', 'x\ty\n'],
    ] as [string, ...string[]][]) {
      const { heard, bytes } = shownOf(text, copied(0, ...data), whole);
      expect(heard.some((one) => one.do === 'refuse')).toBe(true);
      expect(bytes.includes('x')).toBe(false);
    }
  });

  test('rows of any text, in text and csv', () => {
    const cell = fc.oneof(
      fc.string(),
      fc.constantFrom('secret', 'none', '\\', '"', ',', '\n', '\\.', 'a\tb', '\r', 'secret"\\\n,'),
    );
    const table = fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 20 });
    const plain = (text: string) => text.replaceAll('\0', '');
    fc.assert(
      fc.property(table, fc.nat(500), (rows, at) => {
        for (const write of [asText, asCsv]) {
          const came = copied(0, ...rows.map((row) => write(row.map(plain))));
          const goes = rows.map((row) =>
            write(row.map(plain).map((one) => (one === 'none' ? null : one.replaceAll('secret', '***')))),
          );
          const sql = write === asText ? 'copy t to stdout' : 'copy t to stdout csv';
          const { bytes } = shownOf(sql, came, (all) => (at === 0 || at >= all.length ? [all] : cuts(all, at)));
          expect(dataOf(bytes)).toEqual(goes);
        }
      }),
    );
  });
});

/** As the server writes them. */
const asText = (row: readonly (string | null)[]) =>
  `${row
    .map((cell) =>
      cell === null
        ? '\\N'
        : cell.replace(
            /[\\\b\f\n\r\t\v]/g,
            (sign) => `\\${{ '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't', '\v': 'v' }[sign] ?? sign}`,
          ),
    )
    .join('\t')}\n`;
const asCsv = (row: readonly (string | null)[]) =>
  `${row.map((cell) => (cell === null ? '' : cell === '' || /[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')}\n`;

/** The bodies of CopyData, those with nothing in them left out. */
function dataOf(bytes: Buffer): string[] {
  const data: string[] = [];
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at + 1) + 1) {
    const body = bytes.toString('utf8', at + 5, at + 1 + bytes.readUInt32BE(at + 1));
    if (bytes[at] === 0x64 && body !== '') data.push(body);
  }
  return data;
}

describe('what is said beside rows', () => {
  const said = (type: 'E' | 'N', fields: Record<string, string>) =>
    w.frame(type, ...Object.entries(fields).map(([kind, value]) => w.z(`${kind}${value}`)), [0]);
  const FIELDS = {
    S: 'FEHLER',
    V: 'ERROR',
    C: '23505',
    M: 'doppelter secret',
    D: 'Key (ssn)=(secret)',
    H: 'secret?',
    P: '15',
  };
  const MORE = { W: 'secret', t: 'secret', n: 'secret_key', F: 'nbtinsert.c', L: '666', R: '_bt_check_unique' };

  test('while masked columns are touched, an error keeps its code and place', () => {
    const came = w.all(said('E', { ...FIELDS, ...MORE }), w.ready());
    const goes = w.all(
      said('E', { S: 'ERROR', V: 'ERROR', C: '23505', M: 'duplicate key value violates a unique constraint', P: '15' }),
      w.ready(),
    );
    everyWay('insert', came, goes, { generic: true });
    const { heard } = shownOf('insert', came, whole, { generic: true });
    expect(heard.find((one) => one.do === 'note')).toMatchObject({
      entry: {
        kind: 'finished',
        error: { code: '23505', message: 'duplicate key value violates a unique constraint' },
      },
    });
  });

  test('what repeats only the client’s own words is told', () => {
    const text = 'select Nothing, lowr(x) from t';
    const told = (M: string) => said('E', { S: 'ERROR', V: 'ERROR', C: '42703', M });
    for (const [came, goes] of [
      ['column "nothing" does not exist', 'column "nothing" does not exist'],
      ['function lowr(text) does not exist', 'function lowr does not exist'],
      ['column "secret" does not exist', 'column does not exist'],
      ['function secret(text) does not exist', 'column does not exist'],
      ['column "nothing" is secret', 'column does not exist'],
    ] as const) {
      everyWay(text, told(came), told(goes), { generic: true });
    }
  });

  test('a notice too, and a code that could be a value', () => {
    const came = w.all(
      said('N', { S: 'NOTICE', V: 'NOTICE', C: 'P0001', M: 'secret' }),
      said('E', { V: 'ERROR', C: '42719', M: 'x' }),
    );
    const goes = w.all(
      said('N', { S: 'NOTICE', V: 'NOTICE', C: 'P0001', M: 'an exception was raised' }),
      said('E', { S: 'ERROR', V: 'ERROR', C: 'P0001', M: 'an exception was raised' }),
    );
    everyWay('select', came, goes, { generic: true });
  });

  test('else it is shown to the masks, and on record as they leave it', () => {
    const came = w.all(said('E', FIELDS), w.ready());
    const goes = w.all(said('E', { ...FIELDS, M: 'doppelter ***', D: 'Key (ssn)=(***)', H: '***?' }), w.ready());
    everyWay('insert', came, goes);
    const { heard } = shownOf('insert', came, whole);
    expect(heard.find((one) => one.do === 'note')).toMatchObject({ entry: { error: { message: 'doppelter ***' } } });
  });

  test('rows before an error are shown before it', () => {
    const came = w.all(
      w.columns('a', 'b'),
      w.row('x', 'secret'),
      said('N', FIELDS),
      w.row('secret', 'y'),
      said('E', FIELDS),
      w.ready(),
    );
    const masked = { ...FIELDS, M: 'doppelter ***', D: 'Key (ssn)=(***)', H: '***?' };
    const goes = w.all(
      w.columns('a', 'b'),
      w.row('x', '***'),
      said('N', masked),
      w.row('***', 'y'),
      said('E', masked),
      w.ready(),
    );
    everyWay('select', came, goes);
  });

  test('a setting that could be a value is left empty until the server is ready, a plain one passes', () => {
    const came = w.all(
      w.complete('SELECT 1'),
      w.setting('application_name', 'secret'),
      w.setting('is_superuser', 'on'),
      w.ready(),
    );
    const goes = w.all(
      w.complete('SELECT 1'),
      w.setting('application_name', ''),
      w.setting('is_superuser', 'on'),
      w.ready(),
    );
    everyWay('select', came, goes, { generic: true });
    everyWay('select', came, came);
    const later = w.all(w.complete('SELECT 1'), w.ready(), w.setting('application_name', 'psql'));
    everyWay('select', later, later, { generic: true });
  });

  test('what a FunctionCall answers: all of it or nothing', () => {
    const LOREAD = 954;
    const args = [w.i16(1), w.i16(1), w.i16(2), w.i32(4), w.i32(0), w.i32(4), w.i32(99), w.i16(1)];
    const asks = w.frame('F', w.i32(LOREAD), ...args);
    const answer = (value: string | null) =>
      w.all(value === null ? w.frame('V', w.i32(-1)) : w.frame('V', w.i32(value.length), value), w.ready());
    everyWay('', answer('nothing of note'), answer('nothing of note'), { asks });
    everyWay('', answer('it is secret'), answer(null), { asks });
    everyWay('', answer('\0\0\0\x07'), answer('\0\0\0\x07'), { asks });
  });

  test('a notification’s payload', () => {
    const notification = (payload: string) => w.frame('A', w.i32(5), w.z('channel'), w.z(payload));
    everyWay(
      'listen',
      w.all(w.complete('LISTEN'), w.ready(), notification('a secret')),
      w.all(w.complete('LISTEN'), w.ready(), notification('a ***')),
    );
  });
});
