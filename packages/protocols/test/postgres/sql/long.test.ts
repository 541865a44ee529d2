import { beforeAll, describe, expect, test } from 'vitest';
import type { ReadingContext } from '../../../src/postgres/sql/context.js';
import { isLong, ready } from '../../../src/postgres/sql/parse.js';
import { read } from '../../../src/postgres/sql/read.js';
import { HONEST, HOSTILE, LOADED, WIDE } from './hostile.js';
import { world } from './world.js';

const at = (...more: readonly unknown[]): ReadingContext => ({ catalogue: world(...more), paths: [['public']] });
const wide = at(...WIDE, LOADED);

beforeAll(ready);

/** Milliseconds of processor time at the best of a few times: what else the machine does is not the text's. */
function least(work: () => void): number {
  const taken = Array.from({ length: 4 }, () => {
    const begun = process.threadCpuUsage();
    work();
    const { user, system } = process.threadCpuUsage(begun);
    return (user + system) / 1_000;
  });
  return Math.min(...taken);
}

// 10 ms are promised.
describe('hold up nobody', () => {
  test.each(Object.entries(HOSTILE))('%s', (_name, text) => {
    expect(isLong(text)).toBe(false);
    expect(least(() => read(text, wide))).toBeLessThan(50);
  });
});

describe('what is broken off', () => {
  const isLongReading = (text: string, context = wide): boolean => read(text, context)[0]?.long === true;

  test('is nothing that people type', () => {
    const joins = Array.from({ length: 20 }, (_, n) => `left join w${n + 2} on w${n + 2}.id = w${n + 1}.id`).join(' ');
    const columns = Array.from({ length: 150 }, (_, n) => `w${(n % 20) + 1}.${'abcdef'[n % 6]} as c${n}`);
    expect(isLongReading(`select ${columns} from w1 ${joins} where w1.a = 'x' and w2.b like 'y%' order by 1, 2`)).toBe(
      false,
    );
  });

  test('is read whole where it has time', () => {
    const text = HOSTILE['natural joins of one table'] as string;
    expect(read(text, wide)).toMatchObject([{ class: 'unknown', long: true, outputs: undefined }]);
    const [whole] = read(text, wide, 'any');
    expect(whole).toMatchObject({ class: 'read', relations: [{ name: 'public.customers', does: 'read' }] });
    expect(whole?.long).toBeUndefined();
  });

  test('leaves nothing half done of what it was looking into', () => {
    const busy = Array.from({ length: 900 }, (_, n) => `ssn like '${n}%'`).join(' or ');
    const definition = ['definition', 91_000, 'h', `SELECT c.ssn FROM customers c WHERE ${busy}`];
    const view = ['relation', 91_000, 'public', 'busy', 'v', [[1, 'ssn', 25, false]], [], [], []];
    const context = at(view, definition);
    const text = 'select ssn from busy';
    expect(isLongReading(text, context)).toBe(true);
    expect(read(text, context, 'any')).toMatchObject([
      { outputs: [{ columns: ['public.busy.ssn', 'public.customers.ssn'], exact: true }] },
    ]);
    // It is known from then on.
    expect(isLongReading(text, context)).toBe(false);
  });
});

// Where nobody waits for it but who sent it: 200 ms are promised.
describe('what is long is read', () => {
  test.each(Object.entries(HONEST))('%s', (_name, text) => {
    expect(isLong(text)).toBe(true);
    expect(read(text, wide, 'any')[0]?.unknown).toBeUndefined();
    expect(least(() => read(text, wide, 'any'))).toBeLessThan(1_000);
  });

  test('what leads to more than anybody could judge is not', () => {
    const some = Array.from({ length: 250 }, (_, n) => `w${n + 1}`);
    const text = `with q as (select concat(${some}) x from ${some}) select ${some.map(() => 'x, x, x, x')} from q`;
    expect(read(text, wide, 'any')).toMatchObject([
      { class: 'unknown', unknown: 'it leads to more than can be judged' },
    ]);
  });
});
