import { expect, test } from 'vitest';
import { FILLINGS, filled, look } from './hostile.js';

const SLICE_MS = 5;
/** What takes longer is masked whole instead. */
const TOTAL_MS = 2_500;

test.each(FILLINGS)('64 MB of %j are looked into slice by slice, or masked', { timeout: 120_000 }, async (filling) => {
  const { longest, total } = await look(filled(filling, 64));
  console.log(`${JSON.stringify(filling)}: ${longest.toFixed(1)} ms at once, ${total.toFixed(0)} ms in all`);
  expect(longest).toBeLessThan(5 * SLICE_MS);
  expect(total).toBeLessThan(5 * TOTAL_MS);
});
