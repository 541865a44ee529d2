import { randomBytes } from 'node:crypto';
import { lookup, Resolver } from 'node:dns/promises';
import type { Environment } from '../environment.js';
import { holderOf } from '../holder/index.js';
import { CANARY } from '../names/index.js';

/** As programs resolve names (getaddrinfo(3)), IPv4. Undefined if there is no such name. */
export const lookUp = (name: string): Promise<string | undefined> =>
  lookup(name, { family: 4 }).then(
    ({ address }) => address,
    () => undefined,
  );

/** A name that nobody has asked for, so that no cache answers. */
export const canaryName = (): string => `${CANARY}${randomBytes(6).toString('hex')}.hoop`;

/** How long our own resolver, on this machine, may take. Milliseconds. */
const PATIENCE = 1_000;

/**
 * Asks our resolver itself, past whatever the system does; undefined if it does not say, or if the kernel says that it is
 * somebody else's.
 */
export async function askOurs(
  at: { address: string; port: number },
  name: string,
  machine: Environment,
): Promise<string | undefined> {
  if (machine.platform === 'linux' && (await holderOf(machine, at.address, at.port, 'udp'))?.uid !== machine.uid)
    return undefined;
  const resolver = new Resolver({ timeout: PATIENCE, tries: 1 });
  resolver.setServers([`${at.address}:${at.port}`]);
  return resolver.resolve4(name).then(
    ([address]) => address,
    () => undefined,
  );
}
