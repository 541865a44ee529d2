import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Gathered } from '../src/index.js';

/** A turn that ends when it is told to. */
function turn() {
  const waiting: (() => void)[] = [];
  const written: number[][] = [];
  const gathered = new Gathered(
    (pieces) => written.push(pieces.flatMap((bytes) => [...bytes])),
    (run) => waiting.push(run),
  );
  const end = () => {
    for (const run of waiting.splice(0)) run();
  };
  return { gathered, written, waiting, end };
}
const piece = (length: number, fill = 1) => new Uint8Array(length).fill(fill);

describe('gathered writes', () => {
  test('a small piece that comes alone is written at once', () => {
    const { gathered, written, waiting } = turn();
    gathered.add(piece(100));
    expect(written.map(({ length }) => length)).toEqual([100]);
    expect(waiting).toEqual([]);
  });

  test('large pieces of a turn are one write at its end, and a small one behind them waits for its place', () => {
    const { gathered, written, end } = turn();
    for (const length of [8_192, 8_192, 100]) gathered.add(piece(length));
    expect(written).toEqual([]);
    expect(gathered.length).toBe(16_484);
    end();
    expect(written.map(({ length }) => length)).toEqual([16_484]);
    end();
    expect(written).toHaveLength(1);
  });

  test('much is not held for long', () => {
    const { gathered, written } = turn();
    for (let i = 0; i < 16; i++) gathered.add(piece(8_192));
    expect(written.map(({ length }) => length)).toEqual([131_072]);
  });

  test('whatever comes, and whenever a turn ends, the bytes are the same in the same order', () => {
    const step = fc.oneof(fc.record({ length: fc.integer({ min: 1, max: 5_000 }) }), fc.constant('end' as const));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const { gathered, written, end } = turn();
        const said = steps.flatMap((one, at) => {
          if (one === 'end') {
            end();
            return [];
          }
          const bytes = piece(one.length, at);
          gathered.add(bytes);
          return [...bytes];
        });
        gathered.flush();
        expect(written.flat()).toEqual(said);
      }),
      { numRuns: 300, seed: 3 },
    );
  });
});
