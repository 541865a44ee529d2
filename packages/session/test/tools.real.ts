import { execFile, spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Cluster, GATEWAY_ROLE, newAuthority, passableFolder, testAccount } from '@hoop/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Front } from './front.js';

const run = promisify(execFile);
/** With `CI=true` a missing tool is a failure. */
const lacks = (tool: string) => {
  const missing = process.env.CI !== 'true' && spawnSync(tool, ['--version']).error !== undefined;
  if (missing) console.warn(`skip ${tool}: not installed; sudo apt install postgresql-client postgresql`);
  return missing;
};
const [noPsql, noPgbench] = [lacks('psql'), lacks('pgbench')];
const folder = passableFolder('hoop-tools-');
let cluster: Cluster;
let front: Front;

beforeAll(async () => {
  const authority = await newAuthority();
  cluster = await Cluster.make({ folder: join(folder, 'pg'), authority, account: testAccount() });
  await cluster.sql(`grant all on schema public to ${GATEWAY_ROLE}`);
  front = await Front.open({
    name: 'pg-prod',
    protocol: 'postgres',
    host: 'localhost',
    port: cluster.port,
    tls: 'verify-full',
    ca: authority.certificate,
    databases: ['shop'],
    record: 'statements',
    login: async () => ({ user: GATEWAY_ROLE, password: cluster.password }),
  });
});
afterAll(async () => {
  await front?.close();
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const environment = () => ({
  PATH: process.env.PATH,
  PGHOST: '127.0.0.1',
  PGPORT: String(front.port),
  PGSSLMODE: 'disable',
  PGGSSENCMODE: 'disable',
  PGUSER: 'alice',
  PGDATABASE: 'shop',
});
const psql = async (...flags: string[]) =>
  (await run('psql', ['-X', '-At', '-v', 'ON_ERROR_STOP=1', ...flags], { env: environment() })).stdout;

test.skipIf(noPsql)('psql copies in and out', async () => {
  const path = join(folder, 'rows.csv');
  const rows = Array.from({ length: 20_000 }, (_, at) => `${at},${'x'.repeat(at % 50)}`);
  writeFileSync(path, `${rows.join('\n')}\n`);
  await psql('-c', 'create table copied (n int, x text)');
  expect(await psql('-c', `\\copy copied from '${path}' csv`, '-c', 'select count(*) from copied')).toBe(
    'COPY 20000\n20000\n',
  );
  const out = await psql('-c', '\\copy (select * from copied order by n) to stdout csv');
  expect(out === `${rows.join('\n')}\n`).toBe(true);
});

test.skipIf(noPsql)('a transaction that fails is rolled back, several statements in one line run as one', async () => {
  await psql('-c', 'create table kept (n int)');
  await expect(psql('-c', 'insert into kept values (1); select 1/0')).rejects.toThrow('division by zero');
  expect(await psql('-c', 'select count(*) from kept')).toBe('0\n');
  await psql('-c', 'insert into kept values (1); insert into kept values (2)');
  expect(await psql('-c', 'select count(*) from kept')).toBe('2\n');
});

test.skipIf(noPgbench).each(['simple', 'extended', 'prepared'])('pgbench runs in its mode %s', async (mode) => {
  const pgbench = (...flags: string[]) => run('pgbench', [...flags, 'shop'], { env: environment() });
  if (mode === 'simple') await pgbench('-i', '-s', '1', '-q');
  const { stdout } = await pgbench('-n', '-M', mode, '-c', '4', '-t', '25');
  expect(stdout).toContain('100/100');
  expect(stdout).toMatch(/number of failed transactions: 0 /);
});

test.skipIf(noPgbench)('pgbench pipelines', async () => {
  const script = join(folder, 'pipeline.sql');
  writeFileSync(script, '\\startpipeline\nselect 1;\nselect 2;\nselect 3;\n\\endpipeline\n');
  const { stdout } = await run('pgbench', ['-n', '-M', 'prepared', '-c', '2', '-t', '25', '-f', script, 'shop'], {
    env: environment(),
  });
  expect(stdout).toContain('50/50');
});

test('nothing of all this was our own error', () => {
  expect(front.bugs).toEqual([]);
});
