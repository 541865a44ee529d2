import { nearest } from '../config/nearest.js';
import { matches } from '../config/policy.js';
import type { Config, RoleConfig } from '../config/schema.js';

/** A role that cannot do what it says: a typing error more often than not. */
export interface RoleFault {
  role: string;
  message: string;
  hint?: string | undefined;
}

/** Patterns that match no connection, and ports that none of a role's connections has. */
export function roleFaults({ roles, connections }: Pick<Config, 'roles' | 'connections'>): RoleFault[] {
  return Object.entries(roles).flatMap(([role, it]) => [
    ...patternFaults(role, it, Object.keys(connections)),
    ...portFaults(role, it, connections),
  ]);
}

function patternFaults(role: string, { see, connect }: RoleConfig, names: readonly string[]): RoleFault[] {
  return Object.entries({ see, connect }).flatMap(([key, patterns]) =>
    patterns
      .filter((pattern) => !names.some((name) => matches(pattern, name)))
      .map((pattern) => {
        const meant = pattern.includes('*') ? undefined : nearest(pattern, names);
        const hint = meant ? `did you mean ${meant}?` : `there are: ${names.join(', ') || 'none'}`;
        return { role, message: `${key}: ${pattern} matches no connection`, hint };
      }),
  );
}

function portFaults(role: string, { see, connect, ports = [] }: RoleConfig, all: Config['connections']): RoleFault[] {
  const named = Object.entries(all).filter(([name]) => [...see, ...connect].some((pattern) => matches(pattern, name)));
  const known = [...new Set(named.map(([, { listen }]) => listen))];
  if (known.length === 0) return [];
  const hint = `they are reached at: ${known.join(', ')}`;
  return ports
    .filter((port) => !known.includes(port))
    .map((port) => ({ role, message: `ports: none of its connections is reached at ${port}`, hint }));
}
