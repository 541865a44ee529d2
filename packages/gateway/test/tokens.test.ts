import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { generateKeyPair, type JWTPayload } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nonceOf } from '../src/identity/csr.js';
import { ALICE, BOB, csr, keyPair, type Laptop, spkiOf } from './laptop.js';
import { Rig } from './rig.js';

const RANDOM = Buffer.alloc(32, 7).toString('base64url');
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const seconds = (ago: number) => Math.floor(Date.now() / 1000) - ago;

describe('an ID token', () => {
  let rig: Rig;
  let laptop: Laptop;
  const pair = keyPair();
  const nonce = nonceOf(spkiOf(pair), RANDOM);
  beforeAll(async () => {
    rig = await Rig.start();
    laptop = rig.laptop(pair);
  });
  afterAll(() => rig.stop());
  const login = (idToken: string, random: string | null = RANDOM, request = csr(pair)) =>
    laptop.api({}).login({ body: { csr: request, idToken, random } });
  let unique = 0;
  const token = (claims: JWTPayload = {}, header = {}) => {
    unique += 1;
    return rig.idp.token({ ...ALICE, nonce, jti: String(unique), ...claims }, header);
  };

  test.each<[string, JWTPayload, RegExp]>([
    ['for another client', { aud: 'other' }, /aud/],
    ['of another issuer', { iss: 'https://evil.example' }, /iss/],
    ['with another nonce', { nonce: 'abc' }, /nonce/],
    ['without a nonce', { nonce: undefined as never }, /nonce/],
    ['that has expired', { exp: seconds(61) }, /exp/],
    ['without an end', { exp: undefined as never }, /exp/],
    ['from the future', { iat: seconds(-120) }, /iat/],
    ['not yet valid', { nbf: seconds(-120) }, /nbf/],
    ['for two parties, ours not the authorized one', { aud: ['hoop', 'other'] }, /azp/],
    ['authorized for another party', { azp: 'other' }, /azp/],
    ['without a subject', { sub: undefined as never }, /sub/],
    ['without an address', { email: undefined as never }, /address/],
    ['whose address is not verified', { email_verified: false }, /verified/],
    ['whose groups are no names', { groups: [{ admin: true }] }, /groups/],
  ])('%s is refused, on the record', async (_, claims, why) => {
    await expect(login(await token(claims))).rejects.toMatchObject({
      status: 401,
      code: 'bad-token',
      message: expect.stringMatching(why),
    });
    expect((await rig.audited('login-refused')).at(-1)).toMatchObject({ code: 'bad-token' });
  });

  test('unsigned, or signed by anyone else, is refused', async () => {
    const good = await token();
    const [, payload] = good.split('.');
    const none = `${Buffer.from('{"alg":"none","kid":"k1"}').toString('base64url')}.${payload}.`;
    const { privateKey } = await generateKeyPair('RS256');
    const [head, , signature] = good.split('.');
    const changed = `${head}.${Buffer.from(JSON.stringify({ ...ALICE, nonce, groups: ['admin'] })).toString('base64url')}.${signature}`;
    const foreign = await token({}, { key: privateKey });
    const hmac = await token({}, { alg: 'HS256', key: new TextEncoder().encode('x'.repeat(32)) });
    for (const bad of [none, changed, foreign, hmac, 'x', '', 'a.b.c'])
      await expect(login(bad)).rejects.toMatchObject({ status: 401, code: 'bad-token' });
  });

  test('logs in once', async () => {
    const good = await token();
    expect(await login(good)).toMatchObject({ identity: { email: ALICE.email } });
    await expect(login(good)).rejects.toMatchObject({
      code: 'bad-token',
      message: expect.stringMatching(/used before/),
    });
  });

  test('logs in once, however its signature is written', async () => {
    const good = await token({ nonce: undefined as never });
    await login(good, null);
    const last = ALPHABET.indexOf(good.at(-1) ?? '');
    // 256 bytes leave 4 unused bits in the last character; whitespace and padding are passed over as well.
    for (const same of [`${good.slice(0, -1)}${ALPHABET[last ^ 1]}`, `${good}==`, `${good} `, `${good}\n`])
      await expect(login(same, null)).rejects.toMatchObject({ code: 'bad-token' });
  });

  test('with a nonce is good for no key but that, in the device flow either', async () => {
    const other = keyPair();
    await expect(login(await token(), null, csr(other))).rejects.toMatchObject({
      code: 'bad-token',
      message: expect.stringMatching(/nonce/),
    });
  });

  test('without a nonce, in the device flow, must be fresh and logs in once', async () => {
    const plain = { nonce: undefined as never };
    await expect(login(await token({ ...plain, iat: seconds(90) }), null)).rejects.toMatchObject({
      message: expect.stringMatching(/older/),
    });
    const fresh = await token(plain);
    expect(await login(fresh, null)).toMatchObject({ identity: { email: ALICE.email } });
    await expect(login(fresh, null)).rejects.toMatchObject({ message: expect.stringMatching(/used before/) });
  });

  test('makes a certificate of 15 minutes that names what we say, not what the CSR says', async () => {
    const issued = await login(await token());
    const { X509Certificate } = await import('node:crypto');
    const certificate = new X509Certificate(issued.certificate);
    expect(certificate.subject).toBe(`CN=${ALICE.email}`);
    expect(certificate.subjectAltName).toBe(
      `URI:hoop:login:${issued.loginId}, URI:hoop:subject:${Buffer.from(ALICE.sub).toString('base64url')}`,
    );
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(certificate.validToDate.getTime() - Date.now()).toBeLessThanOrEqual(15 * 60_000);
    expect(certificate.ca).toBe(false);
  });

  test.each([
    ['signed by another key', () => csr(pair, createPrivateKey(keyPair().privateKey))],
    ['for a weak key', () => csr(keyPair(1024))],
    ['that is no CSR', () => '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----'],
    ['that is not PEM', () => 'hello'],
    [
      'that is a public key',
      () => generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    ],
  ])('a certificate request %s is refused', async (_, request) => {
    await expect(login(await token(), RANDOM, request())).rejects.toMatchObject({ status: 400, code: 'bad-csr' });
  });

  test('an overlong body is refused before it is read', async () => {
    await expect(login('x'.repeat(200_000))).rejects.toMatchObject({ status: 413 });
  });

  describe('renews', () => {
    const renew = async (loginId: string, claims: JWTPayload = {}, request = csr(pair)) =>
      laptop
        .api({})
        .renew({ body: { loginId, csr: request, idToken: await token({ nonce: undefined as never, ...claims }) } });

    test('a login, with its key and a token of the same person, and extends the lease', async () => {
      const first = await login(await token());
      rig.clock.ahead += 60_000;
      const next = await renew(first.loginId, { iat: seconds(1800) });
      expect(next.loginId).toBe(first.loginId);
      expect(next.leaseUntil).toBeGreaterThanOrEqual(first.leaseUntil + 60_000);
      expect(next.certificate).not.toBe(first.certificate);
      rig.clock.ahead = 0;
    });

    test('nothing for another person, another key, an unknown login, an old token', async () => {
      const { loginId } = await login(await token());
      await expect(renew(loginId, { ...BOB })).rejects.toMatchObject({ status: 401, code: 'bad-token' });
      await expect(renew(loginId, {}, csr(keyPair()))).rejects.toMatchObject({ status: 401, code: 'login-required' });
      await expect(renew('0'.repeat(32))).rejects.toMatchObject({ status: 401, code: 'login-required' });
      await expect(renew(loginId, { iat: seconds(3700) })).rejects.toMatchObject({
        message: expect.stringMatching(/hour/),
      });
    });
  });

  test('cannot be judged while the provider is down, and that is said', async () => {
    const down = await Rig.start({ idp: { issuer: 'http://127.0.0.1:1', clientId: 'hoop' } });
    const other = down.laptop(pair);
    const body = { csr: csr(pair), idToken: await token(), random: RANDOM };
    await expect(other.api({}).login({ body })).rejects.toMatchObject({ status: 503, code: 'idp-unreachable' });
    await down.stop();
  });
});
