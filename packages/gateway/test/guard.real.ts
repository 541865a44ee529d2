import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { Cluster, newAuthority, passableFolder, testAccount } from '@hoop/testkit';
import { Client, type QueryResult } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ALICE, CAROL, flowHead, type Laptop } from './laptop.js';
import { Rig } from './rig.js';

/**
 * Guardrails and masks of a gateway.yaml on a real server, through the tunnel: what must not run does not run and leaves the
 * server as it was, what was decided is on record, and `explain` says the same before.
 */

const PACKS = ['destructive-ddl', 'unbounded-writes', 'privilege-changes', 'server-files', 'session-tampering'];
const rules = [
  { name: 'scratch', relations: ['public.scratch'], then: 'observe' },
  { name: 'slow', functions: ['pg_catalog.pg_sleep*'], then: 'hold', hint: 'ask dba@shop.example' },
  { name: 'careful', kinds: ['insert'], relations: ['public.notes'], then: 'warn', message: 'notes are read aloud' },
  { name: 'no-dumps', matches: '(?i)\\bevery_secret\\b', then: 'deny' },
];
const masks = { columns: [{ columns: ['public.people.email'], way: 'partial' }], exempt: ['security'] };
const guardrails = { packs: PACKS, rules };
const ROLES = { all: { groups: ['dba', 'security'], connect: ['*'] } };

const folder = passableFolder('hoop-guard-');
let cluster: Cluster;
let rig: Rig;
let alice: Laptop;
let carol: Laptop;
let connections: object;

