import type { Controlled, Explained, ExplainedCommand, ExplainedOutput } from '@hoop/contracts/gateway';
import { ApiError } from '@hoop/contracts/http';
import { actOn, type Decided, type MaskRule, masksFor, Scope, verdictOf } from '@hoop/controls';
import type { Identity, OutputSource, Reading, Refusal, Verdict } from '@hoop/core';
import type { ConnectionConfig } from '../config/schema.js';
import type { Services } from '../tunnel/services.js';

/** What is controlled on a connection for a person who may open it. Throws `ApiError` for one who may not. */
export function controlledFor({ configured }: Services, identity: Identity, name: string): Controlled {
  opened(configured, identity, name);
  const listed = configured.guardrailsListed(name, identity);
  const guardrails = listed.map(({ programs, ...one }) => ({ ...one, ...(programs && { programs: [...programs] }) }));
  return { guardrails, masks: configured.masksOf(name).map((rule) => maskOf(rule, identity)) };
}

function maskOf(
  { name, way, columns, detectors, exempt }: MaskRule,
  { groups }: Identity,
): Controlled['masks'][number] {
  const isExempt = exempt.some((group) => groups.includes(group));
  return { name, way, columns: [...columns], detectors: [...detectors], exempt: isExempt };
}

/** What the controls would say of a statement of this person's; it is read with the server's catalogue and not run. */
export async function explain(
  services: Services,
  identity: Identity,
  { name, text, database }: { name: string; text: string; database?: string | undefined },
): Promise<Explained> {
  const { configured, sessions } = services;
  const connection = opened(configured, identity, name);
  if (!sessions.isReadable(connection.protocol)) throw unreadable(name, connection);
  const wanted = databaseOf(name, connection, database);
  const read = await sessions.read(configured.upstream(name), wanted, text);
  if (!read.ok) throw apiError(read.refusal, 503);
  const { readings } = read;
  const decided = configured.guardrailsFor(name, identity).decide(text, readings);
  const guarded = verdictOf(decided);
  const at = { connection: name, groups: identity.groups, person: identity.subject };
  const masks = masksFor(configured.masks, at, services.masking);
  const scope = new Scope(configured.masks, name, identity.groups);
  return {
    connection: name,
    database: wanted,
    ...told(
      guarded.allow ? (masks?.judge({ kind: 'statement', text, class: 'unknown', readings }) ?? guarded) : guarded,
    ),
    commands: readings.map((reading, nth) => commandOf(reading, decided[nth], scope)),
  };
}

/** The connection, for one who may open it; a hidden one is answered as one that is not there. */
function opened({ policy }: Services['configured'], identity: Identity, name: string): ConnectionConfig {
  const decision = policy.decide(identity, name, policy.connection(name)?.listen ?? 0);
  if (decision.allow) return decision.connection;
  throw apiError(decision.refusal, decision.refusal.code === 'not-granted' ? 403 : 404);
}

function databaseOf(name: string, { databases }: ConnectionConfig, wanted: string | undefined): string {
  const [first = ''] = databases;
  if (wanted === undefined || databases.includes(wanted)) return wanted ?? first;
  const hint = `it has: ${databases.join(', ')}`;
  throw new ApiError(422, 'no-such-database', `${name} has no database of that name`, { hint });
}

const apiError = ({ code, message, hint }: Refusal, status: number) => new ApiError(status, code, message, { hint });

const unreadable = (name: string, { protocol }: ConnectionConfig) =>
  new ApiError(422, 'not-readable', `${name} is ${protocol}: what it does cannot be told`);

function told(verdict: Verdict): Pick<Explained, 'verdict' | 'rule' | 'reason' | 'hint' | 'notices'> {
  const notices = [...(verdict.notices ?? [])];
  if (verdict.allow) return { verdict: 'allow', notices };
  const { rule, reason, hint } = verdict;
  return { verdict: 'deny', rule, reason, ...(hint !== undefined && { hint }), notices };
}

function commandOf(reading: Reading, guardrail: Decided | undefined, scope: Scope): ExplainedCommand {
  const { kind, unknown, unbounded, outputs } = reading;
  return {
    kind,
    class: reading.class,
    ...(unknown !== undefined && { unknown }),
    relations: [...reading.relations],
    columns: [...reading.columns],
    functions: [...reading.functions],
    unbounded,
    traits: [...reading.traits],
    ...(guardrail && { guardrail }),
    outputs: outputs?.map((output) => outputOf(output, scope)) ?? null,
    predicates: reading.predicates.map(({ column, how }) => ({ column, how })),
  };
}

/** As a text: of another type, what is masked becomes NULL. */
function outputOf(source: OutputSource, scope: Scope): ExplainedOutput {
  const { name, columns, exact, opaque } = source;
  const act = actOn({ name, format: 'text', type: 0, holds: 'text', source }, scope);
  return {
    name,
    columns: [...columns],
    exact,
    ...(opaque !== undefined && { opaque }),
    ...(act.does === 'mask' && { mask: { rule: act.rule, way: act.way } }),
    ...(act.does === 'look' && { searched: true }),
  };
}
