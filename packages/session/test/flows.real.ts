import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { RecordLine } from '@hoop/controls';
import { textOf } from '@hoop/core';
import { Cluster, GATEWAY_ROLE, newAuthority, passableFolder, testAccount } from '@hoop/testkit';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Upstream } from '../src/index.js';
import { Front } from './front.js';

const folder = passableFolder('hoop-session-');
let cluster: Cluster;
let upstream: Upstream;
let front: Front;

beforeAll(async () => {
  const authority = await newAuthority();
  cluster = await Cluster.make({ folder: join(folder, 'pg'), authority, account: testAccount() });
  upstream = {
    name: 'pg-prod',
    protocol: 'postgres',
    host: 'localhost',
    port: cluster.port,
    tls: 'verify-full',
    ca: authority.certificate,
    databases: ['shop', 'postgres'],
    record: 'statements',
    login: async () => ({ user: GATEWAY_ROLE, password: cluster.password }),
  };
});
afterAll(async () => {
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  front = await Front.open(upstream);
});
afterEach(async () => {
  await front.close();
  expect(front.bugs).toEqual([]);
});

async function client(port = front.port): Promise<Client> {
  const one = new Client({ host: '127.0.0.1', port, user: 'alice', ssl: false });
  one.on('error', () => {});
  await one.connect();
  return one;
}
const intents = (lines: RecordLine[]) => lines.flatMap((line) => (line.kind === 'intent' ? [textOf(line.action)] : []));
const finished = (lines: RecordLine[]) =>
  lines.flatMap((line) => (line.kind === 'entry' && line.entry.kind === 'finished' ? [line.entry] : []));
/** Backends that run this, as the server sees it. */
async function running(text: string): Promise<number> {
  const [row] = await cluster.sql(
    `select count(*)::int as n from pg_stat_activity where state = 'active' and pid <> pg_backend_pid() and query like '%${text}%'`,
  );
  return Number(row?.n);
}
async function eventually(what: () => Promise<boolean>, ms: number): Promise<number> {
  const start = performance.now();
  while (!(await what())) {
    if (performance.now() - start > ms) throw new Error(`not within ${ms} ms`);
    await new Promise(setImmediate);
  }
  return performance.now() - start;
}

test('statements run by both protocols, and the record has each before it ran and how it went', async () => {
  const alice = await client();
  expect((await alice.query('select count(*)::int as n from customers')).rows).toEqual([{ n: 10_000 }]);
  expect((await alice.query('select $1::int + 1 as n', [41])).rows).toEqual([{ n: 42 }]);
  await expect(alice.query('select * from nowhere')).rejects.toMatchObject({ code: '42P01' });
  expect((await alice.query('select current_user, current_database()')).rows).toEqual([
    { current_user: GATEWAY_ROLE, current_database: 'shop' },
  ]);
  await alice.end();
  const { recorder, outcome } = front.flows[0]!;
  expect(await outcome).toMatchObject({ end: 'client' });
  expect(intents(recorder.lines)).toHaveLength(4);
  expect(finished(recorder.lines)).toMatchObject([
    { statement: 1, rows: 1 },
    { statement: 2, rows: 1 },
    { statement: 3, rows: 0, error: { code: '42P01' } },
    { statement: 4, rows: 1 },
  ]);
  expect(recorder.kinds[0]).toBe('session');
  expect(recorder.kinds.at(-1)).toBe('end');
});

test('many flows at once, each with its own answers', async () => {
  const clients = await Promise.all(Array.from({ length: 12 }, () => client()));
  const sums = await Promise.all(
    clients.map(async (one, at) => {
      const answers: number[] = [];
      for (let n = 0; n < 40; n++) {
        answers.push((await one.query('select $1::int * 1000 + $2::int as n', [at, n])).rows[0].n);
      }
      await one.end();
      return answers;
    }),
  );
  expect(sums).toEqual(clients.map((_, at) => Array.from({ length: 40 }, (_, n) => at * 1000 + n)));
});

test('a client that does not read holds the server back', async () => {
  const alice = await client();
  const { stream } = (alice as unknown as { connection: { stream: import('node:net').Socket } }).connection;
  const answer = alice.query("select 'hold me', repeat('y', 1000) as y from generate_series(1, 200000)");
  await eventually(async () => (await running('hold me')) === 1, 5_000);
  stream.pause();
  await new Promise((resolve) => setTimeout(resolve, 300));
  const before = process.memoryUsage().rss;
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(await running('hold me')).toBe(1);
  expect(process.memoryUsage().rss - before).toBeLessThan(32 * 1024 * 1024);
  stream.resume();
  expect((await answer).rowCount).toBe(200_000);
  await alice.end();
});

test('a cancel request by the key that the client was given ends its statement, and the session goes on', async () => {
  const alice = await client();
  const { processID, secretKey } = alice as unknown as { processID: number; secretKey: number };
  const answer = alice.query("select pg_sleep(60), 'cancel me'");
  const seen = answer.catch((error: unknown) => error);
  await eventually(async () => (await running('cancel me')) === 1, 5_000);
  const request = Buffer.alloc(16);
  [16, 80_877_102, processID].forEach((word, at) => void request.writeInt32BE(word, at * 4));
  request.writeInt32BE(secretKey, 12);
  const asking = connect(front.port, '127.0.0.1', () => asking.write(request));
  await new Promise((resolve) => asking.on('end', resolve).resume());
  asking.end();
  expect(await seen).toMatchObject({ code: '57014' });
  expect((await alice.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  await alice.end();
  await Promise.all(front.flows.map((flow) => flow.outcome));
  expect(front.flows[0]!.recorder.kinds).toContain('cancel');
  expect(front.flows[1]!.recorder.lines).toEqual([]);
});

test('a revoked flow: FATAL 28000 at once, and what ran upstream is gone within a second', async () => {
  const alice = await client();
  const lost = new Promise<{ code?: string; message: string }>((resolve) => alice.once('error', resolve));
  const answer = alice.query("select pg_sleep(60), 'revoke me'").catch((error: unknown) => error);
  await eventually(async () => (await running('revoke me')) === 1, 5_000);
  const start = performance.now();
  front.flows[0]!.stop({ code: 'identity-disabled', message: 'alice@shop.example was disabled.' });
  expect(await Promise.race([answer, lost])).toMatchObject({
    code: '28000',
    message: 'alice@shop.example was disabled.',
  });
  expect(performance.now() - start).toBeLessThan(250);
  await eventually(async () => (await running('revoke me')) === 0, 1_000);
  expect(await front.flows[0]!.outcome).toMatchObject({ end: 'revoked' });
});

test('a client whose link breaks leaves nothing running upstream', async () => {
  const alice = await client();
  const { stream } = (alice as unknown as { connection: { stream: import('node:net').Socket } }).connection;
  alice.query("select pg_sleep(60), 'lose me'").catch(() => {});
  await eventually(async () => (await running('lose me')) === 1, 5_000);
  stream.resetAndDestroy();
  await eventually(async () => (await running('lose me')) === 0, 2_000);
  expect(await front.flows[0]!.outcome).toMatchObject({ end: 'broken' });
});

test('an upstream that goes down tells its clients why', async () => {
  const alice = await client();
  const lost = new Promise<{ code?: string }>((resolve) => alice.once('error', resolve));
  await cluster.stop();
  expect(await lost).toMatchObject({ code: '57P01' });
  await expect(client()).rejects.toMatchObject({
    code: '57P03',
    message: 'The gateway cannot reach pg-prod: nothing listens there.',
  });
  await cluster.start();
  const again = await client();
  expect((await again.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  await again.end();
});
