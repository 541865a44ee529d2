import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Chunks } from '../src/chunks.js';

const drain = (chunks: Chunks) => {
  const taken: Uint8Array[] = [];
  for (let chunk = chunks.take(); chunk !== undefined; chunk = chunks.take()) taken.push(chunk);
  return taken;
};

test('what was pushed is taken, byte for byte, whatever the sizes and turns', () => {
  const step = fc.oneof(
    fc.constant('take' as const),
    fc.integer({ min: 1, max: 3_000 }),
    fc.integer({ min: 1, max: 40 }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const chunks = new Chunks();
      const pushed: Buffer[] = [];
      const taken: Uint8Array[] = [];
      for (const [at, one] of steps.entries()) {
        if (one === 'take') {
          const chunk = chunks.take();
          if (chunk !== undefined) taken.push(chunk);
        } else {
          pushed.push(Buffer.alloc(one, at));
          chunks.push(Buffer.alloc(one, at));
        }
      }
      taken.push(...drain(chunks));
      expect(Buffer.compare(Buffer.concat(taken), Buffer.concat(pushed))).toBe(0);
      expect(chunks.empty).toBe(true);
    }),
    { seed: 7 },
  );
});

test('a quarter of a megabyte in single bytes waits as a few chunks', () => {
  const chunks = new Chunks();
  for (let n = 0; n < 262_144; n++) chunks.push(Uint8Array.of(n & 0xff));
  expect(drain(chunks).length).toBeLessThanOrEqual(17);
});

test('a large chunk is handed on as it came', () => {
  const chunks = new Chunks();
  const large = new Uint8Array(60_000);
  for (const chunk of [Uint8Array.of(1), large, Uint8Array.of(2)]) chunks.push(chunk);
  expect(drain(chunks)[1]).toBe(large);
});
