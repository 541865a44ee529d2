import type { LocalConnection } from '@hoop/contracts/local';
import { UserError } from '@hoop/core';

/** The connection of that name, given as `pg-prod` or `pg-prod.hoop`. */
export function find(connections: readonly LocalConnection[], name: string): LocalConnection {
  const found = connections.find((one) => one.name === name || one.hostname === name);
  if (found !== undefined) return found;
  const names = connections.map((one) => one.name);
  const hint =
    names.length === 0 ? 'hoop ls' : `you see: ${names.slice(0, 10).join(', ')}${names.length > 10 ? ', …' : ''}`;
  throw new UserError('unknown-connection', `you see no connection called ${JSON.stringify(name)}`, { hint });
}
