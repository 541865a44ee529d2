import type { OutputColumn, Reading, Rows, Statement } from '@hoop/core';
import { ANY_COLUMN, shownRows } from '@hoop/core';
import { readingOf } from '@hoop/testkit/conformance';
import { describe, expect, test } from 'vitest';
import { FailedLoads, type MaskRule, masksFor, rulesOf } from '../../src/index.js';

const ports = {
  key: Buffer.from('a key'),
  pause: () => new Promise<void>((resolve) => setImmediate(resolve)),
  failedLoads: new FailedLoads(Date.now),
};
const at = { connection: 'pg-prod', groups: ['support'], person: 'p' };
const rule = (part: Partial<MaskRule>): MaskRule => ({
  name: 'declared',
  connections: ['*'],
  columns: [],
  detectors: [],
  way: 'redact',
  predicates: 'deny',
  exempt: [],
  ...part,
});
const masks = (...rules: MaskRule[]) => {
  const made = masksFor(rules, at, ports);
  if (made === undefined) throw new Error('no masks');
  return made;
};

const column = (part: Partial<OutputColumn> = {}): OutputColumn => ({
  name: 'c',
  format: 'text',
  type: 25,
  holds: 'text',
  source: { name: 'c', columns: ['public.customers.c'], exact: true },
  ...part,
});
const from = (...columns: string[]) => ({ name: 'c', columns, exact: true });

/** Rows whose cells lie apart by as many bytes as on the wire. */
function rowsOf(columns: readonly OutputColumn[], rows: readonly (readonly (string | null)[])[]): Rows {
  const parts: Buffer[] = [];
  const cells: number[] = [];
  let end = 0;
  for (const cell of rows.flat()) {
    const bytes = Buffer.from(cell ?? '');
    parts.push(Buffer.from([0, 0, 0, bytes.length & 255]), bytes);
    cells.push(end + 4, cell === null ? -1 : bytes.length);
    end += 4 + bytes.length;
  }
  return { kind: 'rows', columns, count: rows.length, bytes: Buffer.concat(parts), cells: Int32Array.from(cells) };
}
async function shown(made: ReturnType<typeof masks>, rows: Rows, statement = 1): Promise<(string | null)[][]> {
  const output = await made.reveal(rows, statement);
  if (output.kind !== 'rows') throw new Error('no rows');
  return Array.from(shownRows(output), (row) => row.map((cell) => cell && Buffer.from(cell).toString()));
}
const one = async (value: string, part: Partial<OutputColumn>, ...rules: MaskRule[]) =>
  (await shown(masks(...rules), rowsOf([column(part)], [[value]])))[0]?.[0];

