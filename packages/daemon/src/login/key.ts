import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';

const generate = promisify(generateKeyPair);

/** The key of one login: RSA, since node-forge writes CSRs for nothing else. */
export async function newKey(): Promise<KeyObject> {
  return (await generate('rsa', { modulusLength: 2048 })).privateKey;
}

const spki = (key: KeyObject) => createPublicKey(key).export({ type: 'spki', format: 'der' });

/** PKCS#10 (RFC 2986), PEM. Its subject says nothing: the gateway writes the certificate's names. */
export function csrOf(key: KeyObject): string {
  const csr = forge.pki.createCertificationRequest();
  csr.publicKey = forge.pki.publicKeyFromPem(createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString());
  csr.setSubject([{ name: 'commonName', value: 'hoop' }]);
  // Forge only needs something that signs: node:crypto does it in 2 ms and keeps the key out of JavaScript's numbers.
  const signer = { sign: () => sign('sha256', requestInfo(csr), key).toString('binary') };
  csr.sign(signer as unknown as forge.pki.rsa.PrivateKey, forge.md.sha256.create());
  return forge.pki.certificationRequestToPem(csr);
}

function requestInfo(csr: forge.pki.CertificateSigningRequest): Buffer {
  const { certificationRequestInfo } = csr as unknown as { certificationRequestInfo: forge.asn1.Asn1 };
  return Buffer.from(forge.asn1.toDer(certificationRequestInfo).getBytes(), 'binary');
}

/** Binds an ID token to a key: the nonce is base64url(SHA-256(SPKI DER ‖ random)); `random` is base64url of 32 bytes. */
export function boundNonce(key: KeyObject): { nonce: string; random: string } {
  const random = randomBytes(32);
  const nonce = createHash('sha256').update(spki(key)).update(random).digest('base64url');
  return { nonce, random: random.toString('base64url') };
}

/** PKCS#8 DER as base64: what the keychain holds, a third shorter than PEM's base64 of base64 in JSON would be. */
export const exportKey = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'der' }).toString('base64');
export const importKey = (text: string): KeyObject =>
  createPrivateKey({ key: Buffer.from(text, 'base64'), type: 'pkcs8', format: 'der' });
export const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
