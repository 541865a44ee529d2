import type { KeyObject } from 'node:crypto';
import type { Discovery, Issued, WireIdentity } from '@hoop/contracts/gateway';
import { ApiError } from '@hoop/contracts/http';
import type { Login } from '@hoop/contracts/local';
import { HoopError, UserError } from '@hoop/core';
import type { z } from 'zod';
import type { Credential } from '../credentials.js';
import type { Achieved, Reach } from './attempt.js';
import { alarm } from './clock.js';
import type { Entry, EntryStore } from './entry.js';
import { discover } from './gateway.js';
import { csrOf, importKey, pemOf } from './key.js';
import type { Provider, Tokens } from './oidc.js';
import { idpDispatcher, type Trust } from './trust.js';

export interface HeldOptions {
  account: string;
  gateway: URL;
  trust: Trust;
  caFingerprint: string | undefined;
  entries: EntryStore;
  reach: Reach;
  /** Known before the keychain is open. */
  email: string;
  since: number;
  /** 0 to 1: spreads retries. */
  random: () => number;
  changed: () => void;
  /** The login is over and a person must log in; tells why. */
  over: (why: HoopError) => void;
  /** A try that failed and will be repeated. */
  failed: (why: HoopError) => void;
}

const MINUTE = 60_000;
/** The gateway takes an ID token for an hour; we stay below, and below what the token says itself. */
const TOKEN_AGE = 55 * MINUTE;
const TOKEN_SPARE = 30_000;
/** Between tries while something is away: 5 s, doubled up to a minute. */
const FIRST_RETRY = 5_000;
const LAST_RETRY = MINUTE;
/** For the good-byes of a logout. */
const PATIENCE = 5_000;

/**
 * A login that is held: hands out the certificate, renews it at two thirds of its life, and is the only one to use the
 * refresh token. A new refresh token is stored before it is used further, and one renewal runs at a time: an IdP that
 * rotates tokens ends the login of whoever uses an old one.
 */
export class HeldLogin {
  readonly #options: HeldOptions;
  #entry: Entry | undefined;
  #issuer = '';
  #key: KeyObject | undefined;
  #issued: Issued | undefined;
  #tunnel: Discovery['tunnel'] = [];
  #scopes: readonly string[] = [];
  #tokens: Tokens | undefined;
  #provider: Provider | undefined;
  /** The entry holds a refresh token that the store does not have. */
  #unsaved = false;
  #state: Login['state'] = 'renewing';
  #identity: z.infer<typeof WireIdentity>;
  #leaseUntil: number | undefined;
  #retries = 0;
  #renewing: Promise<void> | undefined;
  #calledOff: (() => void)[] = [];
  #closed = false;

  constructor(options: HeldOptions) {
    this.#options = options;
    this.#identity = { subject: '', email: options.email, groups: [] };
  }

  /** Takes over from an attempt that succeeded. */
  adopt(achieved: Achieved): void {
    this.#entry = achieved.entry;
    this.#issuer = achieved.entry.issuer;
    this.#key = achieved.key;
    this.#tokens = achieved.tokens;
    this.#known(achieved.discovery);
    this.#take(achieved.issued);
  }

