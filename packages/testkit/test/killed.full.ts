import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { STAFF } from '../src/idp/people.js';
import { CONNECTION, finished, found, type Laptop, World } from '../src/world/index.js';

const root = join(import.meta.dirname, '../../..');
const NAME = `${CONNECTION}.hoop`;
const KILLS = 20;
const at = mkdtempSync(join(tmpdir(), 'hk-'));
let world: World;
let alice: Laptop;

beforeAll(async () => {
  world = await World.prepare({ root, folder: join(at, '.demo') });
  await world.company.startIdp();
  await world.company.startPostgres();
  await world.company.startGateway();
  await world.setUpLaptops([STAFF[0]!]);
  alice = world.laptop('alice');
  expect(await alice.login(world.company.gatewayUrl)).toMatchObject({ code: 0 });
}, 120_000);
afterAll(async () => {
  await world?.end();
  rmSync(at, { recursive: true, force: true });
});

/** Statements that nobody else makes: `select <9-digit number> as marker`, half of them as a parameter. */
const LOAD = '\\set x random(100000000, 999999999)\nselect :x as marker;\n';

/** Every marker in a text, from statements as well as from parameters. */
const markers = (text: string) => new Set(text.match(/\b[1-9]\d{8}\b/g) ?? []);

function load(mode: string): ChildProcess {
  const script = join(alice.home, 'load.sql');
  writeFileSync(script, LOAD, { mode: 0o644 });
  const pgbench = found('pgbench') ?? join(world.company.cluster.binaries.folder, 'pgbench');
  return alice.spawn(['hoop', 'run', '--', pgbench, '-n', '-M', mode, '-c', '4', '-T', '60', '-f', script, '-h', NAME]);
}

function recorded(): Set<string> {
  const folder = join(world.company.gatewayFolder, 'data/record');
  return markers(
    readdirSync(folder)
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .join('\n'),
  );
}

test(`kill -9 of the gateway at ${KILLS} random moments: what PostgreSQL ran is in the record; new flows work within 2 s`, async () => {
  const returned: number[] = [];
  for (let n = 0; n < KILLS; n++) {
    const running = load(n % 2 === 0 ? 'simple' : 'extended');
    const ended = finished(running, 90_000);
    await after(1_000 + Math.random() * 1_500);
    await world.company.killGateway();
    const { code, stderr } = await ended;
    expect(code, stderr).not.toBe(0);
    await world.company.serveGateway();
    const from = performance.now();
    let done = await alice.named('psql', '-X', '-h', NAME, '-Atc', 'select 1');
    while (done.code !== 0 && performance.now() - from < 10_000) {
      await after(100);
      done = await alice.named('psql', '-X', '-h', NAME, '-Atc', 'select 1');
    }
    expect(done).toMatchObject({ code: 0, stdout: '1\n' });
    returned.push(performance.now() - from);
  }
  const ran = markers(readFileSync(world.company.cluster.logPath, 'utf8'));
  const kept = recorded();
  expect(ran.size).toBeGreaterThan(KILLS * 50);
  expect([...ran].filter((marker) => !kept.has(marker))).toEqual([]);
  expect(await world.company.gateway('audit', 'verify')).toMatchObject({ code: 0 });
  console.log(`${ran.size} statements ran, all recorded; flows after ${Math.max(...returned).toFixed(0)} ms at most`);
  expect(Math.max(...returned)).toBeLessThan(10_000);
});
