import {
  type CancelKey,
  concat,
  type Dialled,
  type FlowContext,
  Inbox,
  ProtocolError,
  type Refusal,
  type Script,
} from '@hoop/core';
import {
  authenticationOk,
  backendKeyData,
  NEWEST_MINOR,
  negotiateProtocolVersion,
  readyForQuery,
} from '../codec/build.js';
import { utf8 } from '../codec/fields.js';
import { readStartup, type Startup } from '../codec/frontend.js';
import type { UpstreamGreeting } from '../connect.js';
import type { Knowledge } from '../knowledge.js';
import type { Conversation } from './conversation.js';
import { Readings } from './readings.js';
import { steers, unsafeParameter } from './settings.js';

type Hello = Extract<Startup, { kind: 'startup' }>;
const REFUSED = Symbol('refused');

/**
 * From the first byte to the first ReadyForQuery: reads the startup packet, opens the upstream, and greets the client
 * with what the upstream said. Returns the bytes that the client has sent behind it; null if the flow has ended.
 */
export function* startup(conversation: Conversation): Script<Uint8Array | null> {
  const inbox = new Inbox();
  const hello = yield* readHello(inbox);
  if (hello === null) return null;
  const wanted = choose(hello, conversation.flow.databases);
  if ('refusal' in wanted) {
    yield { do: 'refuse', refusal: wanted.refusal };
    return null;
  }
  const { user, database } = wanted;
  const learned = yield* learn(conversation.flow, hello, database);
  if (learned !== undefined && !learned.ok) {
    yield { do: 'refuse', refusal: learned.refusal };
    return null;
  }
  const dialled = (yield { do: 'dial', database, user, parameters: hello.parameters }) as Dialled;
  if (!dialled.ok) {
    yield { do: 'refuse', refusal: dialled.refusal };
    return null;
  }
  const greeting = dialled.greeting as UpstreamGreeting;
  if (learned !== undefined) {
    const { read } = conversation;
    conversation.readings = new Readings(
      read,
      database,
      learned.greeting as Knowledge,
      greeting.path ?? [],
      steers(hello.parameters),
    );
  }
  const application = hello.parameters.get('application_name');
  yield {
    do: 'note',
    entry: { kind: 'opened', database, user, ...(application === undefined ? {} : { application }) },
  };
  yield* greet(conversation, hello, greeting);
  return inbox.take(inbox.length);
}

/** What a reader of statements must know; undefined where nothing is read. */
function* learn(flow: FlowContext, { parameters }: Hello, database: string): Script<Dialled | undefined> {
  if (!flow.reads) return undefined;
  const refusal = unsafeParameter(parameters);
  if (refusal !== undefined) return { ok: false, refusal };
  return (yield { do: 'learn', database, anew: false }) as Dialled;
}

/** The startup packet, behind at most one SSLRequest and one GSSENCRequest, as PostgreSQL has it. */
function* readHello(inbox: Inbox): Script<Hello | null> {
  const asked = new Set<string>();
  for (;;) {
    const packet = read(inbox);
    if (packet === REFUSED) return yield* refuse(inbox, 'the startup packet is malformed');
    if (packet.kind === 'need') {
      const chunk = (yield { do: 'read' }) as Uint8Array | null;
      if (chunk === null) return yield* leave();
      inbox.push(chunk);
    } else if (packet.kind === 'ssl' || packet.kind === 'gssenc') {
      if (asked.has(packet.kind)) return yield* refuse(inbox, 'encryption was asked for twice');
      asked.add(packet.kind);
      inbox.take(packet.size);
      yield { do: 'send', to: 'client', bytes: utf8('N'), boundary: true };
    } else if (packet.kind === 'cancel') {
      return yield* cancel({ process: packet.process, secret: packet.secret });
    } else if (packet.kind === 'wrong') {
      return yield* refuse(inbox, `unsupported frontend protocol ${packet.major}`, '0A000');
    } else {
      inbox.take(packet.size);
      return packet;
    }
  }
}

function read(inbox: Inbox): Startup | typeof REFUSED {
  try {
    return readStartup(inbox.peek());
  } catch (error) {
    if (error instanceof ProtocolError) return REFUSED;
    throw error;
  }
}

function* refuse(inbox: Inbox, message: string, native?: string): Script<null> {
  inbox.take(inbox.length);
  yield { do: 'refuse', refusal: { code: 'protocol', message, native } };
  return null;
}

function* cancel(key: CancelKey): Script<null> {
  yield { do: 'cancel', key };
  return yield* leave();
}

function* leave(): Script<null> {
  yield { do: 'close', end: 'client' };
  return null;
}

/** Design §6: the user is ignored; the database is the connection's default unless the client names one it lists. */
function choose(
  { parameters }: Hello,
  databases: readonly string[],
): { user: string; database: string } | { refusal: Refusal } {
  const user = parameters.get('user') ?? '';
  if (user === '') {
    return { refusal: { code: 'protocol', message: 'no user name in the startup packet', native: '28000' } };
  }
  if (isReplication(parameters.get('replication'))) return { refusal: REPLICATION };
  const named = parameters.get('database') ?? '';
  const fallback = databases[0];
  if (named !== '' && databases.includes(named)) return { user, database: named };
  if (fallback !== undefined && (named === '' || named === user)) return { user, database: fallback };
  return { refusal: noSuchDatabase(named === '' ? user : named, databases) };
}

const noSuchDatabase = (named: string, databases: readonly string[]): Refusal => ({
  code: 'no-such-database',
  message: `database "${named}" is not part of this connection; it has: ${databases.join(', ')}`,
  hint: 'Name one of them, or none for the first.',
});

const REPLICATION: Refusal = {
  code: 'protocol',
  native: '0A000',
  message: 'replication is not available through hoop',
  hint: 'A replication stream cannot be judged or recorded statement by statement.',
};

/** PostgreSQL reads the parameter as a boolean, or as `database`. */
const isReplication = (value: string | undefined): boolean =>
  value !== undefined && !['', 'false', 'off', 'no', '0', 'f', 'n', 'of', 'fa', 'fal', 'fals'].includes(value);

/** As PostgreSQL 18 mints them from protocol 3.2 on; up to 256 bytes are allowed. */
const LONG_SECRET = 32;

/** All that stands before the first query, in one flight, with a key of ours in place of the upstream's. */
function* greet(conversation: Conversation, hello: Hello, greeting: UpstreamGreeting): Script {
  const { flow } = conversation;
  const unknown = [...hello.parameters.keys()].filter((name) => name.startsWith('_pq_.'));
  const bytes: Uint8Array[] = [];
  const minor = Math.min(hello.minor, NEWEST_MINOR);
  if (hello.minor > minor || unknown.length > 0) bytes.push(negotiateProtocolVersion(minor, unknown));
  bytes.push(authenticationOk(), greeting.frames);
  if (greeting.key !== undefined) {
    flow.ownCancelKey(greeting.key);
    conversation.key = flow.mintCancelKey(minor < 2 ? 4 : LONG_SECRET);
    bytes.push(backendKeyData(conversation.key));
  }
  bytes.push(readyForQuery(greeting.status));
  yield { do: 'send', to: 'client', bytes: concat(bytes), boundary: true };
  conversation.greeting = greeting;
  conversation.opened.raise();
}
