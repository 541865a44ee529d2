import type { Holds, OutputColumn } from '@hoop/core';
import { hex } from '../codec/fields.js';
import type { Catalogue } from '../sql/catalogue.js';

/** Types by what their values are to a mask, by OID. https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat */
const HOLDS: ReadonlyMap<number, Holds> = new Map<number, Holds>([
  ...of('text', 25, 1043, 19, 705), // text, varchar, name, unknown
  ...of('padded', 1042), // bpchar
  ...of('json', 114, 3802), // json, jsonb
  ...of('digits', 20, 1700), // int8, numeric
  ...of('plain', 16, 18, 21, 23, 26, 27, 28, 29, 700, 701), // bool, "char", int2, int4, oid, tid, xid, cid, float4, float8
  ...of('plain', 1082, 1083, 1114, 1184, 1186, 1266, 2950, 3220, 5069, 2278), // dates, times, interval, uuid, pg_lsn, xid8, void
]);

function of(holds: Holds, ...types: readonly number[]): [number, Holds][] {
  return types.map((type) => [type, holds]);
}

const [BYTEA, INT8, NUMERIC] = [17, 20, 1700];

/** What cells of a type hold; of a domain, what its base does. */
export function holdsOf(type: number, catalogue: Catalogue | undefined): Holds {
  const known = HOLDS.get(type);
  if (known !== undefined) return known;
  const user = catalogue?.typeByOid.get(type);
  if (user?.kind === 'd' && user.base !== 0) return holdsOf(user.base, catalogue);
  if (user?.kind === 'e') return 'plain';
  return user?.name === 'citext' ? 'text' : 'other';
}

/** How a cell is made text, where its bytes are not that. The text of arrays, records and jsonb lies in their bytes as it is. */
export function readsOf(type: number, format: 'text' | 'binary'): OutputColumn['reads'] {
  if (format === 'text') return type === BYTEA ? readHex : undefined;
  if (type === INT8) return readInt8;
  return type === NUMERIC ? readNumeric : undefined;
}

const BACKSLASH = 0x5c;
const X = 0x78;

/** `\\x` and hex; what is not that is bytea's other form, text with escapes. */
function readHex(bytes: Uint8Array, start: number, from: number, to: number): Uint8Array {
  if (bytes[start] !== BACKSLASH || bytes[start + 1] !== X) return bytes.subarray(from, to);
  const first = Math.max(start + 2, from + ((from - start) % 2));
  return Buffer.from(
    Buffer.from(bytes.buffer, bytes.byteOffset + first, Math.max(0, to - first)).toString('latin1'),
    'hex',
  );
}

function readInt8(bytes: Uint8Array, start: number, _from: number, to: number): Uint8Array {
  if (to - start !== 8) return bytes.subarray(start, to);
  return Buffer.from(BigInt.asIntN(64, BigInt(`0x${hex(bytes.subarray(start, to))}`)).toString());
}

/** Groups of four digits behind a head of eight bytes, of which `weight` says how many stand before the point, less one. */
function readNumeric(bytes: Uint8Array, start: number, _from: number, to: number): Uint8Array {
  const weight = int16At(bytes, start + 2);
  let whole = '';
  let rest = '';
  for (let at = start + 8, group = 0; at + 2 <= to; at += 2, group++) {
    const four = String(int16At(bytes, at)).padStart(4, '0');
    if (group <= weight) whole += four;
    else rest += four;
  }
  // Groups of zeros at the end are left out.
  for (let group = (to - start - 8) / 2; group <= weight && group < 8; group++) whole += '0000';
  return Buffer.from(`${whole.replace(/^0+/, '')}.${rest}`);
}

const int16At = (bytes: Uint8Array, at: number): number =>
  (((bytes[at] as number) << 24) >> 16) | (bytes[at + 1] as number);
