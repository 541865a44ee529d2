import { createServer, type Server } from 'node:net';
import { addressOf } from './plan.js';

/** The resolver's port, the same for everybody: whoever holds it on 127.77.N.1 has claimed that /24 while it lives. */
export const RESOLVER_PORT = 5377;

/** A claimed /24. `server` is bound, on the resolver's TCP address, and becomes the resolver's. */
export interface Claim {
  /** Undefined where 127.77.0.0/16 cannot be bound at all (macOS before set-up): names then have high ports only. */
  subnet: number | undefined;
  server: Server;
  address: string;
  port: number;
}

/**
 * Takes the first /24 nobody holds. The bind itself is the lock: the kernel frees it when the daemon dies, and no file
 * that another user could write is needed.
 */
export async function claimSubnet(candidates: readonly number[]): Promise<Claim> {
  for (const subnet of candidates) {
    const address = addressOf(subnet, 1);
    const tried = await bind(address, RESOLVER_PORT);
    if (typeof tried !== 'string') return { subnet, server: tried, address, port: RESOLVER_PORT };
    if (tried === 'EADDRNOTAVAIL') break;
  }
  return claimNothing(candidates[0]);
}

/** No /24: the resolver still runs, on the first free port of 127.0.0.1. */
async function claimNothing(subnet: number | undefined): Promise<Claim> {
  for (let port = RESOLVER_PORT + 1; port < RESOLVER_PORT + 200; port++) {
    const tried = await bind('127.0.0.1', port);
    if (typeof tried === 'string') continue;
    const usable = subnet !== undefined && (await canBind(addressOf(subnet, 1)));
    return { subnet: usable ? subnet : undefined, server: tried, address: '127.0.0.1', port };
  }
  throw new Error('no port for the resolver on 127.0.0.1');
}

async function canBind(address: string): Promise<boolean> {
  const tried = await bind(address, 0);
  if (typeof tried === 'string') return false;
  await new Promise((closed) => tried.close(closed));
  return true;
}

function bind(host: string, port: number): Promise<Server | string> {
  return new Promise((resolve) => {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'EUNKNOWN'));
    server.listen({ host, port, exclusive: true }, () => {
      server.removeAllListeners('error');
      resolve(server);
    });
  });
}
