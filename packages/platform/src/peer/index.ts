import type { Environment } from '../environment.js';
import { type Endpoint, isEndpoint } from './endpoint.js';
import { netlinkLookup, type SocketLookup } from './netlink.js';
import { findSocket, procNetSockets } from './proc-net.js';

export { type Endpoint, endpoint, type PeerSocket } from './endpoint.js';
export type { SocketLookup } from './netlink.js';
export { type ClientProcess, ProgramFinder } from './program.js';

/** Looks at the accepting side's two ends and answers whose socket is at the other end, or undefined: then it is nobody's. */
export type PeerLookup = (here: Endpoint, there: Endpoint) => { uid: number; inode: number } | undefined;

/**
 * How this machine tells who is at the other end of a loopback connection. On an operating system where hoop cannot tell,
 * the answer is always undefined, and so nobody is let in.
 */
export function peerLookup(machine: Environment, way: 'best' | 'proc' = 'best'): PeerLookup {
  if (machine.platform !== 'linux') return () => undefined;
  const netlink = way === 'best' ? netlinkLookup() : undefined;
  const find: SocketLookup = netlink ?? ((local, remote) => findSocket(procNetSockets(), local, remote));
  // The peer's local end is the far one, seen from here.
  return (here, there) => (isEndpoint(here) && isEndpoint(there) ? find(there, here) : undefined);
}
