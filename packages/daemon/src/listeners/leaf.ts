import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { leaf, type Signer } from '@hoop/platform';

interface KeyPair {
  publicKey: KeyObject;
  privateKey: KeyObject;
}

/**
 * Certificates for local TLS, in memory, made once a daemon: one P-256 key, a leaf for each connection, signed by the laptop's own
 * CA where there is one, else by itself.
 */
export class Leaves {
  readonly #key: KeyPair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly #contexts = new Map<string, SecureContext>();
  readonly #now: () => number;
  #signer: Signer | undefined;
  #ready: Promise<unknown> = Promise.resolve();

  /** `now`: milliseconds since the epoch. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Who signs from now on; what is open keeps what it has. */
  signedBy(signer: Signer | undefined): void {
    this.#signer = signer;
    this.#contexts.clear();
  }

  /** Whoever connects waits until it is known who signs. `known` never rejects. */
  waitFor(known: Promise<unknown>): void {
    this.#ready = known;
  }

  ready(): Promise<unknown> {
    return this.#ready;
  }

  /** For a connection by all of its names. */
  contextFor(hostnames: readonly [string, ...string[]]): SecureContext {
    const key = hostnames.join(' ');
    const made = this.#contexts.get(key);
    if (made !== undefined) return made;
    const context = createSecureContext({
      key: this.#key.privateKey.export({ type: 'pkcs8', format: 'pem' }),
      cert: leaf(hostnames, this.#key, this.#now(), this.#signer),
      minVersion: 'TLSv1.2',
    });
    this.#contexts.set(key, context);
    return context;
  }
}
