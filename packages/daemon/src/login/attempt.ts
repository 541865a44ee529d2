import type { KeyObject } from 'node:crypto';
import type { Discovery, Issued } from '@hoop/contracts/gateway';
import type { LoginAttempt, StartLogin } from '@hoop/contracts/local';
import { UserError } from '@hoop/core';
import { randomPKCECodeVerifier, randomState } from 'openid-client';
import type * as z from 'zod';
import { type Door, listenForCallback } from './callback.js';
import { byOurClock } from './certify.js';
import type { Clock } from './clock.js';
import type { Entry, EntryStore } from './entry.js';
import { discover, type gatewayApiOf } from './gateway.js';
import { boundNonce, csrOf, exportKey, newKey } from './key.js';
import type { OpenProvider, Provider, Tokens } from './oidc.js';
import { type Rival, refuseShared } from './rivals.js';
import { idpDispatcher, type pinnedCertificate, type Trust } from './trust.js';

/** What a login reaches out with; tests pass their own. */
export interface Reach {
  clock: Clock;
  gatewayApi: typeof gatewayApiOf;
  openProvider: OpenProvider;
  pinned: typeof pinnedCertificate;
}

/** A login that succeeded, before anything is renewed. */
export interface Achieved {
  gateway: URL;
  trust: Trust;
  discovery: Discovery;
  entry: Entry;
  key: KeyObject;
  tokens: Tokens;
  issued: Issued;
}
export interface Attempt {
  request: z.infer<typeof StartLogin>;
  account: string;
  entries: EntryStore;
  reach: Reach;
  door: Door;
  /** Who is logged in at this gateway, or was until their login ended. */
  whose: Person | undefined;
  /** Of other profiles. */
  rivals(): readonly Rival[];
  report: (progress: Pick<LoginAttempt, 'phase'> & Partial<LoginAttempt>) => void;
  signal: AbortSignal;
}

/** As an IdP knows them. */
export interface Person {
  issuer: string;
  subject: string;
  email: string;
}

/** How long a person may take in the browser. */
const BROWSER = 5 * 60_000;

/** From discovery to the certificate. Rejects with a `UserError` or the gateway's `ApiError`. */
export async function attemptLogin(attempt: Attempt): Promise<Achieved> {
  const { request, reach, signal, report } = attempt;
  const gateway = gatewayUrl(request.gateway);
  const trust = await trustOf(attempt, gateway);
  const api = reach.gatewayApi(gateway, trust);
  const idp = idpDispatcher(trust);
  try {
    const discovery = await discover(api, gateway);
    await tryStore(attempt);
    const provider = await reach.openProvider(discovery, idp);
    const sharedIdp = request.sharedIdp ?? false;
    refuseShared({ gateway, discovery, idp: provider.leadsTo, sharedIdp }, attempt.rivals());
    const key = await newKey();
    const { tokens, random } = await (request.flow === 'device'
      ? byDevice(attempt, provider, discovery)
      : byBrowser(attempt, provider, key, discovery));
    signal.throwIfAborted();
    report({ phase: 'certifying' });
    const issued = byOurClock(api, await api.login({ body: { csr: csrOf(key), idToken: tokens.idToken, random } }));
    const entry = entryOf(discovery, tokens, issued, key);
    await attempt.entries.set(attempt.account, entry);
    return { gateway, trust, discovery, entry, key, tokens, issued };
  } finally {
    await Promise.all([api.close(), idp.destroy()]);
  }
}

export function gatewayUrl(text: string): URL {
  const url = new URL(text);
  if (url.protocol === 'https:' && url.username === '' && url.password === '') return new URL(url.origin);
  throw new UserError('bad-gateway', "a gateway's address begins with https:// and holds no user", { exit: 'usage' });
}

/** A keychain that cannot be used is found out before the person goes to the browser; a spoilt entry is written over. */
async function tryStore({ entries, account }: Attempt): Promise<void> {
  try {
    await entries.get(account);
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'keychain-entry') throw error;
  }
}

async function trustOf({ request, reach, signal }: Attempt, gateway: URL): Promise<Trust> {
  if (request.caFingerprint === undefined) return { ca: request.ca };
  return { ca: request.ca, pinned: await reach.pinned(gateway, request.caFingerprint, signal) };
}

interface Proven {
  tokens: Tokens;
  /** What the nonce was made with; null: the device flow has none. */
  random: string | null;
}

/**
 * Nobody takes another's place unasked: whoever can bring their own code to a person's login would have that person's work done,
 * and recorded, as theirs. What the IdP gave for it is given back.
 */
async function samePerson({ whose }: Attempt, provider: Provider, issuer: string, tokens: Tokens): Promise<Tokens> {
  if (whose === undefined || whose.issuer !== issuer || whose.subject === tokens.subject) return tokens;
  if (tokens.refreshToken !== undefined) await provider.revoke(tokens.refreshToken).catch(() => {});
  throw new UserError('other-person', `that is another account at the IdP than ${whose.email}, who is logged in here`, {
    hint: 'if it is meant: hoop logout, then again; else first log out of the IdP in the browser',
  });
}

async function byBrowser(attempt: Attempt, provider: Provider, key: KeyObject, about: Discovery): Promise<Proven> {
  const { reach, report, signal } = attempt;
  const { nonce, random } = boundNonce(key);
  const state = randomState();
  const callback = await listenForCallback(state, attempt.door);
  const request = { redirectUri: callback.redirectUri, state, nonce, verifier: randomPKCECodeVerifier() };
  let how: 'done' | 'failed' = 'failed';
  try {
    const url = await provider.authorizationUrl(request);
    report({ phase: 'browser', url: url.href, expiresAt: reach.clock.now() + BROWSER });
    const came = await patient(callback.came, reach.clock, signal);
    const tokens = await samePerson(attempt, provider, about.issuer, await provider.exchange(came, request));
    how = 'done';
    return { tokens, random };
  } finally {
    callback.end(how);
  }
}

async function byDevice(attempt: Attempt, provider: Provider, about: Discovery): Promise<Proven> {
  const { reach, report, signal } = attempt;
  if (!about.deviceFlow) {
    throw new UserError('no-device-flow', "this gateway's IdP does not offer the device flow", {
      hint: 'log in without --device',
    });
  }
  const code = await provider.deviceCode();
  const expiresAt = reach.clock.now() + code.expiresIn * 1000;
  report({ phase: 'device', url: code.url, userCode: code.userCode, expiresAt });
  return { tokens: await samePerson(attempt, provider, about.issuer, await code.tokens(signal)), random: null };
}

/** Waits for the browser, for as long as a person may take. */
async function patient<T>(came: Promise<T>, clock: Clock, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const off = clock.after(BROWSER, () =>
    reject(
      new UserError('login-timeout', 'nobody came back from the browser in 5 minutes', {
        hint: 'run hoop login again',
      }),
    ),
  );
  const stop = () => reject(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([came, promise]);
  } finally {
    off();
    signal.removeEventListener('abort', stop);
  }
}

function entryOf(about: Discovery, tokens: Tokens, issued: Issued, key: KeyObject): Entry {
  if (tokens.refreshToken === undefined) {
    throw new UserError('no-refresh-token', 'the IdP gave no refresh token, so the login would end within the hour', {
      hint: "the scopes in the gateway's config need what the IdP gives one for (mostly offline_access)",
    });
  }
  return {
    issuer: about.issuer,
    clientId: about.clientId,
    subject: tokens.subject,
    loginId: issued.loginId,
    key: exportKey(key),
    refreshToken: tokens.refreshToken,
  };
}