describe('ways', () => {
  const ssn = (way: MaskRule['way']) => rule({ columns: ['*.ssn'], way });
  const source = from('public.customers.ssn');

  test.each<[MaskRule['way'], string, string | null]>([
    ['redact', '219-09-4271', '***'],
    ['redact', '', '***'],
    ['partial', '219-09-4271', '***-**-4271'],
    ['partial', '4111 1111 1111 1111', '**** **** **** 1111'],
    ['partial', '1234567', '*******'],
    ['partial', '12345678', '****5678'],
    ['partial', 'zoë@müller.example', '***@******.***mple'],
    ['partial', 'Zoë Müller ß', '*** ****** *'],
    ['partial', 'x'.repeat(300), '***'],
    ['null', '219-09-4271', null],
    ['show', '219-09-4271', '219-09-4271'],
  ])('%s of %s', async (way, value, masked) => {
    expect(await one(value, { source }, ssn(way), rule({ columns: ['*.other'] }))).toBe(masked);
  });

  test('what is derived of a column is the same for NULL as for any value: else a condition would tell the column', async () => {
    const derived = { name: 'c', columns: ['public.customers.ssn'], exact: false };
    const holds = ['text', 'padded', 'json', 'other'] as const;
    const columns = holds.map((one) => column({ source: derived, holds: one }));
    const rows = rowsOf(columns, [
      ['9', '9', '9', '9'],
      [null, null, null, null],
    ]);
    const [value, nothing] = await shown(masks(ssn('partial')), rows);
    expect(value).toEqual(['***', null, '"***"', null]);
    expect(nothing).toEqual(value);
    expect(await shown(masks(ssn('redact')), rowsOf([column({ source })], [[null]]))).toEqual([[null]]);
  });

  test('a hash is equal for equal values, with trailing spaces or without, and under one key only', async () => {
    const hash = await one('219-09-4271', { source }, ssn('hash'));
    expect(hash).toMatch(/^[0-9a-f]{24}$/);
    expect(await one('219-09-4271', { source: from('other.orders.ssn') }, ssn('hash'))).toBe(hash);
    expect(await one('219-09-4271  ', { source }, ssn('hash'))).toBe(hash);
    expect(await one('219-09-4272', { source }, ssn('hash'))).not.toBe(hash);
    const other = masksFor([ssn('hash')], at, { ...ports, key: Buffer.from('another') }) as ReturnType<typeof masks>;
    expect((await shown(other, rowsOf([column({ source })], [['219-09-4271']])))[0]?.[0]).not.toBe(hash);
  });

  test.each<[OutputColumn['holds'], 'text' | 'binary', string | null]>([
    ['text', 'binary', '***'],
    ['padded', 'text', '***        '],
    ['json', 'text', '"***"'],
    ['json', 'binary', null],
    ['digits', 'text', null],
    ['plain', 'text', null],
    ['other', 'text', null],
    [undefined, 'text', null],
  ])('what holds %s in %s', async (holds, format, masked) => {
    expect(await one('219-09-4271', { source, holds, format }, ssn('redact'))).toBe(masked);
  });

  test('a char(n) keeps its length in characters', async () => {
    expect(await one('219-09-4271', { source, holds: 'padded' }, ssn('hash'))).toMatch(/^[0-9a-f]{11}$/);
    expect(await one('zoë  ', { source, holds: 'padded' }, ssn('redact'))).toBe('***  ');
  });

  test('NULL stays NULL, and what is not masked is the same bytes', async () => {
    const columns = [column({ source }), column()];
    const rows = rowsOf(columns, [
      [null, 'a'],
      ['219-09-4271', null],
    ]);
    expect(await shown(masks(ssn('redact')), rows)).toEqual([
      [null, 'a'],
      ['***', null],
    ]);
    const plain = rowsOf([column()], [['nothing of note']]);
    expect(await masks(ssn('redact')).reveal(plain, 1)).toBe(plain);
  });
});

describe('which columns', () => {
  const ssn = rule({ columns: ['public.customers.ssn', '*.card'], way: 'partial' });

  test.each<[string, Partial<OutputColumn>, string | null]>([
    ['exact', { source: from('public.customers.ssn') }, '***-**-4271'],
    ['by a short pattern', { source: from('shop.payments.card') }, '***-**-4271'],
    ['derived', { source: { ...from('public.customers.ssn'), exact: false } }, '***'],
    ['one of several', { source: { ...from('public.customers.name', 'public.customers.ssn'), exact: false } }, '***'],
    ['derived, of another type', { holds: 'plain', source: { ...from('public.customers.ssn'), exact: false } }, null],
    ['not understood', { source: { name: 'c', columns: [], exact: false, opaque: 'it calls f' } }, '***'],
    ['not read', { source: undefined }, '***'],
    ['named by the server alone', { source: from('public.x.y'), origin: 'public.customers.ssn' }, '***-**-4271'],
    ['another', { source: from('public.customers.name') }, '219-09-4271'],
    ['of nowhere', { source: { name: 'c', columns: [], exact: false } }, '219-09-4271'],
    ['of a longer name', { source: from('public.customers.card_holder') }, '219-09-4271'],
  ])('%s', async (_, part, masked) => {
    expect(await one('219-09-4271', part, ssn)).toBe(masked);
  });

  test('capitals do not matter', async () => {
    expect(await one('12345678', { source: from('public.Customers.SSN') }, ssn)).toBe('****5678');
  });

  test('the first rule decides; one that shows spares a column from packs and detectors', async () => {
    const rules = [rule({ columns: ['public.shops.email'], way: 'show' }), ...rulesOf('pii', ['*'])];
    expect(await one('info@shop.example', { source: from('public.shops.email') }, ...rules)).toBe('info@shop.example');
    expect(await one('ada@shop.example', { source: from('public.people.email') }, ...rules)).toBe('***');
    expect(await one('ask ada@shop.example', { source: from('public.notes.body') }, ...rules)).toBe('ask ***');
  });

  test('connections and groups', () => {
    const made = (part: Partial<MaskRule>) => masksFor([rule({ columns: ['*.ssn'], ...part })], at, ports);
    expect(made({ connections: ['pg-*'] })).toBeDefined();
    expect(made({ connections: ['pg-test'] })).toBeUndefined();
    expect(made({ exempt: ['support'] })).toBeUndefined();
    expect(made({ exempt: ['sre'] })).toBeDefined();
  });
});

