import { createServer, type Server } from 'node:net';
import { textOf } from '../setup/system.js';
import { addressOf } from './plan.js';

/** Where the resolver is before set-up, the same for everybody: whoever holds it on 127.77.N.1 has claimed that /24 while it lives. */
export const RESOLVER_PORT = 5377;

/**
 * Where set-up leads `*.hoop` on this system. A port of the system's, so that no other user can answer while hoopd is down;
 * below those that machines open to everybody for servers of their users, and none of IANA's services, so that nobody holds
 * it on every address. On macOS hoopd, which is not root, may bind no such port of a single address.
 */
export const routedPort = (platform: NodeJS.Platform): number => (platform === 'darwin' ? RESOLVER_PORT : 12);

/** From here on, a port is any user's to bind (Linux' ip-sysctl). On macOS it makes no difference. */
export function firstOpenPort(platform: NodeJS.Platform, text = textOf): number {
  if (platform !== 'linux') return Number.POSITIVE_INFINITY;
  return Number(text('/proc/sys/net/ipv4/ip_unprivileged_port_start') ?? USUAL_OPEN);
}
export const USUAL_OPEN = 1024;

export interface Claim {
  /** Undefined where 127.77.0.0/16 cannot be bound at all (macOS before set-up): names then have high ports only. */
  subnet: number | undefined;
  /** Bound on 127.77.N.1 and RESOLVER_PORT, for as long as the /24 is ours; undefined where somebody else is there. */
  server: Server | undefined;
}

/**
 * Takes the first /24 nobody holds; where somebody holds each, the first all the same. The bind itself is the lock: the
 * kernel frees it when the daemon dies, and no file that another user could write is needed.
 */
export async function claimSubnet(candidates: readonly number[]): Promise<Claim> {
  for (const subnet of candidates) {
    const tried = await bindTcp(addressOf(subnet, 1), RESOLVER_PORT);
    if (typeof tried !== 'string') return { subnet, server: tried };
    if (tried === 'EADDRNOTAVAIL') return { subnet: undefined, server: undefined };
  }
  return { subnet: candidates[0], server: undefined };
}

/** A server that takes no byte until it is told to, or why there is none (an errno name). */
export function bindTcp(host: string, port: number): Promise<Server | string> {
  return new Promise((resolve) => {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'EUNKNOWN'));
    server.listen({ host, port, exclusive: true }, () => {
      server.removeAllListeners('error');
      resolve(server);
    });
  });
}
