import { matchesAny } from '@hoop/controls';
import type { Config, RoleConfig } from '../config/schema.js';
import { patternFaults } from './patterns.js';

/** A role that cannot do what it says: a typing error more often than not. */
export interface RoleFault {
  role: string;
  message: string;
  hint?: string | undefined;
}

/** Patterns that match no connection, and ports that none of a role's connections has. */
export function roleFaults({ roles, connections }: Pick<Config, 'roles' | 'connections'>): RoleFault[] {
  return Object.entries(roles).flatMap(([role, it]) => [
    ...nameFaults(role, it, Object.keys(connections)),
    ...portFaults(role, it, connections),
  ]);
}

function nameFaults(role: string, { see, connect }: RoleConfig, names: readonly string[]): RoleFault[] {
  const named = Object.entries({ see, connect });
  return named.flatMap(([key, patterns]) => patternFaults(key, patterns, names).map((fault) => ({ role, ...fault })));
}

function portFaults(role: string, { see, connect, ports = [] }: RoleConfig, all: Config['connections']): RoleFault[] {
  const named = Object.entries(all).filter(([name]) => matchesAny([...see, ...connect], name));
  const known = [...new Set(named.map(([, { listen }]) => listen))];
  if (known.length === 0) return [];
  const hint = `they are reached at: ${known.join(', ')}`;
  return ports
    .filter((port) => !known.includes(port))
    .map((port) => ({ role, message: `ports: none of its connections is reached at ${port}`, hint }));
}
