import type { Facts } from './facts.js';
import type { Finding } from './finding.js';
import { clockFindings, gatewayFindings } from './gateway.js';
import { daemonFinding, loginFindings } from './login.js';
import { browserFindings, ipv6Findings, keychainFinding, listenerFindings, nameFindings } from './machine.js';

/** All that was looked at, from what all depends on to what hangs on it: the first that fails is the one to mend. */
export function diagnose(facts: Facts): Finding[] {
  const state = typeof facts.daemon === 'string' ? undefined : facts.daemon;
  return [
    daemonFinding(facts),
    ...(state === undefined ? [] : loginFindings(state, facts)),
    ...clockFindings(facts),
    ...gatewayFindings(facts, state),
    ...(state === undefined ? [] : listenerFindings(facts, state)),
    ...nameFindings(facts),
    ...browserFindings(facts),
    ...ipv6Findings(facts),
    keychainFinding(facts, state),
  ];
}
