import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { ApiError } from '@hoop/contracts/http';

import { HoopError, UserError } from '@hoop/core';
import { environment, peerLookup } from '@hoop/platform';
import { type Authority, browse, CLIENT_ID, type Idp, newAuthority, remembered, STAFF, startIdp } from '@hoop/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ownersSocket } from '../../src/listeners/listener.js';
import { systemClock } from '../../src/login/clock.js';
import { gatewayApiOf } from '../../src/login/gateway.js';

import type { LoginCredentials } from '../../src/login/login.js';
import { openProvider } from '../../src/login/oidc.js';
import { shownChain } from '../../src/login/shown.js';
import { pinnedCertificate } from '../../src/login/trust.js';
import {
  failedWith,
  fileInMemory,
  gatewayInMemory,
  handClock,
  inBrowser,
  loggedIn,
  loginOn,
  sharedStore,
  until,
} from './bench.js';
import { type SmallGateway, startGateway } from './gateway.js';

/** The whole login against a real OpenID provider (oidc-provider), with a gateway that verifies what it is sent. */
let authority: Authority;
let idp: Idp;
let gateway: SmallGateway;
const granted = remembered();
const open: LoginCredentials[] = [];
const kept = (...args: Parameters<typeof loginOn>) => {
  const login = loginOn(...args);
  open.push(login);
  return login;
};
const visitor = (name: string) => {
  const person = STAFF.find((one) => one.name === name);
  return { login: name, password: person?.password ?? '', ca: authority.certificate };
};
const startRequest = (more: object = {}) => ({
  ...{ gateway: gateway.url, ca: authority.certificate, flow: 'browser' as const, store: 'memory' as const },
  ...more,
});
async function logIn(login: LoginCredentials, more: object = {}, name = 'alice') {
  await login.start(startRequest(more));
  const attempt = await inBrowser(login);
  const page = await browse(attempt.url ?? '', visitor(name));
  return { page, now: await loggedIn(login) };
}

beforeAll(async () => {
  authority = await newAuthority();
  const leaf = await authority.issue(['localhost', '127.0.0.1']);
  idp = await startIdp({ leaf, witness: granted.witness });
});
afterAll(() => idp?.close());
beforeEach(async () => {
  gateway = await startGateway({ authority, issuer: idp.issuer, clientId: CLIENT_ID });
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((login) => login.close()));
  await gateway.close();
});

