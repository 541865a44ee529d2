import { createHash, type KeyObject, randomBytes, sign } from 'node:crypto';
import { bits, integer, named, octets, oid, pem, sequence, set, TRUE, tagged, time, utf8 } from './der.js';

/** Object identifiers: RFC 5758, RFC 5280 §4.2.1. */
const OID = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
} as const;
/** GeneralName's tags (RFC 5280 §4.2.1.6). */
const NAME = { email: 1, dns: 2, uri: 6, ip: 7 } as const;
const DAY = 86_400_000;
/** Of a common name (RFC 5280, appendix A.1, ub-common-name); nobody goes by it where the certificate has DNS names. */
const LONGEST_NAME = 64;
const ALGORITHM = sequence(oid(OID.ecdsaWithSha256));

/** What a local CA's certificate is made of; all else of it is always the same. */
export interface AuthorityParts {
  /** P-256, SubjectPublicKeyInfo in DER, base64. */
  publicKey: string;
  /** 16 bytes in hex, the first below 0x80 and not 0. */
  serial: string;
  /** Milliseconds since the epoch. */
  notBefore: number;
  /** ECDSA over the certificate's body, DER, base64. */
  signature: string;
}

/** The fixed beginning of a P-256 key (RFC 5480 §2), and its length with the point. */
const P256 = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex');

/** Whether root can take this for a local CA: each part is of the one shape it has. */
export function isAuthority(parts: AuthorityParts): boolean {
  const { publicKey, serial, notBefore, signature, ...more } = parts ?? {};
  const isBase64 = (text: unknown) => typeof text === 'string' && /^[A-Za-z0-9+/]{20,200}={0,2}$/.test(text);
  const key = Buffer.from(String(publicKey), 'base64');
  return (
    Object.keys(more).length === 0 &&
    isBase64(publicKey) &&
    isBase64(signature) &&
    key.length === P256.length + 65 &&
    key.subarray(0, P256.length).equals(P256) &&
    /^[1-7][0-9a-f]{31}$/.test(serial) &&
    Number.isInteger(notBefore) &&
    notBefore > 0 &&
    notBefore < 4e12
  );
}

/** A CA of this laptop's: the key is the caller's to keep. */
export function newAuthority(key: { publicKey: KeyObject; privateKey: KeyObject }, now: number): AuthorityParts {
  const parts = { publicKey: spki(key.publicKey).toString('base64'), serial: newSerial(), notBefore: now - DAY };
  return { ...parts, signature: sign('sha256', authorityBody(parts), key.privateKey).toString('base64') };
}

/** PEM of a CA's certificate. */
export const authorityCertificate = (parts: AuthorityParts): string => pem(authorityDer(parts));
const authorityDer = (parts: AuthorityParts) =>
  sequence(authorityBody(parts), ALGORITHM, bits(Buffer.from(parts.signature, 'base64')));

/** SHA-1 of the certificate, in hex: how macOS names it. */
export const fingerprintOf = (parts: AuthorityParts): string =>
  createHash('sha1').update(authorityDer(parts)).digest('hex').toUpperCase();

export const AUTHORITY_NAME = 'hoop local CA';
const YEARS = 10;

type Body = Omit<AuthorityParts, 'signature'>;
const nameOf = (serial: string) => commonName(`${AUTHORITY_NAME} ${serial.slice(0, 8)}`);

/**
 * What it can sign is a server's certificate for a name within `.hoop`, and nothing else whatever its key does (RFC 5280
 * §4.2.1.10): every address is excluded; of e-mail and URIs, one name that nobody can have is permitted (RFC 2606), and so
 * no other. To exclude the empty name would say it too, but verifiers differ: it means all to NSS and Go, none to OpenSSL,
 * and Java cannot read it.
 *
 * Limit. A leaf without any alternative name, whose common name has no dot, as `localhost`, is bound by none of this, and accepted
 * by verifiers that fall back to common names (OpenSSL and what is made of it, Java): there, constraints on DNS names are for
 * names with dots, and one on a directory name binds how a subject begins, not what else is in it. Browsers and Go read no
 * common name. So the key stays in the keychain, and `hoop setup --undo` is what ends its trust.
 */
