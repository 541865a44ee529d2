import { setTimeout as after } from 'node:timers/promises';
import { SUPPORT_ROLE } from '../postgres/index.js';
import { SUPPORT } from '../world/index.js';
import { listed, must, type Stage, sqlClient } from './stage.js';
import type { Step } from './step.js';

/** What bob may do, on the shop as support sees it. */
export const SUPPORTED: readonly Step<Stage>[] = [
  {
    group: 'Support',
    name: 'own role',
    needs: ['bob'],
    run: ownRole,
    trouble: ({ world }) => ({
      next: `./scripts/hoop-gateway check --config ${world.company.configFile}`,
      log: world.company.log('gateway'),
    }),
  },
];

const MADE = 'create table visits as select session_user::text as visitor, current_user::text as team';

/** A session works as a role that nobody had before, and nobody has after it; what it made stays, as its team's. */
async function ownRole(stage: Stage): Promise<string> {
  const { cluster } = stage.world.company;
  const bob = stage.world.laptop('bob');
  const { address, port } = (await listed(bob, SUPPORT)).reach;
  await must(bob.run(sqlClient(stage, address, port, MADE)));
  const [made] = await cluster.sql(
    "select visitor, team, tableowner as owner from visits, pg_tables where tablename = 'visits'",
  );
  const { visitor, team, owner } = made as Record<'visitor' | 'team' | 'owner', string>;
  if (!/^hoop_[a-z0-9]+$/.test(visitor) || team !== SUPPORT_ROLE) throw new Error(`bob worked as ${visitor}, ${team}`);
  if (owner !== SUPPORT_ROLE) throw new Error(`his table belongs to ${owner}`);
  await gone(stage, visitor);
  await cluster.sql('drop table visits');
  return `bob worked as ${visitor}, for ${team}; the role is gone, his table is ${team}'s`;
}

async function gone({ world }: Stage, role: string): Promise<void> {
  const still = () => world.company.cluster.sql(`select 1 from pg_roles where rolname = '${role}'`);
  for (const deadline = Date.now() + 5_000; Date.now() < deadline; await after(20))
    if ((await still()).length === 0) return;
  throw new Error(`the role ${role} is still there`);
}
