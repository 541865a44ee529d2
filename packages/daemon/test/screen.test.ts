import type { Own, Settled } from '@hoop/core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { GREETINGS } from '../src/greetings.js';
import { Screen } from '../src/listeners/screen.js';

const own: Own = { names: ['thing.hoop'], address: '127.77.1.2', port: 9000 };
let told: [Settled['step'], string][];
let screen: Screen;

beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  screen = new Screen(
    (first) => GREETINGS.tcp.look(first, 'none', own),
    (as, held) => told.push([as.step, Buffer.from(held).toString('latin1')]),
  );
});
afterEach(() => vi.useRealTimers());
const say = (text: string) => screen.add(Buffer.from(text, 'latin1'));

describe('what a client says before it is known what that is', () => {
  test('goes on whole, once, wherever it was split', () => {
    const text = 'GET / HTTP/1.1\r\nHost: thing.hoop\r\n\r\n';
    for (const byte of text) say(byte);
    expect(told).toEqual([['open', text]]);
    vi.runAllTimers();
    expect(told.length).toBe(1);
  });

  test('a head that does not end is refused ten seconds behind its first byte, however it trickles in', () => {
    say('GET / HTTP/1.1\r\nHost: thing.hoop\r\n');
    for (let i = 0; i < 9; i++) {
      vi.advanceTimersByTime(1_100);
      say('X: y\r\n');
    }
    expect(told).toEqual([]);
    vi.advanceTimersByTime(100);
    expect(told.map(([step]) => step)).toEqual(['reject']);
  });

  test('a word goes on after a quarter of a second', () => {
    say('ruok');
    vi.advanceTimersByTime(249);
    expect(told).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(told).toEqual([['open', 'ruok']]);
  });

  test('the beginning of a method is no word', () => {
    say('PO');
    vi.advanceTimersByTime(9_999);
    expect(told).toEqual([]);
    say('ST / HTTP/1.1\r\nHost: evil.example\r\n\r\n');
    expect(told.map(([step]) => step)).toEqual(['reject']);
  });

  test('the client’s end decides, and nothing where nothing was said', () => {
    screen.end();
    expect(told).toEqual([]);
    say('GET / HT');
    screen.end();
    expect(told.map(([step]) => step)).toEqual(['reject']);
  });

  test('nothing comes of it when the flow has ended', () => {
    say('ruok');
    screen.stop();
    vi.runAllTimers();
    expect(told).toEqual([]);
  });
});
