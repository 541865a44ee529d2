import { once } from 'node:events';
import type { LoginAttempt } from '@hoop/contracts/local';
import { type Clock, systemClock } from '../../src/login/clock.js';
import { type Entry, type EntryStore, memoryEntries } from '../../src/login/entry.js';
import { gatewayApiOf } from '../../src/login/gateway.js';
import { LoginCredentials, type LoginOptions } from '../../src/login/login.js';
import { openProvider } from '../../src/login/oidc.js';
import type { GatewayFile, KnownGateway, LoginFile, Remembered } from '../../src/login/remembered.js';
import { pinnedCertificate } from '../../src/login/trust.js';

/** Stands for a keychain: what is in it survives a `LoginCredentials`. Can be told to fail, and to be locked. */
export function sharedStore(): EntryStore & { held: Map<string, Entry>; log: string[]; fail: Error | undefined } {
  const held = new Map<string, Entry>();
  const log: string[] = [];
  const store = {
    kind: 'keychain' as const,
    ...{ held, log, fail: undefined as Error | undefined },
    get: async (account: string) => {
      if (store.fail) throw store.fail;
      return held.get(account);
    },
    set: async (account: string, entry: Entry) => {
      if (store.fail) throw store.fail;
      log.push(`set ${entry.refreshToken}`);
      held.set(account, entry);
    },
    delete: async (account: string) => held.delete(account),
  };
  return store;
}

export const fileInMemory = (): LoginFile & { remembered: Remembered | undefined } => inMemory<Remembered>();
export const gatewayInMemory = (): GatewayFile & { remembered: KnownGateway | undefined } => inMemory<KnownGateway>();

function inMemory<T>() {
  const file = {
    remembered: undefined as T | undefined,
    read: () => file.remembered,
    write: (remembered: T) => {
      file.remembered = remembered;
    },
    remove: () => {
      file.remembered = undefined;
    },
  };
  return file;
}

/**
 * A clock whose hands the test turns; timers go with them. `set` moves the wall clock alone, as a sleep does, or a person.
 * Starts at the real time, since certificates and tokens are real.
 */
export function handClock(): Clock & { turn(ms: number): Promise<void>; set(ms: number): void } {
  let ahead = 0;
  let wall = 0;
  let waiting: { at: number; then: () => void }[] = [];
  const passed = () => Date.now() + ahead;
  return {
    now: () => passed() + wall,
    set: (ms) => {
      wall += ms;
    },
    after: (ms, then) => {
      const one = { at: passed() + ms, then };
      waiting.push(one);
      return () => {
        waiting = waiting.filter((other) => other !== one);
      };
    },
    turn: async (ms) => {
      ahead += ms;
      for (;;) {
        const due = waiting.filter((one) => one.at <= passed());
        if (due.length === 0) return;
        waiting = waiting.filter((one) => !due.includes(one));
        for (const one of due) one.then();
      }
    },
  };
}

export function loginOn(options: Partial<LoginOptions> & { store?: EntryStore; clock?: Clock } = {}): LoginCredentials {
  const { store = memoryEntries(), clock = systemClock, ...rest } = options;
  return new LoginCredentials({
    profile: 'default',
    file: fileInMemory(),
    gateways: gatewayInMemory(),
    stores: { keychain: () => store, memory: memoryEntries },
    reach: { clock, gatewayApi: gatewayApiOf, openProvider, pinned: pinnedCertificate },
    random: () => 0.5,
    rivals: () => [],
    door: { admits: () => true, refused: () => {} },
    log: () => {},
    ...rest,
  });
}

/** Resolves when the state is as wanted; by events, not by looking again. */
export async function until<T>(
  login: LoginCredentials,
  wanted: (state: ReturnType<LoginCredentials['state']>) => T | undefined | false,
) {
  const target = new EventTarget();
  const off = login.on(() => target.dispatchEvent(new Event('change')));
  try {
    for (;;) {
      const found = wanted(login.state());
      if (found !== undefined && found !== false) return found;
      await once(target, 'change');
    }
  } finally {
    off();
  }
}

export const inBrowser = (login: LoginCredentials): Promise<LoginAttempt> =>
  until(login, ({ attempt }) => (attempt?.phase === 'browser' || attempt?.phase === 'failed' ? attempt : undefined));
export const failedWith = (login: LoginCredentials): Promise<string> =>
  until(login, ({ attempt }) => (attempt?.phase === 'failed' ? attempt.error?.code : undefined));
export const loggedIn = (login: LoginCredentials) =>
  until(login, ({ login: now, attempt }) => {
    if (attempt?.phase === 'failed') throw new Error(`${attempt.error?.code}: ${attempt.error?.message}`);
    return now?.state === 'active' ? now : undefined;
  });
