import { createHash, createPublicKey, verify } from 'node:crypto';
import { ApiError } from '@hoop/contracts/http';
import forge from 'node-forge';

/** A public key whose holder has signed for it. */
export interface ProvenKey {
  /** SubjectPublicKeyInfo, PEM and DER. */
  pem: string;
  spki: Buffer;
}

/** Object identifiers of the signatures we take: RSA with SHA-256, -384, -512 (RFC 4055). */
const HASHES: Record<string, string> = {
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
};

/**
 * Reads a PKCS#10 request (RFC 2986) and proves possession of its key by its signature, with node:crypto. Only the key
 * is taken from it: names and extensions that it asks for are ours to say. Throws `ApiError` 400 `bad-csr`.
 */
export function provenKey(pem: string): ProvenKey {
  const parts = partsOf(pem);
  const key = publicKey(parts.spki);
  if (!verify(parts.hash, parts.signed, key, parts.signature)) throw bad('its signature is not by its key');
  return { pem: key.export({ type: 'spki', format: 'pem' }).toString(), spki: parts.spki };
}

/** What ties an ID token to one key: base64url(SHA-256(SPKI DER ‖ random)). */
export function nonceOf(spki: Uint8Array, random: string): string {
  return createHash('sha256').update(spki).update(Buffer.from(random, 'base64url')).digest('base64url');
}

function publicKey(spki: Buffer): ReturnType<typeof createPublicKey> {
  const key = attempt(() => createPublicKey({ key: spki, format: 'der', type: 'spki' }), 'its key cannot be read');
  const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType !== 'rsa') throw bad('its key is not RSA');
  if (modulusLength < 2048 || modulusLength > 8192) throw bad('its key must have 2048 to 8192 bits');
  if (publicExponent < 65_537n || publicExponent % 2n === 0n) throw bad('its key has a weak exponent');
  return key;
}

interface Parts {
  signed: Buffer;
  spki: Buffer;
  hash: string;
  signature: Buffer;
}

/** CertificationRequest ::= SEQUENCE { info SEQUENCE { version, subject, spki, attributes }, algorithm, BIT STRING }. */
function partsOf(pem: string): Parts {
  return attempt(() => {
    const message = forge.pem.decode(pem)[0];
    if (message?.type !== 'CERTIFICATE REQUEST') throw bad('it is not a certificate request');
    const [info, algorithm, signature] = children(forge.asn1.fromDer(message.body));
    const hash = HASHES[forge.asn1.derToOid(children(algorithm)[0]?.value as string)];
    if (!hash) throw bad('it is not signed with RSA and SHA-2');
    const bits = bitString(signature);
    return { signed: der(info), spki: der(children(info)[2]), hash, signature: bits };
  }, 'it cannot be read');
}

function children(node: forge.asn1.Asn1 | undefined): forge.asn1.Asn1[] {
  if (!Array.isArray(node?.value)) throw bad('it cannot be read');
  return node.value;
}

function der(node: forge.asn1.Asn1 | undefined): Buffer {
  if (!node) throw bad('it cannot be read');
  return Buffer.from(forge.asn1.toDer(node).getBytes(), 'binary');
}

/** A BIT STRING's content: the first byte counts unused bits, none in a signature. forge may have parsed inside it. */
function bitString(node: forge.asn1.Asn1 | undefined): Buffer {
  const raw = (node as unknown as { bitStringContents?: string } | undefined)?.bitStringContents ?? node?.value;
  if (typeof raw !== 'string' || raw.charCodeAt(0) !== 0) throw bad('its signature cannot be read');
  return Buffer.from(raw.slice(1), 'binary');
}

function attempt<T>(work: () => T, why: string): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof ApiError) throw cause;
    throw bad(why, cause);
  }
}

const bad = (why: string, cause?: unknown) =>
  new ApiError(400, 'bad-csr', `the certificate request: ${why}`, { cause });
