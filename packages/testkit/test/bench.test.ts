import { describe, expect, test } from 'vitest';
import { readArguments } from '../src/bench/index.js';
import { absolute, compared, OURS } from '../src/bench/row.js';
import { interleaved, median, quantile, ratios } from '../src/bench/stats.js';
import { machine, table } from '../src/bench/table.js';

describe('figures', () => {
  test('median and nearest-rank quantile', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
    expect(quantile([5, 1, 4, 2, 3], 0.99)).toBe(5);
    expect(quantile([5, 1, 4, 2, 3], 0.5)).toBe(3);
  });

  test('ratios pair the rounds', () => {
    expect(ratios([2, 9], [4, 3])).toEqual([0.5, 3]);
  });

  test('paths take turns, in the other order every second round', async () => {
    const asked: string[] = [];
    const samples = await interleaved(['a', 'b'], 2, async (name) => asked.push(name));
    expect(asked).toEqual(['a', 'b', 'b', 'a']);
    expect(samples).toEqual({ a: [1, 4], b: [2, 3] });
  });
});

describe('rows', () => {
  const samples = { [OURS]: [80, 90, 100], stunnel: [100, 100, 100] };
  const aim = { name: 'x', peer: 'stunnel', measured: 'tps' };

  test('more is better, or less is', () => {
    expect(compared({ ...aim, target: 0.9, more: true }, samples)).toMatchObject({
      value: 0.9,
      met: true,
      spread: [0.8, 1],
    });
    expect(compared({ ...aim, target: 0.91, more: true }, samples)).toMatchObject({ met: false });
    expect(compared({ ...aim, target: 0.8, more: false }, samples)).toMatchObject({ met: false });
    expect(compared({ ...aim, target: null, more: false }, samples)).toMatchObject({ met: null });
    expect(absolute({ name: 'y', value: 81, unit: 'MB', target: 80 })).toMatchObject({ met: false, peer: null });
  });

  test('the table shows what is short', () => {
    const rows = [compared({ ...aim, target: 1, more: true }, samples)];
    expect(table(machine('15.18', 'quick'), rows)).toMatch(/\| x +\| 0\.9 × \| 1 × +\| short \| stunnel \| 0\.8 to 1 /);
  });
});

describe('arguments', () => {
  test('known ones', () => {
    expect(readArguments(['--json', '--quick', '--only', 'tps', '--only', 'dns'])).toEqual({
      json: true,
      quick: true,
      only: ['tps', 'dns'],
    });
  });

  test.each([[['--only', 'nothing']], [['--slow']], [['tps']], [['--only', 'toString']]])('refuses %j', (args) => {
    expect(readArguments(args)).toHaveProperty('wrong');
  });
});