describe('what is found', () => {
  const pii = rulesOf('pii', ['*']);

  test.each<[string, string | null]>([
    ['my card: 4111 1111 1111 1111, thanks', 'my card: **** **** **** 1111, thanks'],
    ['4111111111111111', '************1111'],
    ['a@b.example and c@d.example', '*** and ***'],
    ['zoë 219-09-9999 ß', 'zoë ***-**-9999 ß'],
    ['４１１１１１１１１１１１１１１１ x', '**************** x'],
    ['nothing', 'nothing'],
  ])('%s', async (value, masked) => expect(await one(value, {}, ...pii)).toBe(masked));

  test('in what is no text, all of it goes', async () => {
    expect(await one('4111111111111111', { holds: 'digits' }, ...pii)).toBeNull();
    expect(await one('{ada@example.com,x}', { holds: 'other' }, ...pii)).toBeNull();
    expect(await one('{"mail":"ada@example.com"}', { holds: 'json' }, ...pii)).toBeNull();
    expect(await one('{"mail":"none"}', { holds: 'json' }, ...pii)).toBe('{"mail":"none"}');
    expect(await one('2026-11-22 05:10:11', { holds: 'plain' }, ...pii)).toBe('2026-11-22 05:10:11');
  });

  test('bytes that are not text are read as their column says', async () => {
    const reads = (bytes: Uint8Array, start: number, _: number, to: number) =>
      Buffer.from(Buffer.from(bytes.subarray(start, to)).toString(), 'hex');
    const value = Buffer.from('mail ada@example.com').toString('hex');
    expect(await one(value, { holds: 'other', reads }, ...pii)).toBeNull();
    expect(await one(Buffer.from('plain').toString('hex'), { holds: 'other', reads }, ...pii)).not.toBeNull();
  });

  test('beside a column that is read by itself, each place stays its own', async () => {
    const reads = (bytes: Uint8Array, start: number, _: number, to: number) => bytes.subarray(start, to);
    const columns = [column({ holds: 'other', reads }), column(), column({ holds: 'digits', reads })];
    const rows = [
      ['call +44 20 7946 0958 or ada@shop.example', 'mail ada@shop.example', '4111111111111111'],
      ['plain', 'a@b.example, 219-09-9999', '12'],
    ];
    expect(await shown(masks(...pii), rowsOf(columns, rows))).toEqual([
      [null, 'mail ***', null],
      ['plain', '***, ***-**-9999', '12'],
    ]);
  });

  test('nothing is put together from two cells', async () => {
    const rows = rowsOf([column(), column()], [['4111 1111', '1111 1111']]);
    expect(await masks(...pii).reveal(rows, 1)).toBe(rows);
  });

  test('in many rows, by each of its places', async () => {
    const columns = [column(), column({ source: from('public.people.email') }), column({ holds: 'plain' })];
    const rows = Array.from({ length: 500 }, (_, n) => [
      n % 7 === 0 ? `call +44 20 7946 0958 (${n})` : `row ${n}`,
      `p${n}@x.example`,
      'x',
    ]);
    const made = masks(...pii);
    const masked = await shown(made, rowsOf(columns, rows));
    expect(masked).toEqual(
      rows.map(([a]) => [(a as string).replace('+44 20 7946 0958', '+** ** **** 0958'), '***', 'x']),
    );
    expect(made.told(1)).toEqual([
      { kind: 'masked', statement: 1, rule: 'pii', cells: 500 },
      { kind: 'masked', statement: 1, rule: 'pii-numbers', cells: 72 },
    ]);
    expect(made.told(1)).toEqual([]);
  });

  test('in a text of its own', async () => {
    const made = masks(rule({ detectors: ['email'], way: 'redact' }));
    expect(await made.reveal({ kind: 'message', text: 'Key (email)=(ada@example.com) exists' }, 1)).toEqual({
      kind: 'message',
      text: 'Key (email)=(***) exists',
    });
  });
});

