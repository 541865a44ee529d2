import { isDeepStrictEqual } from 'node:util';
import type { WireIdentity } from '@hoop/contracts/gateway';
import type { Ended, LoginAttempt, StartedLogin, StartLogin } from '@hoop/contracts/local';
import { HoopError } from '@hoop/core';
import type * as z from 'zod';
import type { Credential, Credentials } from '../credentials.js';
import { type Achieved, type Attempt, attemptLogin, gatewayUrl, type Person, type Reach } from './attempt.js';
import type { Door } from './callback.js';
import type { EntryStore } from './entry.js';
import { HeldLogin } from './held.js';
import { LastGateway } from './last.js';
import type { GatewayFile, LoginFile, Remembered } from './remembered.js';
import type { Rival } from './rivals.js';

export interface LoginOptions {
  profile: string;
  file: LoginFile;
  gateways: GatewayFile;
  stores: { keychain: (waiting: (is: boolean) => void) => EntryStore; memory: () => EntryStore };
  reach: Reach;
  random: () => number;
  /** The gateways of other profiles. */
  rivals: () => readonly Rival[];
  /** Of the way back from the browser. */
  door: Door;
  log: (level: 'info' | 'warn', message: string, facts: Record<string, string>) => void;
}
interface UnderWay {
  request: z.infer<typeof StartLogin>;
  attempt: LoginAttempt;
  /** The phase that a locked keychain interrupts. */
  before: LoginAttempt['phase'];
  abort: AbortController;
}

const isCertified = ({ attempt: { phase }, before }: UnderWay) =>
  (phase === 'waiting-for-unlock' ? before : phase) === 'certifying';

/** In the keychain. */
const accountOf = (profile: string, gateway: string): string => `${profile}/${gateway}`;

/** What stands in an attempt's place while a login that is held cannot be renewed, or has ended. */
const RENEWAL = 'renewal';

/** The one login of this daemon, and the attempt to get one. */
export class LoginCredentials implements Credentials {
  readonly #options: LoginOptions;
  readonly #last: LastGateway;
  readonly #watchers = new Set<() => void>();
  #held: HeldLogin | undefined;
  /** Who is held. */
  #whose: (Person & { gateway: string }) | undefined;
  #account = '';
  #entries: EntryStore | undefined;
  #underWay: UnderWay | undefined;
  #failed: LoginAttempt | undefined;
  /** Why the one that is held has ended, whatever a later attempt fails of. */
  #ended: LoginAttempt['error'];
  #attempts = 0;

  constructor(options: LoginOptions) {
    this.#options = options;
    this.#last = new LastGateway(options.gateways, () => options.log('warn', 'gateway.json cannot be read', {}));
  }

  current(): Credential | undefined {
    return this.#held?.current();
  }

  wanted(isRefused = false): void {
    this.#held?.wanted(isRefused);
  }

