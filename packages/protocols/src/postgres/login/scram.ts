import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual, X509Certificate } from 'node:crypto';
import { ProtocolError } from '@hoop/core';
import { saslprep } from './saslprep.js';

/** A server that asks for more would have us burn its time (CVE-2026-42198); PostgreSQL's default is 4096. */
export const ITERATIONS_MOST = 100_000;

/** How the exchange is bound to the TLS channel: `none` where the server offered no binding, or we know no certificate. */
export type Binding = { mechanism: 'SCRAM-SHA-256-PLUS'; hash: Buffer } | { mechanism: 'SCRAM-SHA-256'; able: boolean };

/**
 * The client's side of SCRAM-SHA-256 (RFC 5802, RFC 7677): `first`, then `answer` the server's first message, then
 * `verify` its final one. PostgreSQL ignores the user name in it, so that is empty.
 */
export class Scram {
  readonly first: string;
  readonly #bare: string;
  readonly #nonce: string;
  readonly #header: string;
  readonly #binding: Binding;
  readonly #password: string;
  #expected: Buffer | undefined;
  verified = false;

  constructor(password: string, binding: Binding, user = '', nonce = randomBytes(18).toString('base64')) {
    this.#password = password;
    this.#binding = binding;
    this.#nonce = nonce;
    this.#bare = `n=${user},r=${nonce}`;
    this.#header = gs2Header(binding);
    this.first = this.#header + this.#bare;
  }

  /** Client-final-message for server-first-message `r=…,s=…,i=…`. */
  answer(serverFirst: string): string {
    const { nonce, salt, iterations } = readServerFirst(serverFirst, this.#nonce);
    const salted = saltedPassword(this.#password, salt, iterations);
    const clientKey = hmac(salted, 'Client Key');
    const withoutProof = `c=${this.#channel().toString('base64')},r=${nonce}`;
    const signed = `${this.#bare},${serverFirst},${withoutProof}`;
    const signature = hmac(createHash('sha256').update(clientKey).digest(), signed);
    const proof = clientKey.map((byte, at) => byte ^ (signature[at] as number));
    this.#expected = hmac(hmac(salted, 'Server Key'), signed);
    return `${withoutProof},p=${Buffer.from(proof).toString('base64')}`;
  }

  /** Checks that the server, too, knows the password: server-final-message `v=…`. */
  verify(serverFinal: string): void {
    const value = attribute(serverFinal.split(',')[0], 'v');
    const signature = base64(value);
    const expected = this.#expected;
    if (expected === undefined || signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
      throw new ProtocolError('the server could not prove that it knows the password');
    }
    this.verified = true;
  }

  #channel(): Buffer {
    const header = Buffer.from(this.#header);
    return this.#binding.mechanism === 'SCRAM-SHA-256' ? header : Buffer.concat([header, this.#binding.hash]);
  }
}

/**
 * SaltedPassword (RFC 5802 section 3), by a hash of what it is made of. It is the same for each login until the password is
 * set anew, and costs milliseconds in which nobody else is served; section 5.1 allows to keep it.
 */
const salteds = new Map<string, Buffer>();
const SALTEDS_MOST = 64;

export function saltedPassword(password: string, salt: Buffer, iterations: number): Buffer {
  const of = createHash('sha256')
    .update(`${iterations}:${salt.toString('base64')}:${password}`)
    .digest('base64');
  const known = salteds.get(of);
  if (known !== undefined) return known;
  const salted = pbkdf2Sync(saslprep(password), salt, iterations, 32, 'sha256');
  if (salteds.size >= SALTEDS_MOST) salteds.delete(salteds.keys().next().value as string);
  salteds.set(of, salted);
  return salted;
}

export const hmac = (key: Uint8Array, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** RFC 5802 section 7: `y` says that we could bind but the server did not offer it, so that a downgrade is noticed. */
function gs2Header(binding: Binding): string {
  if (binding.mechanism === 'SCRAM-SHA-256-PLUS') return 'p=tls-server-end-point,,';
  return binding.able ? 'y,,' : 'n,,';
}

function readServerFirst(message: string, ours: string): { nonce: string; salt: Buffer; iterations: number } {
  const [r, s, i] = message.split(',');
  const nonce = attribute(r, 'r');
  if (!nonce.startsWith(ours) || nonce.length === ours.length) throw new ProtocolError('SCRAM: the nonce is not ours');
  const salt = base64(attribute(s, 's'));
  const count = attribute(i, 'i');
  const iterations = /^[1-9]\d{0,9}$/.test(count) ? Number(count) : 0;
  if (iterations < 1 || iterations > ITERATIONS_MOST) {
    throw new ProtocolError(`SCRAM: ${iterations} iterations are not between 1 and ${ITERATIONS_MOST}`);
  }
  return { nonce, salt, iterations };
}

function attribute(part: string | undefined, name: string): string {
  if (part === undefined || !part.startsWith(`${name}=`))
    throw new ProtocolError(`SCRAM: attribute ${name} is missing`);
  return part.slice(name.length + 1);
}

function base64(value: string): Buffer {
  if (value === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(value)) throw new ProtocolError('SCRAM: not base64');
  return Buffer.from(value, 'base64');
}

/**
 * The binding for what the server offers. tls-server-end-point (RFC 5929) is the certificate's hash, by the hash of its
 * signature, where SHA-256 stands in for MD5 and SHA-1; a signature without a hash of its own (Ed25519) has no binding.
 */
export function bindingFor(mechanisms: readonly string[], certificate: Uint8Array | undefined): Binding | undefined {
  const hash = certificate === undefined ? undefined : endPointHash(certificate);
  if (hash !== undefined && mechanisms.includes('SCRAM-SHA-256-PLUS')) return { mechanism: 'SCRAM-SHA-256-PLUS', hash };
  if (!mechanisms.includes('SCRAM-SHA-256')) return undefined;
  return { mechanism: 'SCRAM-SHA-256', able: hash !== undefined };
}

function endPointHash(certificate: Uint8Array): Buffer | undefined {
  const algorithm = signatureOf(certificate);
  const named = /(md5|sha-?1|sha-?224|sha-?256|sha-?384|sha-?512)(?!\d)/i.exec(algorithm)?.[1];
  if (named === undefined || /pss/i.test(algorithm)) return undefined;
  const hash = named.toLowerCase().replace('-', '');
  return createHash(hash === 'md5' || hash === 'sha1' ? 'sha256' : hash)
    .update(certificate)
    .digest();
}

function signatureOf(certificate: Uint8Array): string {
  try {
    return new X509Certificate(certificate).signatureAlgorithm ?? '';
  } catch {
    return '';
  }
}
