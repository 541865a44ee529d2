import { once } from 'node:events';
import { expect, test } from 'vitest';
import { flowTo, TestServer } from './rig.js';

const echo = () => TestServer.start((socket) => socket.pipe(socket));

test('bytes go both ways; both ends end in order; the record tells it', async () => {
  await using server = await echo();
  const { wire, recorder, outcome } = flowTo(server.port);
  wire.say('hello');
  await wire.until(({ text }) => text === 'hello');
  wire.onEnd();
  expect(await outcome).toEqual({ end: 'client', bytesIn: 5, bytesOut: 5 });
  expect(wire.finished).toBe(true);
  expect(wire.destroyed).toBeUndefined();
  expect(wire.consumedBytes).toBe(5);
  expect(recorder.kinds).toEqual(['session', 'opened', 'end']);
  expect(recorder.lines[0]).toMatchObject({ session: '7kq2', connection: 'pg-prod', protocol: 'tcp' });
});

test('a server that ends first: the client still sends, and what it sends arrives', async () => {
  const { promise: heard, resolve } = Promise.withResolvers<string>();
  await using server = await TestServer.start((socket) => {
    let got = '';
    socket.setEncoding('utf8').on('data', (words) => {
      got += words;
    });
    socket.on('end', () => resolve(got));
    socket.end('that is all');
  });
  const { wire, outcome } = flowTo(server.port);
  await wire.until(({ finished }) => finished);
  expect(wire.text).toBe('that is all');
  wire.say('one more thing');
  wire.onEnd();
  expect(await outcome).toEqual({ end: 'upstream', bytesIn: 14, bytesOut: 11 });
  expect(await heard).toBe('one more thing');
});

test('a chunk that goes straight through is consumed at once, as kept up', async () => {
  await using server = await echo();
  const { wire, outcome } = flowTo(server.port);
  wire.say('early, waits for the dial');
  await wire.until(({ received }) => received === 25);
  expect(wire.consumedLate).toBe(25);
  wire.say('straight');
  expect(wire.consumedBytes).toBe(33);
  expect(wire.consumedLate).toBe(25);
  wire.onEnd();
  await outcome;
});

test('a slow client: the upstream is paused, little is held, and all arrives in the end', async () => {
  const total = 48 * 1024 * 1024;
  await using server = await TestServer.start((socket) => void socket.end(Buffer.alloc(total)));
  const connected = server.next();
  const { wire, outcome } = flowTo(server.port);
  wire.keepsBytes = false;
  wire.room = 1024 * 1024;
  const socket = await connected;
  await wire.until(({ room }) => room <= 0);
  const stalled = wire.received;
  for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate);
  expect(wire.received).toBe(stalled);
  expect(socket.writableLength).toBeGreaterThan(0);
  expect(stalled).toBeLessThan(2 * 1024 * 1024);
  while (wire.received < total) {
    wire.drain(4 * 1024 * 1024);
    await wire.until(({ room, received }) => room <= 0 || received === total);
  }
  await wire.until(({ finished }) => finished);
  wire.onEnd();
  expect(await outcome).toMatchObject({ end: 'upstream', bytesOut: total });
});

test('a slow upstream: the client is not granted more until it reads', async () => {
  let got = 0;
  await using server = await TestServer.start((socket) => {
    socket.pause().on('data', (chunk: Buffer) => {
      got += chunk.length;
    });
  });
  const connected = server.next();
  const { wire, outcome } = flowTo(server.port);
  const socket = await connected;
  await wire.until(() => true);
  const chunk = Buffer.alloc(64 * 1024);
  const window = 1024 * 1024;
  let sent = 0;
  const fill = () => {
    for (; sent - wire.consumedBytes < window && sent < 64 * window; sent += chunk.length) wire.onData(chunk);
  };
  for (let turn = 0; turn < 300; turn++) {
    fill();
    await new Promise(setImmediate);
  }
  expect(sent).toBeLessThan(32 * window);
  const before = wire.consumedBytes;
  socket.resume();
  await wire.until(({ consumedBytes }) => consumedBytes > before);
  fill();
  await wire.until(({ consumedBytes }) => consumedBytes === sent);
  wire.onEnd();
  await once(socket, 'end');
  socket.end();
  expect(await outcome).toMatchObject({ bytesIn: sent });
  expect(got).toBe(sent);
});

test('a client that is gone: the upstream is closed, the record says broken', async () => {
  await using server = await echo();
  const { wire, recorder, outcome } = flowTo(server.port);
  wire.say('x');
  await wire.until(({ text }) => text === 'x');
  const closed = once(server.sockets[0]!, 'close');
  wire.onLost('reset');
  expect(await outcome).toMatchObject({ end: 'broken', refusal: { code: 'link-lost' } });
  await closed;
  expect(recorder.kinds.at(-1)).toBe('end');
});

test('an upstream that breaks: the flow ends, the client is cut after the deadline', async () => {
  await using server = await echo();
  const { wire, outcome } = flowTo(server.port);
  wire.say('x');
  await wire.until(({ text }) => text === 'x');
  server.sockets[0]!.resetAndDestroy();
  expect(await outcome).toMatchObject({ end: 'upstream', refusal: { code: 'upstream-unreachable' } });
  expect(wire.finished).toBe(true);
  expect(wire.destroyed?.why).toMatchObject({ code: 'upstream-unreachable' });
});

test('an upstream that nothing listens on refuses the flow', async () => {
  const server = await echo();
  const { port } = server;
  await server[Symbol.asyncDispose]();
  const { recorder, outcome } = flowTo(port);
  const { refusal } = await outcome;
  expect(refusal).toMatchObject({
    code: 'upstream-unreachable',
    message: 'The gateway cannot reach pg-prod: nothing listens there.',
  });
  expect(recorder.kinds).toEqual(['session', 'end']);
});

test('a thousand flows, one after the other, leave no socket and no cancel key', async () => {
  await using server = await echo();
  const sockets = () => process.getActiveResourcesInfo().filter((one) => one.includes('TCPSocket')).length;
  const timers = () => process.getActiveResourcesInfo().filter((one) => one === 'Timeout').length;
  const [before, timersBefore] = [sockets(), timers()];
  for (let n = 0; n < 1000; n++) {
    const { wire, outcome } = flowTo(server.port);
    wire.say('ping');
    await wire.until(({ text }) => text === 'ping');
    wire.onEnd();
    await outcome;
  }
  await Promise.all(server.sockets.map((socket) => (socket.closed ? undefined : once(socket, 'close'))));
  expect(sockets()).toBe(before);
  expect(timers()).toBeLessThanOrEqual(timersBefore);
});
