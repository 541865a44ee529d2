import { ProtocolError } from '@hoop/core';
import { type FrameRules, frameRules, LONGEST } from './cutter.js';
import { Fields, text } from './fields.js';

const SMALL = 10_000;
/** An ErrorResponse up to here is read whole, a longer one passes and only its head is looked at. */
const ERROR_WHOLE = 1024 * 1024;
/** Rows up to here are shown whole to a recording of output. */
export const ROW_WHOLE = 1024 * 1024;

const REPLIES = {
  1: [4, 4],
  2: [4, 4],
  3: [4, 4],
  A: [0, LONGEST],
  C: [SMALL, SMALL],
  D: [0, LONGEST],
  E: [ERROR_WHOLE, LONGEST],
  G: [0, SMALL],
  H: [0, SMALL],
  I: [4, 4],
  N: [0, LONGEST],
  S: [SMALL, LONGEST],
  T: [0, LONGEST],
  V: [0, LONGEST],
  W: [SMALL, SMALL],
  Z: [5, 5],
  c: [4, 4],
  d: [0, LONGEST],
  n: [4, 4],
  s: [4, 4],
  t: [SMALL, LONGEST],
} as const;

/** What a server may send once it is ready. Authentication, a second key or a negotiation is not among it. */
export const BACKEND: FrameRules = frameRules(REPLIES);

/** The fields of an ErrorResponse or NoticeResponse that matter here. A missing SQLSTATE is XX000 (CVE-2026-6666). */
export interface ServerReport {
  severity: string;
  code: string;
  message: string;
  detail?: string | undefined;
  hint?: string | undefined;
}

export function readReport(fields: Fields): ServerReport {
  const report: ServerReport = { severity: 'ERROR', code: 'XX000', message: '' };
  while (fields.left > 0) {
    const kind = String.fromCharCode(fields.byte());
    if (kind === '\0') break;
    if (kind === 'V') report.severity = fields.string();
    else if (kind === 'C') report.code = fields.string();
    else if (kind === 'M') report.message = fields.string();
    else if (kind === 'D') report.detail = fields.string();
    else if (kind === 'H') report.hint = fields.string();
    else fields.skipString();
  }
  return report;
}

/** What there is of a report whose frame has not come whole: its first fields. */
export function readReportHead(bytes: Uint8Array, start: number, end: number): ServerReport {
  const last = bytes.subarray(start, end).lastIndexOf(0);
  return readReport(new Fields(bytes, start, last < 0 ? start : start + last + 1));
}

/** The command tag's last number: rows told by SELECT, INSERT, UPDATE, DELETE, MERGE, MOVE, FETCH and COPY. */
export function rowsOf(tag: string): number {
  const space = tag.lastIndexOf(' ');
  const rows = space < 0 ? Number.NaN : Number(tag.slice(space + 1));
  return Number.isSafeInteger(rows) && rows >= 0 ? rows : 0;
}

export interface Column {
  name: string;
  format: 'text' | 'binary';
  /** The type's OID. */
  type: number;
  /** The table's OID and the column's number in it, 0 where it is no table's column. */
  table: number;
  number: number;
}

/** What was described lately, by its bytes: who runs a statement again has it described again. Longer ones are read anew. */
const described = new Map<string, readonly Column[]>();
const DESCRIBED_MOST = 1_000;
const DESCRIBED_LONGEST = 2_048;

/** The columns of a RowDescription, which lies in `bytes` from `start` to `end`; the same array for the same bytes, where it is short. */
export function columnsIn(bytes: Uint8Array, start: number, end: number): readonly Column[] {
  if (end - start > DESCRIBED_LONGEST) return readColumns(new Fields(bytes, start, end));
  const key = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
  const known = described.get(key);
  if (known !== undefined) return known;
  const columns = readColumns(new Fields(bytes, start, end));
  if (described.size >= DESCRIBED_MOST) described.delete(described.keys().next().value as string);
  described.set(key, columns);
  return columns;
}

/** The columns of a RowDescription. */
export function readColumns(fields: Fields): Column[] {
  const columns: Column[] = [];
  for (let left = fields.count(); left > 0; left--) {
    const name = fields.string();
    const table = fields.int32() >>> 0;
    const number = fields.count();
    const type = fields.int32() >>> 0;
    fields.bytes(6); // type size and modifier
    columns.push({ name, type, table, number, format: fields.count() === 1 ? 'binary' : 'text' });
  }
  return columns;
}

/** The cells of a DataRow, as views. */
/** The oids of a ParameterDescription. */
export const readTypes = (fields: Fields): number[] =>
  Array.from({ length: fields.count() }, () => fields.int32() >>> 0);

export function readRow(fields: Fields): (Uint8Array | null)[] {
  const cells: (Uint8Array | null)[] = [];
  for (let left = fields.count(); left > 0; left--) {
    const length = fields.int32();
    cells.push(length === -1 ? null : fields.bytes(length));
  }
  return cells;
}

export interface BackendKey {
  process: number;
  secret: Uint8Array;
}
export function readBackendKey(fields: Fields): BackendKey {
  if (fields.left < 8 || fields.left > 4 + 256) throw new ProtocolError('invalid BackendKeyData');
  return { process: fields.int32(), secret: fields.bytes(fields.left).slice() };
}

export function readParameterStatus(fields: Fields): { name: string; value: string } {
  return { name: fields.string(), value: fields.string() };
}

/** The status byte of a ReadyForQuery. */
export function readStatus(byte: number | undefined): 'I' | 'T' | 'E' {
  if (byte === 0x49) return 'I';
  if (byte === 0x54) return 'T';
  if (byte === 0x45) return 'E';
  throw new ProtocolError('ReadyForQuery with an unknown status');
}

/** The tag of a CommandComplete. */
export const readTag = (bytes: Uint8Array, start: number, end: number): string =>
  text(bytes, start, end > start && bytes[end - 1] === 0 ? end - 1 : end);
