import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { type ConnectScript, ProtocolError, type ProtocolSpec } from '@hoop/core';
import { type Authority, newAuthority } from '@hoop/testkit';
import { beforeAll, expect, test } from 'vitest';
import { dial } from '../src/dial.js';
import type { Upstream } from '../src/index.js';
import { UpstreamSocket } from '../src/upstream.js';
import { Lines } from './lines.js';
import { TestServer } from './rig.js';

const parameters = new Map<string, string>();
const never = new AbortController().signal;
const upstreamAt = (port: number, more: Partial<Upstream> = {}): Upstream => ({
  name: 'pg-prod',
  protocol: 'tcp',
  host: '127.0.0.1',
  port,
  tls: 'disable',
  databases: ['shop'],
  record: 'statements',
  ...more,
});
const dialled = (spec: ProtocolSpec, upstream: Upstream, signal = never, deadlineMs = 5_000) =>
  dial({ spec, upstream, database: 'shop', parameters, signal, deadlineMs });

/** As PostgreSQL's SSLRequest: asks in plain, then does TLS, then talks. */
const startTls: ProtocolSpec = {
  ...new Lines().spec,
  *connect(): ConnectScript {
    yield { do: 'write', bytes: Buffer.from('tls?') };
    yield { do: 'read' };
    const facts = yield { do: 'start-tls' };
    yield { do: 'write', bytes: Buffer.from('hello') };
    const answer = yield { do: 'read' };
    return { ok: true, greeting: { facts, answer: Buffer.from(answer as Uint8Array).toString() } };
  },
};

/** Answers `S`, then speaks TLS with the leaf and says `welcome` to what it hears. */
const tlsServer = (leaf: { key: string; certificate: string }) =>
  TestServer.start((plain) => {
    plain.once('data', () => {
      plain.write('S');
      const secureContext = createSecureContext({ key: leaf.key, cert: leaf.certificate });
      const secure = new TLSSocket(plain, { isServer: true, secureContext });
      secure.on('error', () => {}).on('data', () => secure.write('welcome'));
    });
  });

let ca: Authority;
let stranger: Authority;
beforeAll(async () => {
  [ca, stranger] = await Promise.all([newAuthority(), newAuthority('Nobody')]);
});

test('a login is looked up for the dial, and only then', async () => {
  const heard: string[] = [];
  await using server = await TestServer.start((socket) => {
    socket.on('data', (words) => {
      heard.push(String(words));
      socket.write('welcome');
    });
  });
  let asked = 0;
  const login = async () => {
    asked += 1;
    return { user: 'app', password: 'hunter2' };
  };
  const { dialled: answer, socket } = await dialled(new Lines().spec, upstreamAt(server.port, { login }));
  expect(answer).toEqual({ ok: true, greeting: 'welcome' });
  expect(heard).toEqual(['login app hunter2\n']);
  expect(asked).toBe(1);
  socket?.destroy();
});

test('a credential that cannot be read refuses, and says nothing of it', async () => {
  const login = () => Promise.reject(new Error('env:PG_PASSWORD hunter2'));
  const { dialled: answer } = await dialled(new Lines().spec, upstreamAt(1, { login }));
  expect(answer).toMatchObject({ ok: false, refusal: { code: 'upstream-refused' } });
  expect(JSON.stringify(answer)).not.toMatch(/hunter2|PG_PASSWORD/);
});

test.each(['127.0.0.1', 'localhost'])('TLS is verified against the configured roots and the host %s', async (host) => {
  const leaf = await ca.issue(['127.0.0.1', 'localhost']);
  await using server = await tlsServer(leaf);
  const upstream = upstreamAt(server.port, { host, tls: 'verify-full', ca: ca.certificate });
  const { dialled: answer, socket } = await dialled(startTls, upstream);
  expect(answer).toMatchObject({ ok: true, greeting: { answer: 'welcome' } });
  const { facts } = (answer as { greeting: { facts: { certificate: Uint8Array } } }).greeting;
  const pem = leaf.certificate.replace(/-----[^-]+-----|\s/g, '');
  expect(Buffer.from(facts.certificate).toString('base64')).toBe(pem);
  socket?.destroy();
});

