import { isIP, type Socket } from 'node:net';
import { getCACertificates } from 'node:tls';
import { UserError } from '@hoop/core';
import type { buildConnector, Dispatcher } from 'undici';
import makeConnector from 'undici/lib/core/connect.js';
import Agent from 'undici/lib/dispatcher/agent.js';
import { connectTo, proxyFor } from '../uplinks/proxy.js';
import { shownChain } from './shown.js';
import { unreachable } from './unreachable.js';

const PATIENCE = 10_000;

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

/** One way out for all: direct, or through the proxy that the environment names for this target. */
function dispatcher(tls: object): Dispatcher {
  const direct = makeConnector({ allowH2: false, timeout: PATIENCE, ...tls });
  const connect: buildConnector.connector = (options, callback) => {
    const target = targetOf(new URL(`${options.protocol}//${options.host}`));
    const proxy = options.protocol === 'https:' ? proxyFor(target, process.env) : undefined;
    if (proxy === undefined) return direct(options, callback);
    connectTo(target, proxy, AbortSignal.timeout(PATIENCE)).then(
      (socket) => direct({ ...options, httpSocket: socket as Socket }, callback),
      (error: Error) => callback(error, null),
    );
  };
  return new Agent({ allowH2: false, connect, headersTimeout: 20_000, bodyTimeout: 20_000 });
}

/** Node's own fetch, by one of the above; a redirect is answered as such, not followed. */
export const fetchBy = (dispatcher: Dispatcher, url: URL | string, options: RequestInit): Promise<Response> =>
  fetch(url, { redirect: 'manual', ...options, ...({ dispatcher } as object) });

export const targetOf = (url: URL) => ({
  host: url.hostname.replace(/^\[|\]$/g, ''),
  port: Number(url.port) || (url.protocol === 'https:' ? 443 : 80),
});

/**
 * The certificate with this fingerprint (`sha256:<hex>`) in the chain that the gateway presents, PEM. Nothing is sent on
 * this connection; every later one verifies as usual, with this certificate as its anchor.
 */
export async function pinnedCertificate(gateway: URL, fingerprint: string, signal: AbortSignal): Promise<string> {
  const wanted = normalFingerprint(fingerprint);
  for (const one of await chainOf(gateway, signal)) {
    if (one.fingerprint256.replaceAll(':', '').toLowerCase() === wanted) return one.toString();
  }
  throw new UserError('gateway-untrusted', `no certificate of ${gateway.host} has the fingerprint given`, {
    hint: 'ask your administrator for it; if it is right, somebody is in between',
  });
}

async function chainOf(gateway: URL, signal: AbortSignal) {
  const target = targetOf(gateway);
  try {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]);
    const socket = await connectTo(target, proxyFor(target, process.env), patience);
    return await shownChain(socket, isIP(target.host) === 0 ? target.host : undefined);
  } catch (cause) {
    throw unreachable(gateway, cause);
  }
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
