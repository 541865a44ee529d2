import { join } from 'node:path';
import { FaultProxy } from '../../fault/index.js';
import { GATEWAY_ROLE } from '../../postgres/index.js';
import { json, listed, logIn } from '../../story/index.js';
import type { Laptop } from '../../world/index.js';
import { compared, OURS, type Row } from '../row.js';
import type { Stand } from '../stand.js';

interface Target {
  name: string;
  host: string;
  port: number;
}
const ONE_WAY = 20;

/** In one process of the driver `pg`: from nothing to the first row, connections one after the other. */
export async function connectNear(stand: Stand): Promise<Row[]> {
  stand.tell('connect and first row, no delay');
  const samples = await probed(stand, stand.laptop, stand.paths);
  const aim = { name: 'connect and first row, 0 ms RTT', peer: 'direct', target: null, more: false, measured: 'ms' };
  return [compared(aim, samples)];
}

/**
 * The same over 40 ms: between client and server where it goes straight, between laptop and gateway where it goes through us.
 * The proxy that delays the bytes takes TCP's own handshake at once, so every path is spared that one round trip.
 */
export async function connectFar(stand: Stand): Promise<Row[]> {
  const { company } = stand.stage.world;
  stand.tell('connect and first row, 40 ms');
  const database = await FaultProxy.start({ port: company.cluster.port });
  const gateway = await FaultProxy.start({ port: company.gatewayPort });
  try {
    return await far(stand, database, gateway);
  } finally {
    await Promise.all([database, gateway].map((proxy) => proxy.close()));
  }
}

async function far(stand: Stand, database: FaultProxy, gateway: FaultProxy): Promise<Row[]> {
  const { stage } = stand;
  await stage.world.company.moveFront(gateway.port);
  await logIn(stage, 'carol');
  const laptop = stage.world.laptop('carol');
  const { reach } = await listed(laptop);
  for (const proxy of [database, gateway]) proxy.delay(ONE_WAY);
  const paths = [
    { name: 'direct', host: '127.0.0.1', port: database.port },
    { name: OURS, host: reach.address, port: reach.port },
  ];
  const samples = await probed(stand, laptop, paths);
  const aim = { name: 'connect and first row, 40 ms RTT', peer: 'direct', target: 0.4, more: false, measured: 'ms' };
  return [compared({ ...aim, note: "without TCP's own round trip, on both" }, samples)];
}

function probed(stand: Stand, laptop: Laptop, paths: readonly Target[]): Promise<Record<string, number[]>> {
  const { node, packages } = stand.stage.world.programs;
  const targets = paths.map((path) => ({
    ...path,
    user: GATEWAY_ROLE,
    password: path.name === OURS ? '' : stand.password,
  }));
  const rounds = stand.quick ? 10 : 40;
  const argv = [node, join(packages, 'testkit/dist/probe.js'), 'connect', JSON.stringify(targets), String(rounds)];
  return json<Record<string, number[]>>(laptop.run(argv, 120_000));
}
