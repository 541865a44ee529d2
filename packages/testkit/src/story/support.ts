import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';
import { SUPPORT_ROLE } from '../postgres/index.js';
import { type Finished, SUPPORT } from '../world/index.js';
import { json, listed, must, type Stage, sqlClient } from './stage.js';
import type { Step } from './step.js';

const trouble = ({ world }: Stage) => ({
  next: `./scripts/hoop-gateway check --config ${world.company.configFile}`,
  log: world.company.log('gateway'),
});

/** What bob may do, on the shop as support sees it. */
export const SUPPORTED: readonly Step<Stage>[] = [
  { group: 'Support', name: 'masks', needs: ['bob'], run: masked, trouble },
  { group: 'Support', name: 'guards', needs: ['bob'], run: guarded, trouble },
  { group: 'Support', name: 'explain', needs: ['bob'], run: explained, trouble },
  { group: 'Support', name: 'own role', needs: ['bob'], run: ownRole, trouble },
];

/** One statement of bob's. */
async function asked(stage: Stage, statement: string, code = 0): Promise<Finished> {
  const bob = stage.world.laptop('bob');
  const { address, port } = (await listed(bob, SUPPORT)).reach;
  return must(bob.run(sqlClient(stage, address, port, statement)), code);
}

type Customer = Record<'name' | 'email' | 'ssn' | 'card', string>;

/** Whatever he makes of a customer's columns, he sees who it is and nothing else. */
async function masked(stage: Stage): Promise<string> {
  const [row] = await stage.world.company.cluster.sql('select name, email, ssn, card from customers where id = 1');
  const { name, ...hidden } = row as Customer;
  const plain = await asked(stage, 'select name, email, ssn, card from customers where id = 1');
  const bent = await asked(
    stage,
    `with c as (select c::text as whole, reverse(email) as back, lower(card) || '!' as low, to_jsonb(c) -> 'ssn' as json
      from customers c where id = 1) select name, (select whole from c), c.* from customers, c where customers.id = 1`,
  );
  for (const { stdout } of [plain, bent]) {
    if (!stdout.includes(name)) throw new Error(`${name} is not there: ${stdout.trim()}`);
    const forms = Object.values(hidden).flatMap((value) => [value, [...value].reverse().join('')]);
    const seen = forms.find((form) => stdout.includes(form));
    if (seen !== undefined) throw new Error('a masked value was shown');
  }
  const named = await asked(stage, `select name from customers where email = '${hidden.email}'`);
  if (named.stdout.trim() !== name) throw new Error(`asked for by address: ${named.stdout.trim()}`);
  written(stage, Object.values(hidden));
  return `${plain.stdout.trim().replaceAll('\t', '|')}; in no log, not on record`;
}

/** What is hidden is not written down either. */
function written({ world }: Stage, hidden: readonly string[]): void {
  const files = [world.company.log('gateway'), ...[...world.laptops.values()].map((laptop) => laptop.daemonLog)];
  const texts = files.filter((path) => existsSync(path)).map((path) => readFileSync(path, 'utf8'));
  const all = [...texts, JSON.stringify(world.company.record())];
  if (all.some((text) => hidden.some((value) => text.includes(value))))
    throw new Error('a masked value was written down');
}

const REFUSED = [
  ['drop table orders', 'destructive-ddl'],
  ["update orders set status = 'paid'", 'unbounded-writes'],
] as const;

/** What must not run does not run, and says why. */
async function guarded(stage: Stage): Promise<string> {
  const state = () =>
    stage.world.company.cluster.sql('select md5(string_agg(o::text, $$,$$ order by id)) from orders o');
  const before = JSON.stringify(await state());
  for (const [statement, rule] of REFUSED) {
    const { stderr } = await asked(stage, statement, 1);
    if (!stderr.includes('42501') || !stderr.includes(`refused by guardrail ${rule}`))
      throw new Error(`${statement}: ${stderr.trim()}`);
  }
  if (JSON.stringify(await state()) !== before) throw new Error('orders have changed');
  return REFUSED.map(([statement, rule]) => `${statement}: 42501 ${rule}`).join('; ');
}

interface Explained {
  verdict: string;
  rule?: string;
  commands: { outputs: { name: string; columns: string[]; mask?: { rule: string; way: string } }[] | null }[];
}

/** The gateway says beforehand what it would do. */
async function explained(stage: Stage): Promise<string> {
  const bob = stage.world.laptop('bob');
  const asks = (statement: string) => json<Explained>(bob.hoop('explain', SUPPORT, statement, '--json'));
  const shown = await asks('select ssn as number from customers');
  const [output] = shown.commands[0]?.outputs ?? [];
  const source = 'public.customers.ssn';
  if (shown.verdict !== 'allow' || output?.columns.join() !== source || output.mask?.way !== 'partial')
    throw new Error(`not what is shown: ${JSON.stringify(shown)}`);
  const refused = await asks('delete from orders');
  if (refused.verdict !== 'deny') throw new Error(`not what is refused: ${JSON.stringify(refused)}`);
  return `number is ${source}, ${output.mask.way} by ${output.mask.rule}; delete from orders: ${refused.rule}`;
}

const MADE = 'create table visits as select session_user::text as visitor, current_user::text as team';

/** A session works as a role that nobody had before, and nobody has after it; what it made stays, as its team's. */
async function ownRole(stage: Stage): Promise<string> {
  const { cluster } = stage.world.company;
  await asked(stage, MADE);
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
