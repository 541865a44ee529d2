import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WireConnection } from '@hoop/contracts/gateway';
import type { Login, LoginAttempt } from '@hoop/contracts/local';
import type { Notice } from '@hoop/platform';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { needOf } from '../src/login/lack.js';
import { echo, TestGateway } from './support/gateway.js';
import { credentialFor, dial, freePort, type Laptop, laptop, readAll } from './support/laptop.js';

/** What programs meet that come while there is no credential: they wait while somebody is at work on one, or are told why. */
let gateway: TestGateway;
let on: Laptop;
let raw: WireConnection;
let shown: string[];
const login: Login = {
  identity: { subject: 'bob', email: 'bob@shop.example', groups: [] },
  gateway: 'https://gw.example',
  issuer: 'https://idp.example',
  state: 'expired',
  store: 'keychain',
  since: 1,
};
const trouble = (code: string, message: string, hint?: string): LoginAttempt => ({
  ...{ id: 'renewal', phase: 'failed' },
  error: { code, message, hint },
});

beforeEach(async () => {
  gateway = await new TestGateway(echo).start();
  raw = { name: 'raw', protocol: 'tcp', port: await freePort(), state: 'granted' };
  gateway.connections = [raw];
  shown = [];
  const show = async ({ title }: Notice) => shown.push(title) > 0;
  on = await laptop({ gateway, show, patience: { person: 60_000, renewal: 100 } });
  await on.until((state) => state.connections.length === 1);
});
afterEach(async () => {
  await on[Symbol.asyncDispose]();
  await gateway.stop();
});

/** The login as it stands from now on, without a credential. */
function lose(standing: { login?: Login | null; attempt?: LoginAttempt | null }, atWork?: 'person' | 'renewal') {
  on.credentials.atWork = atWork;
  on.credentials.standing = { login, attempt: null, ...standing };
  on.credentials.set(undefined);
}
function regain() {
  on.credentials.atWork = undefined;
  on.credentials.standing = undefined;
  on.credentials.set(credentialFor(gateway));
}
const UNDER_WAY = { attempt: { id: '1', phase: 'browser' } as const };

describe('while a login is under way', () => {
  test('all wait, and all are served once it is there, with what they said meanwhile', async () => {
    lose(UNDER_WAY, 'person');
    const clients = await Promise.all(Array.from({ length: 50 }, () => dial(on, 'raw')));
    const answers = clients.map(readAll);
    for (const [at, client] of clients.entries()) client.write(`hello ${at}`);
    await on.until((state) => state.waiting === 50);
    regain();
    for (const client of clients) await new Promise((resolve) => client.write('!', resolve));
    for (const client of clients) client.end();
    expect(await Promise.all(answers)).toEqual(clients.map((_, at) => `hello ${at}!`));
    expect(on.daemon.state().waiting).toBe(0);
    await on.until((state) => state.gateway?.state === 'online');
  });

  test('who leaves is not waited for, and opens nothing', async () => {
    lose(UNDER_WAY, 'person');
    const [quits, crashes] = [await dial(on, 'raw'), await dial(on, 'raw')];
    await on.until((state) => state.waiting === 2);
    quits.end();
    crashes.resetAndDestroy();
    await on.until((state) => state.waiting === 0);
    regain();
    await on.until((state) => state.gateway?.state === 'online');
    expect(gateway.heads.filter(({ kind }) => kind === 'flow')).toEqual([]);
  });

  test('who says more than a beginning is held back, not dropped', async () => {
    lose(UNDER_WAY, 'person');
    const client = await dial(on, 'raw');
    const answer = readAll(client);
    const bytes = 'x'.repeat(8 * 1024 * 1024);
    client.end(bytes);
    await on.until((state) => state.waiting === 1);
    regain();
    expect((await answer).length).toBe(bytes.length);
  });

  test('that is given up, the cause is told', async () => {
    lose(UNDER_WAY, 'person');
    const answer = readAll(await dial(on, 'raw'));
    await on.until((state) => state.waiting === 1);
    lose({ attempt: trouble('login-expired', 'the login has ended at the IdP') });
    expect(await answer).toBe('refused login-required hoop login');
  });

  test('hoopd that ends says so', async () => {
    lose(UNDER_WAY, 'person');
    const answer = readAll(await dial(on, 'raw'));
    await on.until((state) => state.waiting === 1);
    await on[Symbol.asyncDispose]();
    expect(await answer).toContain('refused shutting-down');
    on = await laptop({ gateway });
  });
});

