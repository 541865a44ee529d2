import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Authority, Cluster, type ClusterOptions, newAuthority, passableFolder, testAccount } from '@hoop/testkit';
import type { Upstream } from '../../src/index.js';
import { Bridge, type Leaf, type Whose } from './bridge.js';

/** TLS + SCRAM as the gateway must, and nothing at all for whoever compares without hoop between. */
const HBA = 'hostssl all all 127.0.0.1/32 scram-sha-256\nhostnossl all all 127.0.0.1/32 trust\n';

/** A server, and the way through hoop to it. */
export class Site {
  readonly folder: string;
  readonly scratch: string;
  readonly authority: Authority;
  readonly leaf: Leaf;
  readonly clusters: Cluster[] = [];
  readonly #bridges: Bridge[] = [];

  private constructor(folder: string, authority: Authority, leaf: Leaf) {
    this.folder = folder;
    this.scratch = join(folder, 'scratch');
    mkdirSync(this.scratch, { recursive: true });
    this.authority = authority;
    this.leaf = leaf;
  }

  static async make(): Promise<Site> {
    const authority = await newAuthority();
    return new Site(passableFolder('hoop-wire-'), authority, await authority.issue(['pg-prod.hoop', 'localhost']));
  }

  async cluster(options: Partial<ClusterOptions> = {}): Promise<Cluster> {
    const folder = join(this.folder, `pg${this.clusters.length}`);
    const { authority } = this;
    const cluster = await Cluster.make({ folder, authority, account: testAccount(), hba: HBA, ...options });
    this.clusters.push(cluster);
    return cluster;
  }

  upstream(cluster: Cluster, more: Partial<Upstream> = {}): Upstream {
    return {
      name: 'pg-prod',
      protocol: 'postgres',
      host: 'localhost',
      port: cluster.port,
      tls: 'verify-full',
      ca: this.authority.certificate,
      databases: ['shop', 'postgres'],
      record: 'statements',
      login: async () => ({ user: 'postgres', password: cluster.superPassword }),
      ...more,
    };
  }

  async bridge(cluster: Cluster, more: Partial<Upstream> = {}, whose: Whose = {}): Promise<Bridge> {
    const bridge = await Bridge.open(this.upstream(cluster, more), this.leaf, whose);
    this.#bridges.push(bridge);
    return bridge;
  }

  /** Ends what was opened since, and gives the errors that were our own. */
  async closeBridges(): Promise<unknown[]> {
    const bridges = this.#bridges.splice(0);
    await Promise.all(bridges.map((bridge) => bridge.close()));
    return bridges.flatMap(({ bugs }) => bugs);
  }

  async end(): Promise<void> {
    await this.closeBridges();
    for (const cluster of this.clusters) await cluster.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** How libpq gets there: straight, or as a person of hoop's. */
export const direct = (cluster: Cluster, more: Record<string, string> = {}): Record<string, string> => ({
  PGHOST: '127.0.0.1',
  PGPORT: String(cluster.port),
  PGUSER: 'postgres',
  PGPASSWORD: cluster.superPassword,
  PGDATABASE: 'shop',
  PGSSLMODE: 'require',
  ...more,
});
export const through = (bridge: Bridge, more: Record<string, string> = {}): Record<string, string> => ({
  PGHOST: '127.0.0.1',
  PGPORT: String(bridge.port),
  PGUSER: 'postgres',
  PGDATABASE: 'shop',
  PGSSLMODE: 'require',
  ...more,
});