const statement = (text: string, part: Partial<Reading>, parameters?: string[]): Statement => ({
  kind: 'statement',
  class: 'read',
  text,
  readings: [readingOf(part)],
  ...(parameters && { parameters }),
});

describe('what a statement would find out', () => {
  const made = masks(rule({ columns: ['*.ssn'] }), rule({ columns: ['*.card'], predicates: 'allow', name: 'loose' }));
  const column = 'public.customers.ssn';
  const asks = (part: Partial<Reading>) => made.judge(statement('…', part));

  test.each(['range', 'pattern', 'order', 'group', 'join', 'function', 'fails', 'unknown'] as const)(
    '%s is denied',
    (how) => {
      const denied = asks({ predicates: [{ column, how }] });
      expect(denied).toMatchObject({ allow: false, rule: 'declared', hint: expect.stringMatching(/./) });
      expect(denied?.reason).toMatch(/^public\.customers\.ssn is masked for you, and this statement .*\.$/);
      expect(asks({ predicates: [{ column: 'public.customers.card', how }] })).toBeUndefined();
      expect(asks({ predicates: [{ column: 'public.customers.name', how }] })).toBeUndefined();
    },
  );

  test.each(['equality', 'null-test'] as const)('%s passes', (how) => {
    expect(asks({ predicates: [{ column, how }] })).toBeUndefined();
  });

  test('storing, explaining and code are denied where they touch it, and only there', () => {
    expect(asks({ stores: [column] })).toMatchObject({ allow: false });
    expect(asks({ columns: [column], traits: ['explains'] })).toMatchObject({ allow: false });
    expect(asks({ columns: [column], traits: ['code'] })).toMatchObject({ allow: false });
    expect(asks({ class: 'unknown', traits: ['code'] })).toMatchObject({ allow: false, rule: 'unread' });
    expect(asks({ kind: 'unparsable', class: 'unknown' })).toMatchObject({ allow: false, rule: 'unread' });
    expect(made.judge({ kind: 'statement', class: 'unknown', text: '…' })).toMatchObject({ allow: false });
    expect(asks({ stores: ['public.customers.name'] })).toBeUndefined();
    expect(asks({ columns: ['public.customers.name'], traits: ['explains'] })).toBeUndefined();
    expect(asks({ columns: [column] })).toBeUndefined();
  });

  test('a plan that is not run may name what is asked of by equality, and nothing else', () => {
    const explains = (how: 'equality' | 'range' | undefined, planned?: true) =>
      asks({
        columns: [column],
        traits: ['explains'],
        planned,
        predicates: how === undefined ? [] : [{ column, how }],
      });
    expect(explains('equality', true)).toBeUndefined();
    expect(explains('equality')).toMatchObject({ allow: false });
    expect(explains('range', true)).toMatchObject({ allow: false });
    expect(explains(undefined, true)).toMatchObject({ allow: false });
  });

  test('copies of any column are masked as long as some column is', () => {
    expect(asks({ stores: [ANY_COLUMN] })).toMatchObject({ allow: false, rule: 'unread' });
    expect(asks({ predicates: [{ column: ANY_COLUMN, how: 'pattern' }] })).toMatchObject({
      allow: false,
      rule: 'unread',
    });
    expect(asks({ predicates: [{ column: ANY_COLUMN, how: 'equality' }] })).toBeUndefined();
    expect(asks({ columns: [ANY_COLUMN], traits: ['explains'] })).toBeUndefined();
    expect(made.treats(statement('…', { columns: [ANY_COLUMN] }))).toMatchObject({ generic: true });
    const predicates = [{ column: ANY_COLUMN, how: 'range' }] as const;
    const loose = masks(rule({ columns: ['*.card'], predicates: 'allow' }));
    expect(loose.judge(statement('…', { predicates }))).toBeUndefined();
    const searching = masks(rule({ columns: [], detectors: ['email'] }));
    expect(searching.judge(statement('…', { predicates, stores: [ANY_COLUMN] }))).toBeUndefined();
  });

  test('what comes back is generic where it may hold a masked value', () => {
    expect(made.treats(statement('…', { columns: [column] }))).toEqual({ reveals: true, generic: true });
    expect(made.treats(statement('…', { predicates: [{ column, how: 'equality' }] }))).toMatchObject({ generic: true });
    expect(made.treats(statement('…', { class: 'unknown' }))).toMatchObject({ generic: true });
    expect(made.treats(statement('…', { outputs: undefined }))).toMatchObject({ generic: true });
    expect(made.treats(statement('…', { columns: ['public.customers.name'] }))).toEqual({
      reveals: true,
      generic: false,
    });
  });
});

