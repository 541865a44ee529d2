import { connect, isIP, type Socket } from 'node:net';
import {
  createSecureContext,
  getCACertificates,
  type SecureContext,
  type TLSSocket,
  connect as tlsConnect,
} from 'node:tls';
import type { TlsFacts } from '@hoop/core';
import { concat, Gathered, ProtocolError, writeAll } from '@hoop/core';
import { Chunks } from './chunks.js';

export interface UpstreamEvents {
  data(chunk: Uint8Array): void;
  /** The upstream has ended its direction in order. */
  end(): void;
  /** The socket broke: nothing more comes, nothing more goes. */
  lost(error: Error): void;
  /** After `write` said false: there is room again. */
  drain(): void;
}

/** Below this, several pieces go out as one array. */
const SMALL = 16_384;
/** An idle flow whose upstream's host died is found out by the kernel's probes, which begin after this. */
const KEEPALIVE_MS = 60_000;

/**
 * The socket to the resource, plain at first, TLS after `startTls`. Whoever `listen`s gets what comes; until then it
 * is kept, as little as the socket has read before it was paused.
 */
export class UpstreamSocket {
  #socket: Socket;
  readonly #plain: Socket;
  #unwatch: () => void;
  #events: UpstreamEvents | undefined;
  readonly #early = new Chunks();
  #paused = true;
  #ended = false;
  #lost: Error | undefined;
  #closed = false;
  /** The socket wants us to wait for its drain. */
  #full = false;
  readonly #gathered = new Gathered((pieces) => this.#write(pieces), setImmediate);
  /** TLS gives each record by itself, 8 KiB of rows: what comes in one turn is told as one. */
  readonly #arrived = new Gathered((pieces) => this.#tell(joined(pieces)), setImmediate);
  readonly #whenClosed: (() => void)[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#plain = socket;
    this.#unwatch = this.#watch(socket);
  }

  /** Opens the TCP connection. Aborting the signal before it is open rejects with its reason. */
  static open(host: string, port: number, signal: AbortSignal): Promise<UpstreamSocket> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const socket = connect({
        host,
        port,
        allowHalfOpen: true,
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: KEEPALIVE_MS,
      });
      const stop = () => socket.destroy(toError(signal.reason));
      signal.addEventListener('abort', stop, { once: true });
      const failed = (error: Error) => {
        signal.removeEventListener('abort', stop);
        reject(error);
      };
      socket.once('error', failed);
      socket.once('connect', () => {
        signal.removeEventListener('abort', stop);
        socket.off('error', failed);
        resolve(new UpstreamSocket(socket));
      });
    });
  }

  /** What has come so far is told at once, in order. */
  listen(events: UpstreamEvents): void {
    this.#events = events;
    for (let chunk = this.#early.take(); chunk !== undefined; chunk = this.#early.take()) events.data(chunk);
    if (this.#lost !== undefined) events.lost(this.#lost);
    else if (this.#ended) events.end();
    else this.resume();
  }

  /** From now on nobody listens and the socket is paused; `unread` is told first to whoever listens next. */
  deafen(unread: readonly Uint8Array[]): void {
    this.#events = undefined;
    for (const chunk of unread) this.#early.push(chunk);
    this.#arrived.flush();
    this.pause();
  }

  #tell(chunk: Uint8Array): void {
    if (this.#events !== undefined) return this.#events.data(chunk);
    this.#early.push(chunk);
    this.pause();
  }

  write(bytes: Uint8Array | readonly Uint8Array[]): boolean {
    if (this.#closed || this.#lost !== undefined) return true;
    if (bytes instanceof Uint8Array) this.#gathered.add(bytes);
    else this.#add(bytes);
    return !this.#full;
  }

  #add(pieces: readonly Uint8Array[]): void {
    let total = 0;
    for (const piece of pieces) total += piece.length;
    if (total > SMALL) for (const piece of pieces) this.#gathered.add(piece);
    else if (total > 0) this.#gathered.add(concat(pieces));
  }

  #write(pieces: readonly Uint8Array[]): void {
    if (this.#closed || this.#lost !== undefined) return;
    if (!writeAll(this.#socket, pieces)) this.#full = true;
  }

  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#socket.pause();
  }

  /** Costs nothing where nothing was paused: the driver calls it for each chunk. */
  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.resume();
  }

  /** Half-closes after what was written. */
  finish(): void {
    this.#gathered.flush();
    this.#socket.end();
  }

  /** Closes once all is written, at the latest after `ms`. Resolves when closed. */
  leave(ms: number): Promise<void> {
    const deadline = setTimeout(() => this.destroy(), ms);
    this.#gathered.flush();
    this.resume();
    this.#socket.destroySoon();
    return this.closed().finally(() => clearTimeout(deadline));
  }

  /** Closes at once; with an error, whoever listens is told of it as of a loss. */
  destroy(error?: Error): void {
    this.#socket.destroy(error);
  }

  /** Closes at once, and lets the other end know: whatever it writes from now on fails. */
  reset(): void {
    this.#plain.resetAndDestroy();
    this.#socket.destroy();
  }

  closed(): Promise<void> {
    return this.#closed ? Promise.resolve() : new Promise((resolve) => this.#whenClosed.push(resolve));
  }

  /**
   * TLS on this connection, verified against `ca` or the system's roots and the configured host. Bytes that came before
   * the handshake would be taken for protected ones, so they end the connection (CVE-2021-23222).
   */
  async startTls(host: string, ca: string | undefined, alpn: string | undefined): Promise<TlsFacts> {
    if (!this.#early.empty) throw new ProtocolError('the upstream spoke in plain where its TLS should begin');
    this.#unwatch();
    this.#socket.on('error', () => {});
    const secure = tlsConnect({
      socket: this.#socket,
      host,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(alpn === undefined ? {} : { ALPNProtocols: [alpn] }),
      secureContext: trusting(ca),
      rejectUnauthorized: true,
    });
    this.#socket = secure;
    await handshake(secure);
    this.#unwatch = this.#watch(secure);
    const certificate = secure.getPeerX509Certificate();
    if (certificate === undefined) throw new ProtocolError('the upstream showed no certificate');
    return { certificate: certificate.raw };
  }

  /** Sets our listeners on a socket; gives what takes them off again. */
  #watch(socket: Socket): () => void {
    const data = (chunk: Uint8Array) => {
      if (this.#events === undefined) this.#tell(chunk);
      else this.#arrived.add(chunk);
    };
    const end = () => {
      this.#ended = true;
      this.#arrived.flush();
      this.#events?.end();
    };
    const drain = () => {
      this.#full = false;
      this.#events?.drain();
    };
    const error = (cause: Error) => {
      this.#lost = cause;
      this.#arrived.flush();
      this.#events?.lost(cause);
    };
    const close = () => {
      this.#closed = true;
      for (const resolve of this.#whenClosed.splice(0)) resolve();
    };
    socket.on('data', data).on('end', end).on('drain', drain).on('error', error).on('close', close);
    this.#paused = true;
    socket.pause();
    return () => {
      socket.off('data', data).off('end', end).off('drain', drain).off('error', error).off('close', close);
    };
  }
}

/**
 * A key is sent (`*`) for each group that PostgreSQL knows by default, P-256 alone before 18: to be asked for another costs a
 * round trip. https://docs.openssl.org/3.5/man3/SSL_CTX_set1_curves/
 */
const GROUPS = '*X25519:*P-256:X25519MLKEM768:P-384:P-521';

const contexts = new Map<string | undefined, SecureContext>();

/** Parsing roots, above all the system's, costs more than the handshake: done once for each configured `ca`. */
function trusting(ca: string | undefined): SecureContext {
  let context = contexts.get(ca);
  if (context === undefined) {
    context = createSecureContext({
      ca: ca ?? getCACertificates('system'),
      minVersion: 'TLSv1.2',
      ecdhCurve: GROUPS,
    });
    contexts.set(ca, context);
  }
  return context;
}

function handshake(secure: TLSSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    const closed = () => reject(new Error('the connection was closed during the TLS handshake'));
    secure.once('error', reject);
    secure.once('close', closed);
    secure.once('secureConnect', () => {
      secure.off('error', reject);
      secure.off('close', closed);
      resolve();
    });
  });
}

const joined = (pieces: readonly Uint8Array[]): Uint8Array =>
  pieces.length === 1 ? (pieces[0] as Uint8Array) : Buffer.concat(pieces);

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error('aborted');
}
