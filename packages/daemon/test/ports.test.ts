import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WireConnection } from '@hoop/contracts/gateway';
import { afterEach, beforeEach, expect, test } from 'vitest';
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
  expect(await addressesOf('_canary-1.hoop', address, port)).toEqual([address]);
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

async function addressesOf(name: string, server: string, port: number): Promise<string[]> {
  const resolver = new Resolver({ timeout: 2_000, tries: 1 });
  resolver.setServers([`${server}:${port}`]);
  return resolver.resolve4(name).catch(() => []);
}
