import { readFileSync } from 'node:fs';
import type { Cluster } from '@hoop/testkit';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { Sides, type Upstream } from '../../src/index.js';
import { Bridge } from './bridge.js';
import { Minting, minting, prepare } from './minting.js';
import { Site } from './site.js';

const FLOWS = 40;
let site: Site;
let cluster: Cluster;
let upstream: Upstream;
let gateway: Minting;
const bridges: Bridge[] = [];

beforeAll(async () => {
  site = await Site.make();
  cluster = await site.cluster();
  await prepare(cluster);
  const login = { user: 'hoop_gateway', password: cluster.password };
  upstream = site.upstream(cluster, { login: async () => login });
});
afterAll(async () => site?.end());
beforeEach(() => {
  gateway = new Minting();
});
afterEach(async () => {
  await Promise.all(bridges.splice(0).map((bridge) => bridge.close()));
  await gateway.credentials.close();
  expect(gateway.bugs).toEqual([]);
});

const opened = async (of: Upstream, groups: string[] = []) => {
  const bridge = await Bridge.open(of, site.leaf, { groups, credentials: gateway.credentials });
  bridges.push(bridge);
  return bridge;
};
/** Clients whose flows run something that would go on for a minute. */
const sleeping = async (bridge: Bridge, count: number): Promise<Promise<unknown>[]> => {
  const clients = Array.from(
    { length: count },
    () => new Client({ host: '127.0.0.1', port: bridge.port, user: 'alice' }),
  );
  await Promise.all(clients.map((client) => client.connect()));
  const ends = clients.map((client) => {
    client.on('error', () => {});
    return client.query('select pg_sleep(60)').catch((error: unknown) => error);
  });
  await until((now) => now === count);
  return ends;
};
/** What was told to end has a moment for it. */
const until = async (fits: (running: number) => boolean) => {
  while (!fits(await running())) await new Promise((resolve) => setImmediate(resolve));
};
const running = async () => {
  const rows = await cluster.sql(
    "select count(*)::int as n from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'",
  );
  return Number(rows[0]?.n);
};
const DISABLED = { code: 'identity-disabled', message: 'alice is disabled on this gateway' };

test(`${FLOWS} flows that are revoked at once: one statement ends what they run, nothing else`, async () => {
  const bridge = await opened(upstream);
  const bystander = new Client(cluster.config({ user: 'hoop_gateway', password: cluster.password }));
  await bystander.connect();
  const ends = await sleeping(bridge, FLOWS);
  const before = readFileSync(cluster.logPath, 'utf8').length;
  bridge.revoke.abort(DISABLED);
  for (const end of await Promise.all(ends)) expect(end).toMatchObject({ code: '28000' });
  await Promise.all(bridge.outcomes);
  await until((now) => now === 0);
  const log = readFileSync(cluster.logPath, 'utf8').slice(before);
  expect(log.match(/pg_terminate_backend/g)).toHaveLength(1);
  expect(log.match(/terminating connection due to administrator command/g)).toHaveLength(FLOWS);
  expect(log).not.toContain('canceling statement due to user request');
  expect((await bystander.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  await bystander.end();
});

test('what a flow with a role of its own runs ends with the role', async () => {
  const bridge = await opened(minting(site, cluster), ['engineering']);
  const ends = await sleeping(bridge, 3);
  bridge.revoke.abort(DISABLED);
  for (const end of await Promise.all(ends)) expect(end).toMatchObject({ code: '28000' });
  for (const { role } of gateway.news.filter(({ event }) => event === 'role-given'))
    await gateway.until((news) => news.event === 'role-dropped' && news.role === role);
  await until((now) => now === 0);
});

test('a process number that belongs to another by now is left alone', async () => {
  const other = new Client(cluster.config({ user: 'hoop_gateway', password: cluster.password }));
  await other.connect();
  const { rows } = await other.query('select pg_backend_pid() as process');
  const process = Number(rows[0].process);
  const sides = new Sides();
  const place = { upstream, database: 'shop', purpose: 'terminate' } as const;
  const hour = { process, ageMs: 3_600_000 };
  expect(await sides.run(place, { do: 'terminate', backends: [hour] })).toEqual({ ok: true, answer: [] });
  const superuser = { process: Number((await cluster.sql('select pg_backend_pid() as p'))[0]?.p), ageMs: 0 };
  expect(await sides.run(place, { do: 'terminate', backends: [superuser] })).toEqual({ ok: true, answer: [] });
  expect((await other.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  const ended = new Promise((resolve) => other.on('error', resolve));
  const now = { process, ageMs: 0 };
  expect(await sides.run(place, { do: 'terminate', backends: [now] })).toEqual({ ok: true, answer: [process] });
  await ended;
  sides.close();
});

test('an upstream that does not find them has each work cancelled', async () => {
  const login = async () => ({ user: 'hoop_gateway', password: cluster.password });
  const moved = { ...upstream, login };
  const bridge = await Bridge.open(moved, site.leaf, {
    credentials: { lease: () => Promise.reject(new Error('not asked for')), terminate: async () => false },
  });
  bridges.push(bridge);
  const ends = await sleeping(bridge, 2);
  bridge.revoke.abort(DISABLED);
  for (const end of await Promise.all(ends)) expect(end).toMatchObject({ code: '28000' });
  await Promise.all(bridge.outcomes);
  await until((now) => now === 0);
});
