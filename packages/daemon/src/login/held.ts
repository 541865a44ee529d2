import type { Discovery, Issued, WireIdentity } from '@hoop/contracts/gateway';
import { ApiError } from '@hoop/contracts/http';
import type { Ended, Login } from '@hoop/contracts/local';
import { HoopError, UserError } from '@hoop/core';
import type * as z from 'zod';
import type { Credential } from '../credentials.js';
import type { Achieved, Reach } from './attempt.js';
import { certify, type Renewable } from './certify.js';
import { alarm } from './clock.js';
import type { Entry, EntryStore } from './entry.js';
import { Grant } from './grant.js';
import { importKey, pemOf } from './key.js';
import type { Tokens } from './oidc.js';
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
  /** A try that failed and will be repeated; `changed` tells when it has succeeded. */
  failed: (why: HoopError) => void;
}

/** Between tries while something is away: 5 s, doubled up to a minute. */
const FIRST_RETRY = 5_000;
const LAST_RETRY = 60_000;
/** What was tried a moment ago is not tried again because one more asks for it. */
const AGAIN = 1_000;
/** For the good-byes of a logout. */
const PATIENCE = 5_000;

type Untold = NonNullable<Ended['untold']>[number];

/**
 * A login that is held: hands out the certificate and renews it at two thirds of its life or its lease's, also after a restart and past
 * its end. One renewal runs at a time. What is away is asked again; what has said no ends the login.
 */
export class HeldLogin {
  readonly #options: HeldOptions;
  /** Undefined until the keychain has given it. */
  #own: Renewable | undefined;
  #issuer = '';
  #issued: Issued | undefined;
  #tunnel: Discovery['tunnel'] = [];
  #state: Login['state'] = 'renewing';
  #identity: z.infer<typeof WireIdentity>;
  #leaseUntil: number | undefined;
  #retries = 0;
  #triedAt = 0;
  #prompting = false;
  #renewing: Promise<void> | undefined;
  #callOff: (() => void)[] = [];
  #closed = false;

  constructor(options: HeldOptions) {
    this.#options = options;
    this.#identity = { subject: '', email: options.email, groups: [] };
  }

  /** Takes over from an attempt that succeeded. */
  adopt({ entry, key, tokens, discovery, issued }: Achieved): void {
    this.#own = { loginId: entry.loginId, key, grant: this.#grantOf(entry, tokens) };
    this.#issuer = entry.issuer;
    this.#take(discovery, issued);
  }

