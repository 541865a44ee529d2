import type { Notice } from '@hoop/platform';
import { describe, expect, test } from 'vitest';
import { Occasions } from '../../src/login/occasions.js';

const MINUTE = 60_000;

function desktop() {
  const shown: string[] = [];
  const stage = { shown, is: true, at: 0 };
  const show = async ({ title }: Notice) => {
    if (stage.is) shown.push(title);
    return stage.is;
  };
  const occasions = new Occasions({ show, now: () => stage.at });
  return { stage, occasions };
}
const told = () => new Promise((resolve) => setImmediate(resolve));

describe('a notice on the desktop', () => {
  test('comes once, however many programs are turned away, and again on the next occasion', async () => {
    const { stage, occasions } = desktop();
    for (let program = 0; program < 50; program += 1) occasions.missed('log-in');
    await told();
    stage.at += 60 * MINUTE;
    occasions.missed('log-in');
    await told();
    expect(stage.shown).toEqual(['hoop: your login has ended']);
    occasions.over();
    occasions.missed('log-in');
    await told();
    expect(stage.shown).toHaveLength(2);
  });

  test('comes at the end of a login that worked, and not of one that never did', async () => {
    const { stage, occasions } = desktop();
    occasions.stuck('log-in');
    await told();
    expect(stage.shown).toEqual([]);
    occasions.over();
    occasions.stuck('ask');
    occasions.stuck('ask');
    await told();
    expect(stage.shown).toEqual(['hoop: your access has ended']);
  });

  test('does not come more often than every five minutes, whatever happens', async () => {
    const { stage, occasions } = desktop();
    for (let second = 0; second < 600; second += 1) {
      stage.at += 1_000;
      occasions.over();
      occasions.stuck('log-in');
      occasions.missed('unlock');
      await told();
    }
    expect(stage.shown).toHaveLength(2);
  });

  test('without a desktop is tried again, once a minute at most', async () => {
    const { stage, occasions } = desktop();
    stage.is = false;
    occasions.missed('unlock');
    await told();
    stage.is = true;
    occasions.missed('unlock');
    await told();
    expect(stage.shown).toEqual([]);
    stage.at += MINUTE;
    occasions.missed('unlock');
    await told();
    expect(stage.shown).toEqual(['hoop waits for your keychain']);
  });
});
