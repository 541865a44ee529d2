import { ProtocolError, type Refusal, type TlsFacts, type UpstreamLogin } from '@hoop/core';
import { passwordMessage, saslInitialResponse, saslResponse } from '../codec/build.js';
import type { Fields } from '../codec/fields.js';
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

/** Answers the server's authentication until it says Ok. `facts` are there where TLS is. */
export function* authenticate(
  reader: LoginReader,
  login: UpstreamLogin,
  facts: TlsFacts | undefined,
): Dialling<Refusal | undefined> {
  for (;;) {
    const message = yield* reader.next();
    if (message === undefined) return unfit('closed the connection during the login');
    if (message.type === 'N') continue;
    const request = requestOf(message);
    if (typeof request === 'object') return request;
    if (request === OK) return undefined;
    const refusal = yield* answer(request, message.fields, reader, login, facts);
    if (refusal !== undefined || request === SASL) return refusal;
  }
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
