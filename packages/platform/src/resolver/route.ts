import { MARK } from '../setup/plan.js';
import { textOf } from '../setup/system.js';
import { PATHS } from './plan.js';

/** Where set-up has led `*.hoop`. */
export interface Route {
  /** N of 127.77.N.0/24. */
  subnet: number;
  /** Our resolver's; undefined where the names themselves are in /etc/hosts. */
  place: { address: string; port: number } | undefined;
  /** For whom; undefined where it is not said. */
  uid: number | undefined;
}

const SERVER = /(?:dns hoop0 |server=\/hoop\/|nameserver )(127\.77\.(\d{1,3})\.1)(?::|#|\nport )(\d{1,5})$/m;
const NAMES = /^# BEGIN hoop setup.*\n127\.77\.(\d{1,3})\./m;

/** By root's own files, which everybody may read. Undefined: this machine is not set up, or not by hoop. */
export function routeIn(text: (path: string) => string | undefined = textOf): Route | undefined {
  for (const path of [PATHS.unit, PATHS.networkmanager, PATHS.dnsmasq, PATHS.macos]) {
    const written = text(path) ?? '';
    const [, address, subnet, port] = SERVER.exec(written) ?? [];
    if (address === undefined || !written.includes(MARK)) continue;
    const uid = /^# for user id (\d+)$/m.exec(written)?.[1];
    const place = { address, port: Number(port) };
    return { subnet: Number(subnet), place, uid: uid === undefined ? undefined : Number(uid) };
  }
  const named = NAMES.exec(text(PATHS.hosts) ?? '')?.[1];
  return named === undefined ? undefined : { subnet: Number(named), place: undefined, uid: undefined };
}

/**
 * Whether a hoopd is the one that it leads to: by whose it is and by the /24, which its state folder tells. Set-ups that
 * do not say whose they are lead to who has that /24 by what they remember.
 */
export function leadsTo(route: Route, who: { uid: number; subnet: number | undefined; remembered: boolean }): boolean {
  const isTheirs = route.uid === undefined ? who.remembered : route.uid === who.uid;
  return isTheirs && route.subnet === who.subnet;
}
