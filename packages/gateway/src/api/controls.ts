import type { Controlled, Explained, ExplainedCommand } from '@hoop/contracts/gateway';
import { ApiError } from '@hoop/contracts/http';
import { type Decided, verdictOf } from '@hoop/controls';
import type { Identity, Reading, Refusal, Verdict } from '@hoop/core';
import type { ConnectionConfig } from '../config/schema.js';
import type { Services } from '../tunnel/services.js';

/** What is controlled on a connection for a person who may open it. Throws `ApiError` for one who may not. */
export function controlledFor({ configured }: Services, identity: Identity, name: string): Controlled {
  opened(configured, identity, name);
  const guardrails = configured.guardrailsFor(name, identity).listed;
  return { guardrails: [...guardrails], masks: [] };
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
  const decided = configured.guardrailsFor(name, identity).decide(text, read.readings);
  return {
    connection: name,
    database: wanted,
    ...told(verdictOf(decided)),
    commands: read.readings.map((reading, at) => commandOf(reading, decided[at])),
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

function commandOf(reading: Reading, guardrail: Decided | undefined): ExplainedCommand {
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
    outputs: outputs?.map((output) => ({ ...output, columns: [...output.columns] })) ?? null,
    predicates: reading.predicates.map(({ column, how }) => ({ column, how })),
  };
}
