import { createSecureContext, TLSSocket } from 'node:tls';
import { type Authority, newAuthority } from '@hoop/testkit';
import { beforeAll, expect, test } from 'vitest';
import { UpstreamSocket } from '../src/upstream.js';
import { TestServer } from './rig.js';

const RECORD = 8192;
const RECORDS = 64;
/** A small record, then large ones, each of one byte's value. */
const SENT = [Buffer.from('hello'), ...Array.from({ length: RECORDS }, (_, at) => Buffer.alloc(RECORD, at))];

let ca: Authority;
beforeAll(async () => {
  ca = await newAuthority();
});

/** Over TLS, once its client has said anything: all of `SENT`, the first by itself, and the end. */
async function server() {
  const { key, certificate } = await ca.issue(['localhost']);
  return TestServer.start((plain) => {
    const secureContext = createSecureContext({ key, cert: certificate });
    const secure = new TLSSocket(plain, { isServer: true, secureContext });
    const rest = () => {
      for (const bytes of SENT.slice(1)) secure.write(bytes);
      secure.end();
    };
    secure.on('error', () => {}).once('data', () => secure.write(SENT[0] as Buffer, rest));
  });
}

async function opened(port: number): Promise<UpstreamSocket> {
  const socket = await UpstreamSocket.open('127.0.0.1', port, new AbortController().signal);
  await socket.startTls('localhost', ca.certificate, undefined);
  socket.write(Buffer.from('go'));
  return socket;
}

/** Listens until the end. */
function told(socket: UpstreamSocket, chunks: Uint8Array[]): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.listen({ data: (chunk) => chunks.push(chunk), end: resolve, lost: reject, drain: () => {} });
  });
}

test('what comes in one turn is told as one, in order, and all of it before the end', async () => {
  await using at = await server();
  const socket = await opened(at.port);
  const chunks: Uint8Array[] = [];
  await told(socket, chunks);
  socket.destroy();
  expect(Buffer.concat(chunks).equals(Buffer.concat(SENT))).toBe(true);
  expect(chunks.length).toBeLessThan(RECORDS / 4);
});
