import { readFileSync } from 'node:fs';
import { ApiError } from '@hoop/contracts/http';
import { UserError, whyUnreached } from '@hoop/core';
import { createRemoteJWKSet, customFetch, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { Agent, fetch } from 'undici';
import * as z from 'zod';
import type { Config } from '../config/schema.js';

const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'];
/** Seconds that clocks may differ. */
export const SKEW = 60;
const PATIENCE = 5_000;

const Metadata = z.object({ issuer: z.string(), jwks_uri: z.url() });

/** What an accepted ID token says. Times in seconds since the epoch. */
export interface Claims {
  subject: string;
  email: string;
  groups: string[];
  nonce: string | undefined;
  issuedAt: number;
}

/** The company's identity provider: discovery, its keys, and the checks of an ID token (OpenID Connect Core §3.1.3.7). */
export class Provider {
  readonly #idp: Config['idp'];
  readonly #agent: Agent;
  #keys: Promise<JWTVerifyGetKey> | undefined;

  /** Throws `UserError` `config` if the file of its CA cannot be read. */
  constructor(idp: Config['idp']) {
    this.#idp = idp;
    const ca = idp.ca === undefined ? undefined : pemAt(idp.ca);
    this.#agent = new Agent({ connect: { timeout: PATIENCE, ...(ca && { ca }) }, bodyTimeout: PATIENCE });
  }

  /** Throws `ApiError` 401 `bad-token` with the check that failed, 503 `idp-unreachable`. */
  async verify(idToken: string, now: number): Promise<Claims> {
    const keys = await this.#jwks();
    const payload = await this.#checked(idToken, keys, now);
    this.#checkParty(payload);
    return this.#claims(payload, now);
  }

  /** Fetches the discovery document; for `check`, and once before the first token. */
  async discover(): Promise<z.output<typeof Metadata>> {
    const url = `${this.#idp.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const metadata = await this.#document(url);
    if (metadata.issuer !== this.#idp.issuer)
      throw unreachable(`${url} says its issuer is ${metadata.issuer}, the configuration says ${this.#idp.issuer}`);
    if (!secure(metadata.jwks_uri)) throw unreachable(`${metadata.jwks_uri} is not https`);
    return metadata;
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #document(url: string): Promise<z.output<typeof Metadata>> {
    if (!secure(url)) throw unreachable(`${url} is not https`);
    try {
      const response = await fetch(url, { dispatcher: this.#agent, signal: AbortSignal.timeout(PATIENCE) });
      if (response.status !== 200) throw unreachable(`${url} answers HTTP status ${response.status}`);
      return Metadata.parse(await response.json());
    } catch (cause) {
      if (cause instanceof ApiError) throw cause;
      throw unreachable(`${url}: ${reasonOf(cause)}`, cause);
    }
  }

  #jwks(): Promise<JWTVerifyGetKey> {
    this.#keys ??= this.discover().then(({ jwks_uri }) => this.#remote(jwks_uri));
    this.#keys.catch(() => {
      this.#keys = undefined;
    });
    return this.#keys;
  }

  #remote(uri: string): JWTVerifyGetKey {
    const through = (url: string, options: object) => fetch(url, { ...options, dispatcher: this.#agent });
    return createRemoteJWKSet(new URL(uri), { timeoutDuration: PATIENCE, [customFetch]: through as never });
  }

  async #checked(idToken: string, keys: JWTVerifyGetKey, now: number): Promise<JWTPayload> {
    try {
      const { payload } = await jwtVerify(idToken, keys, {
        issuer: this.#idp.issuer,
        audience: this.#idp.clientId,
        algorithms: ALGORITHMS,
        clockTolerance: SKEW,
        currentDate: new Date(now),
        requiredClaims: ['sub', 'iat', 'exp'],
      });
      return payload;
    } catch (cause) {
      if (cause instanceof errors.JWKSTimeout || !(cause instanceof errors.JOSEError))
        throw unreachable(`the keys of ${this.#idp.issuer}: ${reasonOf(cause)}`, cause);
      throw badToken(cause.message, cause);
    }
  }

  /** With several audiences, or an `azp` at all, the token must be for us (§3.1.3.7, 4 and 5). */
  #checkParty({ aud, azp }: JWTPayload): void {
    if (Array.isArray(aud) && aud.length > 1 && azp === undefined) throw badToken('several audiences and no azp');
    if (azp !== undefined && azp !== this.#idp.clientId) throw badToken('unexpected "azp" claim value');
  }

  #claims(payload: JWTPayload, now: number): Claims {
    const { sub, iat = 0, nonce } = payload;
    const email = payload[this.#idp.emailClaim];
    const groups = payload[this.#idp.groupsClaim] ?? [];
    if (!sub) throw badToken('an empty "sub" claim');
    if (iat > now / 1000 + SKEW) throw badToken('"iat" lies in the future');
    if (typeof email !== 'string' || !/^[^\s@]+@[^\s@]+$/.test(email) || email.length > 254)
      throw badToken(`no address in the claim "${this.#idp.emailClaim}"`);
    if (payload.email_verified === false) throw badToken('the address is not verified');
    const named = (typeof groups === 'string' ? [groups] : groups) as unknown;
    if (!Array.isArray(named) || named.some((each) => typeof each !== 'string'))
      throw badToken(`the claim "${this.#idp.groupsClaim}" is not a list of names`);
    return { subject: sub, email: email.toLowerCase(), groups: named, nonce: textOf(nonce), issuedAt: iat };
  }
}

function pemAt(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new UserError('config', `idp.ca: cannot read ${path}: ${(cause as NodeJS.ErrnoException).code}`, { cause });
  }
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : undefined);

/** Plain http is for a provider on this very machine. */
function secure(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || (protocol === 'http:' && /^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname));
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  const { code, message: inner } = (cause ?? {}) as { code?: string; message?: string };
  return whyUnreached(code ?? '') ?? code ?? inner ?? message;
}

const badToken = (why: string, cause?: unknown) =>
  new ApiError(401, 'bad-token', `the ID token is refused: ${why}`, { hint: 'log in again: hoop login', cause });
const unreachable = (why: string, cause?: unknown) =>
  new ApiError(503, 'idp-unreachable', `the identity provider cannot be asked: ${why}`, { cause });
