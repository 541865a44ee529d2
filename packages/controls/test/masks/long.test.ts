import { expect, test } from 'vitest';
import { FILLINGS, filled, look } from './hostile.js';

/** Nobody else waits longer for what one cell costs, whatever is in it. */
const SLICE_MS = 5;
/** Per MB. The whole of 64 MB: long.full.ts. */
const TOTAL_MS = 80;

test.each(FILLINGS)('2 MB of %j are looked into slice by slice', { timeout: 30_000 }, async (filling) => {
  await look(filled(filling, 1));
  const { longest, total } = await look(filled(filling, 2));
  console.log(`${JSON.stringify(filling)}: ${longest.toFixed(1)} ms at once, ${(total / 2).toFixed(1)} ms a MB`);
  expect(longest).toBeLessThan(5 * SLICE_MS);
  expect(total / 2).toBeLessThan(5 * TOTAL_MS);
});
