import { ProtocolError, type Refusal, type TlsFacts, type UpstreamLogin } from '@hoop/core';
import { readReport } from '../codec/backend.js';
import { passwordMessage, protocol3, saslInitialResponse, saslResponse } from '../codec/build.js';
import { Fields } from '../codec/fields.js';
import { md5Password } from './md5.js';
import type { Dialling, LoginMessage, LoginReader } from './messages.js';
import { refusedByUpstream, unfit } from './refused.js';
import { bindingFor, Scram } from './scram.js';

/** Authentication requests. https://www.postgresql.org/docs/current/protocol-message-formats.html */
const OK = 0;
const CLEARTEXT = 3;
const MD5 = 5;
const SASL = 10;
const SASL_CONTINUE = 11;
const SASL_FINAL = 12;

/** The server did not take the minor version that was asked for. */
export const OLDER = Symbol('older');

/** Answers the server's authentication until it says Ok. `facts` are there where TLS is. */
export function* authenticate(
  reader: LoginReader,
  login: UpstreamLogin,
  facts: TlsFacts | undefined,
  minor: number,
): Dialling<Refusal | typeof OLDER | undefined> {
  for (let first = true; ; first = false) {
    const message = yield* reader.next();
    if (first && minor > 0 && doesNotKnow(message)) return OLDER;
    if (message === undefined) return unfit('closed the connection during the login');
    if (message.type === 'N') continue;
    if (message.type === 'v') {
      if (!first) throw new ProtocolError('the protocol is negotiated before anything else');
      readNegotiation(message.fields, minor);
      continue;
    }
    const request = requestOf(message);
    if (typeof request === 'object') return request;
    if (request === OK) return undefined;
    const refusal = yield* answer(request, message.fields, reader, login, facts);
    if (refusal !== undefined || request === SASL) return refusal;
  }
}

/** What a server says to a minor version that it has never heard of: an end, "not supported" or "protocol violation". */
function doesNotKnow(message: LoginMessage | undefined): boolean {
  if (message === undefined) return true;
  if (message.type !== 'E') return false;
  const { fields } = message;
  const { code } = readReport(new Fields(message.frame, 5, 5 + fields.left));
  return code === '0A000' || code === '08P01';
}

/** NegotiateProtocolVersion: the newest minor version the server speaks, and the options (we sent none) it does not. */
function readNegotiation(fields: Fields, asked: number): void {
  const version = fields.int32();
  if (version < protocol3(0) || version > protocol3(asked)) throw new ProtocolError('a version that was not asked for');
  if (fields.int32() !== 0) throw new ProtocolError('options that were not asked for');
}

function requestOf(message: LoginMessage): number | Refusal {
  if (message.type === 'E') return refusedByUpstream(message.fields);
  if (message.type !== 'R') throw new ProtocolError('a message that does not belong to a login');
  return message.fields.int32();
}

function* answer(
  request: number,
  fields: Fields,
  reader: LoginReader,
  login: UpstreamLogin,
  facts: TlsFacts | undefined,
): Dialling<Refusal | undefined> {
  if (request === CLEARTEXT) {
    if (facts === undefined) return unfit('asks for the password in clear without TLS');
    yield { do: 'write', bytes: passwordMessage(login.password) };
    return undefined;
  }
  if (request === MD5) {
    const bytes = passwordMessage(md5Password(login.user, login.password, fields.bytes(4)));
    yield { do: 'write', bytes };
    return undefined;
  }
  if (request === SASL) return yield* scram(reader, login, mechanismsOf(fields), facts);
  return unfit(`asks for an authentication that is not spoken here (request ${request})`);
}

function mechanismsOf(fields: Fields): string[] {
  const mechanisms: string[] = [];
  for (let name = fields.string(); name !== ''; name = fields.string()) mechanisms.push(name);
  return mechanisms;
}

/** SASLInitialResponse, -Continue, -Response, -Final, and only then Ok: a server that skips its proof is not believed. */
function* scram(
  reader: LoginReader,
  login: UpstreamLogin,
  mechanisms: readonly string[],
  facts: TlsFacts | undefined,
): Dialling<Refusal | undefined> {
  const binding = bindingFor(mechanisms, facts?.certificate);
  if (binding === undefined) return unfit('offers no SCRAM-SHA-256');
  const exchange = new Scram(login.password, binding);
  yield { do: 'write', bytes: saslInitialResponse(binding.mechanism, exchange.first) };
  for (const [expected, step] of [
    [SASL_CONTINUE, (text: string) => saslResponse(exchange.answer(text))],
    [SASL_FINAL, (text: string) => exchange.verify(text)],
    [OK, () => undefined],
  ] as const) {
    const message = yield* reader.next();
    if (message === undefined) return unfit('closed the connection during the login');
    const request = requestOf(message);
    if (typeof request === 'object') return request;
    if (request !== expected) throw new ProtocolError('SCRAM: the server left a step out');
    const bytes = step(Buffer.from(message.fields.bytes(message.fields.left)).toString('latin1'));
    if (bytes !== undefined) yield { do: 'write', bytes };
  }
  return undefined;
}
