import type { LocalConnection, State } from '@hoop/contracts/local';
import { UserError } from '@hoop/core';
import { currentOf, hasProfile, isOfSeveral, longHostname, ofProfile, shownName } from './profile.js';
import { working } from './settle.js';

/**
 * The connection of that name, given as `pg-prod`, `pg-prod.acme`, or one of these with `.hoop`, and the state of its
 * profile, where the login works. A short name is the default profile's, or nobody's: none is guessed.
 */
export function find(state: State, name: string): { connection: LocalConnection; state: State } {
  const connection = lookedFor(state, name);
  const own = isOfSeveral(state) ? ofProfile(state, profileMeant(state, name)) : state;
  working(own);
  if (connection !== undefined) return { connection, state: own };
  throw unknown(state, own, name);
}

/** The one that is meant, if there is one; as names are, in any case of letters. */
export function lookedFor(state: State, given: string): LocalConnection | undefined {
  const name = given.toLowerCase();
  const hostname = name.endsWith('.hoop') ? name : `${name}.hoop`;
  const is = (one: LocalConnection) => one.hostname === hostname || longHostname(one) === hostname;
  return state.connections.find((one) => is(one) || (!isOfSeveral(state) && one.name === given));
}

/** Of several profiles the one that the name is in, whether it has such a connection or not. */
export function profileMeant(state: State, given: string): string {
  const meant =
    lookedFor(state, given)?.profile ??
    given
      .toLowerCase()
      .replace(/\.hoop$/, '')
      .split('.')[1];
  return meant !== undefined && hasProfile(state, meant) ? meant : currentOf(state);
}

function unknown(state: State, own: State, name: string): UserError {
  const message = `you see no connection called ${JSON.stringify(name)}`;
  const others = state.connections.filter((one) => one.name === name).map(shownName);
  // Of a profile that the name is in, its own; of no profile, all that there is.
  const inProfile = hasProfile(state, name.replace(/\.hoop$/, '').split('.')[1] ?? '');
  const names = (inProfile ? own : state).connections.map(shownName);
  const seen = `${names.slice(0, 10).join(', ')}${names.length > 10 ? ', …' : ''}`;
  const hint =
    others.length > 0 ? `there is ${others.join(', ')}` : names.length === 0 ? 'hoop ls' : `you see: ${seen}`;
  return new UserError('unknown-connection', message, { hint });
}