  pending(): 'person' | 'renewal' | undefined {
    if (this.#underWay !== undefined) return 'person';
    return this.#held?.isAtWork === true ? 'renewal' : undefined;
  }

  state() {
    const lastGateway = this.#last.address;
    const attempt = this.#underWay?.attempt ?? this.#failed ?? null;
    const login = this.#held?.login() ?? null;
    const ended = login?.state === 'expired' ? this.#ended : undefined;
    return { login, attempt, ...(lastGateway !== undefined && { lastGateway }), ...(ended && { ended }) };
  }

  on(change: () => void): () => void {
    this.#watchers.add(change);
    return () => this.#watchers.delete(change);
  }

  leaseIs(until: number, identity: z.infer<typeof WireIdentity>): void {
    this.#held?.leaseIs(until, identity);
  }

  endedByGateway(code: string, message: string, hint: string | undefined): void {
    void this.#held?.expire(new HoopError(code, message, { hint }));
  }

  /**
   * Joins an attempt under way that was asked for in the same words, so that a person has one page to log in on; else
   * starts one, in place of another. Answers at once; `state` tells how it goes.
   */
  async start(asked: z.infer<typeof StartLogin>): Promise<z.infer<typeof StartedLogin>> {
    const request = this.#last.trusting({ ...asked, gateway: gatewayUrl(asked.gateway).origin });
    if (this.#underWay !== undefined && isDeepStrictEqual(this.#underWay.request, request))
      return { ...this.#underWay.attempt, joined: true };
    const account = accountOf(this.#options.profile, request.gateway);
    this.cancel();
    this.#attempts += 1;
    const underWay: UnderWay = {
      request,
      attempt: { id: String(this.#attempts), phase: 'discovering' },
      before: 'discovering',
      abort: new AbortController(),
    };
    this.#underWay = underWay;
    this.#changed();
    const entries = this.#storeOf(request.store, (is) => this.#waiting(underWay, is));
    void this.#run(underWay, { request, account, entries });
    return { ...underWay.attempt, joined: false };
  }

  cancel(): boolean {
    this.#failed = undefined;
    // Past this the gateway has made the login: it is taken, and `logout` ends it.
    if (this.#underWay === undefined || isCertified(this.#underWay)) return false;
    this.#underWay.abort.abort(new HoopError('cancelled', 'the login was given up'));
    this.#underWay = undefined;
    this.#changed();
    return true;
  }

  async logout(): Promise<Ended> {
    this.cancel();
    const held = this.#held;
    if (held === undefined) return { ended: false };
    this.#held = undefined;
    this.#whose = undefined;
    held.close();
    this.#options.file.remove();
    this.#changed();
    const untold = await held.endElsewhere();
    await this.#entries?.delete(this.#account);
    if (untold.length === 0) this.#options.log('info', 'logged out', {});
    else this.#options.log('warn', 'logged out here alone', { untold: untold.join(', ') });
    return { ended: true, ...(untold.length > 0 && { untold }) };
  }

  async restore(): Promise<void> {
    const remembered = this.#remembered();
    if (remembered === undefined || this.#held !== undefined) return;
    const gateway = new URL(remembered.gateway);
    this.#account = accountOf(this.#options.profile, gateway.origin);
    this.#entries = this.#storeOf('keychain', (is) => this.#held?.waiting(is));
    this.#held = this.#hold(gateway, remembered, this.#entries);
    const { subject, email } = remembered;
    const issuer = this.#last.known?.client?.issuer;
    if (subject !== undefined && issuer !== undefined)
      this.#whose = { gateway: gateway.origin, issuer, subject, email };
    this.#changed();
    await this.#held.renew();
  }

  async handOver(profile: string): Promise<() => Promise<void>> {
    await this.#held?.rest();
    const [entries, account] = [this.#entries, this.#account];
    const entry = this.#held && (await entries?.get(account));
    if (this.#held === undefined || entries === undefined || entry === undefined) return async () => {};
    await entries.set(accountOf(profile, this.#held.login().gateway), entry);
    return async () => void (await entries.delete(account).catch(() => false));
  }

  async close(): Promise<void> {
    this.#underWay?.abort.abort(new HoopError('cancelled', 'the daemon ends'));
    this.#held?.close();
    this.#watchers.clear();
  }

  async #run(underWay: UnderWay, about: Pick<Attempt, 'request' | 'account' | 'entries'>): Promise<void> {
    const report: Attempt['report'] = (progress) => this.#progress(underWay, progress);
    const { signal } = underWay.abort;
    try {
      const achieved = await attemptLogin({
        ...about,
        reach: this.#options.reach,
        door: this.#options.door,
        whose: this.#whose?.gateway === about.request.gateway ? this.#whose : undefined,
        rivals: () => [...this.#options.rivals(), ...this.#replaced()],
        report,
        signal,
      });
      // Of one that was given up it is told nothing; of one that cannot be kept here it is.
      if (this.#underWay === underWay) this.#underWay = undefined;
      try {
        this.#replace(about, achieved);
      } catch (error) {
        this.#fail(error, underWay.attempt.id);
      }
    } catch (error) {
      if (this.#underWay !== underWay) return;
      this.#underWay = undefined;
      this.#fail(error, underWay.attempt.id);
    }
  }

  /** What is logged in to in its place may be no better a holder of its tokens than another profile's. */
  #replaced(): Rival[] {
    const { known } = this.#last;
    return known === undefined ? [] : [{ ...known, profile: this.#options.profile }];
  }

  #replace({ request, account, entries }: Pick<Attempt, 'request' | 'account' | 'entries'>, achieved: Achieved): void {
    const remembered = this.#remember(request, achieved);
    const old = this.#held;
    old?.close();
    void old?.endElsewhere();
    if (this.#entries !== undefined && (account !== this.#account || this.#entries.kind !== entries.kind)) {
      void this.#entries.delete(this.#account).catch(() => false);
    }
    this.#account = account;
    this.#entries = entries;
    this.#held = this.#hold(achieved.gateway, remembered, entries);
    this.#options.log('info', 'logged in', { email: remembered.email, gateway: remembered.gateway });
    this.#held.adopt(achieved);
  }

  #remember(request: z.infer<typeof StartLogin>, { gateway, trust, discovery, entry, issued }: Achieved): Remembered {
    const { clock } = this.#options.reach;
    const remembered: Remembered = {
      gateway: gateway.origin,
      email: issued.identity.email,
      subject: entry.subject,
      since: clock.now(),
      ...(trust.ca === undefined ? {} : { ca: trust.ca }),
      ...(trust.pinned === undefined ? {} : { pinned: trust.pinned }),
      ...(request.caFingerprint === undefined ? {} : { caFingerprint: request.caFingerprint }),
    };
    if (request.store === 'keychain') this.#options.file.write(remembered);
    else this.#options.file.remove();
    const { issuer, clientId: id } = discovery;
    this.#whose = { gateway: gateway.origin, issuer, subject: entry.subject, email: remembered.email };
    // Of the gateway that it replaces nothing is left to share with: the next one is asked for again.
    const isShared = request.sharedIdp === true && this.#options.rivals().length > 0;
    this.#last.is({ ...remembered, client: { issuer, id }, ...(isShared && { sharedIdp: true }) });
    return remembered;
  }

  #hold(gateway: URL, remembered: Remembered, entries: EntryStore): HeldLogin {
    const { reach, random } = this.#options;
    const { ca, pinned, caFingerprint, email, since } = remembered;
    return new HeldLogin({
      ...{
        account: this.#account,
        gateway,
        trust: { ca, pinned },
        caFingerprint,
        entries,
        reach,
        email,
        since,
        random,
      },
      changed: () => {
        if (this.#failed?.id === RENEWAL && this.#held?.login().state === 'active') this.#failed = undefined;
        this.#changed();
      },
      over: (why) => {
        this.#ended = told(why);
        this.#fail(why, RENEWAL);
      },
      failed: (why) => this.#fail(why, RENEWAL),
    });
  }

  #remembered(): Remembered | undefined {
    try {
      return this.#options.file.read();
    } catch (cause) {
      const hint = 'log in again: hoop login';
      this.#fail(new HoopError('login-file', 'login.json cannot be read', { hint, cause }), 'restore');
      return undefined;
    }
  }

  #storeOf(kind: 'keychain' | 'memory', waiting: (is: boolean) => void): EntryStore {
    return kind === 'memory' ? this.#options.stores.memory() : this.#options.stores.keychain(waiting);
  }

  #progress(underWay: UnderWay, progress: Partial<LoginAttempt>): void {
    underWay.attempt = { ...underWay.attempt, ...progress };
    if (this.#underWay === underWay) this.#changed();
  }

  /** The keychain waits for a person, within whatever the attempt was at. */
  #waiting(underWay: UnderWay, is: boolean): void {
    const { phase } = underWay.attempt;
    if (is && phase !== 'waiting-for-unlock') underWay.before = phase;
    this.#progress(underWay, { phase: is ? 'waiting-for-unlock' : underWay.before });
  }

  #fail(error: unknown, id: string): void {
    const known = error instanceof HoopError ? error : new HoopError('internal', 'the login failed', { cause: error });
    this.#failed = { id, phase: 'failed', error: told(known) };
    this.#options.log('warn', known.message, { code: known.code });
    this.#changed();
  }

  #changed(): void {
    for (const watcher of this.#watchers) watcher();
  }
}

const told = ({ code, message, hint }: HoopError) => ({ code, message, ...(hint === undefined ? {} : { hint }) });