describe('while hoopd renews', () => {
  const renewing = { login: { ...login, state: 'renewing' as const } };

  test('who comes right after a sleep is served', async () => {
    lose(renewing, 'renewal');
    const client = await dial(on, 'raw');
    const answer = readAll(client);
    client.write('hello');
    await on.until((state) => state.waiting === 1);
    regain();
    const echoed = once(client, 'data');
    await echoed;
    client.end();
    expect(await answer).toContain('hello');
  });

  test('a renewal that nobody answers is not waited for without end', async () => {
    lose(renewing, 'renewal');
    expect(await readAll(await dial(on, 'raw'))).toContain('refused gateway-unreachable');
  });

  test('the sync uplink comes back with the same credential, renewed', async () => {
    await on.until((state) => state.gateway?.state === 'online');
    const wanted = Promise.withResolvers<void>();
    on.credentials.wanted = () => wanted.resolve();
    // As after a sleep: the certificate is past its end, and nobody has said so.
    const { credential } = on.credentials;
    on.credentials.credential = undefined;
    on.credentials.standing = { ...renewing, attempt: null };
    await gateway.stop();
    await gateway.start();
    await wanted.promise;
    on.credentials.standing = undefined;
    on.credentials.set(credential);
    await on.until((state) => state.gateway?.state === 'online');
  });
});

describe('a cause is told in the client’s protocol, and what a person must do in `status`', () => {
  test.each([
    ['ended at the IdP', { attempt: trouble('login-expired', 'over') }, 'login-required hoop login', 'log-in'],
    [
      'disabled',
      { attempt: trouble('identity-disabled', 'bob is disabled', 'ask carol') },
      'identity-disabled ask carol, then: hoop login',
      'ask',
    ],
    ['nobody', { login: null }, 'login-required hoop login', 'log-in'],
    [
      'keychain locked',
      { login: { ...login, state: 'waiting-for-unlock' as const } },
      'login-required unlock it and try again; without a desktop: hoop login --login-store memory',
      'unlock',
    ],
    [
      'IdP away',
      {
        login: { ...login, state: 'renewing' as const },
        attempt: trouble('idp-unreachable', 'the IdP is away', 'wait'),
      },
      'gateway-unreachable wait',
      undefined,
    ],
    [
      'keychain that cannot be used',
      {
        login: { ...login, state: 'renewing' as const },
        attempt: trouble('keychain-no-bus', 'no D-Bus', 'hoop login --login-store=memory'),
      },
      'login-required hoop login --login-store=memory',
      'unlock',
    ],
    [
      'a login of the person’s that failed is not why the one before it ended',
      { attempt: { ...trouble('login-refused', 'no'), id: '4' } },
      'login-required hoop login',
      'log-in',
    ],
  ])('%s', async (_, standing, told, act) => {
    // Without a change told: a listener outlives the login for a moment.
    on.credentials.credential = undefined;
    on.credentials.standing = { login, attempt: null, ...standing };
    expect(await readAll(await dial(on, 'raw'))).toBe(`refused ${told}`);
    expect(on.daemon.state().needs?.act).toBe(act);
  });

  test('a desktop is told of it once, by the end of a login that worked, not by each program', async () => {
    lose({ attempt: trouble('login-expired', 'over') });
    const answers = await Promise.all(Array.from({ length: 20 }, async () => readAll(await dial(on, 'raw'))));
    expect(new Set(answers)).toEqual(new Set(['refused login-required hoop login']));
    expect(shown).toEqual(['hoop: your login has ended']);
  });

  test('also after a restart, before anybody has answered: names outlive hoopd, until the person logs out', async () => {
    const home = mkdtempSync(join(tmpdir(), 'hoop-names-'));
    const file = join(home, '.local/state/hoop/connections.json');
    const before = await laptop({ gateway, home });
    before.credentials.standing = { login: { ...login, state: 'active' }, attempt: null };
    await before.until((state) => state.connections.length === 1);
    gateway.list([raw, { ...raw, name: 'more' }]);
    const { connections } = await before.until((state) => state.connections.length === 2);
    await before[Symbol.asyncDispose]();
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ email: 'bob@shop.example' });

    const after = await laptop({ home });
    after.credentials.standing = { login, attempt: trouble('login-expired', 'over') };
    after.credentials.set(undefined);
    const now = await after.until((state) => state.connections.length === 2);
    expect(now.connections.map((one) => one.address)).toEqual(connections.map((one) => one.address));
    expect(await readAll(await dial(after, 'more'))).toBe('refused login-required hoop login');
    after.credentials.standing = { login: null, attempt: null };
    after.credentials.set(undefined);
    await after.until((state) => state.connections.length === 0);
    expect(existsSync(file)).toBe(false);

    for (const spoilt of [
      '{"gateway',
      JSON.stringify({ gateway: login.gateway, email: 'eve@shop.example', connections: [raw] }),
    ]) {
      writeFileSync(file, spoilt);
      after.credentials.standing = { login, attempt: null };
      after.credentials.set(undefined);
      // What was begun is done by then.
      expect((await after.daemon.retry()).connections).toEqual([]);
      after.credentials.standing = { login: null, attempt: null };
      after.credentials.set(undefined);
    }
    await after[Symbol.asyncDispose]();
    rmSync(home, { recursive: true });
  });

  test('nothing is to be done while a login is under way, or is there', () => {
    const of = (standing: { login: Login; attempt: LoginAttempt | null }) =>
      needOf({ current: () => undefined, state: () => standing });
    expect(of({ login, ...UNDER_WAY })).toBeNull();
    expect(of({ login: { ...login, state: 'active' }, attempt: null })).toBeNull();
    expect(needOf({ current: () => credentialFor(gateway), state: () => ({ login, attempt: null }) })).toBeNull();
  });
});
