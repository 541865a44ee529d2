import { expect, test } from 'vitest';
import { Inbox, Secret, Signal } from '../src/index.js';

test('an inbox gives back what came, whatever the cuts', () => {
  const inbox = new Inbox();
  inbox.push(Uint8Array.of(1, 2));
  inbox.push(Uint8Array.of(3));
  expect([...inbox.take(1)]).toEqual([1]);
  inbox.push(Uint8Array.of(4, 5));
  expect([...inbox.peek()]).toEqual([2, 3, 4, 5]);
  expect([...inbox.take(4)]).toEqual([2, 3, 4, 5]);
  expect(inbox.length).toBe(0);
});

test('what was taken stays as it was while more arrives', () => {
  const inbox = new Inbox();
  inbox.push(Uint8Array.of(1, 2, 3));
  inbox.push(Uint8Array.of(4));
  const taken = inbox.take(3);
  for (let byte = 5; byte < 100; byte++) inbox.push(Uint8Array.of(byte));
  expect([...taken]).toEqual([1, 2, 3]);
  expect([...inbox.take(inbox.length)]).toEqual(Array.from({ length: 96 }, (_, at) => at + 4));
});

test('a long message in many chunks is joined in linear time', () => {
  const inbox = new Inbox();
  const chunk = new Uint8Array(1024);
  let copied = 0;
  const set = Uint8Array.prototype.set;
  Uint8Array.prototype.set = function (source, at) {
    copied += source.length;
    return set.call(this, source, at);
  };
  try {
    for (let n = 0; n < 4096; n++) inbox.push(chunk);
  } finally {
    Uint8Array.prototype.set = set;
  }
  expect(inbox.length).toBe(4096 * 1024);
  expect(copied).toBeLessThan(4 * 4096 * 1024);
});

test('a signal raised before the wait is not lost, and wakes once', () => {
  const signal = new Signal();
  let woken = 0;
  signal.raise();
  expect(signal.take(() => woken++)).toBe(true);
  expect(signal.take(() => woken++)).toBe(false);
  signal.raise();
  expect(woken).toBe(1);
});

test('a secret never becomes text by accident', () => {
  const secret = new Secret('hunter2');
  expect(`${secret} ${JSON.stringify({ secret })}`).not.toContain('hunter2');
  expect(secret.reveal()).toBe('hunter2');
});
