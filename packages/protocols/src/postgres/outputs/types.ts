import type { Holds, OutputColumn } from '@hoop/core';
import { hex } from '../codec/fields.js';

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

export const holdsOf = (type: number): Holds => HOLDS.get(type) ?? 'other';

/** How a cell is made text, where its bytes are not that. The text of arrays, records and jsonb lies in their bytes as it is. */
export function readsOf(type: number, format: 'text' | 'binary'): OutputColumn['reads'] {
  if (format === 'text') return type === BYTEA ? readHex : undefined;
  if (type === INT8) return readInt8;
  return type === NUMERIC ? readNumeric : undefined;
}

const BACKSLASH = 0x5c;
const X = 0x78;

/** `\x` and hex; what is not that is bytea's other form, text with escapes. */
function readHex(bytes: Uint8Array, start: number, from: number, to: number): Uint8Array {
  if (bytes[start] !== BACKSLASH || bytes[start + 1] !== X) return bytes.subarray(from, to);
  const first = from + ((from - start) % 2);
  return Buffer.from(
    Buffer.from(bytes.buffer, bytes.byteOffset + first, to - first)
      .toString('latin1')
      .replace('\\x', ''),
    'hex',
  );
}

function readInt8(bytes: Uint8Array, start: number, _from: number, to: number): Uint8Array {
  if (to - start !== 8) return bytes.subarray(start, to);
  return Buffer.from(BigInt.asIntN(64, BigInt(`0x${hex(bytes.subarray(start, to))}`)).toString());
}

/** Digits in groups of four behind a head of eight bytes; the point is left out. */
function readNumeric(bytes: Uint8Array, start: number, _from: number, to: number): Uint8Array {
  const [before, after] = ['', ''].map(() => '') as [string, string];
  let [whole, rest] = [before, after];
  const weight = int16At(bytes, start + 2);
  for (let at = start + 8, group = 0; at + 2 <= to; at += 2, group++) {
    const four = String(int16At(bytes, at)).padStart(4, '0');
    if (group <= weight) whole += four;
    else rest += four;
  }
  return Buffer.from(`${whole.replace(/^0+/, '')}.${rest}`);
}

const int16At = (bytes: Uint8Array, at: number): number =>
  (((bytes[at] as number) << 24) >> 16) | (bytes[at + 1] as number);
