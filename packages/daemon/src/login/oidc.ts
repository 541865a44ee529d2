import { UserError } from '@hoop/core';
import * as oidc from 'openid-client';
import type { Dispatcher } from 'undici';
import { aheadBy } from './clock.js';
import { fetchBy } from './trust.js';
import { because, codeOf, isUntrusted } from './unreachable.js';

/** What an IdP's answer is worth to us. Times are milliseconds since the epoch, by this machine's clock. */
export interface Tokens {
  idToken: string;
  subject: string;
  issuedAt: number;
  expiresAt: number;
  refreshToken: string | undefined;
}
export interface DeviceCode {
  /** Where the person goes, with the code filled in where the IdP offers that. */
  url: string;
  userCode: string;
  /** Seconds. */
  expiresIn: number;
  /** Resolves once the person has agreed. */
  tokens(signal: AbortSignal): Promise<Tokens>;
}
export interface AuthorizationRequest {
  redirectUri: string;
  state: string;
  nonce: string;
  verifier: string;
}

/** One IdP, as one public client of it. Every method rejects with a `UserError` of `ProviderErrorCode`. */
export interface Provider {
  /** Where its metadata lead the person, or what makes tokens of their consent. */
  leadsTo: readonly string[];
  authorizationUrl(request: AuthorizationRequest): Promise<URL>;
  exchange(callback: URL, request: AuthorizationRequest): Promise<Tokens>;
  deviceCode(): Promise<DeviceCode>;
  refresh(refreshToken: string): Promise<Tokens>;
  /** RFC 7009, where the IdP has it. */
  revoke(refreshToken: string): Promise<void>;
}
/** `idp-unreachable`: try again later · `login-expired`: a person must log in · the rest: this attempt is over. */
export type ProviderErrorCode =
  | 'idp-unreachable'
  | 'idp-untrusted'
  | 'login-expired'
  | 'login-refused'
  | 'idp-failed'
  | 'idp-insecure';

/**
 * Seconds that this machine's clock may be off. The gateway verifies ID tokens, by its own clock; here a check would only
 * throw away, with the answer that it is in, a refresh token in whose place the IdP takes no other.
 */
const TOLERANCE = 86_400;

const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost']);

export type OpenProvider = typeof openProvider;
/** Reads the IdP's metadata (OpenID Connect Discovery 1.0). Plain http is for an IdP on this machine only. */
export async function openProvider(
  about: { issuer: string; clientId: string; scopes: readonly string[] },
  dispatcher: Dispatcher,
): Promise<Provider> {
  const issuer = new URL(about.issuer);
  const plain = issuer.protocol === 'http:';
  if (plain && !LOOPBACK.has(issuer.hostname)) {
    throw new UserError('idp-insecure', `the IdP ${issuer.origin} is not on https`, {
      hint: "ask your administrator to set an https issuer in the gateway's config",
    });
  }
  const send: oidc.CustomFetch = (url, options) => fetchBy(dispatcher, url, options as RequestInit);
  const execute = plain ? [oidc.allowInsecureRequests] : [];
  const config = await told(issuer, () =>
    oidc.discovery(issuer, about.clientId, { [oidc.clockTolerance]: TOLERANCE }, oidc.None(), {
      execute,
      [oidc.customFetch]: send,
    }),
  );
  return providerOf(issuer, config, about.scopes);
}