describe('a login in the browser', () => {
  test('ends with a certificate for the key whose nonce the ID token carries', async () => {
    const login = kept();
    const { page, now } = await logIn(login);
    expect(page.html).toContain('You are logged in');
    expect(page.html).not.toContain('<script');
    expect(now.identity).toEqual({ subject: 'alice', email: 'alice@shop.example', groups: ['dba'] });
    const credential = login.current();
    expect(credential?.tunnel).toEqual([{ host: 'localhost', port: Number(new URL(gateway.url).port) }]);
    const certificate = new X509Certificate(credential?.certificate ?? '');
    expect(certificate.checkPrivateKey(credential!.key)).toBe(true);
    expect(login.state().attempt).toBeNull();
  });

  test('holds no token and no key in what it tells', async () => {
    const login = kept();
    await logIn(login);
    const told = JSON.stringify(login.state());
    const last = granted.tokens.at(-1);
    for (const secret of [last?.id_token, last?.refresh_token, last?.access_token]) {
      expect(secret).toBeTruthy();
      expect(told).not.toContain(secret);
    }
  });

  test('is not moved by a forged, a missing or a doubled state, a foreign Host or another path, and takes one answer only', async () => {
    const login = kept();
    await login.start(startRequest());
    const attempt = await inBrowser(login);
    const back = new URL(new URL(attempt.url ?? '').searchParams.get('redirect_uri') ?? '');
    const state = new URL(attempt.url ?? '').searchParams.get('state') ?? '';
    const at = (path: string, host = back.host, method = 'GET') => knock(back, path, host, method);
    expect(await at('/callback?code=x&state=forged')).toBe(400);
    expect(await at('/callback?code=x')).toBe(400);
    expect(await at(`/callback?code=x&state=${state}&state=${state}`)).toBe(400);
    expect(await at(`/callback?code=x&state=${state}`, 'evil.example')).toBe(421);
    expect(await at(`/callback?code=x&state=${state}`, `localhost:${back.port}`)).toBe(421);
    expect(await at(`/other?code=x&state=${state}`)).toBe(404);
    expect(await at(`/callback?code=x&state=${state}`, back.host, 'POST')).toBe(405);
    expect(login.state().attempt).toEqual(attempt);

    const page = await browse(attempt.url ?? '', visitor('alice'));
    expect(page.status).toBe(200);
    await loggedIn(login);
    await expect(at(`/callback?code=x&state=${state}`)).rejects.toThrow(/ECONNREFUSED|ECONNRESET/);
    expect(gateway.seen.map((one) => one.call)).toEqual(['login']);
  });

  test.skipIf(process.getuid?.() !== 0)(
    'is not for another user of the machine, who is reset; a forged one is counted',
    async () => {
      const peerOf = peerLookup(environment());
      const was = { reset: 0, forged: 0 };
      const admits = (socket: Socket) => {
        const isOwn = ownersSocket(socket, { owner: process.getuid!(), peerOf }) !== undefined;
        if (!isOwn) was.reset += 1;
        return isOwn;
      };
      const login = kept({ door: { admits, refused: () => (was.forged += 1) } });
      await login.start(startRequest());
      const attempt = await inBrowser(login);
      const params = new URL(attempt.url ?? '').searchParams;
      const back = new URL(params.get('redirect_uri') ?? '');
      const answer = `${back.href}?code=x&state=${params.get('state')}`;
      const theirs = spawn('setpriv', ['--reuid=nobody', '--regid=nogroup', '--clear-groups', 'curl', '-s', answer]);
      let heard = '';
      theirs.stdout.on('data', (text) => (heard += text));
      // curl(1): 56 is a failure in receiving.
      expect([await once(theirs, 'close'), heard]).toEqual([[56, null], '']);
      expect(await knock(back, '/callback?code=x&state=forged', back.host)).toBe(400);
      expect([was, login.state().attempt]).toEqual([{ reset: 1, forged: 1 }, attempt]);
      await browse(attempt.url ?? '', visitor('alice'));
      await loggedIn(login);
    },
  );

  test.each(['browser', 'device'] as const)(
    'by another person takes nobody’s place, until they log out (%s)',
    async (flow) => {
      const file = fileInMemory();
      const [store, gateways] = [sharedStore(), gatewayInMemory()];
      const first = kept({ file, store, gateways });
      const request = { store: 'keychain' as const, flow };
      const start = async (login: LoginCredentials, name: string) => {
        await login.start(startRequest(request));
        const { url = '' } = await until(login, ({ attempt }) => (attempt?.url === undefined ? undefined : attempt));
        return browse(url, visitor(name));
      };
      await start(first, 'alice');
      const { since } = await loggedIn(first);
      const page = await start(first, 'bob');
      expect(await failedWith(first)).toBe('other-person');
      if (flow === 'browser') expect(page.html).toContain('did not succeed');
      expect(first.state()).toMatchObject({
        login: { since, state: 'active', identity: { email: 'alice@shop.example' } },
      });
      expect(first.state().attempt?.error?.message).toContain('alice@shop.example');
      expect([...store.held.values()].map(({ subject }) => subject)).toEqual(['alice']);
      await first.close();
      const again = kept({ file, store, gateways });
      await again.restore();
      await start(again, 'bob');
      expect(await failedWith(again)).toBe('other-person');
      expect(gateway.seen.filter(({ call }) => call === 'login')).toHaveLength(1);
      await again.logout();
      await start(again, 'bob');
      expect((await loggedIn(again)).identity.subject).toBe('bob');
    },
  );

  test('fails with a code that the IdP did not give, and logs nobody in', async () => {
    const login = kept();
    await login.start(startRequest());
    const { url } = await inBrowser(login);
    const params = new URL(url ?? '').searchParams;
    const back = new URL(params.get('redirect_uri') ?? '');
    const state = params.get('state') ?? '';
    expect(
      await knock(back, `/callback?code=made-up&iss=${encodeURIComponent(idp.issuer)}&state=${state}`, back.host),
    ).toBe(400);
    expect(await failedWith(login)).toBe('login-expired');
    expect(login.current()).toBeUndefined();
    expect(gateway.seen).toEqual([]);
  });

  test('says that the person was refused', async () => {
    const login = kept();
    await login.start(startRequest());
    const { url } = await inBrowser(login);
    const params = new URL(url ?? '').searchParams;
    const back = new URL(params.get('redirect_uri') ?? '');
    const iss = encodeURIComponent(idp.issuer);
    await knock(back, `/callback?error=access_denied&iss=${iss}&state=${params.get('state')}`, back.host);
    expect(await failedWith(login)).toBe('login-refused');
  });

  test('asked for again in the same words is one login, with one page; in others, it takes its place', async () => {
    const login = kept();
    const first = await login.start(startRequest());
    expect(first.joined).toBe(false);
    const attempt = await inBrowser(login);
    expect(await login.start(startRequest({ gateway: `${gateway.url}/` }))).toEqual({ ...attempt, joined: true });
    await browse(attempt.url ?? '', visitor('alice'));
    await loggedIn(login);
    expect(gateway.seen.map((one) => one.call)).toEqual(['login']);
    expect((await login.start(startRequest())).joined).toBe(false);
    expect(await login.start(startRequest({ flow: 'device' }))).toMatchObject({ id: '3', joined: false });
  });

  test('can be given up, and its port is closed then', async () => {
    const login = kept();
    await login.start(startRequest());
    const { url } = await inBrowser(login);
    const back = new URL(new URL(url ?? '').searchParams.get('redirect_uri') ?? '');
    expect(login.cancel()).toBe(true);
    expect(login.state()).toMatchObject({ login: null, attempt: null });
    expect(login.cancel()).toBe(false);
    await new Promise((resolve) => setImmediate(resolve));
    await expect(knock(back, '/callback?code=x', back.host)).rejects.toThrow(/ECONNREFUSED/);
  });
});

