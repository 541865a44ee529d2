import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { STAFF } from '../src/idp/people.js';
import { json, logIn, must, nextLine, sqlClient } from '../src/story/index.js';
import { askDns } from '../src/witness/index.js';
import { type Company, found, type Laptop, World } from '../src/world/index.js';

/** One laptop, one hoopd, two companies that know nothing of each other. The tests follow on each other. */

const root = join(import.meta.dirname, '../../..');
const at = mkdtempSync(join(tmpdir(), 'hp-'));
let world: World;
let acme: Company;
let alice: Laptop;
let hoopd: number;

beforeAll(async () => {
  world = await World.prepare({ root, folder: join(at, '.demo') });
  const { company } = world;
  const ours = Promise.all([company.startIdp(), company.startPostgres()]).then(() => company.startGateway());
  [acme] = await Promise.all([world.another('acme'), ours]);
  await world.setUpLaptops(STAFF.slice(0, 1));
  alice = world.laptop('alice');
  ({ pid: hoopd } = (await logIn({ root, world, skipped: [] }, 'alice')).daemon);
}, 120_000);
afterAll(async () => {
  for (const child of open) child.kill();
  await world?.end();
  rmSync(at, { recursive: true, force: true });
});

const open: ChildProcess[] = [];
const stage = () => ({ root, world, skipped: [] });

interface Connection {
  name: string;
  profile?: string;
  hostname: string;
  address: string;
}
interface Status {
  daemon: { pid: number; resolver: { address: string; port: number } };
  login: { gateway: string } | null;
  profiles?: { name: string; login: { gateway: string; state: string } | null }[];
  problems: { code: string; message: string; profile?: string }[];
}
const status = () => json<Status>(alice.hoop('status', '--json'));
const connections = () => json<Connection[]>(alice.hoop('ls', '--json'));
const hostnames = async () => (await connections()).map(({ hostname }) => hostname);
const addressOf = async (hostname: string) => (await connections()).find((one) => one.hostname === hostname)!.address;

/** What a client at that address says, and its exit code. */
const asked = (address: string, statement: string) => alice.run(sqlClient(stage(), address, 5432, statement));

/** A session that stays open, and answers line by line. */
async function session(address: string): Promise<{ ask(statement: string): Promise<string>; child: ChildProcess }> {
  const child = alice.spawn(sqlClient(stage(), address, 5432));
  open.push(child);
  const ask = (statement: string) => {
    child.stdin?.write(`${statement};\n`);
    return nextLine(child);
  };
  expect(await ask('select 1')).toBe('1');
  return { ask, child };
}

const PORT = "select current_setting('port')";
const statementsOf = (company: Company) => JSON.stringify(company.record());

test('a login beside the first one: one hoopd, all names, each leads to its own database', async () => {
  const said = await must(alice.loginAt(acme, 'acme'));
  expect(said.stderr).toContain('its names are like pg-prod.acme.hoop');
  expect((await status()).daemon.pid).toBe(hoopd);
  expect(await hostnames()).toEqual(['pg-prod.hoop', 'pg-support.hoop', 'pg-prod.acme.hoop', 'pg-support.acme.hoop']);
  const { resolver } = (await status()).daemon;
  const names = ['pg-prod.hoop', 'pg-prod.default.hoop', 'pg-prod.acme.hoop'];
  const addresses = await Promise.all(names.map(async (name) => (await askDns(resolver, name)).addresses[0]));
  const [short, long, theirs] = await Promise.all(
    addresses.map(async (address) => (await asked(address!, PORT)).stdout.trim()),
  );
  expect([short, long, theirs]).toEqual(
    [world.company.cluster.port, world.company.cluster.port, acme.cluster.port].map(String),
  );
  const both = names
    .map((name) =>
      sqlClient(stage(), name, 5432, PORT)
        .map((word) => `"${word}"`)
        .join(' '),
    )
    .join('; ');
  const named = await alice.named('sh', '-c', both);
  if (!named.stderr.includes('names cannot be given to a command here'))
    expect(named.stdout.trim().split('\n')).toEqual([short, long, theirs]);
  if (!found('psql')) return;
  const connected = await must(alice.hoop('connect', 'pg-prod.acme', '--', '-Atc', PORT));
  expect(connected.stdout.trim()).toBe(String(acme.cluster.port));
});

