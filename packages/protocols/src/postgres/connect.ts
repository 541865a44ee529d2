import {
  type ConnectOptions,
  type ConnectScript,
  concat,
  type Dialled,
  ProtocolError,
  type Refusal,
  type SecureScript,
  type TlsFacts,
} from '@hoop/core';
import { type BackendKey, readBackendKey, readParameterStatus, readRow, readStatus } from './codec/backend.js';
import { cancelRequest, NEWEST_MINOR, query, sslRequest, startupMessage } from './codec/build.js';
import { text } from './codec/fields.js';
import { PINNED, pathOf, unpinned } from './engine/settings.js';
import { ALPN } from './greet.js';
import { authenticate, OLDER } from './login/authenticate.js';
import { type Dialling, LoginReader } from './login/messages.js';
import { refusedByUpstream, unfit } from './login/refused.js';

/** What the upstream said until it was ready: `Dialled.greeting` of this protocol. */
export interface UpstreamGreeting {
  /** ParameterStatus and NoticeResponse frames, as they came. */
  frames: Uint8Array;
  parameters: ReadonlyMap<string, string>;
  /** Absent where the upstream cannot be cancelled (some poolers). */
  key: BackendKey | undefined;
  status: 'I' | 'T' | 'E';
  /** The search paths that may be in force, where the flow reads. */
  path?: readonly (readonly string[])[] | undefined;
  /** What came behind the first ReadyForQuery. */
  rest: Uint8Array;
}

/** Logs in to the upstream as the gateway. https://www.postgresql.org/docs/current/protocol-flow.html */
export function* connect(options: ConnectOptions): ConnectScript {
  try {
    return yield* logIn(options);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return refuse({ ...unfit('broke the protocol during the login'), detail: error.message });
  }
}

/**
 * With 3.2 first. A server that knows the negotiation answers with what it speaks, at no cost; one that does not, such
 * as an older pooler, refuses or hangs up, and is asked again with 3.0.
 */
export function* logIn(options: ConnectOptions): ConnectScript {
  const dialled = yield* attempt(options, NEWEST_MINOR);
  if (dialled !== OLDER) return dialled;
  yield { do: 'redial' };
  const again = yield* attempt({ ...options, secured: undefined }, 0);
  return again === OLDER ? refuse(unfit('closed the connection during the login')) : again;
}

function* attempt(
  { login, database, parameters, tls, secured, reads }: ConnectOptions,
  minor: number,
): Dialling<Dialled | typeof OLDER> {
  if (login === undefined) return refuse(unfit('asks for a user, and the connection has no credential'));
  const facts = tls === 'disable' ? undefined : (secured ?? (yield* secure()));
  if (facts === false) return refuse(unfit('does not offer TLS'));
  yield { do: 'write', bytes: startupMessage(startupPairs(login.user, database, parameters, reads), minor) };
  const reader = new LoginReader();
  const refusal = yield* authenticate(reader, login, facts, minor);
  if (refusal === OLDER) return OLDER;
  if (refusal !== undefined) return refuse(refusal);
  const dialled = yield* becomeReady(reader);
  return dialled.ok && reads === true ? yield* askMeaning(reader, dialled.greeting) : dialled;
}

const refuse = (refusal: Refusal): Dialled & { ok: false } => ({ ok: false, refusal });

/** False where the server has no TLS. More than its one byte would have been said in plaintext (CVE-2021-23222). */
export function* secure(): SecureScript {
  yield { do: 'write', bytes: sslRequest() };
  const answer = (yield { do: 'read' }) as Uint8Array | null;
  if (answer === null) throw new ProtocolError('the server closed the connection before TLS');
  if (answer.length !== 1) throw new ProtocolError('the server sent more than its answer to SSLRequest');
  if (answer[0] !== 0x53) return false;
  return (yield { do: 'start-tls', alpn: ALPN }) as TlsFacts;
}

/** The client's own settings go along; who it is, where it goes and how the stream is read are the gateway's to say. */
function* startupPairs(
  user: string,
  database: string,
  parameters: ReadonlyMap<string, string>,
  reads = false,
): Generator<readonly [string, string]> {
  yield ['user', user];
  yield ['database', database];
  for (const [name, value] of parameters) {
    if (OURS.has(name) || name.startsWith('_pq_.') || (reads && PINNED.has(name.toLowerCase()))) continue;
    yield [name, value];
  }
  if (reads) yield* PINNED;
}
const OURS: ReadonlySet<string> = new Set(['user', 'database', 'replication']);

type Ready = { ok: true; greeting: UpstreamGreeting } | (Dialled & { ok: false });

/** From AuthenticationOk to the first ReadyForQuery. */
function* becomeReady(reader: LoginReader): Dialling<Ready> {
  const frames: Uint8Array[] = [];
  let held = 0;
  const parameters = new Map<string, string>();
  let key: BackendKey | undefined;
  for (;;) {
    const message = yield* reader.next();
    if (message === undefined) return refuse(unfit('closed the connection during the login'));
    const { type, frame, fields } = message;
    if (type === 'E') return refuse(refusedByUpstream(fields));
    if (type === 'Z') {
      const status = readStatus(fields.byte());
      const greeting: UpstreamGreeting = { frames: concat(frames), parameters, key, status, rest: reader.rest() };
      return { ok: true, greeting };
    }
    if (type === 'K') key = readBackendKey(fields);
    else if (type === 'S' || type === 'N') frames.push(frame);
    else throw new ProtocolError('a message that does not belong to a login');
    if (type === 'S') {
      const { name, value } = readParameterStatus(fields);
      parameters.set(name, value);
    }
    held += frame.length;
    if (frames.length > FRAMES_MOST || held > HELD_MOST)
      throw new ProtocolError('too many messages before the server is ready');
  }
}
const FRAMES_MOST = 1000;
/** Bytes of them. A server of today says less than 2 KiB. */
const HELD_MOST = 1024 * 1024;

const MEANING = "SELECT pg_catalog.current_setting('search_path'), current_user::pg_catalog.text";

/** What statements mean in this session: its settings are as they must be, and where it looks for names. */
function* askMeaning(reader: LoginReader, greeting: UpstreamGreeting): Dialling<Dialled> {
  for (const [name, value] of greeting.parameters) {
    const refusal = unpinned(name, value);
    if (refusal !== undefined) return refuse(refusal);
  }
  yield { do: 'write', bytes: query(MEANING) };
  let path: readonly string[] = [];
  for (;;) {
    const message = yield* reader.next();
    if (message === undefined) return refuse(unfit('closed the connection during the login'));
    const { type, fields } = message;
    if (type === 'E') return refuse(refusedByUpstream(fields));
    if (type === 'D') {
      const [setting, user] = readRow(fields).map((cell) => (cell === null ? '' : text(cell)));
      path = pathOf(setting ?? '', user ?? '');
    }
    if (type === 'Z') return { ok: true, greeting: { ...greeting, path: [path], rest: reader.rest() } };
  }
}

/** Asks the server, on a connection of its own, to cancel what `key` runs. It answers nothing and closes. */
export function* cancel(key: BackendKey, tls: 'verify-full' | 'disable'): ConnectScript {
  try {
    if (tls === 'verify-full' && (yield* secure()) === false) return refuse(unfit('does not offer TLS'));
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return refuse({ ...unfit('broke the protocol before a cancel request'), detail: error.message });
  }
  yield { do: 'write', bytes: cancelRequest(key) };
  yield { do: 'read' };
  return { ok: true, greeting: undefined };
}
