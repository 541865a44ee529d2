import { expect, test } from 'vitest';
import { cancelRegistry } from '../src/index.js';

test('only the exact key cancels, and only while its flow is there', async () => {
  const registry = cancelRegistry();
  let cancelled = 0;
  const key = registry.mint(() => {
    cancelled += 1;
  }, 4);
  const other = registry.mint(() => {
    throw new Error('not this one');
  }, 4);
  const wrong = Uint8Array.from(key.secret, (byte) => byte ^ 0x80);
  expect(await registry.cancel(key.process, wrong)).toBe(false);
  expect(await registry.cancel(key.process, key.secret.subarray(0, 3))).toBe(false);
  expect(await registry.cancel(key.process, new Uint8Array([...key.secret, 0]))).toBe(false);
  expect(await registry.cancel(other.process, key.secret)).toBe(false);
  expect(await registry.cancel(key.process ^ 1, key.secret)).toBe(false);
  expect(cancelled).toBe(0);
  expect(await registry.cancel(key.process, key.secret)).toBe(true);
  expect(cancelled).toBe(1);
  key.release();
  expect(await registry.cancel(key.process, key.secret)).toBe(false);
});

test('a long secret counts to its last byte, and the two lengths do not meet', async () => {
  const registry = cancelRegistry();
  const { process, secret } = registry.mint(() => {}, 32);
  expect(secret).toHaveLength(32);
  const bent = Uint8Array.from(secret);
  bent[31]! ^= 1;
  for (const wrong of [bent, secret.subarray(0, 4), secret.subarray(0, 31), new Uint8Array(256), new Uint8Array(0)]) {
    expect(await registry.cancel(process, wrong)).toBe(false);
  }
  expect(await registry.cancel(process, secret)).toBe(true);
});

test('keys are positive 31-bit processes and 4-byte secrets, never two alike', () => {
  const registry = cancelRegistry();
  const keys = Array.from({ length: 2000 }, () => registry.mint(() => {}, 4));
  expect(new Set(keys.map((key) => key.process)).size).toBe(2000);
  expect(new Set(keys.map((key) => Buffer.from(key.secret).toString('hex'))).size).toBeGreaterThan(1990);
  for (const { process, secret } of keys) {
    expect(process).toBeGreaterThan(0);
    expect(process).toBeLessThan(2 ** 31);
    expect(secret).toHaveLength(4);
  }
});
