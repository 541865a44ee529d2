import { FaultProxy } from '@hoop/testkit';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { Ahead } from '../../src/ahead.js';
import { Bridge } from './bridge.js';
import { Site } from './site.js';

let site: Site;
let proxy: FaultProxy;
let bridge: Bridge;

beforeAll(async () => {
  site = await Site.make();
  proxy = await FaultProxy.start({ port: (await site.cluster()).port });
});
afterAll(async () => {
  await proxy?.close();
  await site?.end();
});
beforeEach(async () => {
  const [cluster] = site.clusters;
  if (cluster === undefined) throw new Error('no cluster');
  bridge = await Bridge.open(site.upstream(cluster, { port: proxy.port }), site.leaf);
  Object.assign(proxy.counts, { connections: 0, up: 0, down: 0 });
});
afterEach(async () => {
  await bridge.close();
  expect(bridge.bugs).toEqual([]);
});

async function visit(): Promise<unknown> {
  const client = new Client({ host: '127.0.0.1', port: bridge.port, user: 'alice', database: 'shop' });
  await client.connect();
  const { rows } = await client.query('select 7 as seven');
  await client.end();
  return rows[0]?.seven;
}
/** A short flow, and the connection that is opened behind it; both are up to where a login begins. */
async function visited(): Promise<number> {
  const before = proxy.counts.connections;
  expect(await visit()).toBe(7);
  await vi.waitFor(() => expect([proxy.counts.connections - before, proxy.live]).toEqual([2, 1]));
  let quiet = -1;
  await vi.waitFor(() => {
    const { up } = proxy.counts;
    const same = up === quiet;
    quiet = up;
    expect(same).toBe(true);
  });
  return proxy.counts.connections;
}

test('a flow soon after a short one logs in on what was opened for it', async () => {
  const connections = await visited();
  let atLogin = 0;
  proxy.tap(() => {
    atLogin ||= proxy.counts.connections;
  });
  expect(await visit()).toBe(7);
  proxy.tap(() => {});
  expect(atLogin).toBe(connections);
  // Nobody logs in on the next one: it is closed.
  await vi.waitFor(() => expect(proxy.counts.connections).toBe(connections + 1));
  await vi.waitFor(() => expect(proxy.live).toBe(0), { timeout: 5_000 });
});

test('what the server has closed meanwhile is not used', async () => {
  await visited();
  proxy.cut();
  await vi.waitFor(() => expect(proxy.live).toBe(0));
  expect(await visit()).toBe(7);
});

test('behind a long flow nothing is opened, nor twice', () => {
  const opened = vi.fn(() => new Promise<never>(() => {}));
  const ahead = new Ahead(opened);
  ahead.flowEnded(2_001);
  expect(opened).not.toHaveBeenCalled();
  ahead.flowEnded(10);
  ahead.flowEnded(10);
  expect(opened).toHaveBeenCalledTimes(1);
  expect(ahead.take()).toBeUndefined();
});
