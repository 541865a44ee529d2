import { X509Certificate } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { type DetailedPeerCertificate, type TLSSocket, connect as tlsConnect } from 'node:tls';

/**
 * The chain that a TLS server shows, leaf first: unverified, good only to find a pinned certificate in. Nothing is sent
 * to it. `socket` is connected, and used up.
 */
export function shownChain(socket: Duplex, servername: string | undefined): Promise<X509Certificate[]> {
  return new Promise((resolve, reject) => {
    const secure = tlsConnect({
      ...{ socket, rejectUnauthorized: false, minVersion: 'TLSv1.3', ALPNProtocols: ['http/1.1'] },
      ...(servername === undefined ? {} : { servername }),
    });
    secure.once('error', reject);
    secure.once('close', () => reject(new Error('the connection ended in its handshake')));
    secure.once('secureConnect', () => {
      resolve(chainOf(secure));
      secure.destroy();
    });
  });
}

function chainOf(socket: TLSSocket): X509Certificate[] {
  const chain = new Map<string, X509Certificate>();
  let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (next?.raw !== undefined && !chain.has(next.fingerprint256)) {
    chain.set(next.fingerprint256, new X509Certificate(next.raw));
    next = next.issuerCertificate;
  }
  return [...chain.values()];
}
