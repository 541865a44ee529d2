import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import * as w from './wire.js';

const SALT = Buffer.from('0123456789abcdef');
const hmac = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest();
const continues = (text: string) => w.frame('R', w.i32(11), text);

type Trick = 'no-final' | 'bad-proof' | 'asks-again';

/** The server's side of SCRAM-SHA-256 for one login; written apart from the client's. */
export class ScramServer {
  readonly #salted: Buffer;
  readonly #trick: Trick | undefined;
  readonly #iterations = 4;
  #bare = '';
  #first = '';

  constructor(password: string, trick?: Trick) {
    this.#salted = pbkdf2Sync(password, SALT, this.#iterations, 32, 'sha256');
    this.#trick = trick;
  }

  /** What is answered to each message of the client's; `welcome` comes once it is in. */
  answer(welcome: Uint8Array): (written: Uint8Array) => Uint8Array {
    let count = 0;
    return (written) => {
      count += 1;
      const text = Buffer.from(written).toString('latin1');
      if (count === 1) return w.frame('R', w.i32(10), w.z('SCRAM-SHA-256'), [0]);
      if (count === 2) return this.#begin(text);
      return this.#end(text.slice(5), welcome);
    };
  }

  #begin(text: string): Uint8Array {
    this.#bare = text.slice(text.indexOf('n=,r='));
    const nonce = this.#bare.slice('n=,r='.length);
    this.#first = `r=${nonce}SERVER,s=${SALT.toString('base64')},i=${this.#iterations}`;
    return continues(this.#first);
  }

  #end(final: string, welcome: Uint8Array): Uint8Array {
    const [withoutProof, proof] = final.split(',p=');
    const signed = `${this.#bare},${this.#first},${withoutProof}`;
    const clientKey = hmac(this.#salted, 'Client Key');
    const stored = createHash('sha256').update(clientKey).digest();
    const signature = hmac(stored, signed);
    const expected = Buffer.from(clientKey.map((byte, at) => byte ^ (signature[at] as number))).toString('base64');
    if (proof !== expected) return w.error('28P01', 'password authentication failed for user "app"', 'FATAL');
    const verifier = hmac(hmac(this.#salted, 'Server Key'), this.#trick === 'bad-proof' ? 'x' : signed);
    const said = w.frame('R', w.i32(12), `v=${verifier.toString('base64')}`);
    if (this.#trick === 'asks-again') return w.all(said, w.frame('R', w.i32(3)), welcome);
    return this.#trick === 'no-final' ? welcome : w.all(said, welcome);
  }
}