async function leafOf({ hostname, port }: URL): Promise<string> {
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  const [leaf] = await shownChain(socket, hostname);
  return `sha256:${leaf!.fingerprint256}`;
}

describe('trust', () => {
  test('a gateway of unknown roots is refused before anything is sent to it', async () => {
    const login = kept();
    await login.start({ ...startRequest(), ca: undefined } as never);
    expect(await failedWith(login)).toBe('gateway-untrusted');
  });

  test('a pinned root or leaf is believed, a foreign fingerprint is not', async () => {
    const root = new X509Certificate(authority.certificate).fingerprint256;
    const pinned = kept();
    const { now } = await logIn(pinned, {
      ca: undefined,
      caFingerprint: `sha256:${root.replaceAll(':', '').toLowerCase()}`,
    });
    expect(now.identity.email).toBe('alice@shop.example');
    const foreign = kept();
    await foreign.start(startRequest({ ca: undefined, caFingerprint: `sha256:${'0'.repeat(64)}` }));
    expect(await failedWith(foreign)).toBe('gateway-untrusted');
  });

  test('is that of the last login, also after a logout and by another daemon, for that gateway alone', async () => {
    const gateways = gatewayInMemory();
    const login = kept({ gateways });
    await logIn(login);
    await login.logout();
    expect(login.state()).toEqual({ login: null, attempt: null, lastGateway: gateway.url });
    const next = kept({ gateways });
    expect(next.state().lastGateway).toBe(gateway.url);
    const { now } = await logIn(next, { ca: undefined });
    expect(now.identity.email).toBe('alice@shop.example');
    await next.start(startRequest({ ca: undefined, gateway: gateway.url.replace('localhost', '127.0.0.1') }));
    expect(await failedWith(next)).toBe('gateway-untrusted');
  });

  test('a gateway that passes for another profile’s gets no login, unless the person says that it may', async () => {
    const ours = gatewayInMemory();
    await logIn(kept({ gateways: ours }));
    const ill = await startGateway({ authority, issuer: idp.issuer, clientId: CLIENT_ID });
    const theirs = gatewayInMemory();
    const login = kept({ gateways: theirs, rivals: () => [{ ...ours.remembered!, profile: 'default' }] });
    await login.start(startRequest({ gateway: ill.url }));
    expect(await failedWith(login)).toBe('shared-idp');
    expect(login.state().attempt?.url).toBeUndefined();
    expect([ill.seen, theirs.remembered]).toEqual([[], undefined]);
    await logIn(login, { gateway: ill.url, sharedIdp: true });
    expect(ill.seen.map(({ call }) => call)).toEqual(['login']);
    await logIn(login, { gateway: ill.url });
    expect(theirs.remembered).toMatchObject({ sharedIdp: true, client: { issuer: idp.issuer, id: CLIENT_ID } });
    await ill.close();
  });

  test('nor does one that takes the place of the profile’s own gateway', async () => {
    const gateways = gatewayInMemory();
    const login = kept({ gateways });
    await logIn(login);
    const ill = await startGateway({ authority, issuer: idp.issuer, clientId: CLIENT_ID });
    for (const end of [() => {}, () => login.logout()]) {
      await end();
      await login.start(startRequest({ gateway: ill.url }));
      expect(await failedWith(login)).toBe('shared-idp');
      expect(login.state().attempt?.error?.hint).toContain('--shared-idp');
    }
    expect(ill.seen).toEqual([]);
    await logIn(login, { gateway: ill.url, sharedIdp: true });
    expect(gateways.remembered).toMatchObject({ gateway: ill.url });
    expect(gateways.remembered).not.toHaveProperty('sharedIdp');
    await ill.close();
  });

  test('a login is handed over to another profile: restored there, and its old entry goes last', async () => {
    const store = sharedStore();
    const file = fileInMemory();
    const login = kept({ store, file });
    await logIn(login, { store: 'keychain' });
    const forgetOld = await login.handOver('work');
    await login.close();
    expect([...store.held.keys()]).toEqual([`default/${gateway.url}`, `work/${gateway.url}`]);
    const there = kept({ store, file, profile: 'work' });
    await there.restore();
    expect((await loggedIn(there)).identity.email).toBe('alice@shop.example');
    await forgetOld();
    expect([...store.held.keys()]).toEqual([`work/${gateway.url}`]);
  });

  test('an IdP that is there and not trusted is said to be that, with the flag that helps', async () => {
    const login = kept();
    await login.start(startRequest({ ca: undefined, caFingerprint: await leafOf(new URL(gateway.url)) }));
    expect(await failedWith(login)).toBe('idp-untrusted');
    const { message, hint } = login.state().attempt!.error!;
    expect(message).toContain('is not trusted (');
    expect(hint).toContain('--ca-file');
  });

  test('what is no gateway is said to be none; what is not there, too', async () => {
    const login = kept();
    await login.start({ ...startRequest(), gateway: idp.issuer });
    expect(await failedWith(login)).toBe('not-a-gateway');
    await login.start({ ...startRequest(), gateway: 'https://localhost:1' });
    expect(await failedWith(login)).toBe('gateway-unreachable');
    await expect(login.start({ ...startRequest(), gateway: 'http://localhost:1' })).rejects.toThrow(/https/);
  });
});

