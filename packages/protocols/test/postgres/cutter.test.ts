import { concat, ProtocolError } from '@hoop/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BACKEND } from '../../src/postgres/codec/backend.js';
import { Cutter, FrameError, type FrameRules, frameRules, Room } from '../../src/postgres/codec/cutter.js';
import { FRONTEND } from '../../src/postgres/codec/frontend.js';
import { replaceBytes } from '../../src/postgres/codec/pieces.js';
import * as w from './wire.js';

const RULES = frameRules({ w: [1000, 1000], s: [0, 100_000] });

/** All frames of a stream cut as told: type, length, body where the frame is whole; and what passed. */
function cut(rules: FrameRules, chunks: readonly Uint8Array[]) {
  const cutter = new Cutter(rules);
  const frames: string[] = [];
  const passed: Uint8Array[] = [];
  for (const chunk of chunks) {
    cutter.push(chunk);
    while (cutter.next()) {
      const { type, length, bytes, start, end, complete } = cutter;
      const body = rules.whole[type] === 0 ? '' : Buffer.from(bytes.subarray(start + 5, end)).toString('hex');
      expect(complete || rules.whole[type] === 0).toBe(true);
      frames.push(`${String.fromCharCode(type)} ${length} ${body}`);
    }
    passed.push(...cutter.take());
  }
  return { frames, passed: concat(passed.length === 0 ? [new Uint8Array(0)] : passed), cutter };
}

const message = fc.record({ type: fc.constantFrom('w', 's'), body: fc.uint8Array({ maxLength: 40 }) });

describe('cutter', () => {
  test('what all of them hold of incomplete frames is bounded, and given back', () => {
    const room = new Room(300_000);
    const rules = frameRules({ w: [250_000, 250_000] });
    const frame = w.frame('w', new Uint8Array(200_000));
    const halves = [frame.subarray(0, 190_000), frame.subarray(190_000)] as const;
    const [first, second, third] = [new Cutter(rules, room), new Cutter(rules, room), new Cutter(rules, room)];
    for (const one of [first, second]) {
      one.push(halves[0]);
      expect(one.next()).toBe(false);
    }
    third.push(halves[0]);
    expect(() => third.next()).toThrow(FrameError);
    first.push(halves[1]);
    expect(first.next()).toBe(true);
    second.release();
    expect(room.left).toBe(300_000);
  });

  test('any cut of any stream gives the same frames, and every byte passes once', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 8 }), fc.array(fc.nat(60), { maxLength: 20 }), (messages, sizes) => {
        const stream = w.all(new Uint8Array(0), ...messages.map(({ type, body }) => w.frame(type, body)));
        const chunks: Uint8Array[] = [];
        let at = 0;
        for (const size of [...sizes, stream.length]) {
          chunks.push(stream.subarray(at, at + size));
          at += size;
        }
        const whole = cut(RULES, [stream]);
        const pieces = cut(RULES, chunks);
        expect(pieces.frames).toEqual(whole.frames);
        expect(pieces.frames).toHaveLength(messages.length);
        expect(Buffer.from(pieces.passed)).toEqual(Buffer.from(stream));
        expect(pieces.cutter.boundary).toBe(true);
      }),
      { numRuns: 2000, seed: 7 },
    );
  });

  test('whole chunks pass as they are, uncopied', () => {
    const chunk = w.all(w.query('a'), w.sync);
    const cutter = new Cutter(FRONTEND);
    cutter.push(chunk);
    while (cutter.next());
    const [piece, ...more] = cutter.take();
    expect(piece).toBe(chunk);
    expect(more).toEqual([]);
  });

  test('a long frame that streams is never held', () => {
    const cutter = new Cutter(BACKEND);
    cutter.push(Uint8Array.from([0x44, ...w.i32(500_000_000), 1, 2, 3]));
    expect(cutter.next()).toBe(true);
    expect(cutter).toMatchObject({ complete: false, length: 500_000_000 });
    expect(cutter.next()).toBe(false);
    expect(concat(cutter.take())).toHaveLength(8);
    expect(cutter).toMatchObject({ boundary: false, waiting: 0 });
  });

  test('a long frame that must be whole holds what came, not what was claimed', () => {
    const cutter = new Cutter(FRONTEND);
    const before = process.memoryUsage().arrayBuffers;
    cutter.push(Uint8Array.from([0x51, ...w.i32(64 * 1024 * 1024), 1, 2, 3]));
    expect(cutter.next()).toBe(false);
    expect(cutter.waiting).toBe(8);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
    expect(cutter.take()).toEqual([]);
    expect(cutter.boundary).toBe(true);
  });

  test.each([
    ['too short', [0x51, ...w.i32(3)]],
    ['negative', [0x51, ...w.i32(-1)]],
    ['too long to be whole', [0x51, ...w.i32(64 * 1024 * 1024 + 1)]],
    ['longer than any', [0x64, ...w.i32(2 ** 30)]],
    ['of no type', [0x00, ...w.i32(4)]],
  ])('a frame that is %s is an error as soon as its header is there', (_, bytes) => {
    const chunk = Uint8Array.from(bytes);
    const all = () => {
      const cutter = new Cutter(FRONTEND);
      cutter.push(chunk);
      cutter.next();
    };
    const apart = () => {
      const cutter = new Cutter(FRONTEND);
      for (const byte of chunk) {
        cutter.push(Uint8Array.of(byte));
        cutter.next();
      }
    };
    expect(all).toThrow(ProtocolError);
    expect(apart).toThrow(ProtocolError);
  });

  test('a frame is replaced where it stands', () => {
    const cutter = new Cutter(FRONTEND);
    cutter.push(w.all(w.query('a'), w.query('b'), w.query('c')));
    cutter.next();
    cutter.next();
    cutter.replace(w.sync);
    expect(cutter.next()).toBe(true);
    expect(concat(cutter.take())).toEqual(w.all(w.query('a'), w.sync, w.query('c')));
  });

  test('what stands before a frame can go first', () => {
    const cutter = new Cutter(FRONTEND);
    cutter.push(w.all(w.query('a'), w.query('bb')));
    cutter.next();
    cutter.next();
    expect(cutter.offset).toBe(7);
    expect(concat(cutter.takeBefore())).toEqual(w.query('a'));
    expect(cutter).toMatchObject({ offset: 0, offsetEnd: 8 });
    expect(concat(cutter.take())).toEqual(w.query('bb'));
  });
});

test('bytes are replaced across pieces', () => {
  const pieces = [Uint8Array.of(1, 2, 3), Uint8Array.of(4), Uint8Array.of(5, 6)];
  expect(concat(replaceBytes(pieces, 2, 5, [Uint8Array.of(9)]))).toEqual(Uint8Array.of(1, 2, 9, 6));
  expect(concat(replaceBytes(pieces, 0, 6, []).concat([Uint8Array.of(7)]))).toEqual(Uint8Array.of(7));
});
