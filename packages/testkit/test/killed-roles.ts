import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { STAFF } from '../src/idp/people.js';
import { GATEWAY_ROLE, MINTER_ROLE, SUPPORT_ROLE } from '../src/postgres/index.js';
import { type Finished, finished, found, type Laptop, SUPPORT, World } from '../src/world/index.js';

/** What each session does. */
const LOAD = '\\set x random(100000000, 999999999)\ncreate table made_:x (id int);\n';
/** How long a role may outlive its session (threats B23), and what a busy machine is given. */
const PROMISE = 60_000;

/** kill -9 of the gateway while roles are minted, used and dropped, and while it starts: no role is left, and no table is nobody's. */
export function survives(kills: number): void {
  const root = join(import.meta.dirname, '../../..');
  const at = mkdtempSync(join(tmpdir(), 'hr-'));
  let world: World;
  let bob: Laptop;

  beforeAll(async () => {
    world = await World.prepare({ root, folder: join(at, '.demo') });
    await world.company.startIdp();
    await world.company.startPostgres({ max_connections: '100' });
    await world.company.startGateway();
    await world.setUpLaptops([STAFF[1]!]);
    bob = world.laptop('bob');
    expect(await bob.login(world.company.gatewayUrl)).toMatchObject({ code: 0 });
    writeFileSync(join(bob.home, 'load.sql'), LOAD, { mode: 0o644 });
    await world.company.cluster.sql('create role hoop_of_somebody_else login');
  }, 120_000);
  afterAll(async () => {
    await world?.end();
    rmSync(at, { recursive: true, force: true });
  });

  const pgbench = () => found('pgbench') ?? join(world.company.cluster.binaries.folder, 'pgbench');
  const load = (): Promise<Finished> => {
    const flags = ['-n', '-C', '-c', '4', '-T', '60', '-f', join(bob.home, 'load.sql'), '-h', `${SUPPORT}.hoop`];
    return finished(bob.spawn(['hoop', 'run', '--', pgbench(), ...flags]), 90_000);
  };
  const roles = async () => {
    const known = [GATEWAY_ROLE, MINTER_ROLE, 'hoop_of_somebody_else'].map((name) => `'${name}'`).join(', ');
    const text = `select rolname from pg_roles where rolname ~ '^hoop_' and rolname not in (${known})`;
    return (await world.company.cluster.sql(text)).map(({ rolname }) => String(rolname));
  };
  const tables = () =>
    world.company.cluster.sql(
      "select tableowner as owner, tablename as name from pg_tables where tablename ~ '^(made|own)_'",
    );

  /** Sessions come and go by now: the laptop has found the gateway again. */
  async function underLoad(): Promise<{ ended: Promise<Finished> }> {
    const before = (await tables()).length;
    for (;;) {
      let over = false;
      const ended = load().finally(() => {
        over = true;
      });
      while (!over && (await tables()).length === before) await after(20);
      if (!over) return { ended };
      await after(100);
    }
  }

  async function kill(n: number): Promise<void> {
    if (n % 3 === 2) {
      await after(Math.random() * 300);
      return world.company.killGateway();
    }
    const { ended } = await underLoad();
    await after(Math.random() * 1_000);
    await world.company.killGateway();
    const { code, stderr } = await ended;
    expect(code, stderr).not.toBe(0);
  }

  test(`kill -9 of the gateway at ${kills} random moments: no role is left, and every table belongs to the team`, {
    timeout: kills * 30_000,
  }, async (context) => {
    if (!existsSync(pgbench())) context.skip('pgbench: not installed; sudo apt install postgresql');
    const took: number[] = [];
    const left = new Set<string>();
    // Each that is left owns something of its own, which the next run must give to the team.
    const own = async (name: string) => {
      left.add(name);
      // A drop that the gateway had asked for may still come to its end.
      const made = `create table if not exists own_${name} (); alter table own_${name} owner to ${name};`;
      await world.company.cluster.sql(`do $$ begin ${made} exception when undefined_object then null; end $$`);
    };
    const still = async () => (await roles()).filter((name) => left.has(name));
    /** Those of gateways that were killed go soon after the next one serves. */
    const swept = async () => {
      const from = performance.now();
      while ((await still()).length > 0 && performance.now() - from < PROMISE) await after(100);
      took.push(performance.now() - from);
      expect(await still()).toEqual([]);
    };
    for (let n = 0; n < kills; n++) {
      await kill(n);
      for (const name of await roles()) await own(name);
      await world.company.serveGateway();
      if (n % 3 === 1) continue;
      await swept();
      expect((await tables()).filter(({ owner }) => owner !== SUPPORT_ROLE)).toEqual([]);
    }
    await swept();
    await world.processes.end('gateway');
    expect(await roles()).toEqual([]);
    const made = await tables();
    expect(left.size).toBeGreaterThan(kills / 2);
    expect(made.length).toBeGreaterThan(kills);
    expect(made.some(({ name }) => String(name).startsWith('own_'))).toBe(true);
    expect(
      await world.company.cluster.sql("select 1 from pg_roles where rolname = 'hoop_of_somebody_else'"),
    ).toHaveLength(1);
    const log = readFileSync(world.company.log('postgres'), 'utf8');
    for (const [, password] of log.matchAll(/password E?'([^']*)'/gi)) expect(password).toMatch(/^SCRAM-SHA-256\$/);
    expect(log).not.toContain(world.company.cluster.minterPassword);
    console.log(
      `${left.size} roles were left by ${kills} kills, all gone after ${Math.max(...took).toFixed(0)} ms at most; ${made.length} tables`,
    );
  });
}
