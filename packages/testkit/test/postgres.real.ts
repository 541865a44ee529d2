import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Cluster, CUSTOMERS, GATEWAY_ROLE } from '../src/postgres/index.js';
import { testAccount } from '../src/world/account.js';
import { newAuthority } from '../src/world/authority.js';
import { passableFolder } from '../src/world/passable.js';

const folder = passableFolder('hoop-pg-');
let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.make({ folder: join(folder, 'pg'), authority: await newAuthority(), account: testAccount() });
});
afterAll(async () => {
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function one(config: object, text: string): Promise<unknown> {
  const client = new Client(config);
  await client.connect();
  try {
    return Object.values((await client.query(text)).rows[0])[0];
  } finally {
    await client.end();
  }
}
const gateway = () => cluster.config({ user: GATEWAY_ROLE, password: cluster.password });

describe('a PostgreSQL server of our own', () => {
  test('is reached over TLS, verified, with SCRAM', async () => {
    expect(await one(gateway(), 'select ssl from pg_stat_ssl where pid = pg_backend_pid()')).toBe(true);
    const stored = "select rolpassword ~ '^SCRAM-SHA-256' from pg_authid where rolname = 'hoop_gateway'";
    expect(await one(cluster.config(), stored)).toBe(true);
  });

  test('refuses a wrong password, a foreign authority, and no TLS', async () => {
    await expect(one({ ...gateway(), password: 'wrong' }, 'select 1')).rejects.toMatchObject({ code: '28P01' });
    const other = await newAuthority();
    const ssl = { ca: other.certificate, servername: 'localhost' };
    await expect(one({ ...gateway(), ssl }, 'select 1')).rejects.toMatchObject({
      code: expect.stringMatching(/SELF_SIGNED|UNABLE_TO|CERT_SIGNATURE/),
    });
    await expect(one({ ...gateway(), ssl: false }, 'select 1')).rejects.toMatchObject({ code: '28000' });
  });

  test('holds the shop', async () => {
    expect(await one(gateway(), 'select count(*)::int from customers')).toBe(CUSTOMERS);
    expect(await one(gateway(), 'select count(*)::int from orders')).toBe(30_000);
    expect(await one(gateway(), 'select count(distinct city)::int from customers')).toBeGreaterThan(10);
    const odd =
      "select count(*)::int from customers where ssn !~ '^\\d{3}-\\d{2}-\\d{4}$' or email !~ '^[a-z.]+\\d+@example.com$'";
    expect(await one(gateway(), odd)).toBe(0);
  });

  test('card numbers pass the Luhn check', async () => {
    const cards = String(
      await one(gateway(), "select string_agg(card, ',') from (select card from customers limit 500) c"),
    );
    for (const card of cards.split(',')) expect([card, card.length, luhn(card)]).toEqual([card, 16, 0]);
  });

  test('writes each statement to its log, but not the password it was given', async () => {
    await one(gateway(), "select 'witness-7130'");
    const log = readFileSync(cluster.logPath, 'utf8');
    expect(log).toContain('witness-7130');
    expect(log.includes(cluster.password)).toBe(false);
  });

  test('comes back after a crash', async () => {
    await cluster.stop('immediate');
    await cluster.start();
    expect(await one(gateway(), 'select 1')).toBe(1);
  });
});

test('where the machine has no PostgreSQL, the one from npm serves', async () => {
  const authority = await newAuthority();
  const npm = await Cluster.make({
    folder: join(folder, 'npm'),
    authority,
    account: testAccount(),
    embedded: true,
    empty: true,
  });
  try {
    expect(await one(npm.config(), "select current_setting('server_version')")).toBe(await npm.version());
    expect(await npm.version()).toMatch(/^18\./);
  } finally {
    await npm.stop();
  }
});

/** 0 for a valid number (ISO/IEC 7812-1, annex B). */
function luhn(number: string): number {
  const digits = [...number].reverse().map(Number);
  const sum = digits.reduce((all, d, i) => all + (i % 2 === 0 ? d : d > 4 ? 2 * d - 9 : 2 * d), 0);
  return sum % 10;
}