test('over TLS, too, each direction ends apart and nothing is left behind', async () => {
  const leaf = await ca.issue(['127.0.0.1']);
  const secureContext = createSecureContext({ key: leaf.key, cert: leaf.certificate });
  await using server = await TestServer.start((plain) => {
    const secure = new TLSSocket(plain, { isServer: true, secureContext });
    secure.pipe(secure);
  });
  const socket = await UpstreamSocket.open('127.0.0.1', server.port, never);
  await socket.startTls('127.0.0.1', ca.certificate, undefined);
  let echoed = 0;
  const ended = new Promise<void>((end, lost) => {
    const data = (chunk: Uint8Array) => {
      echoed += chunk.length;
    };
    socket.listen({ data, end, lost, drain: () => {} });
  });
  socket.write([new Uint8Array(60_000), new Uint8Array(40_000)]);
  socket.finish();
  await ended;
  expect(echoed).toBe(100_000);
  await socket.leave(5_000);
  await once(server.sockets[0]!, 'close');
});

test.each<[string, () => Promise<[Authority, string[], Date?]>, RegExp]>([
  ['another root', async () => [stranger, ['127.0.0.1']], /does not verify/],
  ['another name', async () => [ca, ['db.example']], /ERR_TLS_CERT_ALTNAME_INVALID/],
  ['an expired one', async () => [ca, ['127.0.0.1'], new Date(Date.now() - 1000)], /CERT_HAS_EXPIRED/],
])('a certificate of %s refuses before anything is said', async (_name, build, why) => {
  const [authority, names, until] = await build();
  const leaf = await authority.issue(names, until === undefined ? {} : { until });
  await using server = await tlsServer(leaf);
  const upstream = upstreamAt(server.port, { tls: 'verify-full', ca: ca.certificate });
  const { dialled: answer, socket } = await dialled(startTls, upstream);
  expect(answer).toMatchObject({ ok: false, refusal: { code: 'upstream-refused' } });
  expect(JSON.stringify(answer)).toMatch(why);
  expect(socket).toBeUndefined();
});

test('bytes said in plain before the handshake are not taken for protected ones', async () => {
  await using server = await TestServer.start(() => {});
  const socket = await UpstreamSocket.open('127.0.0.1', server.port, never);
  socket.deafen([Buffer.from('injected')]);
  await expect(socket.startTls('127.0.0.1', ca.certificate, undefined)).rejects.toThrow(ProtocolError);
  socket.destroy();
});

test('an upstream that says nothing is given up after the deadline', async () => {
  await using server = await TestServer.start(() => {});
  const login = async () => ({ user: 'app', password: 'x' });
  const closed = server.next().then((socket: Socket) => once(socket.resume(), 'close'));
  const { dialled: answer } = await dialled(new Lines().spec, upstreamAt(server.port, { login }), never, 60);
  expect(answer).toMatchObject({ ok: false, refusal: { code: 'upstream-unreachable' } });
  await Promise.all([closed, server[Symbol.asyncDispose]()]);
});

test('a flow that ends meanwhile takes its dial with it', async () => {
  await using server = await TestServer.start(() => {});
  const login = async () => ({ user: 'app', password: 'x' });
  const stop = new AbortController();
  const arrived = server.next();
  const answer = dialled(new Lines().spec, upstreamAt(server.port, { login }), stop.signal);
  const socket = await arrived;
  const closed = once(socket.resume(), 'end');
  stop.abort(new Error('revoked'));
  expect((await answer).dialled.ok).toBe(false);
  await closed;
});

test.each([
  ['a name that does not resolve', { host: 'nowhere.invalid' }, /does not resolve/],
  ['a port that nothing listens on', { port: 1 }, /nothing listens there/],
])('%s is told without an address', async (_name, change, why) => {
  const { dialled: answer } = await dialled(new Lines().spec, { ...upstreamAt(1), ...change });
  expect(JSON.stringify(answer)).toMatch(why);
  expect(JSON.stringify(answer)).not.toMatch(/127\.0\.0\.1|nowhere/);
});

test('an upstream that hangs up before it is ready is refused', async () => {
  await using server = await TestServer.start((socket) => void socket.end());
  const login = async () => ({ user: 'app', password: 'x' });
  const { dialled: answer } = await dialled(new Lines().spec, upstreamAt(server.port, { login }));
  expect(answer).toMatchObject({ ok: false, refusal: { code: 'upstream-refused' } });
});
