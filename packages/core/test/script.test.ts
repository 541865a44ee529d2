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
