import { once } from 'node:events';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import type { WireConnection } from '@hoop/contracts/gateway';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { GREETINGS } from '../src/greetings.js';
import { type Arrived, TestGateway } from './support/gateway.js';
import { credentialFor, dial, freePort, type Laptop, laptop, readAll } from './support/laptop.js';

/** What a page in a browser sends to a port of a protocol that hoop does not know. */
let gateway: TestGateway;
let on: Laptop;
let raw: WireConnection;
let heard: Buffer;
let arrived: PromiseWithResolvers<Arrived>;

beforeEach(async () => {
  heard = Buffer.alloc(0);
  arrived = Promise.withResolvers();
  gateway = await new TestGateway((flow) => {
    arrived.resolve(flow);
    flow.onData = (bytes) => {
      heard = Buffer.concat([heard, bytes]);
      flow.channel.consumed(bytes.length, true);
      flow.channel.send(Buffer.from('said'), true);
    };
    flow.onFin = () => flow.channel.finish();
  }).start();
  raw = { name: 'raw', protocol: 'tcp', port: await freePort(), state: 'granted' };
  gateway.connections = [raw];
  on = await laptop({ gateway, greetings: GREETINGS });
});
afterEach(async () => {
  await on[Symbol.asyncDispose]();
  await gateway.stop();
});

const refused = () => on.until((state) => state.refused.protocol > 0).then((state) => state.refused.protocol);
const asked = (host: string, ...more: string[]) => ['GET / HTTP/1.1', `Host: ${host}`, ...more, '', ''].join('\r\n');
const answered = async (client: Socket) => String((await once(client, 'data'))[0]);

describe('a page’s request', () => {
  test.each([
    ['after rebinding', asked('evil.example'), 'HTTP/1.1 421 '],
    ['across origins', asked('raw.hoop', 'Origin: http://evil.example'), 'HTTP/1.1 403 '],
  ])('%s is answered here and counted, and nothing of it goes on', async (_, text, answer) => {
    const client = await dial(on, 'raw');
    const all = readAll(client);
    client.write(text.slice(0, 9));
    client.write(text.slice(9));
    expect((await all).startsWith(answer)).toBe(true);
    expect(await refused()).toBe(1);
    await on.until((state) => state.connections[0]?.flows === 0);
    expect(heard.length).toBe(0);
  });

  test('that comes while there is no login is looked at all the same', async () => {
    (await dial(on, 'raw')).destroy();
    on.credentials.credential = undefined;
    on.credentials.atWork = 'renewal';
    const client = await dial(on, 'raw');
    const all = readAll(client);
    client.write(asked('evil.example'));
    await on.until((state) => state.waiting === 1);
    // Whoever comes later waits, too: so what the first one said has been read.
    const later = await dial(on, 'raw');
    await on.until((state) => state.waiting === 2);
    on.credentials.atWork = undefined;
    on.credentials.set(credentialFor(gateway));
    expect(await all).toContain('HTTP/1.1 421 ');
    expect(await refused()).toBe(1);
    expect(heard.length).toBe(0);
    later.destroy();
  });

  test('that ends before its head does goes nowhere', async () => {
    const client = await dial(on, 'raw');
    const all = readAll(client);
    client.end('GET / HTTP/1.1\r\nHost: raw.hoop\r\n');
    expect(await all).toContain('HTTP/1.1 421 ');
    expect(heard.length).toBe(0);
  });

  test('on a connection that a person’s own page has left open goes nowhere', async () => {
    const client = await dial(on, 'raw');
    const host = `${client.remoteAddress}:${raw.port}`;
    const own = asked(host, 'Sec-Fetch-Site: none');
    client.write(own);
    expect(await answered(client)).toBe('said');
    client.write(own);
    expect(await answered(client)).toBe('said');
    const all = readAll(client);
    client.write(asked(host, 'Sec-Fetch-Site: cross-site'));
    expect(await all).toBe('');
    expect(await refused()).toBe(1);
    expect(heard.toString()).toBe(own + own);
  });

  test('nor does one behind a body that goes on after the answer began, or behind a whole request in one piece', async () => {
    const evil = (host: string) => asked(host, 'Sec-Fetch-Site: cross-site');
    const client = await dial(on, 'raw');
    const host = `${client.remoteAddress}:${raw.port}`;
    const post = asked(host, 'Sec-Fetch-Site: same-origin', 'Content-Length: 8').replace('GET', 'POST');
    client.write(`${post}BODY`);
    expect(await answered(client)).toBe('said');
    const all = readAll(client);
    client.write(`\x01ORE${evil(host)}`);
    await all;
    expect(await refused()).toBe(1);
    expect(heard.toString()).toBe(`${post}BODY\x01ORE`);
  });

  test('to a server that speaks first is not answered, and goes nowhere', async () => {
    const client = await dial(on, 'raw');
    (await arrived.promise).channel.send(Buffer.from('220 mail\r\n'), false);
    expect(await answered(client)).toBe('220 mail\r\n');
    const all = readAll(client);
    client.write(asked('evil.example'));
    expect(await all).toBe('');
    expect(heard.length).toBe(0);
  });
});

describe('everybody else', () => {
  test('asks by name', async () => {
    const client = await dial(on, 'raw');
    const text = asked(`raw.hoop:${raw.port}`);
    client.write(text);
    expect(await answered(client)).toBe('said');
    expect(heard.toString()).toBe(text);
    client.destroy();
  });

  test('asks by Node’s own client', async () => {
    const client = await dial(on, 'raw');
    const headers = { host: `raw.default.hoop:${raw.port}` };
    const asking = request({ host: client.remoteAddress, port: raw.port, headers }).end();
    // The answer is none of HTTP's.
    await once(asking, 'error');
    client.destroy();
    expect(heard.toString()).toContain('GET / HTTP/1.1\r\nhost: raw.default.hoop');
  });

  test('is heard at once if it speaks something else, shortly after if that may become a request, at its end if it ends', async () => {
    const sent = ['\x01\x02', 'HELO bob\r\n', 'ruok'];
    for (const text of sent) {
      heard = Buffer.alloc(0);
      const client = await dial(on, 'raw');
      client.write(text);
      expect(await answered(client)).toBe('said');
      expect(heard.toString()).toBe(text);
      client.destroy();
    }
    heard = Buffer.alloc(0);
    const client = await dial(on, 'raw');
    const all = readAll(client);
    client.end('ruok');
    expect(await all).toBe('said');
    expect(heard.toString()).toBe('ruok');
  });
});
