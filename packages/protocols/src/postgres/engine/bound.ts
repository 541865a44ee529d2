import type { Node } from 'libpg-query';
import { hex, text } from '../codec/fields.js';
import type { Catalogue } from '../sql/catalogue.js';
import { constantOf, type Given } from '../sql/given.js';
import type { Portal } from './names.js';

/** What a Bind gives for the parameters of a statement. */
export type Bound = Pick<Portal, 'prepared' | 'parameters' | 'binary'>;

/**
 * What the parameters stand for, as constants. Of a value in binary whose type nobody has told there are two ways to read it: as
 * a number and as a text; then each is one.
 */
export function givenOf({ prepared, parameters, binary }: Bound, catalogue: Catalogue): Given[] {
  const given = (unknown: Decode): Given =>
    parameters.map((value, at) => {
      if (value === null || binary[at] !== true) return constantOf(value);
      const bytes = Buffer.from(value.slice(2), 'hex');
      const type = typeOf(prepared, at);
      return type === 0 ? unknown(bytes) : decoded(bytes, type, catalogue);
    });
  const isTold = parameters.every((value, at) => value === null || binary[at] !== true || typeOf(prepared, at) !== 0);
  return isTold
    ? [given(asNumber)]
    : [given((bytes) => asNumber(bytes) ?? asText(bytes)), given((bytes) => asText(bytes) ?? asNumber(bytes))];
}

/** Oid of a parameter's type as it was told, 0 where nobody has. */
export const typeOf = (prepared: Bound['prepared'], at: number): number =>
  prepared?.types[at] || prepared?.takes?.[at] || 0;

type Decode = (bytes: Buffer) => Node | undefined;

const asText: Decode = (bytes) => (/^[^\x00-\x1f\ufffd]*$/.test(text(bytes)) ? constantOf(text(bytes)) : undefined);
const asNumber: Decode = (bytes) =>
  bytes.length === 8
    ? told(bytes.readBigInt64BE())
    : /^[124]$/.test(`${bytes.length}`)
      ? told(bytes.readIntBE(0, bytes.length))
      : undefined;
const told = (value: unknown): Node => constantOf(String(value));

/** https://www.postgresql.org/docs/current/protocol-overview.html#PROTOCOL-FORMAT-CODES: each type's `send` in the server's source. */
function decoded(bytes: Buffer, type: number, catalogue: Catalogue): Node | undefined {
  const own = DECODES.get(type);
  if (own !== undefined) return bytes.length < own.least ? undefined : own.decode(bytes);
  const user = catalogue.typeByOid.get(type);
  if (isArray(type, catalogue)) return arrayOf(bytes, catalogue);
  if (user === undefined) return undefined;
  if (user.kind === 'd' && user.base !== 0) return decoded(bytes, user.base, catalogue);
  return user.kind === 'e' || user.name === 'citext' ? told(text(bytes)) : undefined;
}

/** Dimensions, a flag, the type of the elements; then each dimension's size and lower bound, and the elements with their lengths. */
function arrayOf(bytes: Buffer, catalogue: Catalogue): Node | undefined {
  if (bytes.length < 12) return undefined;
  const [dimensions, type] = [bytes.readInt32BE(0), bytes.readUInt32BE(8)];
  const elements: (Node | undefined)[] = [];
  for (let at = 12 + 8 * dimensions; at + 4 <= bytes.length; ) {
    const length = bytes.readInt32BE(at);
    const end = at + 4 + Math.max(0, length);
    elements.push(length < 0 ? constantOf(null) : decoded(bytes.subarray(at + 4, end), type, catalogue));
    at = end;
  }
  return elements.includes(undefined) ? undefined : ({ A_ArrayExpr: { elements } } as Node);
}

export const isArray = (type: number, { typeByOid }: Catalogue): boolean =>
  ARRAYS.has(type) || typeByOid.get(type)?.category === 'A';

/** Of numbers, texts, dates and uuids. */
const ARRAYS: ReadonlySet<number> = new Set([
  1000, 1005, 1007, 1009, 1015, 1016, 1021, 1022, 1115, 1182, 1185, 1231, 2951,
]);

/** Days and microseconds count from 2000-01-01. */
const EPOCH = Date.UTC(2000, 0, 1);
const [DAY, FOREVER] = [86_400_000, 2n ** 63n - 1n];

function dateOf(days: number): Node {
  if (days === 2 ** 31 - 1 || days === -(2 ** 31)) return told(days > 0 ? 'infinity' : '-infinity');
  return momentOf(EPOCH + days * DAY);
}

function timestampOf(micros: bigint): Node {
  if (micros === FOREVER || micros === -FOREVER - 1n) return told(micros > 0n ? 'infinity' : '-infinity');
  return momentOf(EPOCH + Number(micros / 1000n));
}

/** What JavaScript has no date for lies beyond all that are meant. */
function momentOf(ms: number): Node {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return told(ms > 0 ? 'infinity' : '-infinity');
  return told(date.getUTCFullYear() < 1 ? '0001-01-01' : date.toISOString().replace(/^\+0*/, ''));
}

function numericOf(bytes: Buffer): Node {
  const [weight, sign] = [bytes.readInt16BE(2), bytes.readUInt16BE(4)];
  if (sign >= 0xc000) return told(sign === 0xc000 ? 'NaN' : sign === 0xd000 ? 'infinity' : '-infinity');
  let value = 0;
  for (let at = 8, power = weight; at + 2 <= bytes.length; at += 2, power--)
    value += bytes.readInt16BE(at) * 10_000 ** power;
  return told(sign === 0x4000 ? -value : value);
}

const uuidOf = (bytes: Buffer): Node => told(hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'));

interface Decoder {
  /** Bytes that it needs. */
  least: number;
  decode(bytes: Buffer): Node;
}
const textual: Decoder = { least: 0, decode: (bytes) => told(text(bytes)) };

/** By oid. https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat */
const DECODES: ReadonlyMap<number, Decoder> = new Map<number, Decoder>([
  ...[18, 19, 25, 114, 142, 705, 1042, 1043].map((type): [number, Decoder] => [type, textual]),
  [16, { least: 1, decode: ([first]) => told(first !== 0) }],
  [17, { least: 0, decode: (bytes) => told(`\\x${hex(bytes)}`) }],
  [20, { least: 8, decode: (bytes) => told(bytes.readBigInt64BE()) }],
  [21, { least: 2, decode: (bytes) => told(bytes.readInt16BE()) }],
  [23, { least: 4, decode: (bytes) => told(bytes.readInt32BE()) }],
  [26, { least: 4, decode: (bytes) => told(bytes.readUInt32BE()) }],
  [700, { least: 4, decode: (bytes) => told(bytes.readFloatBE()) }],
  [701, { least: 8, decode: (bytes) => told(bytes.readDoubleBE()) }],
  [1082, { least: 4, decode: (bytes) => dateOf(bytes.readInt32BE()) }],
  [1114, { least: 8, decode: (bytes) => timestampOf(bytes.readBigInt64BE()) }],
  [1184, { least: 8, decode: (bytes) => timestampOf(bytes.readBigInt64BE()) }],
  [
    1186,
    {
      least: 16,
      decode: (bytes) =>
        told(`${bytes.readInt32BE(12)} mons ${bytes.readInt32BE(8)} days ${Number(bytes.readBigInt64BE()) / 1e6} secs`),
    },
  ],
  [1700, { least: 8, decode: numericOf }],
  [2950, { least: 16, decode: uuidOf }],
  // Behind a byte for its version.
  [3802, { least: 1, decode: (bytes) => told(text(bytes.subarray(1))) }],
]);
