import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WireConnection } from '@hoop/contracts/gateway';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { echo, TestGateway } from './support/gateway.js';
import { dial, freePort, laptop, readAll } from './support/laptop.js';

let gateway: TestGateway;
let raw: WireConnection;
const held: net.Server[] = [];

beforeEach(async () => {
  gateway = await new TestGateway(echo).start();
  raw = { name: 'raw', protocol: 'tcp', port: await freePort(), state: 'granted' };
  gateway.connections = [raw];
});
afterEach(async () => {
  for (const server of held.splice(0)) server.close();
  await gateway.stop();
});

async function hold(address: string, port: number): Promise<void> {
  const server = net.createServer();
  held.push(server);
  server.listen({ host: address, port, exclusive: true });
  await once(server, 'listening');
}

test('somebody on every address: a stable high port, the holder by name, no answer to the bare name', async () => {
  await hold('0.0.0.0', raw.port);
  const on = await laptop({ gateway });
  const state = await on.until(({ connections }) => connections.length === 1);
  const [row] = state.connections;
  expect(row).toMatchObject({
    state: 'blocked',
    reach: { address: '127.0.0.1', byName: false },
    holder: expect.stringContaining(`(pid ${process.pid}) on 0.0.0.0:${raw.port}`),
    hint: 'hoop setup cures it; hoop connect raw reaches it all the same',
  });
  const client = await dial(on, 'raw');
  const answer = readAll(client);
  client.end('all the same');
  expect(await answer).toBe('all the same');
  const { address, port } = state.daemon.resolver!;
  expect(await addressesOf('raw.hoop', address, port)).toEqual([]);
  // A canary is answered for as long as hoopd runs, whatever its connections do.
  const canary = await addressesOf('_canary-1.hoop', address, port);
  expect(canary).toEqual([expect.stringMatching(/^127\./)]);
  expect(await addressesOf('_canary-1.hoop', address, port)).toEqual(canary);
  // Nobody foretells it, by hoopd's address or by another name's.
  expect(canary).not.toEqual([address]);
  expect(await addressesOf('_canary-2.hoop', address, port)).not.toEqual(canary);
  await on[Symbol.asyncDispose]();
});

test('a squatter on our very address: the name is withdrawn, and the next start has the same address', async () => {
  const home = mkdtempSync(join(tmpdir(), 'hoop-squat-'));
  const before = await laptop({ gateway, home });
  const free = await before.until(({ connections }) => connections[0]?.state === 'ready');
  const { address } = free.connections[0]!;
  const { resolver } = free.daemon;
  expect(await addressesOf('raw.hoop', resolver!.address, resolver!.port)).toEqual([address]);
  await before[Symbol.asyncDispose]();

  await hold(address, raw.port);
  const squatted = await laptop({ gateway, home });
  const blocked = await squatted.until(({ connections }) => connections.length === 1);
  expect(blocked.connections[0]).toMatchObject({ address, state: 'blocked', reach: { byName: false } });
  expect(await addressesOf('raw.hoop', resolver!.address, resolver!.port)).toEqual([]);
  const high = blocked.connections[0]!.reach.port;
  await squatted[Symbol.asyncDispose]();

  const again = await laptop({ gateway, home });
  const still = await again.until(({ connections }) => connections.length === 1);
  expect(still.connections[0]!.reach.port).toBe(high);
  await again[Symbol.asyncDispose]();
  rmSync(home, { recursive: true });
});

test('two daemons of one user have a /24 each', async () => {
  const [one, two] = [await laptop({ gateway }), await laptop({ gateway })];
  const [a, b] = await Promise.all([one, two].map((on) => on.until(({ connections }) => connections.length === 1)));
  expect(a!.connections[0]!.address).not.toBe(b!.connections[0]!.address);
  expect([a!, b!].map((state) => state.connections[0]!.state)).toEqual(['ready', 'ready']);
  await one[Symbol.asyncDispose]();
  await two[Symbol.asyncDispose]();
});

