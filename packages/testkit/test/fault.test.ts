import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FaultProxy } from '../src/fault/index.js';

let server: Server;
let proxy: FaultProxy;
const open: Socket[] = [];

beforeEach(async () => {
  server = createServer({ allowHalfOpen: true }, (socket) => {
    open.push(socket);
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy = await FaultProxy.start({ port: (server.address() as AddressInfo).port });
});
afterEach(async () => {
  for (const socket of open.splice(0)) socket.destroy();
  await proxy.close();
  server.close();
});

async function dial(): Promise<Socket> {
  const socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
  open.push(socket);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}
const echo = async (socket: Socket, text: string) => {
  socket.write(text);
  const [bytes] = await once(socket, 'data');
  return String(bytes);
};

describe('the fault proxy', () => {
  test('carries, counts and taps both ways, and half closes', async () => {
    const seen: string[] = [];
    proxy.tap((way, bytes) => seen.push(`${way} ${bytes}`));
    const socket = await dial();
    expect(await echo(socket, 'hello')).toBe('hello');
    socket.end();
    await once(socket, 'end');
    expect(proxy.counts).toEqual({ connections: 1, up: 5, down: 5 });
    expect(seen).toEqual(['up hello', 'down hello']);
  });

  test('delays each way and keeps the order', async () => {
    const socket = await dial();
    await echo(socket, 'warm');
    proxy.delay(30);
    const from = performance.now();
    socket.write('a');
    setImmediate(() => socket.write('b'));
    let got = '';
    while (got.length < 2) got += String((await once(socket, 'data'))[0]);
    expect(got).toBe('ab');
    expect(performance.now() - from).toBeGreaterThanOrEqual(58);
  });

  test('a stall holds bytes back, mending lets them go', async () => {
    const socket = await dial();
    await echo(socket, 'warm');
    proxy.stall('up');
    socket.write('held');
    expect(await echo(await dialThrough(), 'x').catch(() => 'nothing')).toBe('nothing');
    expect(proxy.counts.up).toBe(4);
    proxy.mend();
    expect(String((await once(socket, 'data'))[0])).toBe('held');
  });

  test('a cut resets both ends', async () => {
    const socket = await dial();
    await echo(socket, 'warm');
    const broken = new Promise<string | undefined>((resolve) =>
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code)),
    );
    proxy.cut();
    expect(await broken).toBe('ECONNRESET');
    expect(
      await new Promise((resolve) => (proxy.live === 0 ? resolve(0) : setImmediate(() => resolve(proxy.live)))),
    ).toBe(0);
  });

  test('refuses new links until mended', async () => {
    proxy.refuse();
    const socket = connect({ port: proxy.port, host: '127.0.0.1' });
    const error = await new Promise((resolve) => socket.once('error', resolve));
    expect(error).toMatchObject({ code: 'ECONNRESET' });
    proxy.mend();
    expect(await echo(await dial(), 'again')).toBe('again');
  });
});

/** A second link, whose answer is given up on after a turn of a slow clock. */
async function dialThrough(): Promise<Socket> {
  const socket = await dial();
  setTimeout(() => socket.destroy(new Error('silence')), 50);
  return socket;
}