beforeAll(async () => {
  const authority = await newAuthority();
  cluster = await Cluster.make({ folder: join(folder, 'pg'), authority, account: testAccount(), empty: true });
  writeFileSync(join(folder, 'ca.pem'), authority.certificate);
  writeFileSync(join(folder, 'password'), cluster.superPassword);
  const upstream = { protocol: 'postgres', host: 'localhost', port: cluster.port, listen: 5432, user: 'postgres' };
  const login = { password: `file:${join(folder, 'password')}`, tls: { ca: join(folder, 'ca.pem') } };
  connections = { 'pg-prod': { ...upstream, ...login, databases: ['postgres'], contact: 'dba@shop.example' } };
  rig = await Rig.start({ connections, roles: ROLES, guardrails, masks });
  [alice, carol] = [rig.laptop(), rig.laptop()];
  await alice.login(rig.idp, ALICE);
  await carol.login(rig.idp, CAROL);
  await direct(SCHEMA);
});
afterAll(async () => {
  await rig?.stop();
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const SCHEMA = `
  CREATE TABLE people (id int PRIMARY KEY, name text, email text);
  INSERT INTO people VALUES (1, 'Ann', 'ann-quokka@canary.example'), (2, 'Ben', 'ben-okapi@canary.example');
  CREATE TABLE notes (id int, body text);
  CREATE TABLE scratch (id int);
  CREATE FUNCTION purge() RETURNS int LANGUAGE plpgsql AS $$ BEGIN DELETE FROM people; RETURN 1; END $$;
  CREATE FUNCTION dynamic(command text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN EXECUTE command; RETURN 1; END $$;
`;

/** Straight to the server. */
async function direct(sql: string): Promise<QueryResult> {
  const options = { host: 'localhost', port: cluster.port, user: 'postgres', database: 'postgres' };
  const client = new Client({ ...options, password: cluster.superPassword, ssl: { rejectUnauthorized: false } });
  await client.connect();
  try {
    return await client.query(sql);
  } finally {
    await client.end();
  }
}

interface Through {
  client: Client;
  notices: string[];
}

/** A client of that laptop's, its bytes carried by an uplink. */
async function through<T>(laptop: Laptop, use: (it: Through) => Promise<T>): Promise<T> {
  const server = createServer((socket) => void carry(socket, laptop));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new Client({ host: '127.0.0.1', port: portOf(server), user: 'x', database: 'postgres' });
  const notices: string[] = [];
  client.on('notice', ({ severity, message }) => notices.push(`${severity}: ${message}`));
  client.on('error', () => {});
  try {
    await client.connect();
    return await use({ client, notices });
  } finally {
    await client.end();
    server.close();
  }
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

async function carry(socket: Socket, laptop: Laptop): Promise<void> {
  socket.on('error', () => {});
  socket.pause();
  const link = await laptop.open(flowHead('pg-prod', 5432));
  link.heard = (bytes) => void socket.write(bytes);
  link.socket.on('close', () => socket.end());
  socket.on('data', (bytes: Buffer) => link.channel.send(bytes, true));
  socket.on('end', () => link.channel.finish());
  socket.resume();
}

const state = async () => (await direct('SELECT (SELECT count(*) FROM people) || current_user AS state')).rows[0];

test.each([
  ['DROP TABLE people', 'destructive-ddl', /DROP TABLE removes public\.people, which cannot be had back/],
  ['TRUNCATE people', 'destructive-ddl', /TRUNCATE/],
  ['ALTER TABLE people DROP COLUMN email', 'destructive-ddl', /ALTER TABLE/],
  ['UPDATE people SET name = name', 'unbounded-writes', /changes all of public\.people/],
  ['DELETE FROM people WHERE true', 'unbounded-writes', /this DELETE has no WHERE of its own/],
  ['CREATE ROLE eve SUPERUSER', 'privilege-changes', /changes who may do what/],
  ['GRANT ALL ON people TO PUBLIC', 'privilege-changes', /changes who may do what/],
  ["SELECT pg_read_file('postgresql.conf')", 'server-files', /reaches files/],
  ["COPY scratch TO '/tmp/scratch'", 'server-files', /reaches files/],
  ["COPY scratch TO PROGRAM 'cat'", 'server-files', /reaches files/],
  ['SET ROLE pg_read_all_data', 'session-tampering', /changes who the session is/],
  ['SET standard_conforming_strings = off', 'session-tampering', /how its statements are read/],
  ['SELECT purge()', 'unbounded-writes', /changes all of public\.people/],
  ['SELECT 1; DROP TABLE people', 'destructive-ddl', /DROP TABLE/],
  ['SELECT pg_sleep(0)', 'slow', /needs a review on pg-prod/],
  ['SELECT 1 AS every_SECRET', 'no-dumps', /pg-prod does not allow this SELECT/],
])('%s is refused, and says by what', async (sql, rule, message) => {
  await through(alice, async ({ client }) => {
    const before = await state();
    const said = { code: '42501', message: expect.stringMatching(message), hint: expect.any(String) };
    await expect(client.query(sql)).rejects.toMatchObject(said);
    if (!sql.includes(';')) await expect(client.query({ text: sql, values: [] })).rejects.toMatchObject(said);
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    expect(await state()).toEqual(before);
  });
  expect((await rig.audited('statement-refused')).at(-1)).toMatchObject({ person: ALICE.email, rule });
  const explained = await alice.api().explain({ name: 'pg-prod', body: { text: sql } });
  expect(explained).toMatchObject({ verdict: 'deny', rule, reason: expect.stringMatching(message) });
});

test('what was not understood is refused, with why', async () => {
  await through(alice, async ({ client }) => {
    await expect(client.query("SELECT dynamic('DELETE FROM people')")).rejects.toMatchObject({ code: '42501' });
    const typo = { code: '42601', message: 'syntax error at or near "SELEC"' };
    await expect(client.query('SELEC 1')).rejects.toMatchObject(typo);
  });
  expect((await direct('SELECT count(*)::int AS n FROM people')).rows).toEqual([{ n: 2 }]);
  const { commands } = await alice.api().explain({ name: 'pg-prod', body: { text: "SELECT dynamic('SELECT 1')" } });
  expect(commands[0]).toMatchObject({ class: 'unknown', unknown: expect.stringContaining('dynamic') });
});

test('what a rule lets through runs: observed, or with a warning that the person sees', async () => {
  await through(alice, async ({ client, notices }) => {
    await client.query('INSERT INTO scratch VALUES (1)');
    await client.query('DELETE FROM scratch');
    await client.query('TRUNCATE scratch');
    expect(notices).toEqual([]);
    await client.query("INSERT INTO notes VALUES (1, 'x')");
    expect(notices).toEqual(['WARNING: guardrail careful: notes are read aloud']);
    await expect(client.query('TRUNCATE scratch, people')).rejects.toMatchObject({ code: '42501' });
  });
  const [session] = await alice.api().sessions({});
  const { record } = await alice.api().session({ id: session?.id ?? '' });
  expect(record.map(({ verdict, rule, matched }) => [verdict, rule ?? matched?.[0]?.rule])).toEqual([
    ['allow', 'scratch'],
    ['allow', 'scratch'],
    ['allow', 'scratch'],
    ['allow', 'careful'],
    ['deny', 'destructive-ddl'],
  ]);
  expect(JSON.stringify(await rig.record())).not.toContain('"readings"');
  expect((await rig.audited('statement-warned')).at(-1)).toMatchObject({ rule: 'careful', session: session?.id });
});

test('a masked column is masked for who is not exempt, and explained as that', async () => {
  const sql = 'SELECT id, email AS mail FROM people ORDER BY id';
  const seen = (laptop: Laptop) => through(laptop, async ({ client }) => (await client.query(sql)).rows[0].mail);
  const masked = await seen(alice);
  expect(masked).toMatch(/^\*/);
  expect(masked).not.toContain('quokka');
  expect(await seen(carol)).toBe('ann-quokka@canary.example');
  const [session] = (await alice.api().sessions({})).filter(({ rows }) => rows === 2);
  const { record } = await alice.api().session({ id: session?.id ?? '' });
  expect(record).toMatchObject([{ text: sql, masked: [{ rule: 'public.people.email', cells: 2 }] }]);
  const { commands, verdict } = await alice.api().explain({ name: 'pg-prod', body: { text: sql } });
  expect(verdict).toBe('allow');
  expect(commands[0]?.outputs).toMatchObject([
    { name: 'id', columns: ['public.people.id'] },
    { name: 'mail', columns: ['public.people.email'], exact: true, mask: { way: 'partial' } },
  ]);
  const range = await alice
    .api()
    .explain({ name: 'pg-prod', body: { text: "SELECT id FROM people WHERE email > 'b'" } });
  expect(range).toMatchObject({ verdict: 'deny', rule: 'public.people.email' });
});

test('a literal beside a masked column is not on record', async () => {
  await through(alice, async ({ client }) => {
    const found = await client.query("SELECT id FROM people WHERE email = 'ben-okapi@canary.example'");
    const bound = await client.query('SELECT id FROM people WHERE email = $1', ['ben-okapi@canary.example']);
    expect([found.rows, bound.rows]).toEqual([[{ id: 2 }], [{ id: 2 }]]);
  });
  expect(JSON.stringify(await rig.record())).not.toContain('okapi');
});

test('what is explained is not run, and nothing of it reaches the server', async () => {
  const text = 'UPDATE people SET name = $$explained-only$$ WHERE id = 1';
  expect(await alice.api().explain({ name: 'pg-prod', body: { text } })).toMatchObject({ verdict: 'allow' });
  expect(readFileSync(cluster.logPath, 'utf8')).not.toContain('explained-only');
  expect((await direct('SELECT name FROM people WHERE id = 1')).rows).toEqual([{ name: 'Ann' }]);
});

test('a reload is in force for the next statement of a live flow', async () => {
  await through(alice, async ({ client }) => {
    await client.query('SELECT 1');
    const freeze = { name: 'freeze', classes: ['read'], then: 'deny', message: 'an incident is on' };
    rig.gateway.reload(rig.config({ connections, guardrails: { packs: PACKS, rules: [freeze] }, masks, roles: ROLES }));
    await expect(client.query('SELECT 1')).rejects.toMatchObject({
      message: expect.stringContaining('an incident is on'),
    });
    rig.gateway.reload(rig.config({ connections, guardrails, masks, roles: ROLES }));
    await client.query('SELECT 1');
  });
});