function authorityBody({ publicKey, serial, notBefore }: Body): Buffer {
  const subtrees = (...names: Buffer[]) => names.map((name) => sequence(name));
  const permitted = subtrees(
    named(NAME.dns, 'hoop'),
    named(NAME.email, 'nobody@hoop.invalid'),
    named(NAME.uri, 'hoop.invalid'),
  );
  const excluded = subtrees(named(NAME.ip, Buffer.alloc(8)), named(NAME.ip, Buffer.alloc(32)));
  const key = Buffer.from(publicKey, 'base64');
  return body({
    serial,
    issuer: nameOf(serial),
    subject: nameOf(serial),
    from: notBefore,
    until: notBefore + YEARS * 365 * DAY,
    key,
    extensions: [
      critical(OID.basicConstraints, sequence(TRUE, integer(Buffer.from([0])))),
      // keyCertSign is bit 5.
      critical(OID.keyUsage, bits(Buffer.from([0x04]), 2)),
      critical(OID.nameConstraints, sequence(tagged(0, ...permitted), tagged(1, ...excluded))),
      extension(OID.extendedKeyUsage, sequence(oid(OID.serverAuth))),
      extension(OID.subjectKeyId, octets(keyId(key))),
    ],
  });
}

/** Who signs a leaf: its own key, or a CA of ours. */
export interface Signer {
  parts: AuthorityParts;
  privateKey: KeyObject;
}

/** PEM of a server's certificate for all of `hostnames`, named for the first, good for a year from a day ago. */
export function leaf(
  hostnames: readonly [string, ...string[]],
  key: { publicKey: KeyObject; privateKey: KeyObject },
  now: number,
  signer?: Signer,
): string {
  const subject = commonName(hostnames[0].slice(0, LONGEST_NAME));
  const public_ = spki(key.publicKey);
  const issuerKey = signer === undefined ? public_ : Buffer.from(signer.parts.publicKey, 'base64');
  const made = body({
    serial: newSerial(),
    issuer: signer === undefined ? subject : nameOf(signer.parts.serial),
    subject,
    from: now - DAY,
    until: now + 365 * DAY,
    key: public_,
    extensions: [
      extension(OID.subjectAltName, sequence(...hostnames.map((name) => named(NAME.dns, name)))),
      critical(OID.basicConstraints, sequence()),
      ...(signer === undefined ? [] : [extension(OID.extendedKeyUsage, sequence(oid(OID.serverAuth)))]),
      extension(OID.authorityKeyId, sequence(named(0, keyId(issuerKey)))),
      extension(OID.subjectKeyId, octets(keyId(public_))),
    ],
  });
  return pem(sequence(made, ALGORITHM, bits(sign('sha256', made, signer?.privateKey ?? key.privateKey))));
}

/** TBSCertificate (RFC 5280 §4.1). */
function body(about: {
  serial: string;
  issuer: Buffer;
  subject: Buffer;
  from: number;
  until: number;
  key: Buffer;
  extensions: Buffer[];
}): Buffer {
  return sequence(
    tagged(0, integer(Buffer.from([2]))),
    integer(Buffer.from(about.serial, 'hex')),
    ALGORITHM,
    about.issuer,
    sequence(time(about.from), time(about.until)),
    about.subject,
    about.key,
    tagged(3, sequence(...about.extensions)),
  );
}

const spki = (key: KeyObject) => key.export({ type: 'spki', format: 'der' });
const commonName = (name: string) => sequence(set(sequence(oid(OID.commonName), utf8(name))));
const extension = (id: string, value: Buffer) => sequence(oid(id), octets(value));
const critical = (id: string, value: Buffer) => sequence(oid(id), TRUE, octets(value));
/** RFC 5280 §4.2.1.2: the hash of the key's bits. */
const keyId = (key: Buffer) => createHash('sha1').update(key.subarray(P256.length)).digest();
/** 127 random bits that DER writes in 16 bytes. */
const newSerial = () => `${1 + (randomBytes(1)[0]! % 7)}${randomBytes(16).toString('hex').slice(1)}`;
