import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cluster, MINTER_ROLE, newAuthority, passableFolder, SUPPORT_ROLE, testAccount } from '@hoop/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Config } from '../src/config/schema.js';
import { checked, type Result } from '../src/program/checks.js';

describe.each([
  { server: "the machine's own PostgreSQL", embedded: false },
  { server: 'the newest PostgreSQL', embedded: true },
])('hoop-gateway check of a login that mints, on $server', ({ embedded }) => {
  const folder = passableFolder('hoop-mint-');
  let cluster: Cluster;
  let ca: string;

  beforeAll(async () => {
    const authority = await newAuthority();
    ca = join(folder, 'ca.pem');
    writeFileSync(ca, authority.certificate);
    const account = testAccount();
    cluster = await Cluster.make({ folder: join(folder, 'pg'), authority, account, empty: true, embedded });
  });
  afterAll(async () => {
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const check = async (roles: string[], user = MINTER_ROLE, databases = ['shop', 'postgres']): Promise<Result> => {
    const password = join(folder, 'password');
    writeFileSync(password, cluster.minterPassword, { mode: 0o600 });
    const config = Config.parse({
      name: 'shop',
      listen: { host: '127.0.0.1', port: 0 },
      publicHost: 'localhost',
      data: folder,
      idp: { issuer: 'https://127.0.0.1:1', clientId: 'hoop' },
      connections: {
        pg: {
          protocol: 'postgres',
          host: 'localhost',
          port: cluster.port,
          databases,
          tls: { mode: 'verify-full', ca },
          credential: {
            ephemeral: { user, password: `file:${password}`, roles: roles.map((role) => ({ groups: ['all'], role })) },
          },
        },
      },
    });
    const results = await checked('gateway.yaml', config, { offline: false });
    const found = results.find(({ what }) => what === 'credential pg');
    if (found === undefined) throw new Error('not tried');
    return found;
  };

  test('one that has what it takes passes, and nothing is left of the trial', async () => {
    const passed = { ok: true, detail: `mints for ${SUPPORT_ROLE} in 2 databases` };
    expect(await check([SUPPORT_ROLE])).toMatchObject(passed);
    expect(await cluster.sql("select 1 from pg_roles where rolname = 'hoop_rehearsal'")).toEqual([]);
  });

  test('what is missing is told with the statements that give it: run, they let it pass', async () => {
    await cluster.sql([
      `alter role ${MINTER_ROLE} nocreaterole noinherit`,
      'create role "The Team" nologin',
      'create role chief superuser nologin',
    ]);
    const failed = await check(['The Team', 'nobody_yet', 'chief']);
    expect(failed).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/^shop: hoop_minter may not create roles; /),
    });
    for (const lack of [
      'does not inherit',
      'may not grant The Team',
      'nobody_yet does not exist',
      'chief is a superuser',
    ])
      expect(failed.detail).toContain(lack);
    const cures = () =>
      check(['The Team', 'nobody_yet', 'chief']).then(({ hint }) => hint?.replace('as a superuser: ', ''));
    await cluster.sql((await cures()) ?? '');
    await cluster.sql((await cures()) ?? '');
    expect(await check(['The Team', 'nobody_yet', 'chief'])).toMatchObject({ ok: true });
  });

  test('a database that it cannot reach is named', async () => {
    await cluster.sql('create database closed; ', 'postgres');
    await cluster.sql('revoke connect on database closed from public', 'postgres');
    const failed = await check([SUPPORT_ROLE], MINTER_ROLE, ['shop', 'closed']);
    expect(failed).toMatchObject({ ok: false, detail: expect.stringMatching(/^closed: .*closed/) });
  });
});