test('the device flow logs in by a code entered elsewhere', async () => {
  const login = kept();
  await login.start(startRequest({ flow: 'device' }));
  const attempt = await until(login, ({ attempt: one }) => (one?.phase === 'device' ? one : undefined));
  expect(attempt.userCode).toMatch(/\w{4}-\w{4}/);
  await browse(attempt.url ?? '', visitor('bob'));
  expect((await loggedIn(login)).identity.email).toBe('bob@shop.example');
  expect(gateway.seen[0]?.random).toBeNull();
}, 30_000);

describe('a login that is held', () => {
  test('renews at two thirds of the certificate, by the ID token it has', async () => {
    const clock = handClock();
    gateway.now = clock.now;
    const login = kept({ clock });
    await logIn(login);
    const first = login.current()?.notAfter ?? 0;
    const refreshes = granted.tokens.length;
    await clock.turn(10 * 60_000 + 1_000);
    await until(login, () => (login.current()?.notAfter ?? 0) > first);
    expect(gateway.seen.map((one) => one.call)).toEqual(['login', 'renew']);
    expect(granted.tokens.length).toBe(refreshes);
  });

  test('renews in time for a lease that is shorter than the certificate', async () => {
    const clock = handClock();
    gateway.now = clock.now;
    gateway.lease = 3 * 60_000;
    const login = kept({ clock });
    const { now } = await logIn(login);
    await clock.turn(2 * 60_000 + 1_000);
    await until(login, ({ login: later }) => (later?.leaseUntil ?? 0) > (now.leaseUntil ?? 0));
    expect(gateway.seen.map((one) => one.call)).toEqual(['login', 'renew']);
  });

  test('renews a certificate that the gateway has refused, not for each program that tells of it', async () => {
    const clock = handClock();
    gateway.now = clock.now;
    const login = kept({ clock });
    await logIn(login);
    await clock.turn(5_000);
    const first = login.current()?.notAfter ?? 0;
    for (let program = 0; program < 20; program += 1) login.wanted(true);
    await until(login, () => (login.current()?.notAfter ?? 0) > first);
    login.wanted(true);
    expect(login.pending()).toBeUndefined();
    expect(gateway.seen.map((one) => one.call)).toEqual(['login', 'renew']);
  });

  test('refreshes once an hour, stores the new refresh token first, and the IdP never sees an old one', async () => {
    const clock = handClock();
    gateway.now = clock.now;
    const store = sharedStore();
    const login = kept({ clock, store });
    await logIn(login, { store: 'keychain' });
    const [account] = [...store.held.keys()];
    expect(account).toBe(`default/${gateway.url}`);
    const first = store.held.get(account ?? '')?.refreshToken;
    const refreshes = granted.tokens.length;
    for (let turn = 0; turn < 6; turn += 1) {
      const before = login.current()?.notAfter ?? 0;
      await clock.turn(10 * 60_000 + 1_000);
      await until(login, () => (login.current()?.notAfter ?? 0) > before);
    }
    const calls = gateway.seen.filter((one) => one.call === 'renew');
    expect(calls).toHaveLength(6);
    expect(granted.tokens.length).toBe(refreshes + 1);
    expect(store.log).toHaveLength(2);
    expect(store.held.get(account ?? '')?.refreshToken).not.toBe(first);
  });

  test('is taken up after a restart, past the end of the certificate', async () => {
    const [store, file] = [sharedStore(), fileInMemory()];
    const before = kept({ store, file });
    await logIn(before, { store: 'keychain' });
    await before.close();
    expect(JSON.stringify(file.remembered)).not.toMatch(/PRIVATE|refresh/);

    const clock = handClock();
    await clock.turn(3 * 3_600_000);
    gateway.now = clock.now;
    const after = kept({ store, file, clock });
    await after.restore();
    expect(after.state().login).toMatchObject({
      state: 'active',
      store: 'keychain',
      identity: { email: 'alice@shop.example' },
    });
    expect(after.current()?.notAfter).toBeGreaterThan(clock.now());
  });

  test('whose entry is spoilt can be made anew', async () => {
    const store = sharedStore();
    const spoilt = { ...store, get: () => Promise.reject(new HoopError('keychain-entry', 'it cannot be read')) };
    const { now } = await logIn(kept({ store: spoilt }), { store: 'keychain' });
    expect(now.store).toBe('keychain');
    expect(store.held.size).toBe(1);
  });

  test('of the memory is gone after a restart, and says nothing', async () => {
    const file = fileInMemory();
    const before = kept({ file });
    await logIn(before);
    expect(file.remembered).toBeUndefined();
    const after = kept({ file });
    await after.restore();
    expect(after.state()).toEqual({ login: null, attempt: null });
  });

  test('ends when the IdP no longer knows the refresh token', async () => {
    const [store, file] = [sharedStore(), fileInMemory()];
    await logIn(kept({ store, file }), { store: 'keychain' });
    const [account, entry] = [...store.held][0]!;
    store.held.set(account, { ...entry, refreshToken: 'gone' });
    const after = kept({ store, file });
    await after.restore();
    expect(after.state().login?.state).toBe('expired');
    expect(after.state().attempt?.error?.code).toBe('login-expired');
    expect(after.current()).toBeUndefined();
    expect(store.held.size).toBe(0);
  });

  test('outlives a gateway that is away, and ends at once when the gateway says so', async () => {
    const clock = handClock();
    gateway.now = clock.now;
    const login = kept({ clock });
    await logIn(login);
    const first = login.current()?.notAfter ?? 0;
    gateway.refusals.push(new ApiError(503, 'draining', 'busy'));
    await clock.turn(10 * 60_000 + 1_000);
    await until(login, ({ login: now }) => now?.state === 'renewing');
    expect(login.current()?.notAfter).toBe(first);
    await clock.turn(7_000);
    await until(login, ({ login: now }) => now?.state === 'active');

    gateway.refusals.push(new ApiError(403, 'identity-disabled', 'alice is disabled'));
    await clock.turn(10 * 60_000 + 1_000);
    await until(login, ({ login: now }) => now?.state === 'expired');
    expect(login.current()).toBeUndefined();
    expect(login.state().attempt?.error).toMatchObject({ code: 'identity-disabled', message: 'alice is disabled' });
  });

  test('past its end with the gateway away is asked for in steps, and when somebody wants it, once', async () => {
    const clock = handClock();
    gateway.now = clock.now;
    let tries = 0;
    const login = kept({
      clock,
      log: (_, message) => {
        if (message.includes('cannot be reached')) tries += 1;
      },
    });
    await logIn(login);
    // As the daemon does on every change.
    login.on(() => void login.current());
    const { url } = gateway;
    await gateway.close();
    await clock.turn(16 * 60_000);
    await until(login, () => tries === 1);
    expect([login.current(), login.pending()]).toEqual([undefined, undefined]);
    login.wanted();
    expect(login.pending()).toBeUndefined();
    await clock.turn(2_000);
    expect(tries).toBe(1);
    login.wanted();
    login.wanted();
    expect(login.pending()).toBe('renewal');
    await until(login, () => tries === 2);
    expect(login.state().attempt?.error).toMatchObject({ code: 'gateway-unreachable' });
    gateway = await startGateway({ authority, issuer: idp.issuer, clientId: CLIENT_ID });
    expect(url).not.toBe(gateway.url);
  });

  test('is renewed in time although the clock was set back, and at once after a sleep when somebody wants it', async () => {
    const clock = handClock();
    gateway.now = clock.now;
    const login = kept({ clock });
    await logIn(login);
    const first = login.current()?.notAfter ?? 0;
    clock.set(-3 * 3_600_000);
    await clock.turn(10 * 60_000 + 1_000);
    await until(login, () => (login.current()?.notAfter ?? first) !== first);
    const second = login.current()?.notAfter ?? 0;
    clock.set(8 * 3_600_000);
    expect(login.current()).toBeUndefined();
    login.wanted();
    expect(login.pending()).toBe('renewal');
    await until(login, () => (login.current()?.notAfter ?? 0) > second);
  });

  test('asks the IdP anew when the gateway finds the ID token too old', async () => {
    const clock = handClock();
    gateway.now = clock.now;
    const login = kept({ clock });
    await logIn(login);
    const first = login.current()?.notAfter ?? 0;
    const refreshes = granted.tokens.length;
    gateway.refusals.push(new ApiError(401, 'bad-token', 'too old'));
    await clock.turn(10 * 60_000 + 1_000);
    await until(login, () => (login.current()?.notAfter ?? 0) > first);
    expect(gateway.seen.map((one) => one.call)).toEqual(['login', 'renew', 'renew']);
    expect(granted.tokens.length).toBe(refreshes + 1);
  });

  test('does not use a refresh token that the keychain would not take, but goes on with its ID token', async () => {
    const clock = handClock();
    gateway.now = clock.now;
    const store = sharedStore();
    const login = kept({ clock, store });
    await logIn(login, { store: 'keychain' });
    const first = login.current()?.notAfter ?? 0;
    const refreshes = granted.tokens.length;
    store.fail = new HoopError('keychain-locked', 'the keyring is locked');
    await clock.turn(61 * 60_000);
    await until(login, () => (login.current()?.notAfter ?? 0) > first);
    const second = login.current()?.notAfter ?? 0;
    expect(granted.tokens.length).toBe(refreshes + 1);

    // To this clock the ID token is old again, so the next renewal needs the refresh token, which is not stored.
    await clock.turn(11 * 60_000);
    await until(
      login,
      ({ login: now, attempt }) => now?.state !== 'active' && attempt?.error?.code === 'keychain-locked',
    );
    expect(granted.tokens.length).toBe(refreshes + 1);
    store.fail = undefined;
    await clock.turn(61_000);
    await until(login, () => (login.current()?.notAfter ?? 0) > second);
    expect(store.log[1]).toBe(`set ${granted.tokens[refreshes]?.refresh_token}`);
    expect(login.state().attempt).toBeNull();
  });

  test('fails, and is not waited for, where it cannot be kept here', async () => {
    const full = () => {
      throw new UserError('path-refused', 'its disk is full');
    };
    const login = kept({ store: sharedStore(), file: { ...fileInMemory(), write: full } });
    await login.start(startRequest({ store: 'keychain' }));
    const failed = failedWith(login);
    await browse((await inBrowser(login)).url ?? '', visitor('alice'));
    expect(await failed).toBe('path-refused');
  });

  test('says on logout who could not be told, and ends here all the same', async () => {
    let isFrozen = false;
    const clock = {
      ...systemClock,
      after: (ms: number, run: () => void) => systemClock.after(isFrozen ? 50 : ms, run),
    };
    const frozen: typeof openProvider = async (...args) => {
      const provider = await openProvider(...args);
      return { ...provider, revoke: (token) => (isFrozen ? new Promise(() => {}) : provider.revoke(token)) };
    };
    const reach = { clock, gatewayApi: gatewayApiOf, openProvider: frozen, pinned: pinnedCertificate };
    const said: unknown[] = [];
    const login = kept({ reach, log: (...line) => said.push(line) });
    await logIn(login);
    await gateway.close();
    expect(await login.logout()).toEqual({ ended: true, untold: ['gateway'] });
    expect(login.state().login).toBeNull();
    expect(said.at(-1)).toEqual(['warn', 'logged out here alone', { untold: 'gateway' }]);

    gateway = await startGateway({ authority, issuer: idp.issuer, clientId: CLIENT_ID });
    const other = kept({ reach });
    await logIn(other);
    isFrozen = true;
    expect(await other.logout()).toEqual({ ended: true, untold: ['IdP'] });
  });

  test('ends everywhere on logout: here, at the gateway by its certificate, at the IdP', async () => {
    const [store, file] = [sharedStore(), fileInMemory()];
    const login = kept({ store, file });
    await logIn(login, { store: 'keychain' });
    const [account, entry] = [...store.held][0]!;
    expect(await login.logout()).toEqual({ ended: true });
    expect(login.state()).toMatchObject({ login: null, attempt: null });
    expect(store.held.size).toBe(0);
    expect(file.remembered).toBeUndefined();
    expect(gateway.seen.at(-1)).toMatchObject({ call: 'logout', serial: '01' });
    expect(await login.logout()).toEqual({ ended: false });

    store.held.set(account, entry);
    file.write({ gateway: gateway.url, ca: authority.certificate, email: 'alice@shop.example', since: 1 });
    const thief = kept({ store, file });
    await thief.restore();
    expect(thief.state().login?.state).toBe('expired');
  });
});

function knock(back: URL, path: string, host: string, method = 'GET'): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: back.hostname, port: back.port, path, method, headers: { host }, agent: false });
    asked.once('response', (answer) => resolve(answer.resume().statusCode ?? 0));
    asked.once('error', reject);
    asked.end();
  });
}
