import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { leaf, type Signer } from '@hoop/platform';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LocalAuthority } from '../src/authority.js';
import type { SecretKeeper } from '../src/login/entry.js';
import { secretsIn } from './support/laptop.js';

let folder: string;
let held: Map<string, string>;
let signers: (Signer | undefined)[];
let failures: Error[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hoop-authority-'));
  held = new Map();
  signers = [];
  failures = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = () => join(folder, 'ca.pem');
const authority = (secrets: SecretKeeper = secretsIn(held)) =>
  new LocalAuthority({
    ...{ secrets, account: 'default/local-ca', file: file() },
    signs: (signer) => signers.push(signer),
    failed: (why) => failures.push(why),
  });

test('its key is in the keychain and its certificate in a file of the person’s; it is made once', async () => {
  const one = authority();
  const parts = await one.make(Date.now());
  expect([...held.keys()]).toEqual(['default/local-ca']);
  expect(readFileSync(file(), 'utf8')).not.toContain('PRIVATE');
  expect([one.file, statSync(file()).mode & 0o777]).toEqual([file(), 0o600]);
  expect(await one.make(Date.now())).toEqual(parts);
  expect(await authority().make(Date.now())).toEqual(parts);
});

test('after a restart it signs again, by the same certificate', async () => {
  await authority().make(Date.now());
  const before = readFileSync(file(), 'utf8');
  const again = authority();
  expect(again.file).toBeUndefined();
  await Promise.all([again.load(), again.load()]);
  expect([again.file, readFileSync(file(), 'utf8')]).toEqual([file(), before]);
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signed = new X509Certificate(leaf(['a.hoop'], own, Date.now(), signers.at(-1)));
  expect(signed.checkIssued(new X509Certificate(before))).toBe(true);
  expect(signed.verify(new X509Certificate(before).publicKey)).toBe(true);
});

test('who has none asks no keychain', async () => {
  const never: SecretKeeper = { ...secretsIn(held), get: () => Promise.reject(new Error('asked')) };
  await authority(never).load();
  expect([failures, signers]).toEqual([[], []]);
});

test('a keychain that is locked is asked again later, and is no error of the daemon’s', async () => {
  await authority().make(Date.now());
  let locked = true;
  const secrets = secretsIn(held);
  const get = (account: string) => (locked ? Promise.reject(new Error('locked')) : secrets.get(account));
  const again = authority({ ...secrets, get });
  await again.load();
  expect([again.file, failures.map(({ message }) => message)]).toEqual([undefined, ['locked']]);
  locked = false;
  await again.load();
  expect(again.file).toBe(file());
});

test('forgotten, nothing of it is left, and leaves sign themselves', async () => {
  const one = authority();
  await one.make(Date.now());
  expect(await one.forget()).toBe(true);
  expect([held.size, existsSync(file()), one.file, signers.at(-1)]).toEqual([0, false, undefined, undefined]);
  expect(await one.forget()).toBe(false);
});
