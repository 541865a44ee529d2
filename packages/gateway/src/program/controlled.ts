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
  const { guardrails } = new Configured({ ...config, connections: {} });
  return Object.entries(config.connections).flatMap(([connection, { protocol }]) => {
    const names = guardrails.names(connection);
    if (names.length === 0) return [];
    const controls = `guardrails ${names.join(', ')}`;
    return [{ connection, controls, ...(!isReadable(protocol) && { fault: unreadable(connection, protocol) }) }];
  });
}

const unreadable = (name: string, protocol: string) =>
  new UserError('config', `what its ${protocol} does cannot be told: with guardrails or masks it does not open`, {
    hint: `give them connections: patterns that leave ${name} out`,
  });

/** Patterns of guardrails that match no connection. */
export function guardrailFaults({ guardrails, connections }: Config): (PatternFault & { what: string })[] {
  const names = Object.keys(connections);
  const used = [
    ...guardrails.packs.map(({ pack, connections: patterns }) => ({ what: `guardrail ${pack}`, patterns })),
    ...guardrails.rules.map(({ name, connections: patterns }) => ({ what: `guardrail ${name}`, patterns })),
  ];
  return used.flatMap(({ what, patterns = [] }) =>
    patternFaults('connections', patterns, names).map((fault) => ({ what, ...fault })),
  );
}
