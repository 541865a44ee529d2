import type { Dialled } from '@hoop/core';
import { describe, expect, test } from 'vitest';
import { Knowledge } from '../src/knowledge.js';

/** Loads are numbered, and end when the test says so. */
function loads() {
  const waiting: ((dialled: Dialled) => void)[] = [];
  const befores: unknown[] = [];
  let clock = 0;
  let count = 0;
  const knowledge = new Knowledge(
    (before) => {
      befores.push(before);
      return new Promise((resolve) => waiting.push(resolve));
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
  return { knowledge, befores, waiting, end, pass: (ms: number) => (clock += ms) };
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
    const { knowledge, waiting, end, pass } = loads();
    const first = knowledge.ask(false);
    await end();
    await first;
    const doubted = knowledge.ask('in doubt');
    expect(waiting).toHaveLength(1);
    pass(4_000);
    await end();
    expect(await doubted).toEqual({ ok: true, greeting: 2 });
    expect(knowledge.ask('in doubt')).toEqual({ ok: true, greeting: 2 });
    pass(21_000);
    expect(knowledge.ask('in doubt')).toBeInstanceOf(Promise);
    expect(waiting).toHaveLength(1);
  });

  test('grows old: it is renewed behind the asker, and then not given at all', async () => {
    const { knowledge, waiting, end, pass } = loads();
    const first = knowledge.ask(false);
    await end();
    await first;
    pass(31_000);
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
