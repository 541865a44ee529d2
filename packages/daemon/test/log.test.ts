import { expect, test } from 'vitest';
import { seldom } from '../src/log.js';

test('what strangers cause is told once a minute, with how often it came', () => {
  let now = 0;
  const told: [number, string][] = [];
  const tell = seldom(
    (times, last: string) => told.push([times, last]),
    () => now,
  );
  for (const name of ['a', 'b', 'c']) tell(name);
  now = 60_000;
  tell('d');
  expect(told).toEqual([
    [1, 'a'],
    [3, 'd'],
  ]);
});
