import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import forge from 'node-forge';

const { asn1 } = forge;
const { Class, Type } = asn1;
type Node = forge.asn1.Asn1;

/** Object identifiers: RFC 5480, RFC 5758, RFC 5280. */
const OID = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
} as const;
const DAY = 86_400_000;
/** GeneralName's tag for dNSName (RFC 5280 §4.2.1.6). */
const DNS_NAME = 2;

interface KeyPair {
  publicKey: KeyObject;
  privateKey: KeyObject;
}

/**
 * Certificates for local TLS, in memory, made once a daemon: one P-256 key, a self-signed leaf for each name. node-forge
 * builds the DER (its own signing is RSA only), node:crypto signs.
 */
export class Leaves {
  readonly #key: KeyPair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly #contexts = new Map<string, SecureContext>();
  readonly #now: () => number;

  /** `now`: milliseconds since the epoch. */
  constructor(now: () => number) {
    this.#now = now;
  }

  contextFor(hostname: string): SecureContext {
    const made = this.#contexts.get(hostname);
    if (made !== undefined) return made;
    const context = createSecureContext({
      key: this.#key.privateKey.export({ type: 'pkcs8', format: 'pem' }),
      cert: leaf(hostname, this.#key, this.#now()),
      minVersion: 'TLSv1.2',
    });
    this.#contexts.set(hostname, context);
    return context;
  }
}

/** PEM of a self-signed certificate for `hostname`, good for a year from a day ago. */
export function leaf(hostname: string, key: KeyPair, now: number): string {
  const algorithm = sequence(oid(OID.ecdsaWithSha256));
  const name = sequence(set(sequence(oid(OID.commonName), utf8(hostname))));
  const body = sequence(
    explicit(0, integer('\x02')),
    integer(`\x01${randomBytes(15).toString('latin1')}`),
    algorithm,
    name,
    sequence(time(now - DAY), time(now + 365 * DAY)),
    name,
    asn1.fromDer(key.publicKey.export({ type: 'spki', format: 'der' }).toString('latin1')),
    explicit(3, sequence(altName(hostname), notACa())),
  );
  const signature = sign('sha256', der(body), key.privateKey).toString('latin1');
  const bits = asn1.create(Class.UNIVERSAL, Type.BITSTRING, false, `\x00${signature}`);
  const lines =
    der(sequence(body, algorithm, bits))
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

const der = (node: Node) => Buffer.from(asn1.toDer(node).getBytes(), 'latin1');
const sequence = (...nodes: Node[]) => asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, nodes);
const set = (...nodes: Node[]) => asn1.create(Class.UNIVERSAL, Type.SET, true, nodes);
const explicit = (tag: number, node: Node) => asn1.create(Class.CONTEXT_SPECIFIC, tag as forge.asn1.Type, true, [node]);
const integer = (bytes: string) => asn1.create(Class.UNIVERSAL, Type.INTEGER, false, bytes);
const utf8 = (text: string) => asn1.create(Class.UNIVERSAL, Type.UTF8, false, text);
const oid = (dotted: string) => asn1.create(Class.UNIVERSAL, Type.OID, false, asn1.oidToDer(dotted).getBytes());
const octets = (node: Node) => asn1.create(Class.UNIVERSAL, Type.OCTETSTRING, false, asn1.toDer(node).getBytes());
const time = (at: number) =>
  asn1.create(Class.UNIVERSAL, Type.UTCTIME, false, asn1.dateToUtcTime(new Date(at)) as unknown as string);

function altName(hostname: string): Node {
  const name = asn1.create(Class.CONTEXT_SPECIFIC, DNS_NAME as forge.asn1.Type, false, hostname);
  return sequence(oid(OID.subjectAltName), octets(sequence(name)));
}

function notACa(): Node {
  const critical = asn1.create(Class.UNIVERSAL, Type.BOOLEAN, false, '\xff');
  return sequence(oid(OID.basicConstraints), critical, octets(sequence()));
}
