import { readFileSync } from 'node:fs';
import type { Cluster } from '@hoop/testkit';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Upstream } from '../../src/index.js';
import { Bridge } from './bridge.js';
import { issuer, Minting, minting, prepare, sessionRoles } from './minting.js';
import { Site } from './site.js';

describe.each([
  { server: "the machine's own PostgreSQL", embedded: false },
  { server: 'the newest PostgreSQL', embedded: true },
])('credentials that die with the session, on $server', ({ embedded }) => {
  let site: Site;
  let cluster: Cluster;
  let upstream: Upstream;
  let gateway: Minting;
  const bridges: Bridge[] = [];

  beforeAll(async () => {
    site = await Site.make();
    cluster = await site.cluster({ embedded });
    await prepare(cluster);
    upstream = minting(site, cluster);
  });
  afterAll(async () => site?.end());
  beforeEach(() => {
    gateway = new Minting();
    gateway.credentials.configure([upstream]);
  });
  afterEach(async () => {
    await Promise.all(bridges.splice(0).map((bridge) => bridge.close()));
    await gateway.credentials.close();
    expect(gateway.bugs).toEqual([]);
    expect(await sessionRoles(cluster)).toEqual([]);
  });

  const open = async (groups: string[], of = gateway): Promise<Bridge> => {
    const bridge = await Bridge.open(upstream, site.leaf, { groups, credentials: of.credentials });
    bridges.push(bridge);
    return bridge;
  };
  const client = async (bridge: Bridge, more: object = {}): Promise<Client> => {
    const pg = new Client({ host: '127.0.0.1', port: bridge.port, user: 'alice', database: 'shop', ...more });
    await pg.connect();
    return pg;
  };
  const owners = (database = 'shop') =>
    cluster.sql(
      `select relname, relowner::regrole::text as owner from pg_class
       where relname ~ '^made_' and relkind = 'r' order by 1`,
      database,
    );

  test('a session acts as its group, which owns what it made; then the role is gone', async () => {
    const pg = await client(await open(['engineering']));
    const { rows } = await pg.query('select session_user, current_user');
    const role = String(rows[0].session_user);
    expect(rows).toEqual([
      { session_user: expect.stringMatching(/^hoop_[2-9a-z]{12}$/), current_user: 'shop_engineer' },
    ]);
    await pg.query('create table made_as_group (id serial primary key)');
    await pg.query('discard all');
    expect((await pg.query('select current_user')).rows).toEqual([{ current_user: 'shop_engineer' }]);
    await pg.query('set role none');
    expect((await pg.query('select current_user')).rows).toEqual([{ current_user: role }]);
    await pg.query('create table made_as_itself (id int)');
    await pg.query('create schema made; create table made.made_inside (id int); grant usage on schema made to public');
    await pg.query('alter default privileges grant select on tables to shop_reader');
    await pg.query("create function made.f() returns int language sql as 'select 1'; select lo_create(0)");
    await pg.end();
    expect(await gateway.until((news) => news.event === 'role-dropped')).toMatchObject({ role });
    expect(await owners()).toEqual(
      ['made_as_group', 'made_as_itself', 'made_inside'].map((relname) => ({ relname, owner: 'shop_engineer' })),
    );
    expect(await sessionRoles(cluster)).not.toContain(role);
    await cluster.sql('drop table made_as_group, made_as_itself; drop schema made cascade');
  });

  test("what it made in another database of the connection is its group's too", async () => {
    const bridge = await open(['engineering']);
    const pg = await client(bridge, { database: 'archive' });
    await pg.query('create table made_there (id int)');
    await pg.query('set role none; create table made_there_too (id int)');
    await pg.end();
    await gateway.until((news) => news.event === 'role-dropped');
    expect(await owners('archive')).toEqual(
      ['made_there', 'made_there_too'].map((relname) => ({ relname, owner: 'shop_engineer' })),
    );
    await cluster.sql('drop table made_there, made_there_too', 'archive');
  });

  test('who has no database role is told so', async () => {
    await expect(client(await open(['marketing']))).rejects.toMatchObject({
      message: 'alice@shop.example has no database role on pg-prod',
    });
    const support = await client(await open(['support']));
    expect((await support.query('select current_user')).rows).toEqual([{ current_user: 'shop_reader' }]);
    await support.end();
  });

  test('no password is in the log of a server that logs every statement', async () => {
    const pg = await client(await open(['engineering']));
    await pg.end();
    await gateway.until((news) => news.event === 'role-dropped');
    const log = readFileSync(cluster.logPath, 'utf8');
    const made = log.match(/password E'[^']*'/g) ?? [];
    expect(made.length).toBeGreaterThan(0);
    for (const each of made) expect(each).toMatch(/^password E'SCRAM-SHA-256\$4096:/);
  });

  test('a role that holds something in two databases is dropped all the same', async () => {
    const pg = await client(await open(['engineering']));
    const role = String((await pg.query('select session_user')).rows[0].session_user);
    await cluster.sql(`create table made_elsewhere (id int); alter table made_elsewhere owner to ${role}`, 'archive');
    await pg.query('set role none; create table made_here (id int)');
    await pg.end();
    await gateway.until((news) => news.event === 'role-dropped' && news.role === role);
    expect(await owners('archive')).toEqual([{ relname: 'made_elsewhere', owner: 'shop_engineer' }]);
    await cluster.sql('drop table made_elsewhere', 'archive');
    await cluster.sql('drop table made_here');
  });

  test('what a run before has left is found, even where it still runs; what only looks like ours survives', async () => {
    const dead = new Minting({ issuer: issuer({ instance: 'run-0' }) });
    const pg = await client(await open(['engineering'], dead));
    pg.on('error', () => {});
    const role = String((await pg.query('select session_user')).rows[0].session_user);
    await pg.query('set role none; create table made_before (id int)');
    const [{ mark }] = (await cluster.sql(`select shobj_description('${role}'::regrole, 'pg_authid') as mark`)) as [
      { mark: string },
    ];
    await cluster.sql([
      `create role hoop_lookalike login; comment on role hoop_lookalike is '${mark}'`,
      'create role hoop_unmarked; grant hoop_lookalike, hoop_unmarked to hoop_minter with admin option',
    ]);
    const other = new Minting({ issuer: issuer({ id: 'gateway-2', key: Buffer.from('another'), instance: 'run-7' }) });
    const theirs = await client(await open(['support'], other));
    await gateway.credentials.sweep();
    await gateway.until((news) => news.event === 'role-dropped' && news.role === role);
    expect(await owners()).toEqual([{ relname: 'made_before', owner: 'shop_engineer' }]);
    expect((await theirs.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    expect(await sessionRoles(cluster)).toEqual(expect.arrayContaining(['hoop_lookalike', 'hoop_unmarked']));
    await theirs.end();
    await cluster.sql('drop role hoop_lookalike; drop role hoop_unmarked; drop table made_before');
    await dead.credentials.close();
    await other.credentials.close();
  });

  test('a server that was started anew, or has lost what was minted, is minted for anew', async () => {
    const bridge = await open(['engineering']);
    await (await client(bridge)).end();
    await cluster.stop('immediate');
    await cluster.start();
    const pg = await client(bridge);
    const { rows } = await pg.query('select session_user, current_user');
    expect(rows).toMatchObject([{ current_user: 'shop_engineer' }]);
    await pg.end();
    // What the gateway drops itself is not to be dropped under its hands.
    await gateway.until(({ event, role }) => event === 'role-dropped' && role === rows[0].session_user);
    for (const role of await sessionRoles(cluster)) await cluster.sql(`drop owned by ${role}; drop role ${role}`);
    const again = await client(bridge);
    expect((await again.query('select current_user')).rows).toEqual([{ current_user: 'shop_engineer' }]);
    await again.end();
  });

  test('a role logs in once at a time, and not after its time', async () => {
    const bridge = await open(['engineering']);
    const pg = await client(bridge);
    const role = String((await pg.query('select session_user')).rows[0].session_user);
    const [row] = await cluster.sql(
      `select rolconnlimit as most, rolvaliduntil between now() and now() + interval '10 minutes' as soon,
         rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls as more
       from pg_roles where rolname = '${role}'`,
    );
    expect(row).toEqual({ most: 1, soon: true, more: false });
    await pg.query('set role none');
    await pg.query("alter role current_user password 'known to its user'");
    const beside = new Client(cluster.config({ user: role, password: 'known to its user' }));
    await expect(beside.connect()).rejects.toMatchObject({ code: '53300' });
    await pg.end();
    await gateway.until((news) => news.event === 'role-dropped' && news.role === role);
    const later = new Client(cluster.config({ user: role, password: 'known to its user' }));
    await expect(later.connect()).rejects.toMatchObject({ code: '28P01' });
  });
});
