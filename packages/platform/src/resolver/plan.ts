/** What is known of a machine before names are routed to our resolver; a table of such machines is the plan's test. */
export interface ResolverFacts {
  platform: NodeJS.Platform;
  uid: number;
  /** systemd-resolved answers on the system bus. */
  resolved: boolean;
  /** Programs ask it: through its stub in resolv.conf, or through nss-resolve. */
  resolvedIsAsked: boolean;
  /** A network interface of our name is there already. */
  linkExists: boolean;
  /** `ip` of iproute2 is installed. */
  ip: boolean;
}

/** A command and its arguments, run without a shell. */
export type Step = readonly [command: string, ...args: string[]];

export type ResolverPlan =
  | { can: true; steps: readonly Step[]; undo: readonly Step[] }
  | { can: false; why: string; hint: string };

export const LINK = 'hoop0';
/** TEST-NET-1 (RFC 5737): never routed; resolved passes over a link that has no address. */
const LINK_ADDRESS = '192.0.2.53/32';

/**
 * Routes `*.hoop`, and nothing else, from systemd-resolved to our resolver: by a link of its own with the routing domain
 * `~hoop` and no default route. A global `DNS=` would be asked for every name, and not at all while offline; with a link
 * of its own neither happens, and taking the link away undoes all of it.
 */
export function planResolver(facts: ResolverFacts, server: { address: string; port: number }): ResolverPlan {
  const no = (why: string) => ({ can: false, why, hint: 'hoop run -- CMD and hoop connect NAME need no DNS' }) as const;
  if (facts.platform !== 'linux') return no('this system’s resolver is set up by a later version of hoop');
  if (!facts.resolved) return no('systemd-resolved does not run here');
  if (!facts.resolvedIsAsked)
    return no('systemd-resolved runs, but programs do not ask it (resolv.conf, nsswitch.conf)');
  if (!facts.ip) return no('`ip` (iproute2) is not installed');
  if (facts.uid !== 0) return no('it takes root');
  const remove: Step = ['ip', 'link', 'del', LINK];
  return {
    can: true,
    steps: [
      ...(facts.linkExists ? [remove] : []),
      ['ip', 'link', 'add', LINK, 'type', 'bridge'],
      ['ip', 'addr', 'add', LINK_ADDRESS, 'dev', LINK],
      ['ip', 'link', 'set', LINK, 'up'],
      ['resolvectl', 'dns', LINK, `${server.address}:${server.port}`],
      ['resolvectl', 'domain', LINK, '~hoop'],
      ['resolvectl', 'default-route', LINK, 'no'],
    ],
    undo: [remove],
  };
}
