import { beforeAll, describe, expect, test } from 'vitest';
import { type Bound, givenOf } from '../../src/postgres/engine/bound.js';
import { withLists } from '../../src/postgres/engine/lists.js';
import { ready } from '../../src/postgres/sql/parse.js';
import { changesAll, read } from '../../src/postgres/sql/read.js';
import { world } from './sql/world.js';
import { i16, i32 } from './wire.js';

const catalogue = world();
const at = { catalogue, paths: [['public']] };
beforeAll(ready);

const bytes = (...all: (number[] | string | Uint8Array)[]): string =>
  `\\x${Buffer.concat(all.map((one) => Buffer.from(one as Uint8Array))).toString('hex')}`;
const i64 = (value: bigint): Buffer => {
  const buffer = Buffer.alloc(8);
  buffer.writeBigInt64BE(value);
  return buffer;
};
const bind = (value: string | null, types: readonly number[] | undefined, takes?: readonly number[]): Bound => ({
  prepared: types === undefined ? undefined : ({ types, takes } as Bound['prepared']),
  parameters: [value],
  binary: [value?.startsWith('\\x') ?? false],
});
const shown = (bound: Bound): unknown[] => givenOf(bound, catalogue).map(([node]) => shownOf(node));
const shownOf = (node: unknown): unknown => {
  const { A_Const: value, A_ArrayExpr: array } = (node ?? {}) as Record<string, Record<string, unknown>>;
  if (array !== undefined) return (array.elements as unknown[]).map(shownOf);
  return value?.isnull === true ? null : (value?.sval as { sval: string } | undefined)?.sval;
};

describe('what a parameter stands for', () => {
  test.each([
    [16, bytes([1]), 'true'],
    [21, bytes(i16(-2)), '-2'],
    [23, bytes(i32(-7)), '-7'],
    [20, bytes(i64(-9n)), '-9'],
    [25, bytes('%'), '%'],
    [701, bytes([0x3f, 0xf8, 0, 0, 0, 0, 0, 0]), '1.5'],
    [1082, bytes(i32(0)), '2000-01-01T00:00:00.000Z'],
    [1082, bytes(i32(2 ** 31 - 1)), 'infinity'],
    [1184, bytes(i64(-(2n ** 63n))), '-infinity'],
    [1114, bytes(i64(86_400_000_000n)), '2000-01-02T00:00:00.000Z'],
    [1186, bytes(i64(0n), i32(3), i32(24)), '24 mons 3 days 0 secs'],
    [1700, bytes(i16(1), i16(0), i16(0), i16(0), i16(12)), '12'],
    [1700, bytes(i16(2), i16(0), i16(0x4000), i16(1), i16(1), i16(5000)), '-1.5'],
    [1700, bytes(i16(0), i16(0), i16(0xc000), i16(0)), 'NaN'],
    [3802, bytes([1], '{}'), '{}'],
    [2950, bytes(Buffer.alloc(16)), '00000000-0000-0000-0000-000000000000'],
    [1007, bytes(i32(1), i32(1), i32(23), i32(2), i32(1), i32(4), i32(5), i32(-1)), ['5', null]],
    [1007, bytes(i32(0), i32(0), i32(23)), []],
    [3904, bytes([1]), undefined],
    [23, bytes([1]), undefined],
  ])('of type %i, in binary: %s', (type, value, expected) => {
    expect(shown(bind(value, [type]))).toEqual([expected]);
    expect(shown(bind(value, [0], [type]))).toEqual([expected]);
  });
  test('in text it is what it says, whatever its type', () => {
    expect(shown(bind('{1,2}', [1007]))).toEqual(['{1,2}']);
    expect(shown(bind(null, []))).toEqual([null]);
  });
  test('in binary and of no type it may be a number or a text', () => {
    expect(shown(bind(bytes('~~~~'), []))).toEqual(['2122219134', '~~~~']);
    expect(shown(bind(bytes(i32(0)), undefined))).toEqual(['0', '0']);
    expect(shown(bind(bytes([0, 0, 0]), []))).toEqual([undefined, undefined]);
  });
});

describe('a write with its values', () => {
  const judged = (where: string, ...values: (string | null)[]): (boolean | undefined)[] => {
    const text = `delete from plain where ${where}`;
    const [reading] = read(text, at);
    expect(reading?.unbounded).toBe(false);
    const [given] = givenOf({ prepared: undefined, parameters: values, binary: [] }, catalogue);
    return [reading?.hangs, changesAll(text, at, given ?? [])];
  };
  test.each([
    ['id > $1', '0', '100'],
    ['id <> all ($1)', '{}', '{1,2}'],
    ['not (id = any ($1))', '{}', '{1,2}'],
    ['t like $1', '%', 'a%'],
    ['t ~ $1', '.*', '^a'],
    ['id <> $1', '-1', '5'],
    ['id in (select id from plain limit $1)', '1000000', '100'],
    ['(id = $1) is not true', null, '5'],
    ['$1::text is null or t = $1', null, 'a'],
    ['left(t, $1) = $$abc$$', '0', '3'],
    ["t like '%' || $1 || '%'", '', 'a'],
  ])('%s: all with %j, some with %j', (where, all, some) => {
    expect([judged(where, all), judged(where, some)]).toEqual([
      [true, true],
      [true, false],
    ]);
  });
  test.each([
    'id = $1',
    'id = any ($1)',
    'id in ($1, $2)',
    'id = $1 and n <> $2',
    't not like $1',
    'lower(t) = lower($1)',
  ])('any will do: %s', (where) => expect(judged(where)[0]).toBeUndefined());
  test('what it calls changes rows by its own parameters', () => {
    const text = 'delete from plain where id = $1 and n > $2';
    expect(read(text, at)[0]?.hangs).toBeUndefined();
    expect(read(`prepare p as ${text.replace('id = $1 and ', '')}`, at)[0]?.hangs).toBeUndefined();
  });
});

describe('a column compared with what an array holds', () => {
  const isRange = (value: string | null, types?: readonly number[]) => {
    const readings = read("select id from plain where t = any ($1) or t = 'x'", at);
    const found = withLists(readings, bind(value, types), catalogue);
    expect(withLists(readings, bind(value, types), catalogue)).toBe(found);
    return found[0]?.predicates.some(({ how }) => how === 'range') ?? found;
  };
  const array = (...sizes: number[]) =>
    bytes(i32(sizes.length), i32(0), i32(25), ...sizes.flatMap((size) => [i32(size), i32(1)]));
  test.each<[string | null, number[] | undefined]>([
    [null, undefined],
    ['{}', undefined],
    [`{${'a,'.repeat(8)}a}`, [1009]],
    [array(9), [1009]],
    [array(3, 3), undefined],
    [array(), undefined],
    [bytes('{a,b}'), [25]],
  ])('with few: %j of %j', (value, types) => expect(isRange(value, types)).toBe(false));
  test.each<[string, number[] | undefined]>([
    [`{${'a,'.repeat(9)}a}`, [1009]],
    [array(10), [1009]],
    [array(5, 2), undefined],
    [array(1, 1, 1, 1, 1, 11), [0]],
    [bytes(`{${'a,'.repeat(9)}a}`), [25]],
    [bytes(`{${'a,'.repeat(9)}a}`), undefined],
  ])('with many: %j of %j', (value, types) => expect(isRange(value, types)).toBe(true));
});
