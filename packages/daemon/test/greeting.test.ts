import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import type { WireConnection } from '@hoop/contracts/gateway';
import type { Greeting } from '@hoop/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GREETINGS } from '../src/greetings.js';
import { type Greeted, greet } from '../src/listeners/greeting.js';
import { Leaves } from '../src/listeners/leaf.js';
import { echo, TestGateway } from './support/gateway.js';
import { dial, freePort, laptop, readAll } from './support/laptop.js';

const SSL_REQUEST = Buffer.from('0000000804d2162f', 'hex');
const GSS_REQUEST = Buffer.from('0000000804d21630', 'hex');
const STARTUP = (() => {
  const body = Buffer.from('\0\x03\0\0user\0bob\0\0', 'latin1');
  const size = Buffer.alloc(4);
  size.writeUInt32BE(body.length + 4);
  return Buffer.concat([size, body]);
})();

const leaves = new Leaves(Date.now);
let server: net.Server;
let client: net.Socket;
let greeted: Promise<Greeted>;

async function start(deadline = 5_000, greeting: Greeting = GREETINGS.postgres): Promise<void> {
  server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  client.on('error', () => {});
  const [socket] = (await once(server, 'connection')) as [net.Socket];
  const context = () => leaves.contextFor(['pg-prod.hoop']);
  greeted = greet(socket, { greeting, tls: { context, alpn: ['postgresql'] }, deadline });
}
beforeEach(() => start());
afterEach(() => {
  client.destroy();
  server.close();
});

const flowOf = async () => {
  const done = await greeted;
  if (done.as !== 'flow') throw new Error(`${done.as}`);
  return done;
};

describe('a PostgreSQL client’s greeting', () => {
  test('startup in the clear opens a flow with all its bytes', async () => {
    client.write(STARTUP);
    expect((await flowOf()).first).toEqual(STARTUP);
  });

  test('startup in pieces of one byte, too', async () => {
    for (const byte of STARTUP) {
      client.write(Buffer.from([byte]));
      await new Promise((next) => setImmediate(next));
    }
    expect((await flowOf()).first).toEqual(STARTUP);
  });

  test('GSSAPI is declined, TLS done here, and the leaf is for the name', async () => {
    client.write(GSS_REQUEST);
    expect(String((await once(client, 'data'))[0])).toBe('N');
    client.write(SSL_REQUEST);
    expect(String((await once(client, 'data'))[0])).toBe('S');
    const secure = tls.connect({ socket: client, servername: 'pg-prod.hoop', rejectUnauthorized: false });
    await once(secure, 'secureConnect');
    expect(tls.checkServerIdentity('pg-prod.hoop', secure.getPeerCertificate())).toBeUndefined();
    expect(tls.checkServerIdentity('other.hoop', secure.getPeerCertificate())).toBeInstanceOf(Error);
    secure.write(STARTUP);
    const { first, stream } = await flowOf();
    expect(first).toEqual(STARTUP);
    stream.write('over TLS');
    expect(String((await once(secure, 'data'))[0])).toBe('over TLS');
  });

  test('direct TLS without ALPN is not taken: nothing says what it is for', async () => {
    const secure = tls.connect({ socket: client, rejectUnauthorized: false });
    secure.on('error', () => {});
    expect(await greeted).toEqual({ as: 'rejected', why: 'direct TLS without the protocol’s ALPN' });
  });

  test('direct TLS for another protocol, as a browser’s, is rejected', async () => {
    const secure = tls.connect({ socket: client, rejectUnauthorized: false, ALPNProtocols: ['h2', 'http/1.1'] });
    secure.on('error', () => {});
    expect(await greeted).toEqual({ as: 'rejected', why: 'direct TLS for another protocol' });
  });

  test('direct TLS with the protocol’s ALPN', async () => {
    const secure = tls.connect({ socket: client, rejectUnauthorized: false, ALPNProtocols: ['postgresql'] });
    await once(secure, 'secureConnect');
    expect(secure.alpnProtocol).toBe('postgresql');
    secure.write(STARTUP);
    expect((await flowOf()).first).toEqual(STARTUP);
  });

  test.each([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: pg-prod.hoop\r\n\r\n')],
    ['a page that posts', Buffer.from('POST / HTTP/1.1\r\nOrigin: http://evil.example\r\n\r\n\0\0\0\x08')],
    ['SSH', Buffer.from('SSH-2.0-OpenSSH_9.2\r\n')],
    ['plaintext behind the request for TLS', Buffer.concat([SSL_REQUEST, STARTUP])],
    ['a length nobody needs', Buffer.from('7fffffff00030000', 'hex')],
  ])('%s is rejected', async (_, bytes) => {
    client.write(bytes);
    expect((await greeted).as).toBe('rejected');
  });

  test('TLS that is none ends without a flow', async () => {
    client.write(SSL_REQUEST);
    await once(client, 'data');
    client.write('this is no handshake');
    expect((await greeted).as).toBe('gone');
  });

  test('a client that goes away is gone', async () => {
    client.write(STARTUP.subarray(0, 5));
    client.end();
    expect((await greeted).as).toBe('gone');
  });
});

test('whatever the protocol says, plaintext behind a request for TLS ends it', async () => {
  client.destroy();
  server.close();
  const trusting: Greeting = {
    speaksFirst: false,
    look: () => ({ step: 'tls', consumed: 4, bytes: Buffer.from('S') }),
    refuse: () => Buffer.alloc(0),
  };
  await start(5_000, trusting);
  client.write('TLS?injected');
  expect(await greeted).toEqual({ as: 'rejected', why: 'bytes behind the request for TLS' });
});

test('half a startup packet, then silence: ended at the deadline', async () => {
  client.destroy();
  server.close();
  await start(50);
  client.write(STARTUP.subarray(0, 5));
  expect((await greeted).as).toBe('gone');
});

test('a browser on a Postgres port: nothing of it reaches the gateway, and it is counted', async () => {
  const gateway = await new TestGateway(echo).start();
  const pg: WireConnection = { name: 'pg', protocol: 'postgres', port: await freePort(), state: 'granted' };
  gateway.connections = [pg];
  const on = await laptop({ gateway, greetings: GREETINGS });
  const page = await dial(on, 'pg');
  const answer = readAll(page);
  page.write('POST / HTTP/1.1\r\nHost: pg.hoop\r\nOrigin: http://evil.example\r\n\r\nx');
  expect(['', 'ECONNRESET']).toContain(await answer);
  await on.until((state) => state.refused.protocol === 1);
  expect(gateway.heads.filter((head) => head.kind === 'flow')).toEqual([]);
  const client = await dial(on, 'pg');
  client.write(STARTUP);
  const [echoed] = (await once(client, 'data')) as [Buffer];
  expect(echoed).toEqual(STARTUP);
  client.destroy();
  await on[Symbol.asyncDispose]();
  await gateway.stop();
});
