import type { Action } from '@hoop/core';
import { readingOf } from '@hoop/testkit/conformance';
import { describe, expect, test } from 'vitest';
import { FailedLoads, type MaskRule, masksFor } from '../../src/index.js';

const HOUR = 3_600_000;
const SSN: MaskRule = {
  name: 'secret',
  connections: ['*'],
  columns: ['*.ssn'],
  detectors: [],
  way: 'redact',
  predicates: 'deny',
  exempt: [],
};
const loadOf = (column: string): Action => ({
  kind: 'statement',
  text: 'copy',
  class: 'write',
  readings: [readingOf({ kind: 'copy from', class: 'write', loads: [column] })],
});

/** Flows of one gateway, by person, and the time that they go by. */
function gateway(rule: MaskRule = SSN) {
  let now = 0;
  const failedLoads = new FailedLoads(() => now);
  let statement = 0;
  return {
    wait: (ms: number) => {
      now += ms;
    },
    /** A load in a flow of its own; whether it was let through. */
    load: (person: string, failed: boolean, column = 'public.people.ssn') => {
      const at = { connection: 'pg-prod', groups: [], person };
      const masks = masksFor([rule], at, { key: Buffer.from('k'), pause: async () => {}, failedLoads });
      const action = loadOf(column);
      if (masks?.judge(action) !== undefined) return false;
      statement += 1;
      masks?.begun(action, statement);
      masks?.told(statement, failed);
      return true;
    },
  };
}
const times = (count: number, run: () => boolean): boolean[] => Array.from({ length: count }, run);

describe('loads of a masked column', () => {
  test('five may fail in an hour, in whatever flows', () => {
    const { load, wait } = gateway();
    expect(times(5, () => load('bob', true))).toEqual(Array(5).fill(true));
    expect(load('bob', false)).toBe(false);
    expect(load('eve', false)).toBe(true);
    wait(HOUR);
    expect(load('bob', false)).toBe(true);
  });

  test('the same statement in one flow is counted each time', () => {
    const at = { connection: 'pg-prod', groups: [], person: 'bob' };
    const failedLoads = new FailedLoads(() => 0);
    const masks = masksFor([SSN], at, { key: Buffer.from('k'), pause: async () => {}, failedLoads });
    const action = loadOf('public.people.ssn');
    for (let nth = 1; nth <= 5; nth++) {
      expect(masks?.judge(action)).toBeUndefined();
      masks?.begun(action, nth);
      masks?.told(nth, true);
    }
    expect(masks?.judge(action)).toMatchObject({ allow: false });
  });

  test('those that are done count for nothing, nor do others', () => {
    const { load } = gateway();
    expect(times(20, () => load('bob', false))).not.toContain(false);
    expect(times(20, () => load('bob', true, 'public.people.name'))).not.toContain(false);
    expect(load('bob', true)).toBe(true);
  });

  test('where a rule allows to ask, one may load', () => {
    const { load } = gateway({ ...SSN, predicates: 'allow' });
    expect(times(20, () => load('bob', true))).not.toContain(false);
  });

  test('it says why, and what to do', () => {
    const failedLoads = new FailedLoads(() => 0);
    for (let nth = 0; nth < 5; nth++) failedLoads.add('pg-prod bob');
    const at = { connection: 'pg-prod', groups: [], person: 'bob' };
    const masks = masksFor([SSN], at, { key: Buffer.from('k'), pause: async () => {}, failedLoads });
    expect(masks?.judge(loadOf('public.people.ssn'))).toMatchObject({
      allow: false,
      rule: 'secret',
      reason: expect.stringContaining('public.people.ssn is masked for you'),
      hint: expect.stringContaining('ten rows'),
    });
  });
});
