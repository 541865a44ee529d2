import { spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { environment, peerLookup } from '@hoop/platform';
import { browse, CLIENT_ID } from '@hoop/testkit';
import { describe, expect, test } from 'vitest';
import { ownersSocket } from '../../src/listeners/listener.js';
import type { LoginCredentials } from '../../src/login/login.js';
import { shownChain } from '../../src/login/shown.js';
import { failedWith, fileInMemory, gatewayInMemory, inBrowser, loggedIn, sharedStore, until } from './bench.js';
import { aCompany, authority, gateway, granted, idp, kept, logIn, startRequest, visitor } from './company.js';
import { startGateway } from './gateway.js';

aCompany();

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

function knock(back: URL, path: string, host: string, method = 'GET'): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: back.hostname, port: back.port, path, method, headers: { host }, agent: false });
    asked.once('response', (answer) => resolve(answer.resume().statusCode ?? 0));
    asked.once('error', reject);
    asked.end();
  });
}
