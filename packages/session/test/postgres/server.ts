import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Cluster, newAuthority, passableFolder, testAccount } from '@hoop/testkit';
import { Client } from 'pg';
import type { Upstream } from '../../src/index.js';

export interface Server {
  cluster: Cluster;
  upstream: Upstream;
  /** The superuser, beside all that is tested. */
  admin: Client;
  stop(): Promise<void>;
}

/** A PostgreSQL of its own, as the upstream of flows. */
export async function startServer(): Promise<Server> {
  const folder = passableFolder('hoop-scripted-');
  const authority = await newAuthority();
  const cluster = await Cluster.make({ folder: join(folder, 'pg'), authority, account: testAccount() });
  const upstream: Upstream = {
    name: 'pg-prod',
    protocol: 'postgres',
    host: 'localhost',
    port: cluster.port,
    tls: 'verify-full',
    ca: authority.certificate,
    databases: ['shop'],
    record: 'statements',
    login: async () => ({ user: 'postgres', password: cluster.superPassword }),
  };
  const admin = new Client(cluster.config());
  await admin.connect();
  const stop = async () => {
    await admin.end();
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { cluster, upstream, admin, stop };
}