describe('where set-up has led', () => {
  const home = () => mkdtempSync(join(tmpdir(), 'hoop-led-'));
  const firstIn = async (folder: string) => {
    const on = await laptop({ gateway, home: folder });
    const { address } = on.daemon.state().daemon.resolver!;
    await on[Symbol.asyncDispose]();
    return { address, subnet: Number(address.split('.')[2]) };
  };

  test.each([
    ['UDP', ['udp']],
    ['TCP', ['tcp']],
    ['UDP and TCP', ['udp', 'tcp']],
  ])('it stays, whoever holds it (%s): they are named, and it is taken once it is free', async (what, transports) => {
    const folder = home();
    const { address, subnet } = await firstIn(folder);
    const place = { address, port: await freePort() };
    const route = () => ({ subnet, place, uid: process.getuid?.() });
    const lock = await holding(address, 5377);
    const squatters = await Promise.all(
      transports.map((one) => (one === 'udp' ? holdingUdp(place) : holding(address, place.port))),
    );
    for (let start = 0; start < 2; start++) {
      const on = await laptop({ gateway, home: folder, route });
      const { daemon, problems } = await on.daemon.retry();
      expect(daemon.resolver?.address).toBe(transports.includes('udp') ? undefined : address);
      expect(problems.map(({ code, message }) => `${code}: ${message}`)).toEqual([
        expect.stringContaining(`${what} ${address}:${place.port} is held by`),
        expect.stringContaining('resolver-open: any user'),
      ]);
      expect(problems[0]!.message).toContain(`(pid ${process.pid})`);
      const listed = await on.until(({ connections }) => connections.length === 1);
      expect(listed.connections[0]!.address.startsWith(`127.77.${subnet}.`)).toBe(true);
      if (start === 1) {
        for (const end of squatters) await end();
        const free = await on.until((state) => state.problems.every(({ code }) => code !== 'resolver'));
        expect(free.daemon.resolver).toMatchObject(place);
        const named = await addressesOf('raw.hoop', place.address, place.port);
        expect(named).toEqual([listed.connections[0]!.address]);
      }
      await on[Symbol.asyncDispose]();
    }
    await lock();
    rmSync(folder, { recursive: true });
  });

  test('a hoopd that runs goes where a set-up leads, and says so while anybody could be there', async () => {
    const folder = home();
    const { address, subnet } = await firstIn(folder);
    let route: { subnet: number; place: { address: string; port: number }; uid: undefined } | undefined;
    const on = await laptop({ gateway, home: folder, route: () => route });
    expect(on.daemon.state().problems).toEqual([]);
    const place = { address, port: await freePort() };
    route = { subnet, place, uid: undefined };
    const led = await on.daemon.retry();
    expect(led.daemon.resolver).toMatchObject(place);
    expect(led.problems).toMatchObject([{ code: 'resolver-open', hint: 'hoop setup' }]);
    route = undefined;
    const back = await on.daemon.retry();
    expect(back.daemon.resolver).toMatchObject({ address, port: 5377 });
    expect(back.problems).toEqual([]);
    await on[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  test('somebody else’s set-up is not followed', async () => {
    const folder = home();
    const { address, subnet } = await firstIn(folder);
    const route = () => ({ subnet, place: { address, port: 12 }, uid: 47_001 });
    await using on = await laptop({ gateway, home: folder, route });
    expect(on.daemon.state().daemon.resolver).toMatchObject({ address, port: 5377 });
    rmSync(folder, { recursive: true });
  });
});

async function holding(address: string, port: number): Promise<() => Promise<unknown>> {
  const server = net.createServer();
  server.listen({ host: address, port, exclusive: true });
  await once(server, 'listening');
  return () => new Promise((closed) => server.close(closed));
}

async function holdingUdp({ address, port }: { address: string; port: number }): Promise<() => Promise<unknown>> {
  const socket = createSocket('udp4');
  socket.bind(port, address);
  await once(socket, 'listening');
  return () => new Promise<void>((closed) => socket.close(closed));
}

async function addressesOf(name: string, server: string, port: number): Promise<string[]> {
  const resolver = new Resolver({ timeout: 2_000, tries: 1 });
  resolver.setServers([`${server}:${port}`]);
  return resolver.resolve4(name).catch(() => []);
}
