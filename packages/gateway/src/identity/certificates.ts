import { createHash, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import forge from 'node-forge';

/**
 * X.509 (RFC 5280). node-forge writes the certificate, node:crypto signs it: forge's own RSA is slow and has had holes.
 * Nothing is ever verified by forge but a CSR's structure.
 */
export interface CertificateRequest {
  commonName: string;
  publicKeyPem: string;
  issuer: { commonName: string; key: KeyObject };
  notBefore: Date;
  notAfter: Date;
  extensions: object[];
}

export function certificateOf(request: CertificateRequest): { pem: string; serial: string } {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(request.publicKeyPem);
  certificate.serialNumber = serialNumber();
  certificate.validity.notBefore = request.notBefore;
  certificate.validity.notAfter = request.notAfter;
  certificate.setSubject([name(request.commonName)]);
  certificate.setIssuer([name(request.issuer.commonName)]);
  certificate.setExtensions(request.extensions);
  certificate.sign(nativeSigner(certificate, request.issuer.key), forge.md.sha256.create());
  return { pem: forge.pki.certificateToPem(certificate), serial: certificate.serialNumber };
}

const name = (value: string) =>
  ({ name: 'commonName', value, valueTagClass: forge.asn1.Type.UTF8 }) as unknown as forge.pki.CertificateField;

/** 128 random bits; the first is cleared so that the integer stays positive in 16 bytes. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return bytes.toString('hex');
}

function nativeSigner(certificate: forge.pki.Certificate, key: KeyObject): forge.pki.rsa.PrivateKey {
  const signer = {
    sign: () => {
      const { tbsCertificate } = certificate as unknown as { tbsCertificate: forge.asn1.Asn1 };
      const bytes = Buffer.from(forge.asn1.toDer(tbsCertificate).getBytes(), 'binary');
      return sign('sha256', bytes, key).toString('binary');
    },
  };
  return signer as unknown as forge.pki.rsa.PrivateKey;
}

export const AUTHORITY = [
  { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
  { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
  { name: 'subjectKeyIdentifier' },
];

export const SERVER = (hosts: readonly string[]) => [
  { name: 'basicConstraints', cA: false, critical: true },
  { name: 'keyUsage', digitalSignature: true, critical: true },
  { name: 'extKeyUsage', serverAuth: true },
  {
    name: 'subjectAltName',
    altNames: hosts.map((host) => (isIP(host) ? { type: 7, ip: host } : { type: 2, value: host })),
  },
];

export const CLIENT = (uris: readonly string[]) => [
  { name: 'basicConstraints', cA: false, critical: true },
  { name: 'keyUsage', digitalSignature: true, critical: true },
  { name: 'extKeyUsage', clientAuth: true },
  { name: 'subjectAltName', altNames: uris.map((value) => ({ type: 6, value })) },
];

/** What people compare: `sha256:` and the hex SHA-256 of the certificate's DER. */
export function fingerprint(pem: string): string {
  return `sha256:${createHash('sha256').update(new X509Certificate(pem).raw).digest('hex')}`;
}
