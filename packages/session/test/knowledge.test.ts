import type { Compared, Dialled, Ran } from '@hoop/core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Knowledge } from '../src/knowledge.js';

/** Loads are numbered, and end when the test says so. */
function loads() {
  const waiting: ((dialled: Dialled) => void)[] = [];
  const befores: unknown[] = [];
  const comparisons: { surely: boolean; end: (ran: Ran<Compared>) => Promise<void> }[] = [];
  let closed = 0;
  let clock = 0;
  let count = 0;
  const knowledge = new Knowledge(
    (before) => {
      befores.push(before);
      return new Promise((resolve) => waiting.push(resolve));
    },
    {
      run: (_knowledge, surely) =>
        new Promise((resolve) => {
          const end = async (ran: Ran<Compared>) => {
            resolve(ran);
            await settled();
          };
          comparisons.push({ surely, end });
        }),
      close: () => {
        closed += 1;
      },
    },
    () => clock,
  );
  const end = async (ok = true) => {
    const resolve = waiting.shift();
    if (resolve === undefined) throw new Error('no load is under way');
    count += 1;
    resolve(ok ? { ok, greeting: count } : { ok, refusal: { code: 'upstream-unreachable', message: 'gone' } });
    await Promise.resolve();
  };
  const pass = (ms: number) => (clock += ms);
  /** Somebody asks, and it is found to be as it was. */
  const same = async () => {
    const asked = knowledge.ask(false);
    await comparisons.at(-1)?.end(found(true));
    await asked;
  };
  return { same, knowledge, befores, waiting, comparisons, isClosed: () => closed > 0, end, pass };
}

const settled = async () => {
  for (let turn = 0; turn < 8; turn++) await Promise.resolve();
};
const found = (same: boolean, ms = 1): Ran<Compared> => ({ ok: true, answer: { same, ms } });
const failed: Ran<Compared> = { ok: false, refusal: { code: 'upstream-unreachable', message: 'gone' } };
/** What was loaded first, and loaded. */
async function loaded() {
  const all = loads();
  const first = all.knowledge.ask(false);
  await all.end();
  await first;
  return all;
}

describe('what is known of a database', () => {
  test('is loaded once for all who ask, and then given at once', async () => {
    const { knowledge, waiting, end } = loads();
    const asked = [knowledge.ask(false), knowledge.ask(false)];
    expect(waiting).toHaveLength(1);
    await end();
    expect(await Promise.all(asked)).toEqual([1, 1].map((greeting) => ({ ok: true, greeting })));
    expect(knowledge.ask(false)).toEqual({ ok: true, greeting: 1 });
  });

  test('is loaded anew by a load that began after the question', async () => {
    const { knowledge, befores, waiting, end } = loads();
    const first = knowledge.ask(false);
    const anew = [knowledge.ask(true), knowledge.ask(true)];
    await end();
    await first;
    await Promise.resolve();
    expect(waiting).toHaveLength(1);
    await end();
    expect(await Promise.all(anew)).toEqual([2, 2].map((greeting) => ({ ok: true, greeting })));
    expect(befores).toEqual([undefined, 1]);
  });

  test('is loaded anew in doubt, as long as doubts take no more than their share of the time', async () => {
    const { knowledge, waiting, end, pass, same } = loads();
    const first = knowledge.ask(false);
    await end();
    await first;
    const doubted = knowledge.ask('in doubt');
    expect(waiting).toHaveLength(1);
    pass(4_000);
    await end();
    expect(await doubted).toEqual({ ok: true, greeting: 2 });
    await same();
    expect(knowledge.ask('in doubt')).toEqual({ ok: true, greeting: 2 });
    pass(21_000);
    expect(knowledge.ask('in doubt')).toBeInstanceOf(Promise);
    expect(waiting).toHaveLength(1);
  });

  test('grows old: it is renewed behind the asker, and then not given at all', async () => {
    const { knowledge, waiting, end, pass, same } = loads();
    const first = knowledge.ask(false);
    await end();
    await first;
    pass(29_500);
    await same();
    pass(1_500);
    expect(knowledge.ask(false)).toEqual({ ok: true, greeting: 1 });
    expect(waiting).toHaveLength(1);
    await end();
    expect(knowledge.ask(false)).toEqual({ ok: true, greeting: 2 });
    pass(121_000);
    const last = knowledge.ask(false);
    expect(last).toBeInstanceOf(Promise);
    await end();
    expect(await last).toEqual({ ok: true, greeting: 3 });
  });

  test('is kept where a load fails, but not for longer than it may be', async () => {
    const { knowledge, end, pass } = loads();
    const first = knowledge.ask(false);
    await end();
    await first;
    const anew = knowledge.ask(true);
    await end(false);
    expect(await anew).toMatchObject({ ok: false });
    expect(knowledge.ask(false)).toEqual({ ok: true, greeting: 1 });
    pass(121_000);
    const late = knowledge.ask(false);
    await end(false);
    expect(await late).toMatchObject({ ok: false });
  });
});

