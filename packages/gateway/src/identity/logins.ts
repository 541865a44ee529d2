import { hash, randomBytes } from 'node:crypto';
import type { Issued } from '@hoop/contracts/gateway';
import { ApiError } from '@hoop/contracts/http';
import type { Identity } from '@hoop/core';
import type { Config } from '../config/schema.js';
import type { AuditLine } from '../record/lines.js';
import type { Store } from '../store/store.js';
import type { LoginRow } from '../store/tables.js';
import { disabledRefusal } from './admission.js';
import type { Authority } from './authority.js';
import { nonceOf, type ProvenKey, provenKey } from './csr.js';
import { type Claims, type Provider, SKEW } from './provider.js';

/** Seconds after which an ID token no longer renews a certificate. */
const RENEWABLE = 3_600;
/** Seconds after which an ID token without a nonce no longer logs in. */
const FRESH = 60;

export interface LoginServices {
  readonly store: Store;
  readonly authority: Authority;
  provider(): Provider;
  config(): Config;
  now(): number;
  audit(line: Omit<AuditLine, 'kind'>): void;
  /** A login was made or renewed: its lease and the person's groups may be new. */
  renewed(loginId: string, identity: Identity, leaseUntil: number): void;
  issued(): void;
}

/** Turns ID tokens into client certificates: the only way to one. */
export class Logins {
  readonly #services: LoginServices;

  constructor(services: LoginServices) {
    this.#services = services;
  }

  login(request: { csr: string; idToken: string; random: string | null }, address: string): Promise<Issued> {
    return this.#audited('login-refused', address, async () => {
      const { now } = this.#services;
      const key = provenKey(request.csr);
      const claims = await this.#services.provider().verify(request.idToken, now());
      this.#checkBinding(claims, key, request.random);
      await this.#useOnce(request.idToken);
      const identity = await this.#welcome(claims);
      const id = randomBytes(16).toString('hex');
      const login = { id, subject: identity.subject, spki: key.spki.toString('base64'), created_at: now() };
      await this.#services.store.addLogin({ ...login, lease_until: this.#lease() });
      this.#services.audit({ event: 'login', person: identity.email, subject: identity.subject, address });
      return this.#issue(id, identity, key);
    });
  }

  renew(request: { loginId: string; csr: string; idToken: string }, address: string): Promise<Issued> {
    return this.#audited('certificate-refused', address, async () => {
      const key = provenKey(request.csr);
      const claims = await this.#services.provider().verify(request.idToken, this.#services.now());
      const login = await this.#services.store.login(request.loginId);
      this.#checkRenewal(claims, key, login);
      const identity = await this.#welcome(claims);
      await this.#services.store.extendLease(request.loginId, this.#lease());
      this.#services.audit({ event: 'certificate', person: identity.email, subject: identity.subject, address });
      return this.#issue(request.loginId, identity, key);
    });
  }

  /** The token must be for this very key; one that was made without a nonce must be fresh, where the configuration allows that at all. */
  #checkBinding(claims: Claims, key: ProvenKey, random: string | null): void {
    if (random !== null) {
      if (claims.nonce !== nonceOf(key.spki, random)) throw refused('its nonce is not for this key');
      return;
    }
    if (claims.nonce !== undefined) throw refused('its nonce is for a key, and nothing shows for which');
    if (!this.#services.config().idp.deviceFlow) throw refused('it has no nonce, and idp.deviceFlow is off');
    if (this.#services.now() / 1000 - claims.issuedAt > FRESH) throw refused(`it is older than ${FRESH} seconds`);
  }

  async #useOnce(idToken: string): Promise<void> {
    const now = this.#services.now();
    const until = now + 86_400_000;
    if (await this.#services.store.useIdToken(hash('sha256', signedPart(idToken), 'hex'), until, now)) return;
    throw refused('it was used before');
  }

  #checkRenewal(claims: Claims, key: ProvenKey, login: LoginRow | undefined): void {
    if (!login || login.ended_at !== null) throw over('this login has ended');
    if (login.subject !== claims.subject) throw refused('it is of another person');
    if (login.spki !== key.spki.toString('base64')) throw over('this login was made with another key');
    if (this.#services.now() / 1000 - claims.issuedAt > RENEWABLE + SKEW) throw refused('it is older than an hour');
  }

  /** Takes the IdP's word for who this is, unless we have disabled them. */
  async #welcome(claims: Claims): Promise<Identity> {
    const { store } = this.#services;
    const identity = { subject: claims.subject, email: claims.email, groups: claims.groups };
    const known = await store.identity(claims.subject);
    if (known?.disabled) throw disabled(identity.email);
    await store.seen(identity, claims.issuedAt * 1000);
    return (await store.identity(claims.subject))?.identity ?? identity;
  }

  #lease(): number {
    return this.#services.now() + this.#services.config().leaseMinutes * 60_000;
  }

  async #issue(loginId: string, identity: Identity, key: ProvenKey): Promise<Issued> {
    const { authority, store, now } = this.#services;
    const { email, subject } = identity;
    const issued = authority.client({ publicKeyPem: key.pem, email, subject, loginId, now: now() });
    await store.addCertificate(issued.serial, loginId, issued.notAfter);
    const leaseUntil = (await store.login(loginId))?.lease_until ?? now();
    this.#services.renewed(loginId, identity, leaseUntil);
    this.#services.issued();
    const wire = { subject, email, groups: [...identity.groups] };
    return { certificate: issued.pem, loginId, identity: wire, notAfter: issued.notAfter, leaseUntil };
  }

  async #audited<T>(
    event: 'login-refused' | 'certificate-refused',
    address: string,
    work: () => Promise<T>,
  ): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof ApiError) this.#services.audit({ event, address, code: error.code, message: error.message });
      throw error;
    }
  }
}

/** Header and payload, as signed: the signature itself can be written in many ways that all verify. */
const signedPart = (idToken: string) => idToken.slice(0, idToken.lastIndexOf('.'));

const HINT = { hint: 'log in again: hoop login' };
const refused = (why: string) => new ApiError(401, 'bad-token', `the ID token is refused: ${why}`, HINT);
const over = (why: string) => new ApiError(401, 'login-required', why, HINT);

function disabled(email: string): ApiError {
  const { message, hint } = disabledRefusal(email);
  return new ApiError(403, 'identity-disabled', message, { hint });
}