function providerOf(issuer: URL, config: oidc.Configuration, scopes: readonly string[]): Provider {
  const scope = scopes.join(' ');
  // OpenID Connect Core §11: an IdP ignores offline_access unless it may ask for consent.
  const prompt = scopes.includes('offline_access') ? { prompt: 'consent' } : {};
  const { issuer: name, ...metadata } = config.serverMetadata();
  const { authorization_endpoint, token_endpoint, device_authorization_endpoint } = metadata;
  const leadsTo = [name, authorization_endpoint, token_endpoint, device_authorization_endpoint];
  return {
    leadsTo: leadsTo.filter((url) => url !== undefined),
    authorizationUrl: async ({ redirectUri, state, nonce, verifier }) =>
      oidc.buildAuthorizationUrl(config, {
        ...{ redirect_uri: redirectUri, scope, state, nonce, ...prompt },
        ...{ code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' },
      }),
    exchange: (callback, { state, nonce, verifier }) =>
      told(issuer, async () => {
        const checks = {
          pkceCodeVerifier: verifier,
          expectedState: state,
          expectedNonce: nonce,
          idTokenExpected: true,
        };
        return tokensOf(await oidc.authorizationCodeGrant(config, callback, checks));
      }),
    deviceCode: () => told(issuer, () => deviceCode(issuer, config, scope)),
    refresh: (refreshToken) => told(issuer, async () => tokensOf(await oidc.refreshTokenGrant(config, refreshToken))),
    revoke: async (refreshToken) => {
      if (config.serverMetadata().revocation_endpoint === undefined) return;
      await told(issuer, () => oidc.tokenRevocation(config, refreshToken, { token_type_hint: 'refresh_token' }));
    },
  };
}

async function deviceCode(issuer: URL, config: oidc.Configuration, scope: string): Promise<DeviceCode> {
  const answer = await oidc.initiateDeviceAuthorization(config, { scope });
  return {
    url: answer.verification_uri_complete ?? answer.verification_uri,
    userCode: answer.user_code,
    expiresIn: answer.expires_in,
    tokens: (signal) =>
      told(issuer, async () => tokensOf(await oidc.pollDeviceAuthorizationGrant(config, answer, {}, { signal }))),
  };
}

type Granted = Awaited<ReturnType<typeof oidc.refreshTokenGrant>>;
function tokensOf(granted: Granted): Tokens {
  const claims = granted.claims();
  if (claims === undefined || granted.id_token === undefined) {
    throw new UserError('idp-failed', 'the IdP sent no ID token', {
      hint: "the scopes in the gateway's config need openid",
    });
  }
  // It was issued just now.
  const ahead = aheadBy(claims.iat * 1000);
  return {
    idToken: granted.id_token,
    subject: claims.sub,
    issuedAt: claims.iat * 1000 - ahead,
    expiresAt: claims.exp * 1000 - ahead,
    refreshToken: granted.refresh_token,
  };
}

/** Sorts what the library throws. Its messages name parameters, never their values. */
async function told<T>(issuer: URL, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw cause instanceof UserError ? cause : sorted(issuer, cause);
  }
}

function sorted(issuer: URL, cause: unknown): UserError<ProviderErrorCode> {
  const { error, status } = cause as { error?: unknown; status?: unknown };
  if (error === 'invalid_grant') return expired(cause);
  if (error === 'access_denied') return new UserError('login-refused', 'the IdP refused the login', { cause });
  if (error === 'expired_token') return new UserError('login-refused', 'the code has expired', { cause });
  if (isUntrusted(cause)) return untrusted(issuer, cause);
  const down = typeof status === 'number' && (status >= 500 || status === 429);
  if (down || isNetwork(cause)) return away(issuer, cause);
  const why = typeof error === 'string' && /^[\w-]{1,60}$/.test(error) ? error : codeOf(cause) || 'unexpected answer';
  return new UserError('idp-failed', `the IdP ${issuer.origin} did not do as asked: ${why}`, {
    hint: "tell your administrator: the IdP's client and the gateway's config must agree",
    cause,
  });
}

const expired = (cause: unknown) =>
  new UserError<ProviderErrorCode>('login-expired', 'the login has ended at the IdP', {
    hint: 'log in again: hoop login',
    exit: 'login',
    cause,
  });
const away = (issuer: URL, cause: unknown) =>
  new UserError<ProviderErrorCode>('idp-unreachable', `the IdP ${issuer.origin} cannot be reached${because(cause)}`, {
    hint: 'check the network, or ask your administrator',
    exit: 'unavailable',
    cause,
  });
const untrusted = (issuer: URL, cause: unknown) =>
  new UserError<ProviderErrorCode>(
    'idp-untrusted',
    `the certificate of the IdP ${issuer.origin} is not trusted (${codeOf(cause)})`,
    {
      hint: 'pass its roots with --ca-file: a --ca-fingerprint is for the gateway alone',
      exit: 'unavailable',
      cause,
    },
  );

/** fetch's own failures are TypeErrors; a deadline is a TimeoutError; an IdP that answers 5xx is the same to us. */
function isNetwork(cause: unknown): boolean {
  const { name, cause: inner, code } = cause as { name?: string; cause?: unknown; code?: string };
  if (name === 'TypeError' || name === 'TimeoutError' || code === 'OAUTH_TIMEOUT') return true;
  if (inner instanceof Object && 'status' in inner) return (inner as { status: number }).status >= 500;
  return /^(E[A-Z]+|UND_ERR_\w+)$/.test(codeOf(cause));
}
