import { createHash } from 'node:crypto';
import type { Remembered } from './state.js';

/** The first host byte given to a name: .1 is the resolver's, .2 is kept free. */
export const FIRST_HOST = 3;
export const LAST_HOST = 254;
/** Of each address: where hoopd listens if set-up leads the connection's own port there. */
export const REDIRECTED_PORT = 5378;
/** High ports lie below every system's ephemeral range, so that no outgoing connection sits on one by chance. */
const HIGH_PORTS = { first: 20_000, count: 10_000 };
const SUBNETS = 256;

export const addressOf = (subnet: number, host: number) => `127.77.${subnet}.${host}`;

/** The /24s to try, in order: the remembered one, then on from one that (user, state folder) leads to. */
export function subnetsToTry(uid: number, stateFolder: string, remembered: number | undefined): number[] {
  const start = hash(`${uid}\0${stateFolder}`) % SUBNETS;
  const ring = Array.from({ length: SUBNETS }, (_, i) => (start + i) % SUBNETS);
  return remembered === undefined ? ring : [remembered, ...ring.filter((subnet) => subnet !== remembered)];
}

/** Gives each name that has none a host byte and a high port. Never changes or reuses one that was given. */
export function assign(remembered: Remembered, profile: string, names: readonly string[]): Remembered {
  const all = { ...remembered.names };
  const hosts = new Set(Object.values(all).map((entry) => entry.host));
  const ports = new Set(Object.values(all).map((entry) => entry.highPort));
  for (const name of [...names].sort()) {
    const key = `${profile}/${name}`;
    if (Object.hasOwn(all, key)) continue;
    const host = firstFree(FIRST_HOST, LAST_HOST, hosts);
    const highPort = freePort(hash(key), ports);
    hosts.add(host);
    ports.add(highPort);
    all[key] = { host, highPort };
  }
  return { subnet: remembered.subnet, names: all };
}

/** The next high port for a name whose own is held by somebody else. */
export function otherPort(remembered: Remembered, key: string, tried: ReadonlySet<number>): number {
  const taken = new Set([...Object.values(remembered.names).map((entry) => entry.highPort), ...tried]);
  return freePort(hash(key), taken);
}

function firstFree(first: number, last: number, taken: ReadonlySet<number | undefined>): number | undefined {
  for (let host = first; host <= last; host++) if (!taken.has(host)) return host;
  return undefined;
}

function freePort(seed: number, taken: ReadonlySet<number>): number {
  for (let i = 0; i < HIGH_PORTS.count; i++) {
    const port = HIGH_PORTS.first + ((seed + i) % HIGH_PORTS.count);
    if (!taken.has(port)) return port;
  }
  throw new Error('no high port is left');
}

function hash(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0);
}