describe('what the record keeps', () => {
  const made = masks(rule({ columns: ['*.ssn'] }), ...rulesOf('pii', ['*']));
  const column = 'public.customers.ssn';

  test('literals and parameters of masked columns are left out, and what detectors find', () => {
    const text = "select 1 where ssn = 'A-1' or ssn = 'B-22' or name = 'C'";
    const literals = ["'A-1'", "'B-22'"].map((one) => ({
      column,
      from: text.indexOf(one),
      to: text.indexOf(one) + one.length,
    }));
    expect(made.redacted(statement(text, { literals }))).toMatchObject({
      text: "select 1 where ssn = '***' or ssn = '***' or name = 'C'",
    });
    const bound = [{ column, parameter: 1 }];
    expect(made.redacted(statement('select $1, $2, $3', { bound }, ['a', 'secret', 'x@y.example']))).toMatchObject({
      text: 'select $1, $2, $3',
      parameters: ['a', '***', '***'],
    });
  });

  test('a statement without any is the same', () => {
    const plain = statement('select $1', {}, ['a']);
    expect(made.redacted(plain)).toBe(plain);
  });
});

describe('what is long', () => {
  const pii = rulesOf('pii', ['*']);
  const long = (value: string) => `${'lorem ipsum '.repeat(20_000)}${value}`;

  test('a cell is masked whole if anything is in it, else it is the same', async () => {
    const made = masks(rule({ columns: ['*.ssn'], way: 'hash' }), ...pii);
    const columns = [column(), column({ source: from('public.a.ssn') }), column({ holds: 'other' })];
    const rows = rowsOf(columns, [
      [long('x'), long('y'), long('z')],
      [long(' ada@shop.example'), 'short', long('ada@shop.example')],
    ]);
    const [first, second] = await shown(made, rows);
    expect(first?.[0] === long('x') && first[2] === long('z')).toBe(true);
    expect(first?.[1]).toMatch(/^[0-9a-f]{24}$/);
    expect(second).toEqual(['***', expect.stringMatching(/^[0-9a-f]{24}$/), null]);
    expect((await shown(made, rowsOf([columns[1] as OutputColumn], [[long('y')]])))[0]).toEqual([first?.[1]]);
  });

  test('what lies across the slices is found', async () => {
    for (let at = 15_000; at < 17_500; at += 7) {
      const value = `${'~'.repeat(at)} GB82 WEST 1234 5698 7654 32 ${'~'.repeat(140_000)}`;
      expect(await one(value, {}, ...pii)).toBe('***');
    }
  });

  test('a text is masked in parts, while rows are, and both are right', async () => {
    const made = masks(...pii);
    const rows = rowsOf([column()], [['a@b.example'], [long('x')], ['c@d.example']]);
    const masking = made.reveal(rows, 1);
    const text = long("insert into t values ('ada@shop.example')");
    const kept = made.redacted(statement(text, {}, ['b@shop.example']));
    made.redacted(statement("select 'e@f.example'", {}));
    expect(await kept).toMatchObject({ text: long("insert into t values ('***')"), parameters: ['***'] });
    const output = await masking;
    const cells =
      output.kind === 'rows' ? Array.from(shownRows(output), ([cell]) => cell && Buffer.from(cell).toString()) : [];
    expect(cells).toEqual(['***', long('x'), '***']);
  });
});
