import { UserError } from '@hoop/core';
import { Sides, type Upstream } from '@hoop/session';
import { counted } from './render.js';

/**
 * Tries whether the login of a connection with ephemeral credentials may mint them: reaches each of its databases, and mints
 * in a transaction that is undone. Throws `UserError` with the statements that a superuser is to run where it may not.
 */
export async function mintable(upstream: Upstream): Promise<string> {
  const roles = [...new Set(upstream.ephemeral?.grants.map(({ role }) => role))];
  const sides = new Sides();
  try {
    for (const database of upstream.databases) await tried(sides, upstream, database, roles);
  } finally {
    sides.close();
  }
  return `mints for ${roles.join(', ')} in ${counted(upstream.databases.length, 'database')}`;
}

async function tried(sides: Sides, upstream: Upstream, database: string, roles: readonly string[]): Promise<void> {
  const ran = await sides.run({ upstream, database, purpose: 'mint' }, { do: 'try', roles });
  if (!ran.ok) {
    const { message, hint } = ran.refusal;
    throw new UserError('credential', `${database}: ${message}`, { hint });
  }
  if (ran.answer.length === 0) return;
  const cures = ran.answer.flatMap(({ cure }) => (cure === undefined ? [] : [`${cure};`]));
  const login = (await upstream.login?.())?.user ?? '';
  const what = ran.answer.map(({ message }) => message).join('; ');
  throw new UserError('credential', `${database}: ${login} ${what}`, {
    hint: cures.length > 0 ? `as a superuser: ${cures.join(' ')}` : undefined,
  });
}
