import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import type { Environment, Paths } from '@hoop/platform';
import { gatewayFile, type KnownGateway, loginFile, type Remembered } from '../login/remembered.js';
import { gatewayRoots, normalFingerprint, targetOf } from '../login/trust.js';
import { codeOf } from '../login/unreachable.js';
import { connectTo, proxyFor, type Target } from '../uplinks/proxy.js';

/** What is seen on the way to the gateway, by one connection that sends nothing of anybody's and believes nothing. */
export interface Way {
  /** Its origin. */
  gateway: string;
  /** `host:port` of the proxy that the way goes through, by this program's environment. */
  proxy?: string;
  /** Of its name; none where a proxy looks it up. */
  addresses: string[];
  /** Where the way ends early, and the system's code for why. */
  ended?: { at: 'name' | 'connection' | 'tls'; code: string };
  certificate?: Shown;
  /** Milliseconds that this machine's clock is ahead of the gateway's; its Date header has seconds. */
  ahead?: number;
}

export interface Shown {
  /** Organisation and common name of who signed the gateway's certificate, and of the last one in the chain. */
  issuer: string;
  root: string;
  until: number;
  /** Undefined: what hoopd goes by trusts it. Else OpenSSL's code, or ours: `other-fingerprint`. */
  distrusted?: string;
}

export interface WayOptions {
  machine: Pick<Environment, 'uid' | 'variables'>;
  paths: Pick<Paths, 'stateFolder'>;
  /** Where no login says so: the configured gateway, and the roots to believe (PEM). */
  configured: { gateway?: string | undefined; ca?: string | undefined; caFingerprint?: string | undefined };
  now(): number;
}

const PATIENCE = 5_000;

/** Looks at the way to the gateway of the login, or of the last one, or of the configuration. Undefined without any. */
export async function lookAtWay({ machine, paths, configured, now }: WayOptions): Promise<Way | undefined> {
  const known: Known = knownIn(paths.stateFolder, machine.uid) ?? configured;
  if (known.gateway === undefined) return undefined;
  const url = new URL(known.gateway);
  const target = targetOf(url);
  const proxy = proxyFor(target, machine.variables);
  const way: Way = { gateway: url.origin, addresses: [], ...(proxy && { proxy: proxy.host }) };
  try {
    if (proxy === undefined) way.addresses = (await lookup(target.host, { all: true })).map(({ address }) => address);
  } catch (error) {
    return { ...way, ended: { at: 'name', code: codeOf(error) } };
  }
  const signal = AbortSignal.timeout(PATIENCE);
  let at: 'connection' | 'tls' = 'connection';
  try {
    const socket = await connectTo(target, proxy, signal);
    at = 'tls';
    const secure = await secured(socket, target, known, signal);
    try {
      way.certificate = shown(secure, known);
      const ahead = await aheadOf(secure, url, now);
      return ahead === undefined ? way : { ...way, ahead };
    } finally {
      secure.destroy();
    }
  } catch (error) {
    return { ...way, ended: { at, code: codeOf(error) || 'EPROTO' } };
  }
}

/** A file that cannot be read says nothing here; the daemon complains of it. */
function knownIn(folder: string, uid: number): Remembered | KnownGateway | undefined {
  for (const file of [loginFile(folder, uid), gatewayFile(folder, uid)]) {
    try {
      const known = file.read();
      if (known !== undefined) return known;
    } catch {}
  }
  return undefined;
}

type Known = WayOptions['configured'] & { pinned?: string | undefined };

function secured(socket: Duplex, { host }: Target, known: Known, signal: AbortSignal) {
  const secure = connect({
    ...{ socket, host, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] },
    ...gatewayRoots(known),
    ...(isIP(host) === 0 ? { servername: host } : {}),
  });
  return new Promise<TLSSocket>((resolve, reject) => {
    signal.addEventListener('abort', () => secure.destroy(new Error('late', { cause: { code: 'ETIMEDOUT' } })));
    secure.once('error', reject);
    secure.once('close', () => reject(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
    secure.once('secureConnect', () => resolve(secure));
  });
}

function shown(secure: TLSSocket, known: Known): Shown {
  const chain: DetailedPeerCertificate[] = [];
  let one: DetailedPeerCertificate | undefined = secure.getPeerCertificate(true);
  while (one?.raw !== undefined && !chain.includes(one)) {
    chain.push(one);
    one = one.issuerCertificate;
  }
  const [leaf] = chain;
  const distrusted = whyNot(secure, known, chain);
  return {
    issuer: named(leaf?.issuer),
    root: named(chain.at(-1)?.issuer),
    until: Date.parse(leaf?.valid_to ?? ''),
    ...(distrusted !== undefined && { distrusted }),
  };
}

function whyNot(secure: TLSSocket, known: Known, chain: DetailedPeerCertificate[]): string | undefined {
  const { caFingerprint, pinned, ca } = known;
  if (caFingerprint !== undefined && pinned === undefined && ca === undefined) {
    const wanted = normalFingerprint(caFingerprint);
    const there = chain.some((one) => one.fingerprint256.replaceAll(':', '').toLowerCase() === wanted);
    return there ? undefined : 'other-fingerprint';
  }
  if (secure.authorized) return undefined;
  const error = secure.authorizationError as unknown as { code?: string } | string | undefined;
  return (typeof error === 'string' ? error : error?.code) ?? 'UNKNOWN';
}

/** X.501 names have any number of each part. */
function named(name: { O?: string | string[]; CN?: string | string[] } | undefined): string {
  const parts = [name?.O, name?.CN].flat().filter((part) => part !== undefined && part !== '');
  return [...new Set(parts)].join(', ') || 'nobody';
}

/** Asks for what anybody may read, and compares the answer's Date (RFC 9110 §6.6.1) with the clock. */
async function aheadOf(secure: TLSSocket, { host }: URL, now: () => number): Promise<number | undefined> {
  secure.write(`GET /.well-known/hoop HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  let head = '';
  try {
    for await (const chunk of secure.setEncoding('utf8')) {
      head += chunk;
      if (head.includes('\r\n\r\n') || head.length > 16_384) break;
    }
  } catch {
    return undefined;
  }
  const there = Date.parse(/^date: (.*)\r$/im.exec(head)?.[1] ?? '');
  return Number.isNaN(there) ? undefined : now() - there;
}
