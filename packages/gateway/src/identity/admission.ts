import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import type { Identity, Refusal } from '@hoop/core';
import type { Store } from '../store/store.js';
import { namesOf } from './names.js';

/** Extended key usage id-kp-clientAuth (RFC 5280 §4.2.1.12). */
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

/** A client certificate that our CA signed, as the TLS handshake proved it. */
export interface ClientCertificate {
  /** Lower-case hex. */
  serial: string;
  loginId: string;
  subject: string;
  notAfter: number;
}
export type Shown = { ok: true; certificate: ClientCertificate } | { ok: false; why: string };

/** What the handshake proved. The chain was verified by OpenSSL; a resumed session proves an old certificate only. */
export function certificateShown(socket: TLSSocket): Shown {
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) return no('no client certificate was shown');
  if (socket.isSessionReused()) return no('the TLS session was resumed');
  if (!socket.authorized) return no(`the client certificate is refused: ${String(socket.authorizationError)}`);
  return certificateFacts(certificate);
}

export function certificateFacts(certificate: X509Certificate): Shown {
  if (!certificate.keyUsage?.includes(CLIENT_AUTH)) return no('the certificate is not one for clients');
  const names = namesOf(certificate.subjectAltName);
  if (!names) return no('the certificate does not name a login');
  const serial = certificate.serialNumber.toLowerCase();
  return { ok: true, certificate: { ...names, serial, notAfter: certificate.validToDate.getTime() } };
}

const no = (why: string): Shown => ({ ok: false, why });

export type Admitted =
  | { ok: true; identity: Identity; leaseUntil: number }
  | { ok: false; refusal: Refusal; identity?: Identity | undefined };

const LOG_IN = 'log in again: hoop login';

/** The checks that every HEAD and every API call repeats: a certificate says who someone was when it was signed. */
export class Admission {
  readonly #store: Store;
  readonly #now: () => number;

  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  async admit(certificate: ClientCertificate): Promise<Admitted> {
    const now = this.#now();
    if (certificate.notAfter <= now) return refused('login-required', 'the certificate has expired', LOG_IN);
    const found = await this.#store.standing(certificate.serial, certificate.loginId, certificate.subject);
    if (!found) return refused('login-required', 'the gateway does not know this login', LOG_IN);
    const { identity } = found;
    if (found.disabled) return { ok: false, refusal: disabledRefusal(identity.email), identity };
    if (found.ended) return { ...refused('login-required', 'this login has ended', LOG_IN), identity };
    if (found.revoked) return { ...refused('login-required', 'the certificate is revoked', LOG_IN), identity };
    if (found.leaseUntil <= now) return { ok: false, refusal: LEASE_OVER, identity };
    return { ok: true, identity, leaseUntil: found.leaseUntil };
  }
}

export const LEASE_OVER: Refusal = {
  code: 'login-required',
  message: 'the login was not renewed in time',
  hint: LOG_IN,
};
export const disabledRefusal = (email: string): Refusal => ({
  code: 'identity-disabled',
  message: `${email} is disabled on this gateway`,
  hint: 'ask whoever runs this gateway',
});

function refused(code: Refusal['code'], message: string, hint: string): { ok: false; refusal: Refusal } {
  return { ok: false, refusal: { code, message, hint } };
}
