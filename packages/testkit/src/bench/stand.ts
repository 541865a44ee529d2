import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { STAFF } from '../idp/people.js';
import { GATEWAY_ROLE } from '../postgres/index.js';
import { listed, logIn, must, type Stage } from '../story/index.js';
import { type Finished, finished, found, type Laptop } from '../world/index.js';
import { type Missing, type Path, startPeers } from './peers.js';
import { OURS } from './row.js';

/** What the rows measure: a company, a laptop, and the peers beside it. */
export interface Stand {
  stage: Stage;
  laptop: Laptop;
  daemonPid: number;
  resolver: { address: string; port: number } | null;
  paths: readonly Path[];
  missing: Missing;
  password: string;
  pgbench: string;
  quick: boolean;
  tell(text: string): void;
}

/** Idle flows of a row. */
const FLOWS = 1_000;
export const flowsOf = ({ quick }: Pick<Stand, 'quick'>) => (quick ? FLOWS / 2 : FLOWS);
/** `max_connections` leaves room for what else is connected meanwhile. */
const SETTINGS = { log_statement: 'none', max_connections: String(FLOWS + 100), shared_buffers: '128MB' };

export async function makeStand(stage: Stage, quick: boolean, tell: (text: string) => void): Promise<Stand> {
  const { world } = stage;
  const { company } = world;
  tell('starting a company, a laptop and the peers');
  await company.startIdp();
  await company.startPostgres(SETTINGS);
  await company.startGateway();
  await world.setUpLaptops(STAFF.filter(({ name }) => name !== 'bob'));
  const { daemon } = await logIn(stage, 'alice');
  const laptop = world.laptop('alice');
  const { reach } = await listed(laptop);
  const { paths, missing } = await startPeers(world);
  const { password, binaries } = company.cluster;
  const beside = join(binaries.folder, 'pgbench');
  const stand: Stand = {
    ...{ stage, laptop, missing, password, quick, tell },
    daemonPid: daemon.pid,
    resolver: daemon.resolver,
    paths: [...paths, { name: OURS, host: reach.address, port: reach.port }],
    pgbench: existsSync(beside) ? beside : (found('pgbench') ?? ''),
  };
  await fill(stand);
  return stand;
}

async function fill(stand: Stand): Promise<void> {
  const { cluster } = stand.stage.world.company;
  await cluster.sql([
    `grant create on schema public to ${GATEWAY_ROLE}`,
    `create table bench_sink (line text)`,
    `grant insert, select on bench_sink to ${GATEWAY_ROLE}`,
  ]);
  if (stand.pgbench !== '') await must(client(stand, 'direct', [stand.pgbench, '-i', '-q']));
  await cluster.sql('vacuum analyze');
}

export function pathOf({ paths }: Stand, name: string): Path {
  const path = paths.find((each) => each.name === name);
  if (!path) throw new Error(`no path ${name}`);
  return path;
}

/**
 * Runs a PostgreSQL client on the laptop, by a path. Same flags, same TLS mode on every path; the password is for those where
 * the client still needs one.
 */
export function client(stand: Stand, name: string, argv: readonly string[], limit = 300_000): Promise<Finished> {
  const { host, port } = pathOf(stand, name);
  const env = {
    ...{ PGHOST: host, PGPORT: String(port), PGUSER: GATEWAY_ROLE, PGDATABASE: 'shop', PGSSLMODE: 'require' },
    PGPASSWORD: name === OURS ? '' : stand.password,
  };
  const child = stand.laptop.spawn(argv, 'pipe', env);
  child.stdin?.end();
  return finished(child, limit);
}
