import type { State } from '@hoop/contracts/local';
import { currentOf, isOfSeveral, ofProfile } from '../profile.js';
import type { Facts } from './facts.js';
import type { Finding } from './finding.js';
import { clockFindings, gatewayFindings } from './gateway.js';
import { daemonFinding, loginFindings } from './login.js';
import {
  browserFindings,
  configFindings,
  ipv6Findings,
  keychainFinding,
  listenerFindings,
  nameFindings,
} from './machine.js';

/** What the default profile has; of others there may be none. */
const ownPart = (state: State): State => (isOfSeveral(state) ? ofProfile(state, currentOf(state)) : state);

const mendOf = (mend: string, profile: string): string =>
  mend.startsWith('hoop login') && !mend.includes('--profile') ? `${mend} --profile ${profile}` : mend;

/** The same of each other profile, by its name. */
const otherFindings = (state: State, facts: Facts): Finding[] =>
  Object.entries(facts.otherWays).flatMap(([name, way]) => {
    const part = ofProfile(state, name);
    const findings = [...loginFindings(part, facts), ...gatewayFindings({ ...facts, way }, part)];
    return findings.map((one) => ({
      ...one,
      check: `${one.check} ${name}`,
      ...(one.mend && { mend: mendOf(one.mend, name) }),
    }));
  });

/** All that was looked at, from what all depends on to what hangs on it: the first that fails is the one to mend. */
export function diagnose(facts: Facts): Finding[] {
  const state = typeof facts.daemon === 'string' ? undefined : facts.daemon;
  return [
    daemonFinding(facts),
    ...(state === undefined ? [] : loginFindings(ownPart(state), facts)),
    ...clockFindings(facts),
    ...gatewayFindings(facts, state && ownPart(state)),
    ...(state === undefined ? [] : otherFindings(state, facts)),
    ...(state === undefined ? [] : listenerFindings(facts, state)),
    ...nameFindings(facts),
    ...browserFindings(facts),
    ...ipv6Findings(facts),
    ...configFindings(facts),
    keychainFinding(facts, state),
  ];
}
