import { ApiError } from '@hoop/contracts/http';
import { HoopError, UserError } from '@hoop/core';
import { browse } from '@hoop/testkit';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/login/clock.js';
import { gatewayApiOf } from '../../src/login/gateway.js';
import { openProvider } from '../../src/login/oidc.js';
import { pinnedCertificate } from '../../src/login/trust.js';
import { failedWith, fileInMemory, handClock, inBrowser, sharedStore, until } from './bench.js';
import {
  aCompany,
  anotherGateway,
  authority,
  gateway,
  granted,
  kept,
  logIn,
  startRequest,
  visitor,
} from './company.js';

aCompany();

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
    await anotherGateway();
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

    await anotherGateway();
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
