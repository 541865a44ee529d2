import type { Action, StatementClass, Verdict } from '@hoop/core';
import { describe, expect, test, vi } from 'vitest';
import { controlsFor, type Durability, type Judge, type Masks, type RecordLine } from '../src/index.js';

const signal = new AbortController().signal;
const statement = (text: string, kind: StatementClass): Action => ({ kind: 'statement', text, class: kind });

/** A recorder whose appends end when told, or fail. */
function recorder() {
  const lines: { line: RecordLine; safety: string }[] = [];
  const waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  return {
    lines,
    waiting,
    append(line: RecordLine, safety: 'process' | 'disk'): Promise<void> {
      lines.push({ line, safety });
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
    tell: (line: RecordLine) => void lines.push({ line, safety: 'told' }),
  };
}
const build = (durability: Durability, recordsOutput = false) => {
  const record = recorder();
  return { record, controls: controlsFor({ session: '7kq2', recorder: record, durability, recordsOutput }) };
};

test('a verdict comes only after its intent is written; statements count from 1', async () => {
  const { record, controls } = build('writes');
  let verdict: unknown;
  const judged = Promise.resolve(controls.judge(statement('select 1', 'read'), signal)).then((one) => {
    verdict = one;
  });
  await new Promise(setImmediate);
  expect(verdict).toBeUndefined();
  record.waiting[0]?.resolve();
  await judged;
  expect(verdict).toEqual({ allow: true });
  void controls.judge(statement('select 2', 'read'), signal);
  expect(record.lines.map(({ line }) => line)).toMatchObject([
    { kind: 'intent', session: '7kq2', number: 1, action: { text: 'select 1' }, verdict: 'allow' },
    { kind: 'intent', number: 2, action: { text: 'select 2' } },
  ]);
});

test.each<[Durability, StatementClass, string]>([
  ['writes', 'read', 'process'],
  ['writes', 'write', 'disk'],
  ['writes', 'define', 'disk'],
  ['writes', 'administer', 'disk'],
  ['writes', 'unknown', 'disk'],
  ['all', 'read', 'disk'],
  ['all', 'unknown', 'disk'],
])('durability %s, class %s waits for the %s', (durability, kind, safety) => {
  const { record, controls } = build(durability);
  void controls.judge(statement('x', kind), signal);
  expect(record.lines[0]?.safety).toBe(safety);
});

test('a recorder that fails refuses, whether it rejects or throws', async () => {
  const { record, controls } = build('writes');
  const judged = controls.judge(statement('delete from orders', 'write'), signal);
  record.waiting[0]?.reject(new Error('disk full'));
  expect(await judged).toMatchObject({ allow: false, rule: 'record-failed' });
  record.append = () => {
    throw new Error('closed');
  };
  expect(await controls.judge(statement('select 1', 'read'), signal)).toMatchObject({ allow: false });
});

test('whatever is judged is on record, and waits for the disk unless it is known to read', async () => {
  const { record, controls } = build('writes');
  const verdict = controls.judge({ kind: 'shell-open' }, signal);
  record.waiting[0]?.resolve();
  expect(await verdict).toEqual({ allow: true });
  expect(record.lines).toMatchObject([{ line: { kind: 'intent', action: { kind: 'shell-open' } }, safety: 'disk' }]);
});

test('outputs are recorded where the connection asks for it, and come back untouched', async () => {
  const output = { kind: 'message', text: 'hello' } as const;
  for (const asked of [true, false]) {
    const { record, controls } = build('writes', asked);
    expect(await controls.reveal(output, 3)).toBe(output);
    expect(record.lines.map(({ line }) => line)).toEqual(
      asked ? [{ kind: 'entry', session: '7kq2', entry: { kind: 'output', statement: 3, output } }] : [],
    );
  }
});

test('entries and the end are told in their order', async () => {
  const { record, controls } = build('writes');
  controls.note({ kind: 'cancel', statement: 1 });
  await controls.close({ end: 'client', bytesIn: 1, bytesOut: 2 });
  expect(record.lines.map(({ line }) => line.kind)).toEqual(['entry', 'end']);
});

const judged = (judges: readonly Judge[], stop = signal) => {
  const record = recorder();
  const controls = controlsFor({
    session: '7kq2',
    recorder: record,
    durability: 'writes',
    recordsOutput: false,
    judges,
  });
  return { record, verdict: Promise.resolve(controls.judge(statement('drop', 'define'), stop)) };
};
const note = (message: string) => ({ severity: 'notice', message }) as const;

test('judges are asked in order until one denies; their notes come together, and the denial is on record', async () => {
  const { record, verdict } = judged([
    () => ({ allow: true, notices: [note('one')] }),
    async () => ({ allow: false, rule: 'no-drop', reason: 'no', notices: [note('two')] }),
    () => {
      throw new Error('asked for nothing');
    },
  ]);
  await vi.waitFor(() => expect(record.lines[0]?.line).toMatchObject({ verdict: 'deny', rule: 'no-drop' }));
  record.waiting[0]?.resolve();
  expect(await verdict).toEqual({ allow: false, rule: 'no-drop', reason: 'no', notices: [note('one'), note('two')] });
});

test('a role that one judge asks for does not spare it the others', async () => {
  const lends: Judge = () => ({ allow: true, as: { role: 'admin' } });
  const denied = judged([lends, () => ({ allow: false, rule: 'no', reason: 'no' })]);
  await vi.waitFor(() => expect(denied.record.waiting).toHaveLength(1));
  denied.record.waiting[0]?.resolve();
  expect(await denied.verdict).toMatchObject({ allow: false });
});

test('an action that is held is let go of when its signal is aborted, whatever its judge does', async () => {
  const stop = new AbortController();
  const { record, verdict } = judged([() => new Promise(() => {})], stop.signal);
  expect(record.lines).toEqual([]);
  stop.abort();
  await vi.waitFor(() => expect(record.lines[0]?.line).toMatchObject({ verdict: 'deny', rule: 'withdrawn' }));
  record.waiting[0]?.resolve();
  expect(await verdict).toMatchObject({ allow: false, rule: 'withdrawn' });
});

test('a judge that fails lets nothing pass', async () => {
  const { record, verdict } = judged([() => Promise.reject(new Error('broken'))]);
  await expect(verdict).rejects.toThrow('broken');
  expect(record.lines).toEqual([]);
});

describe('who decides first', () => {
  const { signal: open } = new AbortController();
  const asked: string[] = [];
  const masks = (denied: boolean) =>
    ({
      judge: () => {
        asked.push('masks');
        return denied ? { allow: false, rule: 'ssn', reason: 'it is masked' } : undefined;
      },
      redacted: (action: Action) => action,
      treats: () => ({ reveals: true, generic: false }),
      begun: () => {},
    }) as unknown as Masks;
  const verdictOf = async (guarded: Verdict, denied: boolean, said: Verdict) => {
    asked.length = 0;
    const record = { ...recorder(), append: async () => undefined };
    const { judge } = controlsFor({
      ...{ session: '7kq2', recorder: record, durability: 'writes', recordsOutput: false },
      guardrails: () => guarded,
      masks: masks(denied),
      judges: [
        () => {
          asked.push('review');
          return said;
        },
      ],
    });
    return judge(statement('x', 'write'), open);
  };
  const note = { severity: 'warning', message: 'mind' } as const;
  const warned: Verdict = { allow: true, notices: [note], matched: [{ rule: 'careful', then: 'warn' }] };
  const refused: Verdict = { allow: false, rule: 'no', reason: 'no' };

  test('a guardrail, and then nobody else is asked', async () => {
    expect(await verdictOf(refused, true, { allow: true })).toEqual(refused);
    expect(asked).toEqual([]);
  });

  test('then a mask, before anybody waits for a review; what was said before is told all the same', async () => {
    const verdict = { allow: false, rule: 'ssn', reason: 'it is masked', notices: [note] };
    expect(await verdictOf(warned, true, { allow: true })).toEqual(verdict);
    expect(asked).toEqual(['masks']);
  });

  test('then who is asked; all that was said and matched comes together', async () => {
    expect(await verdictOf(warned, false, refused)).toEqual({ ...refused, notices: [note] });
    const more: Verdict = { allow: true, notices: [{ severity: 'notice', message: 'seen' }] };
    expect(await verdictOf(warned, false, more)).toMatchObject({
      allow: true,
      reveals: true,
      matched: [{ rule: 'careful' }],
      notices: [{ message: 'mind' }, { message: 'seen' }],
    });
    expect(asked).toEqual(['masks', 'review']);
  });
});
