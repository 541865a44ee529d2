import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Cluster, found } from '@hoop/testkit';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { askPg, askPostgres, type Way } from './drivers/node.js';
import { run } from './peers.js';
import { Site } from './site.js';
import { SETUP } from './statements.js';

/** Drivers, each through a long conversation: what they say directly is what they say through hoop. */

let site: Site;
let cluster: Cluster;
beforeAll(async () => {
  site = await Site.make();
  cluster = await site.cluster();
  await cluster.sql(SETUP);
}, 60_000);
afterEach(async () => expect(await site.closeBridges()).toEqual([]));
afterAll(() => site?.end());

/** Values only: some results carry functions. */
const plain = (value: unknown) => JSON.stringify(value, null, 1);

test.each([
  ['pg', askPg, 2000],
  ['postgres', askPostgres, 1400],
])(
  '%s',
  async (_, ask: (way: Way) => Promise<unknown[]>, most) => {
    const bridge = await site.bridge(cluster);
    const expected = await ask({ port: cluster.port, ssl: false });
    const got = await ask({ port: bridge.port, ssl: true });
    for (const [at, answer] of expected.entries()) expect(plain({ at, answer: got[at] })).toBe(plain({ at, answer }));
    expect(got).toHaveLength(expected.length);
    expect(got.length).toBeGreaterThan(most);
    expect(bridge.lines.finished).toHaveLength(bridge.lines.intents.length);
  },
  120_000,
);

const drivers = join(import.meta.dirname, 'drivers');
const PGJDBC = '/usr/share/java/postgresql.jar';
/** Debian's own, which has Debian's psycopg. */
const PYTHON = '/usr/bin/python3';

test('pgjdbc, as DBeaver uses it', async (context) => {
  if (!found('javac') || !existsSync(PGJDBC))
    context.skip('pgjdbc: not installed; sudo apt install openjdk-17-jdk-headless libpostgresql-jdbc-java');
  const args = ['-Xshare:auto', '-XX:TieredStopAtLevel=1', '-cp', PGJDBC, join(drivers, 'Dbeaver.java')];
  const bridge = await site.bridge(cluster);
  const expected = await run('java', [...args, String(cluster.port), 'disable'], {});
  const got = await run('java', [...args, String(bridge.port), 'require'], {});
  expect(expected).toMatchObject({ code: 0, stderr: '' });
  expect(got.stdout).toBe(expected.stdout);
  expect(got).toMatchObject({ code: 0, stderr: '' });
  expect(got.stdout.split('\n').length).toBeGreaterThan(2000);
}, 120_000);

test('psycopg 3', async (context) => {
  if (!existsSync('/usr/lib/python3/dist-packages/psycopg'))
    context.skip('psycopg 3: not installed; sudo apt install python3-psycopg');
  const ask = (port: number, sslmode: string) =>
    run(PYTHON, [join(drivers, 'probe.py'), String(port), sslmode], {
      PGPASSWORD: cluster.superPassword,
      PYTHONUTF8: '1',
    });
  const bridge = await site.bridge(cluster);
  const expected = await ask(cluster.port, 'disable');
  const got = await ask(bridge.port, 'require');
  // Left by an exception, a pipeline warns or not, as its last results happen to be there: directly too.
  const told = (text: string) => text.replaceAll(/^error ignored terminating <psycopg\.Pipeline .*\n/gm, '');
  expect({ code: expected.code, stderr: told(expected.stderr) }).toEqual({ code: 0, stderr: '' });
  expect({ ...got, stderr: told(got.stderr) }).toEqual({ ...expected, stderr: '' });
  expect(got.stdout.split('\n').length).toBeGreaterThan(120);
}, 60_000);
