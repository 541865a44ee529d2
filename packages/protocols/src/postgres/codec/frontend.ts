import { ProtocolError } from '@hoop/core';
import { CANCEL_REQUEST, GSSENC_REQUEST, SSL_REQUEST } from './build.js';
import { type FrameRules, frameRules, LONGEST } from './cutter.js';
import { Fields, hex, int32At, text } from './fields.js';

/** PostgreSQL's MAX_STARTUP_PACKET_LENGTH; the length counts itself. */
export const STARTUP_MOST = 10_000;
/** What must be read whole to be recorded. Longer ones are answered with 54000. */
export const INSPECTED_MOST = 64 * 1024 * 1024;
/** PostgreSQL's PQ_SMALL_MESSAGE_LIMIT. */
const SMALL = 10_000;

/** What a client may send once it is in. CopyData streams; all else is small, or has to be read whole. */
export const FRONTEND: FrameRules = frameRules({
  Q: [INSPECTED_MOST, INSPECTED_MOST],
  P: [INSPECTED_MOST, INSPECTED_MOST],
  B: [INSPECTED_MOST, INSPECTED_MOST],
  F: [INSPECTED_MOST, INSPECTED_MOST],
  E: [SMALL, SMALL],
  D: [SMALL, SMALL],
  C: [SMALL, SMALL],
  S: [SMALL, SMALL],
  H: [SMALL, SMALL],
  X: [SMALL, SMALL],
  c: [SMALL, SMALL],
  f: [SMALL, SMALL],
  d: [0, LONGEST],
});

/** A packet without a type byte: what a client sends first. */
export type Startup =
  | { kind: 'need' }
  | { kind: 'ssl'; size: number }
  | { kind: 'gssenc'; size: number }
  | { kind: 'cancel'; size: number; process: number; secret: Uint8Array }
  | { kind: 'startup'; size: number; minor: number; parameters: Map<string, string> }
  | { kind: 'wrong'; major: number };

/** Reads a startup packet off the front of `bytes`. A length out of bounds is a `ProtocolError` before more is read. */
export function readStartup(bytes: Uint8Array): Startup {
  if (bytes.length < 4) return { kind: 'need' };
  const size = int32At(bytes, 0);
  if (size < 8 || size > STARTUP_MOST) throw new ProtocolError('invalid length of startup packet');
  if (bytes.length < size) return { kind: 'need' };
  const code = int32At(bytes, 4);
  if (code === SSL_REQUEST && size === 8) return { kind: 'ssl', size };
  if (code === GSSENC_REQUEST && size === 8) return { kind: 'gssenc', size };
  if (code === CANCEL_REQUEST) return cancel(bytes, size);
  if (code >>> 16 !== 3) return { kind: 'wrong', major: code >>> 16 };
  return { kind: 'startup', size, minor: code & 0xffff, parameters: startupParameters(bytes, size) };
}

/** A secret of 4 bytes in protocol 3.0, of up to 256 from 3.2 on. */
function cancel(bytes: Uint8Array, size: number): Startup {
  if (size < 16 || size > 12 + 256) throw new ProtocolError('invalid length of cancel request');
  return { kind: 'cancel', size, process: int32At(bytes, 8), secret: bytes.slice(12, size) };
}

function startupParameters(bytes: Uint8Array, size: number): Map<string, string> {
  const fields = new Fields(bytes, 8, size);
  const parameters = new Map<string, string>();
  for (;;) {
    const name = fields.string();
    if (name === '') break;
    parameters.set(name, fields.string());
  }
  if (fields.left > 0) throw new ProtocolError('invalid startup packet layout: expected terminator as last byte');
  return parameters;
}

/** PostgreSQL's NAMEDATALEN, less the closing zero. */
const NAME_MOST = 63;

/**
 * The name of a statement or a portal, as the server knows it: of a longer one it looks at 63 bytes only. What a name
 * beyond ASCII is there depends on the client's encoding: two names here could be one there, so it is not taken.
 */
function readName(fields: Fields): string {
  const name = fields.string();
  if (/^[\x01-\x7f]*$/.test(name)) return name.slice(0, NAME_MOST);
  throw new ProtocolError('the name of a statement or portal has to be ASCII');
}

/** The text of a Query. */
export function readQuery(fields: Fields): string {
  return whole(fields, fields.string());
}

export interface ParseMessage {
  name: string;
  text: string;
  /** Oids of its parameters' types; 0 where the server is to find it out. */
  types: readonly number[];
}
export function readParse(fields: Fields): ParseMessage {
  const name = readName(fields);
  const statement = fields.string();
  const types: number[] = [];
  // What the server refuses, it refuses in its own words.
  if (fields.left >= 2)
    for (let left = fields.count(); left > 0 && fields.left >= 4; left--) types.push(fields.int32() >>> 0);
  return { name, text: statement, types };
}

export interface BindMessage {
  portal: string;
  statement: string;
  /** Text as it is, binary as `\x…`, null for NULL. */
  parameters: (string | null)[];
  /** Which of them came in binary. */
  binary: readonly boolean[];
  /** Format codes of the result's columns: none (all text), one for all, or one each. */
  formats: readonly number[];
}
export function readBind(fields: Fields): BindMessage {
  const portal = readName(fields);
  const statement = readName(fields);
  const { values: parameters, binary } = readArguments(fields);
  const formats = readFormats(fields);
  return whole(fields, { portal, statement, parameters, binary, formats });
}

/** Format codes, then values: the same in Bind and in FunctionCall. */
function readArguments(fields: Fields): { values: (string | null)[]; binary: boolean[] } {
  const formats = readFormats(fields);
  const values: (string | null)[] = [];
  const binary: boolean[] = [];
  for (let index = 0, count = fields.count(); index < count; index++) {
    const length = fields.int32();
    const isBinary = (formats.length === 1 ? formats[0] : formats[index]) === 1;
    binary.push(isBinary);
    values.push(length === -1 ? null : shown(fields.bytes(length), isBinary));
  }
  return { values, binary };
}

const TEXT: readonly number[] = [];

/** None stands for text throughout. */
function readFormats(fields: Fields): readonly number[] {
  const count = fields.count();
  if (count === 0) return TEXT;
  const formats: number[] = [];
  for (let index = 0; index < count; index++) formats.push(fields.count());
  return formats;
}

const shown = (value: Uint8Array, binary: boolean): string => (binary ? `\\x${hex(value)}` : text(value));

export interface FunctionCall {
  oid: number;
  parameters: (string | null)[];
}
export function readFunctionCall(fields: Fields): FunctionCall {
  const oid = fields.int32() >>> 0;
  const { values: parameters } = readArguments(fields);
  fields.count();
  return whole(fields, { oid, parameters });
}

export interface ExecuteMessage {
  portal: string;
  /** 0 for all. */
  most: number;
}
export const readExecute = (fields: Fields): ExecuteMessage =>
  whole(fields, { portal: readName(fields), most: fields.int32() });

/** What Describe and Close name. */
export interface Target {
  kind: 'statement' | 'portal';
  name: string;
}
export function readTarget(fields: Fields): Target {
  const kind = fields.byte();
  if (kind !== 0x53 && kind !== 0x50) throw new ProtocolError('Describe or Close of neither a statement nor a portal');
  return whole(fields, { kind: kind === 0x53 ? 'statement' : 'portal', name: readName(fields) });
}

function whole<T>(fields: Fields, value: T): T {
  if (fields.left > 0) throw new ProtocolError('a message is longer than its fields');
  return value;
}
