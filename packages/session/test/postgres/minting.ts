import { type Cluster, MINTER_ROLE } from '@hoop/testkit';
import { Credentials, type Errands, type Issuer, type RoleNews, type Upstream } from '../../src/index.js';
import type { Site } from './site.js';

/** What an operator does once: roles that sessions act as. */
export async function prepare(cluster: Cluster): Promise<void> {
  await cluster.sql(
    [
      'create role shop_engineer nologin',
      'create role shop_reader nologin',
      `grant shop_engineer, shop_reader to ${MINTER_ROLE} with admin option`,
      'create database archive',
    ],
    'postgres',
  );
  await cluster.sql([
    'grant usage, create on schema public to shop_engineer',
    'grant create on database shop to shop_engineer',
    'grant select on all tables in schema public to shop_engineer, shop_reader',
  ]);
  await cluster.sql('grant usage, create on schema public to shop_engineer', 'archive');
}

/** The connection whose flows have roles of their own. */
export function minting(site: Site, cluster: Cluster, more: Partial<Upstream> = {}): Upstream {
  return site.upstream(cluster, {
    databases: ['shop', 'archive'],
    login: async () => ({ user: MINTER_ROLE, password: cluster.minterPassword }),
    ephemeral: {
      grants: [
        { groups: ['engineering'], role: 'shop_engineer' },
        { groups: ['engineering', 'support'], role: 'shop_reader' },
      ],
      lifetimeMs: 600_000,
    },
    ...more,
  });
}

export const issuer = (more: Partial<Issuer> = {}): Issuer => ({
  id: 'gateway-1',
  key: Buffer.from('a key of one gateway and no other'),
  instance: 'run-1',
  isDead: () => true,
  ...more,
});

/** A gateway's credentials, and what they told. Events can be awaited. */
export class Minting {
  readonly news: RoleNews[] = [];
  readonly bugs: unknown[] = [];
  readonly credentials: Credentials;
  #wake: () => void = () => {};

  constructor(options: { issuer?: Issuer; errands?: Errands } = {}) {
    this.credentials = new Credentials({
      issuer: options.issuer ?? issuer(),
      told: (news) => {
        this.news.push(news);
        this.#wake();
      },
      report: (bug) => this.bugs.push(bug),
      errands: options.errands,
    });
  }

  /** Resolves with the first that fits, be it told already. */
  async until(fits: (news: RoleNews) => boolean): Promise<RoleNews> {
    for (;;) {
      const found = this.news.find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** The roles of sessions that the cluster has now. */
export async function sessionRoles(cluster: Cluster): Promise<string[]> {
  const rows = await cluster.sql(
    `select rolname from pg_roles where rolname ~ '^hoop_' and rolname not in ('${MINTER_ROLE}', 'hoop_gateway') order by 1`,
    'postgres',
  );
  return rows.map(({ rolname }) => String(rolname));
}
