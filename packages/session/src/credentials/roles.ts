import type { Ephemeral } from '../ports.js';

/** The database roles that these groups give, the acting one first; none: this person has no place there. */
export function rolesFor({ grants }: Ephemeral, groups: readonly string[]): string[] {
  const matching = grants.filter((grant) => grant.groups.some((group) => groups.includes(group)));
  return [...new Set(matching.map(({ role }) => role))];
}
