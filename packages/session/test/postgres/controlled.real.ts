import { found } from '@hoop/testkit';
import { Client } from 'pg';
import postgres from 'postgres';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Bridge } from './bridge.js';
import { controlsFor } from './evasion/controls.js';
import { SCHEMA } from './evasion/shop.js';
import { run } from './peers.js';
import { direct, Site, through } from './site.js';

/** Programs that know nothing of hoop, with all packs on and columns masked: what they need all works. */
let site: Site;
let straight: Record<string, string>;
let bridge: Bridge;
let cluster: Awaited<ReturnType<Site['cluster']>>;

beforeAll(async () => {
  site = await Site.make();
  cluster = await site.cluster({ empty: true });
  await cluster.sql('CREATE DATABASE support', 'postgres');
  await cluster.sql(SCHEMA, 'support');
  straight = direct(cluster, { PGDATABASE: 'support' });
}, 60_000);
afterEach(async () => expect(await site.closeBridges()).toEqual([]));
afterAll(() => site?.end());

async function open(as: 'support' | 'owner' = 'support'): Promise<Record<string, string>> {
  bridge = await site.bridge(cluster, { databases: ['support'] }, { controls: controlsFor(as) });
  return through(bridge, { PGDATABASE: 'support' });
}

const DESCRIBES = String.raw`
\d
\d+
\d customers
\d+ orders
\d contacts
\d+ contacts
\dt+
\dv
\dm
\di+
\ds
\df
\df+ ssn_of
\da
\do public.*
\dn+
\dT+
\dD
\dC public.*
\du
\dg
\l
\dp
\ddp
\dx
\dy
\dRp
\db
\dc public.*
\dL
\dO public.*
\dX
\det
\des
\dew
\dF
\drds
\sf ssn_of
\sv contacts
\conninfo
\encoding
`;

const noPsql = found('psql') ? '' : ' (skipped: psql is not installed; sudo apt install postgresql-client)';

describe.skipIf(noPsql)(`psql${noPsql}`, () => {
  // psql says with which host it is connected, and how.
  const told = (text: string) => text.replaceAll(/^You are connected.*$|^SSL connection.*$/gm, '');

  test.each(DESCRIBES.trim().split('\n'))('%s', async (command) => {
    const args = ['-X', '-A', '-c', command];
    const expected = await run('psql', args, straight);
    const got = await run('psql', args, await open());
    expect({ ...got, stdout: told(got.stdout) }).toEqual({ ...expected, stdout: told(expected.stdout) });
  });
});

test.skipIf(noPsql)(`pg_dump of tables that are not masked${noPsql}`, async () => {
  const args = ['-t', 'products', '-t', 'orders', '-t', 'notes', '--no-owner', '--no-sync'];
  const plain = (text: string) => text.replaceAll(/^\\(un)?restrict .*$/gm, '');
  const expected = await run('pg_dump', args, straight);
  const got = await run('pg_dump', args, await open());
  expect(got.stderr).toBe(expected.stderr);
  expect(plain(got.stdout)).toBe(plain(expected.stdout));
  expect(got.stdout).toContain('product 3');
});

test('pg: prepared statements, parameters and a cursor in rows', async () => {
  await open();
  const client = new Client({ host: '127.0.0.1', port: bridge.port, user: 'bob', database: 'support', ssl: false });
  await client.connect();
  try {
    for (const id of [1, 2, 3]) {
      const query = { name: 'by-id', text: 'SELECT name, ssn FROM customers WHERE id = $1', values: [id] };
      expect((await client.query(query)).rows).toEqual([{ name: ['Alice', 'Bob', 'Carol'][id - 1], ssn: '***' }]);
    }
    await client.query('BEGIN');
    await client.query('INSERT INTO notes VALUES ($1, $2)', [200, "it's"]);
    expect((await client.query('SELECT body FROM notes WHERE id = $1', [200])).rows).toEqual([{ body: "it's" }]);
    await client.query('ROLLBACK');
    await expect(client.query('DROP TABLE notes')).rejects.toMatchObject({ code: '42501' });
  } finally {
    await client.end();
  }
});

test('postgres: types that it fetches first, and a transaction', async () => {
  await open();
  const sql = postgres({ host: '127.0.0.1', port: bridge.port, user: 'bob', database: 'support', ssl: false, max: 1 });
  try {
    expect(await sql`SELECT id, tags, spec FROM products WHERE id = ${2}`).toMatchObject([
      { id: 2, tags: ['a', 'b2'] },
    ]);
    expect(await sql`SELECT email FROM customers WHERE id IN ${sql([1, 2])} ORDER BY id`).toMatchObject([
      { email: '***' },
      { email: '***' },
    ]);
    await sql.begin(async (inner) => {
      await inner`UPDATE orders SET status = 'paid' WHERE id = ${1}`;
      expect(await inner`SELECT status FROM orders WHERE id = ${1}`).toMatchObject([{ status: 'paid' }]);
      await inner`UPDATE orders SET status = 'open' WHERE id = ${1}`;
    });
  } finally {
    await sql.end();
  }
});