  current(): Credential | undefined {
    const { gateway, trust, caFingerprint, reach } = this.#options;
    if (this.#issued === undefined || this.#own === undefined || this.#isExpired()) return undefined;
    if (reach.clock.now() >= this.#issued.notAfter) return undefined;
    const { certificate, notAfter } = this.#issued;
    const ca = trust.pinned ?? trust.ca;
    return { gateway, tunnel: this.#tunnel, certificate, key: this.#own.key, ca, caFingerprint, notAfter };
  }

  /** Whoever comes after a sleep, to a gateway that thinks otherwise of the time, or once the keychain is open, need not wait for the clock to be looked at. */
  wanted(isRefused: boolean): void {
    const since = Math.abs(this.#options.reach.clock.now() - this.#triedAt);
    if (since >= AGAIN && (isRefused || this.current() === undefined)) void this.renew();
  }

  /** A renewal runs, and no person is waited for in it. */
  get isAtWork(): boolean {
    return this.#renewing !== undefined && !this.#prompting;
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
    this.#prompting = is;
    if (this.#state === 'expired' || this.#state === 'active') return;
    this.#state = is ? 'waiting-for-unlock' : 'renewing';
    this.#options.changed();
  }

  /** Renews now; joins a renewal that is under way. Never rejects: what fails is told and tried again. */
  async renew(): Promise<void> {
    if (this.#closed || this.#isExpired()) return;
    this.#renewing ??= this.#renewOnce();
    return this.#renewing;
  }

  /** The gateway or the IdP has ended it: the certificate is dropped at once, and what the store holds goes. */
  async expire(why: HoopError): Promise<void> {
    if (this.#closed || this.#isExpired()) return;
    this.#stopTimers();
    this.#state = 'expired';
    this.#issued = undefined;
    this.#own?.grant.end();
    this.#own = undefined;
    this.#options.over(why);
    await this.#options.entries.delete(this.#options.account).catch(() => false);
  }

  /** Ends the login at the gateway and the IdP; answers who could not be told within 5 s. */
  async endElsewhere(): Promise<Untold[]> {
    if (this.#isExpired()) return [];
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const off = this.#options.reach.clock.after(PATIENCE, resolve);
    const untold = new Set<Untold>(['gateway', 'IdP']);
    const tell = async (whom: Untold, telling: Promise<boolean> | undefined) => {
      const told = await telling?.catch((error: unknown) => error instanceof HoopError && isOver(error));
      if (told) untold.delete(whom);
    };
    const ends = async () => {
      await this.#renewing;
      const revoked = this.#own?.grant.revoke().then(() => true);
      await Promise.all([tell('gateway', this.#endAtGateway()), tell('IdP', revoked)]);
    };
    await Promise.race([ends(), late]);
    off();
    return [...untold];
  }

  /** Closes it once no renewal is under way: what the store has by then is all there is. */
  async rest(): Promise<void> {
    await this.#renewing;
    this.close();
  }

  close(): void {
    this.#closed = true;
    this.#own?.grant.end();
    this.#stopTimers();
  }

  async #renewOnce(): Promise<void> {
    this.#stopTimers();
    this.#triedAt = this.#options.reach.clock.now();
    const renewed = await this.#certified().catch((error: unknown) => ({ error }));
    this.#renewing = undefined;
    if (this.#closed || this.#isExpired()) return;
    if ('error' in renewed) await this.#failed(renewed.error);
    else this.#take(renewed.discovery, renewed.issued);
  }

  async #certified() {
    const { reach, gateway, trust } = this.#options;
    const api = reach.gatewayApi(gateway, trust);
    try {
      this.#own ??= await this.#load();
      return await certify(api, gateway, this.#own);
    } finally {
      await api.close();
    }
  }

  #isExpired(): boolean {
    return this.#state === 'expired';
  }

  async #load(): Promise<Renewable> {
    const entry = await this.#options.entries.get(this.#options.account);
    if (entry === undefined) {
      const again = { hint: 'log in again: hoop login', exit: 'login' } as const;
      throw new UserError('login-expired', 'the keychain no longer holds the login', again);
    }
    this.#identity = { ...this.#identity, subject: entry.subject };
    this.#issuer = entry.issuer;
    return { loginId: entry.loginId, key: importKey(entry.key), grant: this.#grantOf(entry) };
  }

  #grantOf(entry: Entry, tokens?: Tokens): Grant {
    const { account, entries, reach, trust, failed } = this.#options;
    // The issuer is the one that the person logged in at; a gateway cannot send the refresh token elsewhere.
    const open = ({ issuer, clientId }: Entry) =>
      reach.openProvider({ issuer, clientId, scopes: [] }, idpDispatcher(trust));
    return new Grant({ account, entries, clock: reach.clock, open, unsaved: failed }, entry, tokens);
  }

  #take({ tunnel }: Discovery, issued: Issued): void {
    const { clock } = this.#options.reach;
    this.#tunnel = tunnel;
    this.#issued = issued;
    this.#identity = issued.identity;
    this.#leaseUntil = issued.leaseUntil;
    this.#state = 'active';
    this.#retries = 0;
    const now = clock.now();
    // A short lease ends before its certificate does.
    const left = Math.min(issued.notAfter, issued.leaseUntil) - now;
    const pause = Math.max(FIRST_RETRY, (left * 2) / 3);
    // By the wall clock, which a sleep moves, and by a timer, which a wall clock that is set back does not.
    this.#callOff.push(alarm(clock, now + pause, () => void this.renew()));
    this.#callOff.push(clock.after(pause, () => void this.renew()));
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
    this.#callOff.push(alarm(clock, clock.now() + pause, () => void this.renew()));
    const end = this.#issued?.notAfter ?? 0;
    if (end > clock.now()) this.#callOff.push(alarm(clock, end, () => this.#options.changed()));
    failed(isAway(why) ? kept(why) : why);
  }

  /** False: its certificate is past its end, and nothing else is taken there. */
  async #endAtGateway(): Promise<boolean> {
    const credential = this.current();
    if (credential === undefined) return false;
    const { reach, gateway, trust } = this.#options;
    const api = reach.gatewayApi(gateway, trust, { cert: credential.certificate, key: pemOf(credential.key) });
    try {
      await api.logout({});
      return true;
    } finally {
      await api.close();
    }
  }

  #stopTimers(): void {
    for (const off of this.#callOff.splice(0)) off();
  }
}

const isAway = ({ code }: HoopError) => ['gateway-unreachable', 'idp-unreachable'].includes(code);

/** A person who reads of it need not do anything: it is tried again. */
const kept = (why: HoopError) =>
  new HoopError(why.code, why.message, { hint: 'the login is kept; hoop tries again by itself', cause: why });

/** The gateway has said no to this login for good, or the IdP has. What any proxy could say does not count. */
function isOver(why: HoopError): boolean {
  if (why instanceof ApiError) return [401, 403, 404, 410].includes(why.status) && why.code !== 'bad-answer';
  return why.code === 'login-expired' || why.code === 'keychain-entry';
}
