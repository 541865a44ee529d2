import { createPrivateKey, generateKeyPair, type KeyObject, randomBytes, sign } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';

/** A key and its certificate, PEM. */
export interface Leaf {
  key: string;
  certificate: string;
}

/** A throwaway certificate authority: the demo company's, and the tests'. */
export interface Authority extends Leaf {
  /**
   * A server leaf for DNS names and addresses. `from`, `until`: for tests with certificates out of their time. `client`: one
   * that also serves as a TLS client's.
   */
  issue(names: readonly string[], options?: LeafOptions): Promise<Leaf>;
}

export interface LeafOptions {
  from?: Date;
  until?: Date;
  client?: boolean;
}

const DAY = 86_400_000;
const rsa = promisify(generateKeyPair);

async function newKey(): Promise<{ pem: string; key: KeyObject; public: forge.pki.PublicKey }> {
  const pair = await rsa('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const pem = String(pair.privateKey);
  return { pem, key: createPrivateKey(pem), public: forge.pki.publicKeyFromPem(String(pair.publicKey)) };
}

function newCertificate(subject: string, issuer: string, key: forge.pki.PublicKey, from: Date, until: Date) {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = key;
  // A positive serial number of 127 bits (RFC 5280 §4.1.2.2).
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  certificate.serialNumber = serial.toString('hex');
  certificate.validity.notBefore = from;
  certificate.validity.notAfter = until;
  certificate.setSubject([{ shortName: 'CN', value: subject }]);
  certificate.setIssuer([{ shortName: 'CN', value: issuer }]);
  return certificate;
}

/** forge builds the certificate, node:crypto signs it: fifteen times as fast as forge's own RSA. */
function signed(certificate: forge.pki.Certificate, key: KeyObject): string {
  const signer = {
    sign: () => {
      const { tbsCertificate } = certificate as unknown as { tbsCertificate: forge.asn1.Asn1 };
      const tbs = forge.asn1.toDer(tbsCertificate).getBytes();
      return sign('sha256', Buffer.from(tbs, 'binary'), key).toString('binary');
    },
  };
  certificate.sign(signer as unknown as forge.pki.rsa.PrivateKey, forge.md.sha256.create());
  return forge.pki.certificateToPem(certificate);
}

const isAddress = (name: string) => /^[\d.]+$/.test(name) || name.includes(':');

export async function newAuthority(name = 'Shop Ltd root'): Promise<Authority> {
  const own = await newKey();
  const root = newCertificate(name, name, own.public, new Date(Date.now() - DAY), new Date(Date.now() + 30 * DAY));
  root.setExtensions([
    { name: 'basicConstraints', critical: true, cA: true },
    { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  const issue = async (names: readonly string[], options: LeafOptions = {}) => {
    const { pem, public: key } = await newKey();
    const from = options.from ?? new Date(Date.now() - DAY);
    const leaf = newCertificate(names[0] ?? 'leaf', name, key, from, options.until ?? new Date(Date.now() + 14 * DAY));
    leaf.setExtensions([
      { name: 'basicConstraints', critical: true, cA: false },
      { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true },
      { name: 'extKeyUsage', serverAuth: true, clientAuth: options.client ?? false },
      // RFC 5280 §4.2.1.6: 2 is a dNSName, 7 an iPAddress.
      {
        name: 'subjectAltName',
        altNames: names.map((n) => (isAddress(n) ? { type: 7, ip: n } : { type: 2, value: n })),
      },
    ]);
    return { key: pem, certificate: signed(leaf, own.key) };
  };
  return { key: own.pem, certificate: signed(root, own.key), issue };
}
