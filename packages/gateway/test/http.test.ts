import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { httpServer } from '../src/api/http.js';

test.each([
  ['headers that never end', 'GET / HTTP/1.1\r\nHost: x\r\n'],
  ['a body that never ends', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\na'],
  ['nothing at all', ''],
])('a connection with %s is closed, though the server listens on nothing itself', async (_, said) => {
  const http = httpServer(new Hono(), { headers: 50, request: 50, check: 20 });
  const front = createServer((socket) => http.emit('connection', socket)).listen(0, '127.0.0.1');
  await once(front, 'listening');
  const client = connect((front.address() as AddressInfo).port, '127.0.0.1');
  client.resume().write(said);
  await once(client, 'close', { signal: AbortSignal.timeout(3_000) });
  expect(client.destroyed).toBe(true);
  http.close();
  front.close();
});
