import { found } from '@hoop/testkit';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { needleIn } from './evasion/canary.js';
import { controlsFor } from './evasion/controls.js';
import { SCHEMA, STATE } from './evasion/shop.js';
import { run } from './peers.js';
import { Site } from './site.js';

/** Random SQL of a reader's: what is masked does not come back in any form, and nothing is changed. */
const STATEMENTS = Number(process.env.SQLSMITH_STATEMENTS ?? 20_000);
const LONGEST_NEEDLE = 256;

let site: Site;
let watcher: Client;
beforeAll(async () => {
  site = await Site.make();
}, 60_000);
afterAll(async () => {
  await watcher?.end();
  await site?.end();
});

test('sqlsmith finds no way', async (context) => {
  if (!found('sqlsmith')) context.skip('sqlsmith: not installed; sudo apt install sqlsmith');
  const cluster = await site.cluster({ empty: true });
  await cluster.sql('CREATE DATABASE victim', 'postgres');
  await cluster.sql(SCHEMA, 'victim');
  watcher = new Client(cluster.config({ database: 'victim' }));
  await watcher.connect();
  const before = (await watcher.query(STATE)).rows;
  const bridge = await site.bridge(cluster, { databases: ['victim'] }, { controls: controlsFor() });
  const seen = new Set<string>();
  let tail = '';
  bridge.onSent = (bytes) => {
    const said = tail + Buffer.from(bytes).toString('latin1');
    const needle = needleIn(said);
    if (needle !== undefined) seen.add(needle);
    tail = said.slice(-LONGEST_NEEDLE);
  };
  const target = `host=127.0.0.1 port=${bridge.port} user=bob dbname=victim sslmode=require`;
  const smith = await run('sqlsmith', [`--target=${target}`, `--max-queries=${STATEMENTS}`, '--seed=4'], {});
  expect(smith.code, smith.stderr).toBe(0);
  expect([...seen]).toEqual([]);
  expect((await watcher.query(STATE)).rows).toEqual(before);
  const own = bridge.lines.intents.filter(({ action }) => !/^(?:BEGIN|ROLLBACK);?$/.test(action.text));
  expect(own.length).toBeGreaterThanOrEqual(STATEMENTS);
  const answered = bridge.lines.finished.filter(({ rows, error }) => rows > 0 && error === undefined);
  expect(answered.length).toBeGreaterThan(STATEMENTS / 200);
  expect(await site.closeBridges()).toEqual([]);
}, 1_700_000);
