import { randomUUID } from 'node:crypto';
import { type CancelKey, concat, type Note } from '@hoop/core';
import { utf8 } from './fields.js';

/** Protocol 3.x as the startup packet has it, and the request codes that stand in its place. */
export const protocol3 = (minor: number): number => (3 << 16) | minor;
/** The newest minor version spoken here: 3.2 has longer cancel keys (PostgreSQL 18). There is no 3.1. */
export const NEWEST_MINOR = 2;
export const CANCEL_REQUEST = 80877102;
export const SSL_REQUEST = 80877103;
export const GSSENC_REQUEST = 80877104;

/** One message: type byte, Int32 length, fields. An empty type gives the startup packet's form, without the byte. */
export function message(type: string, ...fields: readonly Uint8Array[]): Uint8Array {
  let length = 4;
  for (const field of fields) length += field.length;
  return concat([utf8(type), int32(length), ...fields]);
}

export function int32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value);
  return bytes;
}

export function int16(value: number): Uint8Array {
  const bytes = new Uint8Array(2);
  new DataView(bytes.buffer).setUint16(0, value);
  return bytes;
}

/** A string and its closing zero; zeros inside would end it early, so they are left out. */
export const cstring = (value: string): Uint8Array => utf8(`${value.replaceAll('\0', '')}\0`);

/** Fields of an ErrorResponse or a NoticeResponse that we write. `code` is a SQLSTATE. */
export interface Report {
  severity: 'ERROR' | 'FATAL' | 'NOTICE' | 'WARNING';
  code: string;
  message: string;
  detail?: string | undefined;
  hint?: string | undefined;
  /** Of what is wrong in the statement: its characters are counted from 1. */
  position?: number | undefined;
}

function report(type: 'E' | 'N', { severity, code, message: sentence, detail, hint, position }: Report): Uint8Array {
  const fields = [`S${severity}`, `V${severity}`, `C${code}`, `M${sentence}`];
  if (detail !== undefined) fields.push(`D${detail}`);
  if (hint !== undefined) fields.push(`H${hint}`);
  if (position !== undefined) fields.push(`P${position}`);
  return message(type, ...fields.map(cstring), Uint8Array.of(0));
}

/** https://www.postgresql.org/docs/current/protocol-error-fields.html */
export const errorResponse = (fields: Report): Uint8Array => report('E', fields);

/** A note of ours; 00000 and 01000 are the SQLSTATEs of a notice and a warning. */
export function noticeResponse({ severity, message: sentence, hint }: Note): Uint8Array {
  return severity === 'notice'
    ? report('N', { severity: 'NOTICE', code: '00000', message: sentence, hint })
    : report('N', { severity: 'WARNING', code: '01000', message: sentence, hint });
}

export const authenticationOk = (): Uint8Array => message('R', int32(0));
export const parameterStatus = (name: string, value: string): Uint8Array => message('S', cstring(name), cstring(value));
/** The answer to a FunctionCall; null for NULL. */
export const functionResponse = (value: Uint8Array | null): Uint8Array =>
  value === null ? message('V', int32(-1)) : message('V', int32(value.length), value);
export const notification = (process: number, channel: string, payload: string): Uint8Array =>
  message('A', int32(process), cstring(channel), cstring(payload));
export const backendKeyData = ({ process, secret }: CancelKey): Uint8Array => message('K', int32(process), secret);
/** `status`: I idle, T in a transaction, E in a failed one. */
export const readyForQuery = (status: 'I' | 'T' | 'E'): Uint8Array => message('Z', utf8(status));

/** Tells a client of a newer minor version, or with `_pq_.` options, what is spoken here: this version, none of them. */
export const negotiateProtocolVersion = (minor: number, unknown: readonly string[]): Uint8Array =>
  message('v', int32(protocol3(minor)), int32(unknown.length), ...unknown.map(cstring));

export const sslRequest = (): Uint8Array => message('', int32(SSL_REQUEST));
export const cancelRequest = ({ process, secret }: CancelKey): Uint8Array =>
  message('', int32(CANCEL_REQUEST), int32(process), secret);

export function startupMessage(parameters: Iterable<readonly [string, string]>, minor = NEWEST_MINOR): Uint8Array {
  const pairs = [...parameters].flatMap(([name, value]) => [cstring(name), cstring(value)]);
  return message('', int32(protocol3(minor)), ...pairs, Uint8Array.of(0));
}

/** PasswordMessage, SASLInitialResponse and SASLResponse share their type byte. */
export const passwordMessage = (password: string): Uint8Array => message('p', cstring(password));
export const saslInitialResponse = (mechanism: string, first: string): Uint8Array =>
  message('p', cstring(mechanism), int32(utf8(first).length), utf8(first));
export const saslResponse = (response: string): Uint8Array => message('p', utf8(response));

/** A simple Query. */
export const query = (text: string): Uint8Array => message('Q', cstring(text));
export const describePortal = (name: string): Uint8Array => message('D', utf8('P'), cstring(name));
export const SYNC: Uint8Array = message('S');
export const FLUSH: Uint8Array = message('H');
export const TERMINATE: Uint8Array = message('X');
/**
 * Execute of a portal that does not exist: the server answers 34000, and fails the transaction as for any error. Nobody
 * is told its name, or a client could make a portal of that name and have it run without being judged.
 */
export const EXECUTE_NOTHING: Uint8Array = message('E', cstring(`hoop: refused ${randomUUID()}`), int32(0));
