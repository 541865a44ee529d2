import { X509Certificate } from 'node:crypto';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { UserError } from '@hoop/core';

/** Whom to believe to be the gateway. `ca` is PEM; without either, the system's roots. */
export interface Trust {
  ca: string | undefined;
  /** `sha256:<hex>`, or `sha256:AA:BB:…`, of a certificate in the gateway's chain. */
  caFingerprint: string | undefined;
}

/** What node:tls needs for it. */
export interface TrustOptions {
  ca: string[];
  allowPartialTrustChain?: boolean;
}

/** Company roots are in the system's store, public ones in both. */
let systemRoots: string[] | undefined;

/** The roots of `trust`. A pinned fingerprint needs `shown`: the chain that the gateway showed to a stranger. */
export function trustOptions(trust: Trust, shown?: readonly X509Certificate[]): TrustOptions {
  if (trust.caFingerprint !== undefined) {
    const pinned = shown?.find((certificate) => sameFingerprint(certificate, trust.caFingerprint));
    if (pinned === undefined) throw notPinned();
    // A pinned certificate is an anchor even where it is not self-signed; the rest of the path is OpenSSL's to check.
    return { ca: [pinned.toString()], allowPartialTrustChain: true };
  }
  if (trust.ca !== undefined) return { ca: [trust.ca] };
  systemRoots ??= [...new Set([...tls.getCACertificates('system'), ...tls.getCACertificates('bundled')])];
  return { ca: systemRoots };
}

/**
 * The chain a TLS server shows, unverified and without showing it a certificate of ours: only good to find a pinned one
 * in. `socket` is connected; it is used up.
 */
export function shownChain(socket: Duplex, servername: string | undefined): Promise<X509Certificate[]> {
  return new Promise((resolve, reject) => {
    const secure = tls.connect({
      socket,
      ...(servername === undefined ? {} : { servername }),
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
      ALPNProtocols: ['http/1.1'],
    });
    secure.once('error', reject);
    secure.once('secureConnect', () => {
      resolve(chainOf(secure));
      secure.destroy();
    });
  });
}

function chainOf(socket: tls.TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let next: tls.DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (next?.raw !== undefined) {
    chain.push(new X509Certificate(next.raw));
    next = next.issuerCertificate === next ? undefined : next.issuerCertificate;
  }
  return chain;
}

function sameFingerprint(certificate: X509Certificate, wanted: string | undefined): boolean {
  const hex = (text: string) => text.replaceAll(':', '').toLowerCase();
  return hex(certificate.fingerprint256) === hex(wanted?.replace(/^sha256:/i, '') ?? '');
}

function notPinned(): UserError {
  return new UserError('gateway-untrusted', 'the gateway does not show the certificate that the login pinned', {
    hint: 'ask your operator for the fingerprint of its CA, then log in again',
    exit: 'unavailable',
  });
}
