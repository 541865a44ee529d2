import { hash as digest } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { RecordLine } from '@hoop/controls';
import { type Entry, type Output, shownRows } from '@hoop/core';
import * as z from 'zod';

/**
 * The record's lines, JSON each. A *batch* is what one turn of the event loop appended: its entries, then a chain line
 * with the SHA-256 of (previous hash ‖ the entries' bytes), and each entry's CRC-32, which tells a broken entry from
 * its neighbours. A segment starts with a header line that carries the hash the segment before ended with.
 */

/** What was decided, about people rather than statements. In the same chain as the sessions. */
export interface AuditLine {
  kind: 'audit';
  event: AuditEvent;
  /** The person it is about, if known. */
  person?: string | undefined;
  subject?: string | undefined;
  /** Who did it, if not that person: `host` for commands on the gateway's own machine. */
  by?: string | undefined;
  address?: string | undefined;
  connection?: string | undefined;
  port?: number | undefined;
  session?: string | undefined;
  /** Of a session's statements, by number. */
  statement?: number | undefined;
  /** The guardrail, mask or review that decided. */
  rule?: string | undefined;
  /** The database role that a session had. */
  role?: string | undefined;
  code?: string | undefined;
  message?: string | undefined;
}
export type AuditEvent =
  | 'started'
  | 'stopped'
  | 'login'
  | 'login-refused'
  | 'logout'
  | 'certificate'
  | 'certificate-refused'
  | 'uplink-refused'
  | 'flow-refused'
  | 'flow-revoked'
  | 'config-reloaded'
  | 'config-refused'
  | 'identity-disabled'
  | 'identity-enabled'
  | 'sessions-looked-at'
  | 'session-looked-at'
  | 'connection-explained'
  | 'statement-refused'
  | 'statement-warned'
  | 'statement-observed'
  | 'session-recovered'
  | 'role-given'
  | 'role-dropped'
  | 'role-left'
  | 'record-torn'
  | 'record-broken'
  | 'record-lost';

export type Line = RecordLine | AuditLine;

export const Header = z.strictObject({
  segment: z.number().int(),
  version: z.literal(1),
  /** The gateway's id: of its record key. */
  gateway: z.string(),
  /** Ed25519 public key that seals are signed with; SubjectPublicKeyInfo, base64 of the DER. */
  key: z.string(),
  /** The hash that the segment before ended with; zeros in the first. */
  previous: z.string(),
  /** The number of the segment's first entry. */
  first: z.number().int(),
});
export type Header = z.infer<typeof Header>;
export interface Chain {
  first: number;
  last: number;
  previous: string;
  hash: string;
  crc: number[];
  /** The bytes before are what a crash left of a batch: kept, not counted. */
  torn?: true;
}
export const Seal = z.strictObject({
  segment: z.number().int(),
  entry: z.number().int(),
  hash: z.string(),
  signature: z.string(),
});
export type Seal = z.infer<typeof Seal>;

export const ZEROS = '0'.repeat(64);
export const CHAIN = '{"chain":';
export const SEAL = '{"seal":';

/** The entry without its number, which it gets when it is written. */
export function encode(line: Line, at: number): string {
  if (line.kind !== 'entry') return `"at":${at},${JSON.stringify(line).slice(1)}\n`;
  const { session, entry } = line;
  return `"at":${at},"kind":"entry","session":${JSON.stringify(session)},"entry":${JSON.stringify(shown(entry))}}\n`;
}

export const numbered = (n: number, encoded: string) => `{"n":${n},${encoded}`;
export const headerLine = (header: Header) => `${JSON.stringify(header)}\n`;
export const chainLine = (chain: Chain) => `${CHAIN}${JSON.stringify(chain)}}\n`;
export const sealLine = (seal: Seal) => `${SEAL}${JSON.stringify(seal)}}\n`;
export const sealed = (gateway: string, seal: Omit<Seal, 'signature'>) =>
  Buffer.from(`hoop-record/1:${gateway}:${seal.segment}:${seal.entry}:${seal.hash}`);

export function hashOf(previous: string, lines: Uint8Array | string): string {
  if (typeof lines === 'string') return digest('sha256', previous + lines, 'hex');
  return digest('sha256', Buffer.concat([Buffer.from(previous), lines]), 'hex');
}

export const crcOf = (bytes: Uint8Array | string) => crc32(bytes);

/** Cells as text, as the person saw them. */
export interface ShownOutput {
  kind: 'output';
  statement: number;
  columns: string[];
  rows: (string | null)[][];
}

/** Milliseconds to the microsecond: the clock's own digits beyond are noise. */
export const micros = (ms: number) => Math.round(ms * 1000) / 1000;

function shown(entry: Entry): Entry | ShownOutput {
  if (entry.kind === 'finished') return { ...entry, ms: micros(entry.ms) };
  return entry.kind === 'output' ? { kind: 'output', statement: entry.statement, ...table(entry.output) } : entry;
}

function table(output: Output): Pick<ShownOutput, 'columns' | 'rows'> {
  if (output.kind === 'message') return { columns: ['message'], rows: [[output.text]] };
  if (output.kind !== 'rows') return { columns: [output.kind], rows: [[hex(output.bytes)]] };
  const formats = output.columns.map((column) => column.format);
  return {
    columns: output.columns.map((column) => column.name),
    rows: Array.from(shownRows(output), (row) =>
      row.map((cell, i) => (cell && formats[i] === 'binary' ? hex(cell) : text(cell))),
    ),
  };
}

const text = (cell: Uint8Array | null) =>
  cell && Buffer.from(cell.buffer, cell.byteOffset, cell.length).toString('utf8');
const hex = (bytes: Uint8Array) => `\\x${Buffer.from(bytes).toString('hex')}`;
