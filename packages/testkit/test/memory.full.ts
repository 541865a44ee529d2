import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { STAFF } from '../src/idp/people.js';
import { CONNECTION, type Finished, found, type Laptop, pids, World } from '../src/world/index.js';

/**
 * What flows through is not kept: daemon and gateway stay within 64 MB of where they were. HOOP_COPY_GB is the size of
 * the long COPY.
 */
const GB = Number(process.env.HOOP_COPY_GB ?? 10);
const SPARE_MB = 64;
/** Longer than the silence after which a sync uplink is taken for lost. */
const IDLE_S = Number(process.env.HOOP_IDLE_S ?? 200);
const NAME = `${CONNECTION}.hoop`;
const root = join(import.meta.dirname, '../../..');
const at = mkdtempSync(join(tmpdir(), 'hm-'));
let world: World;
let alice: Laptop;
let watched: Record<'daemon' | 'gateway', number>;

beforeAll(async () => {
  world = await World.prepare({ root, folder: join(at, '.demo') });
  await world.company.startIdp();
  await world.company.startPostgres();
  await world.company.startGateway();
  await world.setUpLaptops([STAFF[0]!]);
  alice = world.laptop('alice');
  expect(await alice.login(world.company.gatewayUrl)).toMatchObject({ code: 0 });
  const status = JSON.parse((await alice.hoop('status', '--json')).stdout) as { daemon: { pid: number } };
  const gateway = pids().find((pid) => commandOf(pid).includes(`serve\0--config\0${world.company.configFile}`));
  watched = { daemon: status.daemon.pid, gateway: gateway! };
  await world.company.cluster.sql('create table taken (t text); grant insert on taken to hoop_gateway');
  // What a first flow loads is not growth.
  expect((await copy('select repeat($$x$$, 8000) from generate_series(1, 20000)')).code).toBe(0);
}, 120_000);
afterAll(async () => {
  await world?.end();
  rmSync(at, { recursive: true, force: true });
});

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
/** Resident megabytes. */
const rss = (pid: number) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
const sizes = () => ({ daemon: rss(watched.daemon), gateway: rss(watched.gateway) });

const shell = (command: string) => alice.run(['hoop', 'run', '--', 'bash', '-c', command], 1_500_000);
const copy = (what: string) => shell(`psql -Xq -h ${NAME} -c 'copy (${what}) to stdout' | tail -c 1 | wc -c`);

/** Runs something and asserts how far both grew meanwhile, at their most. */
async function flat(what: string, run: () => Promise<Finished>): Promise<Finished> {
  const before = sizes();
  const most = { ...before };
  const from = performance.now();
  let over = false;
  const running = run().finally(() => {
    over = true;
  });
  while (!over) {
    const now = sizes();
    most.daemon = Math.max(most.daemon, now.daemon);
    most.gateway = Math.max(most.gateway, now.gateway);
    await Promise.race([after(50), running]);
  }
  const done = await running;
  const grown = (name: 'daemon' | 'gateway') => Math.round(most[name] - before[name]);
  const seconds = ((performance.now() - from) / 1000).toFixed(0);
  const grew = `daemon ${before.daemon.toFixed(0)} +${grown('daemon')} MB, gateway ${before.gateway.toFixed(0)} +${grown('gateway')} MB`;
  console.log(`${what}, ${seconds} s: ${grew}`);
  expect(done.code, done.stderr).toBe(0);
  expect(grown('daemon'), grew).toBeLessThan(SPARE_MB);
  expect(grown('gateway'), grew).toBeLessThan(SPARE_MB);
  return done;
}

const noPsql = found('psql') ? '' : ' (skipped: psql is not installed; sudo apt install postgresql-client)';

test.skipIf(noPsql)(`a COPY of ${GB} GB, out${noPsql}`, async () => {
  const rows = Math.round((GB * 1e9) / 64_001);
  await flat(`COPY of ${GB} GB out`, () => copy(`select repeat($$x$$, 64000) from generate_series(1, ${rows})`));
});

test.skipIf(noPsql)(`a COPY of ${GB / 5} GB, in${noPsql}`, async () => {
  const bytes = Math.round((GB / 5) * 1e9);
  const line = `yes ${'x'.repeat(999)} | head -c ${Math.floor(bytes / 1000) * 1000}`;
  const done = await flat(`COPY of ${GB / 5} GB in`, () =>
    shell(`${line} | psql -X -h ${NAME} -c 'copy taken from stdin where false'`),
  );
  expect(done.stdout).toBe('COPY 0\n');
});

/** Asks for 1 GB of rows, leaves it unread for ten seconds, then takes 64 KB at a time, with a rest after each 4 MB. */
const SLOW = `
const socket = require('node:net').connect(5432, process.argv[2]);
const i32 = (n) => { const b = Buffer.alloc(4); b.writeInt32BE(n); return b; };
const hello = Buffer.concat([i32(196608), Buffer.from('user\\0me\\0\\0')]);
const query = Buffer.from('select repeat($$x$$, 10000) from generate_series(1, 100000)\\0');
let got = 0, since = 0, asked = false;
socket.on('connect', () => socket.write(Buffer.concat([i32(hello.length + 4), hello])));
socket.on('data', (chunk) => {
  if (!asked) {
    asked = true;
    socket.write(Buffer.concat([Buffer.from('Q'), i32(query.length + 4), query]));
    socket.pause();
    return setTimeout(() => socket.resume(), 10_000);
  }
  got += chunk.length;
  since += chunk.length;
  if (got > 1e9 && chunk.subarray(-6).toString('latin1') === 'Z\\0\\0\\0\\x05I') { console.log('whole'); socket.end(Buffer.from('X\\0\\0\\0\\x04', 'latin1')); }
  if (since < 4e6) return;
  since = 0;
  socket.pause();
  setTimeout(() => socket.resume(), 20);
});
socket.on('close', () => process.exit(got > 1e9 ? 0 : 1));
`;

test('1 GB of rows to a slow reader', async () => {
  const program = join(alice.home, 'slow.cjs');
  writeFileSync(program, SLOW, { mode: 0o644 });
  const [{ reach }] = JSON.parse((await alice.hoop('ls', '--json')).stdout) as [{ reach: { address: string } }];
  const done = await flat('1 GB of rows, slowly', () =>
    alice.run([world.programs.node, program, reach.address], 600_000),
  );
  expect(done.stdout).toBe('whole\n');
});

test.skipIf(noPsql)(
  `a session that is idle for ${IDLE_S} s is still there, and hears what was said meanwhile${noPsql}`,
  async () => {
    const commands = ['select pg_backend_pid()', 'listen news', `\\! sleep ${IDLE_S}`, 'select pg_backend_pid()'];
    const args = commands.map((command) => `-c '${command}'`).join(' ');
    const running = shell(`psql -XAtq -h ${NAME} ${args}`);
    await after((IDLE_S * 1000) / 2);
    await world.company.cluster.sql("notify news, 'meanwhile'");
    const { code, stdout } = await running;
    expect(code).toBe(0);
    const [first, second, heard] = stdout.trim().split('\n');
    expect(second).toBe(first);
    expect(heard).toMatch(/Asynchronous notification "news" with payload "meanwhile" received/);
  },
);
