import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { request } from 'node:https';
import { connect, type TLSSocket } from 'node:tls';
import { gatewayApi, type Issued } from '@hoop/contracts/gateway';
import { type Caller, callerOf } from '@hoop/contracts/http';
import { ALPN, Channel, type Close, FRAME, type Head, json } from '@hoop/contracts/uplink';
import forge from 'node-forge';
import { nonceOf } from '../src/identity/csr.js';
import type { Idp } from './idp.js';

/** RSA key generation is slow: tests share keys, as no test depends on their being different unless it makes its own. */
export const keyPair = (bits = 2048) =>
  generateKeyPairSync('rsa', {
    modulusLength: bits,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
export type Pair = ReturnType<typeof keyPair>;

export function spkiOf(pair: Pair): Buffer {
  return Buffer.from(pair.publicKey.replace(/-----.*-----|\n/g, ''), 'base64');
}

/** A PKCS#10 request for the pair's public key, signed by `signer` (its own private key, if honest). */
export function csr(pair: Pair, signer: KeyObject = createPrivateKey(pair.privateKey)): string {
  const request = forge.pki.createCertificationRequest();
  request.publicKey = forge.pki.publicKeyFromPem(pair.publicKey);
  request.setSubject([{ name: 'commonName', value: 'root@evil.example' }]);
  const own = {
    sign: () => {
      const { certificationRequestInfo } = request as unknown as { certificationRequestInfo: forge.asn1.Asn1 };
      const bytes = Buffer.from(forge.asn1.toDer(certificationRequestInfo).getBytes(), 'binary');
      return sign('sha256', bytes, signer).toString('binary');
    },
  };
  request.sign(own as unknown as forge.pki.rsa.PrivateKey, forge.md.sha256.create());
  return forge.pki.certificationRequestToPem(request);
}

export interface Person {
  sub: string;
  email: string;
  groups: string[];
}
export const ALICE: Person = { sub: 'u-alice', email: 'alice@shop.example', groups: ['dba'] };
export const BOB: Person = { sub: 'u-bob', email: 'bob@shop.example', groups: ['developer'] };
export const CAROL: Person = { sub: 'u-carol', email: 'carol@shop.example', groups: ['security'] };

interface Shown {
  key?: string | undefined;
  cert?: string | undefined;
}

/** A hand-made laptop: it does what a daemon does, and what one never would. */
export class Laptop {
  readonly pair: Pair;
  readonly #port: number;
  readonly #ca: string;
  issued: Issued | undefined;

  constructor(port: number, ca: string, pair: Pair = keyPair()) {
    this.#port = port;
    this.#ca = ca;
    this.pair = pair;
  }

  get shown(): Shown {
    return { key: this.pair.privateKey, cert: this.issued?.certificate };
  }

  api(shown: Shown = this.shown): Caller<typeof gatewayApi> {
    return callerOf(gatewayApi, ({ method, path, body }) => {
      return new Promise((resolve, reject) => {
        const headers = { 'content-type': 'application/json' };
        const options = {
          host: '127.0.0.1',
          port: this.#port,
          ca: this.#ca,
          method,
          path,
          headers,
          agent: false,
          ...shown,
        };
        const sent = request({ ...options, servername: 'localhost' } as object, (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            resolve({ status: response.statusCode ?? 0, body: text ? JSON.parse(text) : undefined });
          });
        });
        sent.on('error', reject);
        sent.end(body === undefined ? undefined : JSON.stringify(body));
      });
    });
  }

  async login(idp: Idp, person: Person): Promise<Issued> {
    const random = randomBytes(32).toString('base64url');
    const idToken = await idp.token({ ...person, nonce: nonceOf(spkiOf(this.pair), random) });
    this.issued = await this.api({}).login({ body: { csr: csr(this.pair), idToken, random } });
    return this.issued;
  }

  /** A TLS connection for the tunnel. */
  dial(options: object = {}): Promise<TLSSocket> {
    return new Promise((resolve, reject) => {
      const socket = connect({
        host: '127.0.0.1',
        port: this.#port,
        ca: this.#ca,
        servername: 'localhost',
        ALPNProtocols: [ALPN],
        ...this.shown,
        ...options,
      });
      socket.once('secureConnect', () => resolve(socket));
      socket.once('error', reject);
    });
  }

  async open(head: Head, options: object = {}): Promise<Link> {
    const link = new Link(await this.dial(options));
    link.socket.write(json(FRAME.HEAD, head));
    return link;
  }
}

export const flowHead = (connection: string, port: number): Head => ({
  kind: 'flow',
  flow: randomBytes(16).toString('hex'),
  epoch: 0,
  connection,
  port,
  program: { pid: 1, name: 'psql' },
});

/** The laptop's end of an uplink, with all it was told. */
export class Link {
  readonly socket: TLSSocket;
  readonly channel: Channel;
  readonly got: Uint8Array[] = [];
  /** Takes what comes in place of `got`. */
  heard: ((bytes: Uint8Array) => void) | undefined;
  closed: Close | undefined;
  ended = false;
  over = false;
  epitaph: Uint8Array | undefined;
  #watchers: (() => void)[] = [];

  constructor(socket: TLSSocket) {
    this.socket = socket;
    this.channel = new Channel(socket, {
      data: (bytes) => {
        if (this.heard) this.heard(bytes);
        else this.got.push(bytes);
        this.channel.consumed(bytes.length, true);
      },
      fin: () => {
        this.ended = true;
      },
      close: (reason) => {
        this.closed = reason;
      },
      epitaph: (bytes) => {
        this.epitaph = bytes;
      },
      writable: () => undefined,
    });
    socket.on('data', (chunk: Buffer) => {
      this.channel.receive(chunk);
      this.#changed();
    });
    socket.on('drain', () => this.channel.drained());
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.over = true;
      this.#changed();
    });
  }

  get text(): string {
    return Buffer.concat(this.got).toString();
  }

  /** Resolves once `ready` holds; rejects with what is known when the link is over without it. */
  async until(ready: (link: Link) => boolean): Promise<this> {
    while (!ready(this)) {
      if (this.over) throw new Error(`link over: ${JSON.stringify(this.closed)} ${this.text}`);
      await new Promise<void>((resolve) => this.#watchers.push(resolve));
    }
    return this;
  }

  #changed(): void {
    for (const watcher of this.#watchers.splice(0)) watcher();
  }
}