describe('what somebody changes beside our flows', () => {
  const one = { ok: true, greeting: 1 };
  const two = { ok: true, greeting: 2 };

  test('is looked for behind the asker while somebody asks, and nobody waits for it', async () => {
    const { knowledge, comparisons, pass } = await loaded();
    pass(900);
    expect(knowledge.ask(false)).toEqual(one);
    expect(comparisons).toHaveLength(0);
    pass(300);
    expect(knowledge.ask(false)).toEqual(one);
    expect(knowledge.ask(false)).toEqual(one);
    expect(comparisons).toHaveLength(1);
    await comparisons[0]?.end(found(true));
    pass(700);
    expect(knowledge.ask(false)).toEqual(one);
    expect(comparisons).toHaveLength(1);
    pass(400);
    expect(knowledge.ask(false)).toEqual(one);
    expect(comparisons).toHaveLength(2);
  });

  test('is loaded before the first asker after a pause is answered', async () => {
    const { knowledge, comparisons, waiting, end, pass } = await loaded();
    pass(5_000);
    const [asked, besides] = [knowledge.ask(false), knowledge.ask(false)];
    expect(asked).toBeInstanceOf(Promise);
    expect(comparisons).toHaveLength(1);
    await comparisons[0]?.end(found(false));
    expect(waiting).toHaveLength(1);
    await end();
    expect([await asked, await besides]).toEqual([two, two]);
    expect(knowledge.ask(false)).toEqual(two);
  });

  test('keeps whoever comes late waiting until it is loaded', async () => {
    const { knowledge, comparisons, end, pass } = await loaded();
    pass(1_500);
    expect(knowledge.ask(false)).toEqual(one);
    await comparisons[0]?.end(found(false));
    pass(1_000);
    const late = knowledge.ask(false);
    expect(late).toBeInstanceOf(Promise);
    await end();
    expect(await late).toEqual(two);
    expect(comparisons).toHaveLength(1);
  });

  test('is not looked for again at once where it took long to load', async () => {
    const { knowledge, comparisons, waiting, end, pass } = await loaded();
    pass(2_500);
    const asked = knowledge.ask(false);
    await comparisons[0]?.end(found(false));
    pass(2_000);
    await end();
    expect(await asked).toEqual(two);
    pass(3_900);
    expect(knowledge.ask(false)).toEqual(two);
    expect(comparisons).toHaveLength(1);
    pass(2_000);
    const again = knowledge.ask(false);
    await comparisons[1]?.end(found(false));
    expect(waiting).toHaveLength(1);
    await end();
    expect(await again).toEqual({ ok: true, greeting: 3 });
  });

  test('is compared as rarely as it is dear, and looked at in whole more rarely still', async () => {
    const { knowledge, comparisons, pass } = await loaded();
    const compared = async (after: number, ms: number) => {
      pass(after);
      const asked = knowledge.ask(false);
      await comparisons.at(-1)?.end(found(true, ms));
      await asked;
      return comparisons.at(-1)?.surely;
    };
    expect(await compared(2_500, 20)).toBe(true);
    expect(await compared(2_500, 2)).toBe(false);
    expect(await compared(2_500, 20)).toBe(true);
    expect(await compared(2_500, 15)).toBe(false);
    const before = comparisons.length;
    pass(2_900);
    expect(knowledge.ask(false)).toEqual(one);
    expect(comparisons).toHaveLength(before);
  });

  test('is not found where nothing can be compared, and nobody waits for that twice', async () => {
    const { knowledge, comparisons, pass } = await loaded();
    pass(2_500);
    const asked = knowledge.ask(false);
    pass(10_000);
    await comparisons[0]?.end(failed);
    expect(await asked).toEqual(one);
    pass(9_000);
    expect(knowledge.ask(false)).toEqual(one);
    expect(comparisons).toHaveLength(1);
    pass(2_500);
    const again = knowledge.ask(false);
    await comparisons[1]?.end(found(true));
    expect(await again).toEqual(one);
    pass(1_500);
    expect(knowledge.ask(false)).toEqual(one);
    expect(comparisons).toHaveLength(3);
  });

  describe('holds a connection', () => {
    beforeEach(() => void vi.useFakeTimers());
    afterEach(() => void vi.useRealTimers());

    test('that is left soon after the last flow', () => {
      const { knowledge, isClosed } = loads();
      const [first, second] = [knowledge.hold(), knowledge.hold()];
      first();
      vi.advanceTimersByTime(10_000);
      expect(isClosed()).toBe(false);
      second();
      vi.advanceTimersByTime(1_000);
      const third = knowledge.hold();
      vi.advanceTimersByTime(10_000);
      expect(isClosed()).toBe(false);
      third();
      vi.advanceTimersByTime(2_000);
      expect(isClosed()).toBe(true);
    });
  });
});