test('what is done at one company is in its own record alone', async () => {
  await must(asked(await addressOf('pg-prod.hoop'), "select 'said-to-ours'"));
  await must(asked(await addressOf('pg-prod.acme.hoop'), "select 'said-to-acme'"));
  expect(statementsOf(world.company)).toContain('said-to-ours');
  expect(statementsOf(world.company)).not.toContain('said-to-acme');
  expect(statementsOf(acme)).toContain('said-to-acme');
  expect(statementsOf(acme)).not.toContain('said-to-ours');
  const sessions = await json<unknown[]>(alice.hoop('sessions', 'ls', '--json', '--profile', 'acme'));
  expect(sessions.length).toBeGreaterThan(0);
});

test('acme revokes the person: its session ends natively, the other goes on', async () => {
  const [ours, theirs] = await Promise.all([
    addressOf('pg-prod.hoop').then(session),
    addressOf('pg-prod.acme.hoop').then(session),
  ]);
  const said = text(theirs.child.stderr!);
  await must(acme.gateway('users', 'disable', 'alice@shop.example'));
  theirs.child.stdin?.write('select 2;\n');
  expect(await said).toMatch(/FATAL: {2}28000: /);
  expect(await ours.ask('select 3')).toBe('3');
  const { profiles, login } = await status();
  expect(login?.gateway).toBe(world.company.gatewayUrl);
  expect(profiles?.map(({ name, login: one }) => [name, one?.state])).toEqual([
    ['default', 'active'],
    ['acme', 'expired'],
  ]);
  expect(await alice.hoop('show', 'pg-prod.acme')).toMatchObject({
    code: 4,
    stderr: expect.stringMatching(/has ended/),
  });
  expect((await must(alice.hoop('ls'))).stderr).toContain('profile acme: your login has ended');
});

test('logout of one leaves what is open through the other; hoopd’s next start takes up what is left', async (context) => {
  if (!found('psql')) context.skip('psql: not installed; sudo apt install postgresql-client');
  await must(acme.gateway('users', 'enable', 'alice@shop.example'));
  await must(alice.loginAt(acme, 'acme'));
  await must(alice.hoop('profile', 'use', 'acme'));
  expect(await hostnames()).toEqual([
    'pg-prod.hoop',
    'pg-support.hoop',
    'pg-prod.default.hoop',
    'pg-support.default.hoop',
  ]);
  const ours = await session(await addressOf('pg-prod.default.hoop'));
  const theirs = await session(await addressOf('pg-prod.hoop'));
  await must(alice.hoop('logout', '--profile', 'default'));
  await once(ours.child.stdin!.end('select 1;\n') && ours.child, 'close');
  expect(await theirs.ask(PORT)).toBe(String(acme.cluster.port));
  expect(await hostnames()).toEqual(['pg-prod.hoop', 'pg-support.hoop']);
  if (!alice.record.keyring) return;
  await must(alice.hoop('daemon', 'restart'));
  const again = await status();
  world.processes.adopt('alice-hoopd', again.daemon.pid);
  expect(again.problems).toEqual([]);
  expect(await hostnames()).toEqual(['pg-prod.hoop', 'pg-support.hoop']);
  expect((await asked(await addressOf('pg-prod.hoop'), PORT)).stdout.trim()).toBe(String(acme.cluster.port));
});

test('a profile called as a connection of the default one: who has the name is said; removed, nothing of it is left', async (context) => {
  if (!found('psql')) context.skip('psql: not installed; sudo apt install postgresql-client');
  await must(alice.loginAt(world.company, 'pg-support'));
  const { problems } = await status();
  expect(problems).toMatchObject([{ code: 'name-clash', profile: 'acme' }]);
  expect((await must(alice.hoop('status'))).stdout).toContain('pg-support.hoop is the connection');
  const { resolver } = (await status()).daemon;
  const of = async (name: string) => (await askDns(resolver, name)).addresses[0];
  expect(await of('pg-support.hoop')).toBe(await addressOf('pg-support.hoop'));
  expect(await of('pg-support.pg-support.hoop')).toBe(await addressOf('pg-support.pg-support.hoop'));
  await must(alice.hoop('profile', 'remove', 'pg-support'));
  expect((await status()).problems).toEqual([]);
  expect(await hostnames()).toEqual(['pg-prod.hoop', 'pg-support.hoop']);
});
