import { type DetailedPeerCertificate, getCACertificates, type TLSSocket, connect as tlsConnect } from 'node:tls';
import { UserError } from '@hoop/core';
import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici';

/** Whom we believe to be the gateway or the IdP. Empty: the system's roots. */
export interface Trust {
  /** PEM roots in place of the system's. */
  ca?: string | undefined;
  /** PEM of a pinned certificate of the gateway's chain: an anchor for the gateway, one more root for the IdP. */
  pinned?: string | undefined;
}

/** The client's half of mTLS: PEM certificate and PEM key. */
export interface ClientCertificate {
  cert: string;
  key: string;
}

const systemRoots = () => [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];

/** What to verify the gateway with: the given roots, or the pin alone, or the system's roots. */
export function gatewayRoots(trust: Trust): { ca: string[]; allowPartialTrustChain: boolean } {
  if (trust.pinned !== undefined) return { ca: [trust.pinned], allowPartialTrustChain: true };
  return { ca: trust.ca === undefined ? systemRoots() : [trust.ca], allowPartialTrustChain: false };
}

export function idpRoots(trust: Trust): string[] {
  if (trust.ca !== undefined) return [trust.ca];
  return trust.pinned === undefined ? systemRoots() : [...systemRoots(), trust.pinned];
}

/** Connections to the gateway: TLS 1.3, ALPN http/1.1 (its other protocol is the tunnel), through HTTPS_PROXY if set. */
export function gatewayDispatcher(trust: Trust, client?: ClientCertificate): Dispatcher {
  return dispatcher({ ...gatewayRoots(trust), minVersion: 'TLSv1.3', ...client });
}

export function idpDispatcher(trust: Trust): Dispatcher {
  return dispatcher({ ca: idpRoots(trust), minVersion: 'TLSv1.2' });
}

function dispatcher(tls: object): Dispatcher {
  const options = { allowH2: false, connectTimeout: 10_000, headersTimeout: 20_000, bodyTimeout: 20_000 };
  const proxied = process.env.HTTPS_PROXY ?? process.env.https_proxy;
  if (proxied === undefined || proxied === '') return new Agent({ ...options, connect: { timeout: 10_000, ...tls } });
  return new EnvHttpProxyAgent({ ...options, connect: { timeout: 10_000, ...tls }, requestTls: tls });
}

/**
 * The certificate with this fingerprint (`sha256:<hex>`) in the chain that the gateway presents, PEM. Nothing is sent on
 * this connection; every later one verifies as usual, with this certificate as its anchor.
 */
export async function pinnedCertificate(gateway: URL, fingerprint: string, signal: AbortSignal): Promise<string> {
  const wanted = normalFingerprint(fingerprint);
  const socket = await handshake(gateway, signal);
  try {
    for (const one of chainOf(socket)) {
      if (one.fingerprint256.replaceAll(':', '').toLowerCase() === wanted) return pem(one.raw);
    }
  } finally {
    socket.destroy();
  }
  throw new UserError('gateway-untrusted', `no certificate of ${gateway.host} has the fingerprint given`, {
    hint: 'ask your administrator for the fingerprint; if it is right, somebody is between you and the gateway',
  });
}

export function normalFingerprint(fingerprint: string): string {
  const hex = fingerprint
    .replace(/^sha256:/i, '')
    .replaceAll(':', '')
    .toLowerCase();
  if (/^[0-9a-f]{64}$/.test(hex)) return hex;
  throw new UserError('bad-fingerprint', 'the fingerprint is not `sha256:` and 64 hexadecimal digits', {
    exit: 'usage',
  });
}

function handshake(gateway: URL, signal: AbortSignal): Promise<TLSSocket> {
  const host = gateway.hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const options = { rejectUnauthorized: false, minVersion: 'TLSv1.3', ALPNProtocols: ['http/1.1'] } as const;
    const socket = tlsConnect({ host, port: Number(gateway.port || 443), servername: host, ...options });
    const stop = () => socket.destroy(new Error('aborted'));
    signal.addEventListener('abort', stop, { once: true });
    socket.setTimeout(10_000, () => socket.destroy(new Error('timed out')));
    socket.once('secureConnect', () => resolve(socket));
    socket.once('error', reject);
    socket.once('close', () => signal.removeEventListener('abort', stop));
  });
}

function chainOf(socket: TLSSocket): DetailedPeerCertificate[] {
  const chain: DetailedPeerCertificate[] = [];
  let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (next?.raw !== undefined && !chain.includes(next) && chain.length < 16) {
    chain.push(next);
    next = next.issuerCertificate;
  }
  return chain;
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
