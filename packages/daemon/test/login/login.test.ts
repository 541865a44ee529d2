import { createPublicKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newAuthority } from '@hoop/testkit';
import forge from 'node-forge';
import { Agent } from 'undici';
import { describe, expect, test } from 'vitest';
import { gatewayUrl } from '../../src/login/attempt.js';
import { alarm, type Clock } from '../../src/login/clock.js';
import { keychainEntries } from '../../src/login/entry.js';
import { boundNonce, csrOf, exportKey, importKey, newKey } from '../../src/login/key.js';
import { openProvider } from '../../src/login/oidc.js';
import { gatewayFile, loginFile } from '../../src/login/remembered.js';
import { gatewayRoots, idpRoots, normalFingerprint } from '../../src/login/trust.js';
import { unreachable } from '../../src/login/unreachable.js';
import { fileInMemory, loginOn } from './bench.js';

describe('an alarm', () => {
  /** Timers that the test fires; the wall clock moves by its own hand. */
  function hands() {
    let wall = 1_000_000;
    const timers: { ms: number; then: () => void }[] = [];
    const clock: Clock = {
      now: () => wall,
      after: (ms, then) => {
        const timer = { ms, then };
        timers.push(timer);
        return () => void timers.splice(timers.indexOf(timer), 1);
      },
    };
    const fire = () => {
      const timer = timers.shift()!;
      timer.then();
      return timer.ms;
    };
    return { clock, timers, fire, move: (ms: number) => (wall += ms) };
  }

  test('looks at the wall clock every five minutes, and rings when it is time', () => {
    const { clock, timers, fire, move } = hands();
    let rang = 0;
    alarm(clock, clock.now() + 450_000, () => (rang += 1));
    move(300_000);
    expect(fire()).toBe(300_000);
    expect([rang, timers[0]?.ms]).toEqual([0, 150_000]);
    move(150_000);
    fire();
    expect([rang, timers.length]).toEqual([1, 0]);
  });

  test('rings at its next look after a sleep of hours, and later if the clock was set back', () => {
    const { clock, fire, move } = hands();
    let rang = 0;
    alarm(clock, clock.now() + 600_000, () => (rang += 1));
    move(8 * 3_600_000);
    fire();
    expect(rang).toBe(1);
    alarm(clock, clock.now() + 150_000, () => (rang += 1));
    move(-3_600_000);
    fire();
    expect(rang).toBe(1);
  });

  test('called off does not ring', () => {
    const { clock, timers } = hands();
    alarm(clock, clock.now() + 90_000, () => expect.unreachable())();
    expect(timers).toEqual([]);
  });
});

describe('the key', () => {
  test('makes a CSR that verifies, and comes back from the keychain as it was', async () => {
    const key = await newKey();
    const csr = forge.pki.certificationRequestFromPem(csrOf(key));
    expect(csr.verify()).toBe(true);
    expect(importKey(exportKey(key)).equals(key)).toBe(true);
    const pem = forge.pki.publicKeyToPem(csr.publicKey as forge.pki.PublicKey);
    expect(createPublicKey(pem).equals(createPublicKey(key))).toBe(true);
  });

  test('has a nonce that is new each time', async () => {
    const key = await newKey();
    expect(boundNonce(key).nonce).not.toBe(boundNonce(key).nonce);
    expect(Buffer.from(boundNonce(key).random, 'base64url')).toHaveLength(32);
  });
});

test('gateway.json that is spoilt counts as none, and the next login writes it anew', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hoop-gateway-'));
  writeFileSync(join(folder, 'gateway.json'), '{"gateway": "https://gw');
  const gateways = gatewayFile(folder, process.getuid?.() ?? 0);
  expect(loginOn({ gateways }).state()).toEqual({ login: null, attempt: null });
  gateways.write({ gateway: 'https://gw.example', caFingerprint: 'sha256:1' });
  expect(loginOn({ gateways }).state().lastGateway).toBe('https://gw.example');
});

describe('login.json', () => {
  const remembered = { gateway: 'https://gw.example', email: 'alice@shop.example', since: 1 };
  const setUp = () => {
    const folder = join(mkdtempSync(join(tmpdir(), 'hoop-login-')), 'state');
    return { folder, path: join(folder, 'login.json'), file: loginFile(folder, process.getuid?.() ?? 0) };
  };

  test('is 0600 in a 0700 folder, replaced in one step', () => {
    const { folder, path, file } = setUp();
    expect(file.read()).toBeUndefined();
    file.write(remembered);
    file.write({ ...remembered, since: 2 });
    expect(file.read()).toEqual({ ...remembered, since: 2 });
    expect([statSync(path).mode & 0o777, statSync(folder).mode & 0o777]).toEqual([0o600, 0o700]);
    expect(readdirSync(folder)).toEqual(['login.json']);
    file.remove();
    expect(file.read()).toBeUndefined();
  });

  test.each(['{"gateway": "https://gw', '{"gateway": "https://gw.example", "refreshToken": "x"}', ''])(
    'that is cut off or has more in it (%s) is told, and nobody is logged in',
    async (text) => {
      const { path, file } = setUp();
      file.write(remembered);
      writeFileSync(path, text);
      const login = loginOn({ file });
      await login.restore();
      expect(login.state()).toMatchObject({ login: null, attempt: { phase: 'failed', error: { code: 'login-file' } } });
      await login.close();
    },
  );
});

