import { UserError } from '@hoop/core';
import { isReadable } from '@hoop/session';
import { Configured } from '../config/configured.js';
import type { Config } from '../config/schema.js';
import { type PatternFault, patternFaults } from './patterns.js';

/** What is controlled on a connection, whoever opens it; `fault` if its protocol cannot be controlled so. */
export interface ControlledConnection {
  connection: string;
  controls: string;
  fault?: UserError | undefined;
}

/** The connections on which anything goes by what statements do. */
export function controlledConnections(config: Config): ControlledConnection[] {
  const configured = new Configured({ ...config, connections: {} });
  return Object.entries(config.connections).flatMap(([connection, { protocol }]) => {
    const masks = [...new Set(configured.masksOf(connection).map(({ name }) => name))];
    const guardrails = configured.guardrails.names(connection).map(({ name, groups }) => told(name, groups));
    const named = { guardrails, masks };
    const on = Object.entries(named).filter(([, names]) => names.length > 0);
    if (on.length === 0) return [];
    const controls = on.map(([what, names]) => `${what} ${names.join(', ')}`).join('; ');
    return [{ connection, controls, ...(!isReadable(protocol) && { fault: unreadable(connection, protocol) }) }];
  });
}

const told = (name: string, groups: readonly string[] | undefined) =>
  groups === undefined ? name : `${name} (for ${groups.join(', ')})`;

const unreadable = (name: string, protocol: string) =>
  new UserError('config', `what its ${protocol} does cannot be told: with guardrails or masks it does not open`, {
    hint: `give them connections: patterns that leave ${name} out`,
  });

/** Patterns of guardrails and masks that match no connection. */
export function controlFaults({ guardrails, masks, connections }: Config): (PatternFault & { what: string })[] {
  const names = Object.keys(connections);
  const used = [
    ...guardrails.packs.map(({ pack, connections: patterns }) => ({ what: `guardrail ${pack}`, patterns })),
    ...guardrails.rules.map(({ name, connections: patterns }) => ({ what: `guardrail ${name}`, patterns })),
    ...masks.packs.map(({ pack, connections: patterns }) => ({ what: `mask ${pack}`, patterns })),
    ...masks.columns.map(({ columns, connections: patterns }) => ({ what: `mask ${columns[0]}`, patterns })),
  ];
  return used.flatMap(({ what, patterns = [] }) =>
    patternFaults(
      'connections',
      patterns.filter((pattern) => pattern !== '*'),
      names,
    ).map((fault) => ({ what, ...fault })),
  );
}
