import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  Channel,
  type ChannelEvents,
  type Close,
  CreditBudget,
  credit,
  FRAME,
  fin,
  frame,
  header,
  INITIAL_CREDIT,
  MAX_WINDOW,
} from '../src/uplink/index.js';

/** Each turn ends with what it was begun for. */
const AT_ONCE = (run: () => void) => run();

/** What one end wrote, to be fed to the other in any pieces. */
class Pipe {
  written: Uint8Array[] = [];
  room = true;
  write(bytes: Uint8Array): boolean {
    this.written.push(bytes.slice());
    return this.room;
  }
  cork(): void {}
  uncork(): void {}
  drain(): Uint8Array {
    const all = Buffer.concat(this.written);
    this.written = [];
    return all;
  }
}

interface End extends ChannelEvents {
  got: Uint8Array[];
  boundaries: number[];
  ended: boolean;
  closed: Close | undefined;
  free: boolean;
}

function end(): End {
  const it: End = {
    got: [],
    boundaries: [],
    ended: false,
    closed: undefined,
    free: true,
    data(bytes, boundary) {
      it.got.push(bytes.slice());
      if (boundary) it.boundaries.push(it.got.reduce((sum, piece) => sum + piece.length, 0));
    },
    fin: () => {
      it.ended = true;
    },
    close: (reason) => {
      it.closed = reason;
    },
    writable: () => {
      it.free = true;
    },
  };
  return it;
}

function pair(budget?: CreditBudget) {
  const [toRight, toLeft] = [new Pipe(), new Pipe()];
  const [atLeft, atRight] = [end(), end()];
  const left = new Channel(toRight, atLeft, budget, AT_ONCE);
  const right = new Channel(toLeft, atRight, budget, AT_ONCE);
  return { left, right, toRight, toLeft, atLeft, atRight };
}

function feed(channel: Channel, bytes: Uint8Array, cut: number): void {
  for (let at = 0; at < bytes.length; at += cut) channel.receive(bytes.subarray(at, at + cut));
}

describe('a channel', () => {
  test('carries any bytes in any pieces, with boundaries where they were, and ends in order', () => {
    const chunk = fc.record({ size: fc.integer({ min: 1, max: 400_000 }), boundary: fc.boolean() });
    fc.assert(
      fc.property(fc.array(chunk, { maxLength: 8 }), fc.integer({ min: 1, max: 70_000 }), (chunks, cut) => {
        const { left, right, toRight, toLeft, atRight } = pair();
        const sent: Uint8Array[] = [];
        const boundaries: number[] = [];
        let total = 0;
        for (const [n, { size, boundary }] of chunks.entries()) {
          const bytes = new Uint8Array(size).fill(n + 1);
          sent.push(bytes);
          total += size;
          if (boundary) boundaries.push(total);
          left.send(bytes, boundary);
        }
        left.finish();
        for (let turn = 0; turn < 100 && !atRight.ended; turn++) {
          const before = Buffer.concat(atRight.got).length;
          feed(right, toRight.drain(), cut);
          right.consumed(Buffer.concat(atRight.got).length - before, true);
          left.receive(toLeft.drain());
        }
        expect(atRight.ended).toBe(true);
        expect(Buffer.concat(atRight.got).equals(Buffer.concat(sent))).toBe(true);
        expect(atRight.boundaries).toEqual(boundaries);
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  test('holds back beyond the credit, and says when there is room', () => {
    const { left, right, toRight, toLeft, atLeft } = pair();
    expect(left.send(new Uint8Array(INITIAL_CREDIT), false)).toBe(true);
    expect(left.send(new Uint8Array(10), true)).toBe(false);
    atLeft.free = false;
    right.receive(toRight.drain());
    right.consumed(INITIAL_CREDIT, true);
    left.receive(toLeft.drain());
    expect(atLeft.free).toBe(true);
    expect(toRight.drain().length).toBe(4 + 10);
  });

  test('a full socket holds back until it has drained', () => {
    const { left, toRight, atLeft } = pair();
    toRight.room = false;
    expect(left.send(new Uint8Array(10), false)).toBe(false);
    atLeft.free = false;
    left.drained();
    expect(atLeft.free).toBe(true);
  });

  test('the window grows while the receiver keeps up, within the budget, and falls back when it does not', () => {
    const budget = new CreditBudget(MAX_WINDOW);
    const { right, toRight, left, toLeft } = pair(budget);
    const turn = (keptUp: boolean) => {
      left.send(new Uint8Array(100_000), false);
      right.receive(toRight.drain());
      right.consumed(100_000, keptUp);
      left.receive(toLeft.drain());
    };
    for (let n = 0; n < 20; n++) turn(true);
    expect(budget.left).toBe(INITIAL_CREDIT);
    turn(false);
    expect(budget.left).toBe(MAX_WINDOW);
  });

  test.each([
    ['DATA beyond the credit', () => frames(...new Array(5).fill(frame(FRAME.DATA, new Uint8Array(60_000))))],
    ['DATA after FIN', () => frames(fin(0), frame(FRAME.DATA, Uint8Array.of(1)))],
    ['FIN at the wrong offset', () => frames(fin(7))],
    ['CREDIT for bytes never sent', () => frames(credit(1, 100))],
    ['a length over the limit, of which nothing is held', () => frames(header(FRAME.DATA, 0xffffff))],
    ['an overlong HEAD', () => frames(header(FRAME.HEAD, 4097))],
    ['an unknown type', () => frames(header(99 as never, 0))],
    ['a short CREDIT', () => frames(frame(FRAME.CREDIT, new Uint8Array(4)))],
    ['an offset beyond 2^53', () => frames(frame(FRAME.FIN, new Uint8Array(8).fill(255)))],
    ['a CLOSE that is not JSON', () => frames(frame(FRAME.CLOSE, Uint8Array.of(1, 2)))],
  ])('refuses %s', (_, bytes) => {
    expect(() => pair().right.receive(bytes())).toThrow(expect.objectContaining({ code: 'protocol' }));
  });

  test('random bytes are refused or read, never anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          pair().right.receive(bytes);
        } catch (error) {
          expect(error).toMatchObject({ code: 'protocol' });
        }
      }),
      { numRuns: 10_000, seed: 11 },
    );
  });
});

function frames(...all: Uint8Array[]): Uint8Array {
  return Buffer.concat(all);
}