  current(): Credential | undefined {
    const { gateway, trust, caFingerprint, reach } = this.#options;
    if (this.#issued === undefined || this.#key === undefined || this.#state === 'expired') return undefined;
    if (reach.clock.now() >= this.#issued.notAfter) return undefined;
    const { certificate, notAfter } = this.#issued;
    const ca = trust.pinned ?? trust.ca;
    return { gateway, tunnel: this.#tunnel, certificate, key: this.#key, ca, caFingerprint, notAfter };
  }

  login(): Login {
    const { gateway, entries, since } = this.#options;
    return {
      identity: this.#identity,
      gateway: gateway.origin,
      issuer: this.#issuer,
      state: this.#state,
      store: entries.kind,
      since,
      ...(this.#issued === undefined ? {} : { certificateUntil: this.#issued.notAfter }),
      ...(this.#leaseUntil === undefined ? {} : { leaseUntil: this.#leaseUntil }),
    };
  }

  leaseIs(until: number, identity: z.infer<typeof WireIdentity>): void {
    this.#leaseUntil = until;
    this.#identity = identity;
    this.#options.changed();
  }

  /** The keychain waits for a person, or no longer does. */
  waiting(is: boolean): void {
    if (this.#state === 'expired' || this.#state === 'active') return;
    this.#state = is ? 'waiting-for-unlock' : 'renewing';
    this.#options.changed();
  }

  /** Renews now; joins a renewal that is under way. Never rejects: what fails is told and tried again. */
  renew(): Promise<void> {
    this.#renewing ??= this.#renewOnce().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  /** The gateway or the IdP has ended it: the certificate is dropped at once, and what the store holds goes. */
  async expire(why: HoopError): Promise<void> {
    if (this.#closed || this.#state === 'expired') return;
    this.#stopTimers();
    this.#state = 'expired';
    this.#issued = undefined;
    this.#tokens = undefined;
    this.#options.over(why);
    this.#entry = undefined;
    await this.#options.entries.delete(this.#options.account).catch(() => false);
  }

  /** Ends the login at the gateway and the IdP, as far as they can be reached within 5 s. */
  async endElsewhere(): Promise<void> {
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const off = this.#options.reach.clock.after(PATIENCE, resolve);
    const ends = async () => {
      await this.#renewing;
      await Promise.allSettled([this.#endAtGateway(), this.#revoke()]);
    };
    await Promise.race([ends(), late]);
    off();
  }

  close(): void {
    this.#closed = true;
    this.#stopTimers();
  }

  async #renewOnce(): Promise<void> {
    if (this.#closed || this.#state === 'expired') return;
    this.#stopTimers();
    try {
      const entry = await this.#load();
      const issued = await this.#certify(entry, false);
      if (!this.#closed && !this.#isExpired()) this.#take(issued);
    } catch (error) {
      if (!this.#closed) await this.#failed(error);
    }
  }

  #isExpired(): boolean {
    return this.#state === 'expired';
  }

  async #load(): Promise<Entry> {
    if (this.#entry !== undefined) return this.#entry;
    const entry = await this.#options.entries.get(this.#options.account);
    if (entry === undefined) throw new UserError('login-expired', 'the keychain no longer holds the login', AGAIN);
    this.#key = importKey(entry.key);
    this.#identity = { ...this.#identity, subject: entry.subject };
    this.#issuer = entry.issuer;
    this.#entry = entry;
    return entry;
  }

  async #certify(entry: Entry, refresh: boolean): Promise<Issued> {
    const { reach, gateway, trust } = this.#options;
    const api = reach.gatewayApi(gateway, trust);
    try {
      this.#known(await discover(api, gateway));
      const { token, fresh } = await this.#idToken(entry, refresh);
      try {
        const csr = csrOf(this.#key as KeyObject);
        return await api.renew({ body: { loginId: entry.loginId, csr, idToken: token } });
      } catch (error) {
        // A token that the gateway finds too old: once more with a new one.
        if (fresh || !(error instanceof ApiError && error.status === 401)) throw error;
      }
    } finally {
      await api.close();
    }
    return this.#certify(entry, true);
  }

  async #idToken(entry: Entry, refresh: boolean): Promise<{ token: string; fresh: boolean }> {
    if (this.#unsaved) await this.#save();
    if (!refresh && this.#tokens !== undefined && this.#isFresh(this.#tokens)) {
      return { token: this.#tokens.idToken, fresh: false };
    }
    const provider = await this.#providerOf(entry);
    const tokens = await provider.refresh((this.#entry ?? entry).refreshToken);
    if (tokens.subject !== entry.subject) {
      throw new UserError('login-expired', 'the IdP answered for another person', AGAIN);
    }
    this.#tokens = tokens;
    if (tokens.refreshToken !== undefined && tokens.refreshToken !== this.#entry?.refreshToken) {
      this.#entry = { ...entry, refreshToken: tokens.refreshToken };
      this.#unsaved = true;
      await this.#save();
    }
    return { token: tokens.idToken, fresh: true };
  }

  async #save(): Promise<void> {
    if (this.#closed) return;
    await this.#options.entries.set(this.#options.account, this.#entry as Entry);
    this.#unsaved = false;
  }

  #isFresh(tokens: Tokens): boolean {
    const now = this.#options.reach.clock.now();
    return (
      now < Math.min(tokens.issuedAt + TOKEN_AGE, tokens.expiresAt - TOKEN_SPARE) && now > tokens.issuedAt - MINUTE
    );
  }

  async #providerOf(entry: Entry): Promise<Provider> {
    const { issuer, clientId } = entry;
    const { reach, trust } = this.#options;
    // The issuer is the one that the person logged in at; a gateway cannot send the refresh token elsewhere.
    this.#provider ??= await reach.openProvider({ issuer, clientId, scopes: this.#scopes }, idpDispatcher(trust));
    return this.#provider;
  }

  #known(discovery: Discovery): void {
    this.#tunnel = discovery.tunnel;
    this.#scopes = discovery.scopes;
  }

  #take(issued: Issued): void {
    const { clock } = this.#options.reach;
    this.#issued = issued;
    this.#identity = issued.identity;
    this.#leaseUntil = issued.leaseUntil;
    this.#state = 'active';
    this.#retries = 0;
    const now = clock.now();
    const due = now + Math.max(FIRST_RETRY, ((issued.notAfter - now) * 2) / 3);
    this.#calledOff.push(alarm(clock, due, () => void this.renew()));
    this.#options.changed();
  }

  async #failed(error: unknown): Promise<void> {
    const why = error instanceof HoopError ? error : new HoopError('internal', 'renewal failed', { cause: error });
    if (isOver(why)) return this.expire(why);
    const { reach, random, failed } = this.#options;
    const { clock } = reach;
    const pause = Math.min(LAST_RETRY, FIRST_RETRY * 2 ** this.#retries) * (0.8 + 0.4 * random());
    this.#retries += 1;
    this.#state = why.code === 'keychain-locked' ? 'waiting-for-unlock' : 'renewing';
    this.#calledOff.push(alarm(clock, clock.now() + pause, () => void this.renew()));
    const end = this.#issued?.notAfter ?? 0;
    if (end > clock.now()) this.#calledOff.push(alarm(clock, end, () => this.#options.changed()));
    failed(why);
  }

  async #endAtGateway(): Promise<void> {
    const credential = this.current();
    if (credential === undefined) return;
    const { reach, gateway, trust } = this.#options;
    const api = reach.gatewayApi(gateway, trust, { cert: credential.certificate, key: pemOf(credential.key) });
    try {
      await api.logout({});
    } finally {
      await api.close();
    }
  }

  async #revoke(): Promise<void> {
    if (this.#entry === undefined) return;
    const provider = await this.#providerOf(this.#entry);
    await provider.revoke(this.#entry.refreshToken);
  }

  #stopTimers(): void {
    for (const off of this.#calledOff.splice(0)) off();
  }
}

const AGAIN = { hint: 'log in again: hoop login', exit: 'login' } as const;

/** The gateway has said no to this login for good, or the IdP has. What any proxy could say does not count. */
function isOver(why: HoopError): boolean {
  if (why instanceof ApiError) return [401, 403, 404, 410].includes(why.status) && why.code !== 'bad-answer';
  return why.code === 'login-expired' || why.code === 'keychain-entry';
}
