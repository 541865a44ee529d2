import net from 'node:net';
import tls, { type SecureContext } from 'node:tls';
import { ALPN } from '@hoop/contracts/uplink';
import { HoopError } from '@hoop/core';
import type { Credential } from '../credentials.js';
import { connectTo, proxyFor, type Target } from './proxy.js';
import { trustOptions } from './trust.js';

/** A TLS connection to the gateway's tunnel that has carried nothing yet. */
export type Uplink = tls.TLSSocket;

/** How long one endpoint may take, all of it: names, TCP, proxy, TLS. */
export const DIAL_DEADLINE = 2_000;
/** The kernel probes an idle uplink, so that a dead one is noticed without a wake-up of ours. */
const KEEP_ALIVE = 30_000;

export type Dial = (credential: Credential) => Promise<Uplink>;

/** Dials the tunnel's endpoints in turn, the one that last answered first. Rejects with the last error. */
export function dialler(variables: Readonly<Record<string, string | undefined>>): Dial {
  let preferred = 0;
  return async (credential) => {
    let last: unknown = new HoopError('no-endpoint', 'the gateway names no tunnel endpoint');
    for (let i = 0; i < credential.tunnel.length; i++) {
      const at = (preferred + i) % credential.tunnel.length;
      try {
        const uplink = await dialOne(credential, credential.tunnel[at]!, variables);
        preferred = at;
        return uplink;
      } catch (error) {
        last = error;
      }
    }
    throw last;
  };
}

async function dialOne(
  credential: Credential,
  target: Target,
  variables: Readonly<Record<string, string | undefined>>,
): Promise<Uplink> {
  const signal = AbortSignal.timeout(DIAL_DEADLINE);
  const servername = net.isIP(target.host) === 0 ? target.host : undefined;
  const socket = tls.connect({
    socket: await connectTo(target, proxyFor(target, variables), signal),
    host: target.host,
    ...(servername === undefined ? {} : { servername }),
    secureContext: contextOf(credential),
    ALPNProtocols: [ALPN],
  });
  return secured(socket, signal);
}

/** Reading the roots, the key and the certificate costs more than the handshake: done once for each certificate. */
const contexts = new WeakMap<
  Credential['key'],
  Pick<Credential, 'certificate' | 'ca' | 'caFingerprint'> & { context: SecureContext }
>();

function contextOf(credential: Credential): SecureContext {
  const { key, certificate, ca, caFingerprint } = credential;
  const known = contexts.get(key);
  if (known?.certificate === certificate && known.ca === ca && known.caFingerprint === caFingerprint)
    return known.context;
  const context = tls.createSecureContext({
    ...trustOptions(credential),
    cert: certificate,
    key: key.export({ type: 'pkcs8', format: 'pem' }) as string,
    minVersion: 'TLSv1.3',
  });
  contexts.set(key, { certificate, ca, caFingerprint, context });
  return context;
}

function secured(socket: Uplink, signal: AbortSignal): Promise<Uplink> {
  return new Promise((resolve, reject) => {
    const late = () => socket.destroy(new HoopError('timeout', 'the gateway did not answer in time'));
    const failed = (error: Error) => {
      signal.removeEventListener('abort', late);
      reject(error);
    };
    signal.addEventListener('abort', late, { once: true });
    socket.once('error', failed);
    socket.once('secureConnect', () => {
      signal.removeEventListener('abort', late);
      socket.off('error', failed);
      if (socket.alpnProtocol !== ALPN) {
        socket.destroy();
        return reject(new HoopError('not-a-tunnel', 'the endpoint does not speak the tunnel'));
      }
      // Whoever uses the uplink learns of its end by `close`; an error between two users must not end the daemon.
      socket.on('error', () => {});
      socket.setNoDelay(true);
      socket.setKeepAlive(true, KEEP_ALIVE);
      resolve(socket);
    });
    if (signal.aborted) late();
  });
}
