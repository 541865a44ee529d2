import type { Environment } from '../environment.js';
import { type Endpoint, isEndpoint, type PeerSocket } from './endpoint.js';
import { netlinkSockets } from './netlink.js';
import { procSockets } from './proc-net.js';
import { provenOr, type Sockets } from './sockets.js';

export { type Endpoint, endpoint, type PeerSocket } from './endpoint.js';
export { type ClientProcess, ProgramFinder } from './program.js';

/**
 * Looks at the accepting side's two ends and answers whose socket is at the other end, or undefined: then it is nobody's.
 * Where the kernel has led a connection elsewhere, `here` is what the peer asked for and `behind` where it arrived.
 */
export type PeerLookup = (here: Endpoint, there: Endpoint, behind?: Endpoint) => PeerSocket | undefined;

/**
 * How this machine tells who is at the other end of a loopback connection. On an operating system where hoop cannot tell,
 * the answer is always undefined, and so nobody is let in.
 */
export function peerLookup(machine: Environment, way: 'best' | 'proc' = 'best'): PeerLookup {
  if (machine.platform !== 'linux') return () => undefined;
  const netlink = way === 'best' ? netlinkSockets() : undefined;
  return peersAmong(netlink === undefined ? procSockets : provenOr(netlink, procSockets));
}

/**
 * The peer's local end is the far one, seen from here. Somebody who connects to `behind` itself, from a port that another's
 * connection to `here` has too, has a socket that says so. One that they reset is gone, and then so is its other end, which
 * is looked at last.
 */
export const peersAmong =
  ({ find, has }: Sockets): PeerLookup =>
  (here, there, behind) => {
    if (!isEndpoint(here) || !isEndpoint(there)) return undefined;
    const peer = find(there, here);
    if (peer === undefined || behind === undefined) return peer;
    return has(there, behind) === false && has(behind, there) === true ? peer : undefined;
  };
