import { createHash, generateKeyPair, randomBytes, sign } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';
import { browse } from '../browser/index.js';
// Not from the index: that would load the provider into programs which only start it.
import { CLIENT_ID } from '../idp/client.js';
import type { Person } from '../idp/people.js';
import { ask } from './ask.js';

/**
 * A login without hoopd: the same code flow, key and certificate, made by hand. What it holds is as good as what the
 * person's daemon holds, so what the gateway refuses it, the gateway itself refuses.
 */
export interface HandmadeLogin {
  key: string;
  certificate: string;
  loginId: string;
  idToken: string;
  refreshToken: string;
}

const REDIRECT = 'http://127.0.0.1:1/callback';
const newKeyPair = promisify(generateKeyPair);

export interface KeyPair {
  /** PKCS#8 and SubjectPublicKeyInfo, PEM. */
  privateKey: string;
  publicKey: string;
}

export async function newKey(): Promise<KeyPair> {
  return newKeyPair('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  }) as Promise<KeyPair>;
}

/** PKCS#10, PEM (RFC 2986). */
export function csrOf({ publicKey, privateKey }: KeyPair): string {
  const csr = forge.pki.createCertificationRequest();
  csr.publicKey = forge.pki.publicKeyFromPem(publicKey);
  csr.setSubject([{ name: 'commonName', value: 'handmade' }]);
  const signer = {
    sign: () => {
      const { certificationRequestInfo } = csr as unknown as { certificationRequestInfo: forge.asn1.Asn1 };
      const der = Buffer.from(forge.asn1.toDer(certificationRequestInfo).getBytes(), 'binary');
      return sign('sha256', der, privateKey).toString('binary');
    },
  };
  csr.sign(signer as unknown as forge.pki.rsa.PrivateKey, forge.md.sha256.create());
  return forge.pki.certificationRequestToPem(csr);
}

/** Tokens by code with PKCE (RFC 7636), the person signing in by the headless browser. */
export async function handmadeTokens(issuer: string, ca: string, person: Person, nonce: string) {
  const verifier = randomBytes(32).toString('base64url');
  const url = new URL('/auth', issuer);
  url.search = new URLSearchParams({
    ...{ client_id: CLIENT_ID, response_type: 'code', redirect_uri: REDIRECT, state: 'handmade', nonce },
    scope: 'openid email profile offline_access',
    prompt: 'consent',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }).toString();
  const until = (at: URL) => at.href.startsWith(REDIRECT);
  const { url: back } = await browse(url.href, { login: person.name, password: person.password, ca, until });
  const code = back.searchParams.get('code') ?? '';
  const form = { grant_type: 'authorization_code', client_id: CLIENT_ID, redirect_uri: REDIRECT, code };
  const body = new URLSearchParams({ ...form, code_verifier: verifier });
  const answer = await ask(new URL('/token', issuer), { ca, method: 'POST', body });
  const { id_token, refresh_token } = answer.body as { id_token?: string; refresh_token?: string };
  if (!id_token || !refresh_token) throw new Error(`the IdP gave no tokens: status ${answer.status}`);
  return { idToken: id_token, refreshToken: refresh_token };
}

export async function handmadeLogin(
  gateway: string,
  issuer: string,
  ca: string,
  person: Person,
): Promise<HandmadeLogin> {
  const key = await newKey();
  const random = randomBytes(32);
  // The ID token is good for this key only: its nonce is base64url(SHA-256(SPKI DER ‖ random)).
  const spki = Buffer.from(key.publicKey.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  const nonce = createHash('sha256').update(spki).update(random).digest('base64url');
  const tokens = await handmadeTokens(issuer, ca, person, nonce);
  const body = { csr: csrOf(key), idToken: tokens.idToken, random: random.toString('base64url') };
  const answer = await ask(`${gateway}/v1/logins`, { ca, method: 'POST', body });
  const { certificate, loginId } = answer.body as { certificate?: string; loginId?: string };
  if (!certificate || !loginId) throw new Error(`the gateway gave no certificate: status ${answer.status}`);
  return { key: key.privateKey, certificate, loginId, ...tokens };
}