describe('what the keychain holds', () => {
  test('if it is not ours, is told without a word of it', async () => {
    const entries = keychainEntries({
      get: async () => '{"refreshToken":"the canary"}',
      set: async () => {},
      delete: async () => true,
    });
    const error = await entries.get('me').catch((one: Error & { code: string }) => one);
    expect(error).toMatchObject({ code: 'keychain-entry' });
    expect(JSON.stringify(error) + String(error)).not.toContain('canary');
  });

  test('is asked again while the keyring cannot be had, and the login says so', async () => {
    const file = fileInMemory();
    file.write({ gateway: 'https://localhost:1', email: 'alice@shop.example', since: 1 });
    const locked = Object.assign(new Error('the keyring is locked'), { code: 'keychain-locked' });
    let asked = 0;
    const { HoopError } = await import('@hoop/core');
    const store = {
      kind: 'keychain' as const,
      get: async () => {
        asked += 1;
        throw new HoopError('keychain-locked', locked.message);
      },
      set: async () => {},
      delete: async () => true,
    };
    const login = loginOn({ file, store });
    await login.restore();
    expect(asked).toBe(1);
    expect(login.state().login).toMatchObject({
      state: 'waiting-for-unlock',
      identity: { email: 'alice@shop.example' },
    });
    expect(login.current()).toBeUndefined();
    await login.close();
  });
});

describe('whom we believe', () => {
  test("given roots stand in place of the system's; a pin is an anchor for the gateway, one root more for the IdP", async () => {
    const { certificate } = await newAuthority();
    expect(gatewayRoots({ ca: certificate })).toEqual({ ca: [certificate], allowPartialTrustChain: false });
    expect(idpRoots({ ca: certificate })).toEqual([certificate]);
    expect(gatewayRoots({ pinned: certificate })).toEqual({ ca: [certificate], allowPartialTrustChain: true });
    expect(idpRoots({ pinned: certificate }).length).toBeGreaterThan(100);
    expect(gatewayRoots({}).ca).not.toContain(certificate);
  });

  test('a fingerprint is 64 digits, however it is written', async () => {
    const { fingerprint256 } = new X509Certificate((await newAuthority()).certificate);
    const plain = fingerprint256.replaceAll(':', '').toLowerCase();
    for (const one of [fingerprint256, `sha256:${plain}`, `SHA256:${plain.toUpperCase()}`]) {
      expect(normalFingerprint(one)).toBe(plain);
    }
    for (const bad of ['', 'sha256:', plain.slice(1), `${plain}0`, `sha1:${plain}`]) {
      expect(() => normalFingerprint(bad)).toThrow(/64 hexadecimal/);
    }
  });

  test('a gateway is on https, an IdP too unless it is on this machine', async () => {
    expect(() => gatewayUrl('http://gw.example')).toThrow(/https/);
    expect(() => gatewayUrl('https://me:secret@gw.example')).toThrow(/holds no user/);
    expect(gatewayUrl('https://gw.example/path?x').href).toBe('https://gw.example/');
    const about = { issuer: 'http://idp.example', clientId: 'hoop', scopes: ['openid'] };
    await expect(openProvider(about, new Agent())).rejects.toMatchObject({ code: 'idp-insecure' });
    const near = openProvider({ ...about, issuer: 'http://127.0.0.1:1' }, new Agent());
    await expect(near).rejects.toMatchObject({ code: 'idp-unreachable' });
  });

  test.each([
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'gateway-untrusted', 'not trusted'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'gateway-untrusted', 'for another name'],
    ['CERT_HAS_EXPIRED', 'gateway-untrusted', 'not trusted'],
    ['ENOTFOUND', 'gateway-unreachable', 'https://gw.example cannot be reached: its name is not known here'],
    ['UND_ERR_CONNECT_TIMEOUT', 'gateway-unreachable', 'cannot be reached: no answer'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'gateway-unreachable', 'cannot be reached: what answers there does not speak TLS'],
    ['EPIPE', 'gateway-unreachable', 'cannot be reached: EPIPE'],
  ])('%s is %s', (code, wanted, words) => {
    const cause = new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code }) });
    const error = unreachable(new URL('https://gw.example'), cause);
    expect([error.code, error.exit]).toEqual([wanted, 'unavailable']);
    expect(error.message).toContain(words);
  });
});
