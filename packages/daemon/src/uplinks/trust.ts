import tls from 'node:tls';
import { UserError } from '@hoop/core';
import type { Credential } from '../credentials.js';

/** What node:tls verifies the gateway with. */
export interface TrustOptions {
  ca: string[];
  allowPartialTrustChain: boolean;
}

/** Company roots are in the system's store, public ones in Node's too. */
let systemRoots: string[] | undefined;

/**
 * The roots to believe: the login's own PEM, or the system's. A pinned certificate is an anchor even where it is not
 * self-signed; the rest of the path is OpenSSL's to check.
 */
export function trustOptions({ ca, caFingerprint }: Pick<Credential, 'ca' | 'caFingerprint'>): TrustOptions {
  if (ca !== undefined) return { ca: [ca], allowPartialTrustChain: caFingerprint !== undefined };
  if (caFingerprint !== undefined) {
    throw new UserError('gateway-untrusted', 'the certificate that the login pinned is not at hand', {
      hint: 'log in again',
      exit: 'login',
    });
  }
  systemRoots ??= [...new Set([...tls.getCACertificates('default'), ...tls.getCACertificates('system')])];
  return { ca: systemRoots, allowPartialTrustChain: false };
}
