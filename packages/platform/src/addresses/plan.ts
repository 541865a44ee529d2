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

/** More names than this of one profile are more than a person has use for, and high ports are for all profiles. */
export const MOST_NAMES = 1_000;
/** What is remembered of a profile whose names come and go. */
const MOST_REMEMBERED = 2 * MOST_NAMES;

/**
 * Gives each name of a profile that has none a host byte and a high port. Never changes or reuses one that was given, and
 * of several profiles none is given more than its share of the /24: a list is the gateway's word, and no gateway is to
 * take the addresses of another's names.
 */
export function assign(remembered: Remembered, profile: string, names: readonly string[], profiles = 1): Remembered {
  const all = withRoom(remembered.names, profile, names);
  const hosts = new Set(Object.values(all).map((entry) => entry.host));
  const ports = new Set(Object.values(all).map((entry) => entry.highPort));
  let left = Math.floor((LAST_HOST - FIRST_HOST + 1) / profiles) - hostsOf(all, profile);
  for (const name of [...names].sort()) {
    const key = keyOf(profile, name);
    if (Object.hasOwn(all, key)) continue;
    const host = left > 0 ? firstFree(FIRST_HOST, LAST_HOST, hosts) : undefined;
    const highPort = freePort(hash(key), ports);
    left -= 1;
    hosts.add(host);
    ports.add(highPort);
    all[key] = { host, highPort };
  }
  return { subnet: remembered.subnet, names: all };
}

/** Key of a name in the state file. */
export const keyOf = (profile: string, name: string): string => `${profile}/${name}`;
const isOf = (profile: string, key: string) => key.startsWith(`${profile}/`);

/** A profile that is gone holds no addresses. */
export function without(remembered: Remembered, profile: string): Remembered {
  const kept = Object.entries(remembered.names).filter(([key]) => !isOf(profile, key));
  return { subnet: remembered.subnet, names: Object.fromEntries(kept) };
}

/** A profile that is called otherwise keeps its addresses. */
export function renamed(remembered: Remembered, profile: string, to: string): Remembered {
  const names = Object.entries(remembered.names).map(([key, entry]) => [
    isOf(profile, key) ? keyOf(to, key.slice(profile.length + 1)) : key,
    entry,
  ]);
  return { subnet: remembered.subnet, names: Object.fromEntries(names) };
}

/** Names that a profile no longer has are remembered, but not without end. */
function withRoom(all: Remembered['names'], profile: string, names: readonly string[]): Remembered['names'] {
  const own = Object.keys(all).filter((key) => isOf(profile, key));
  const now = new Set(names.map((name) => keyOf(profile, name)));
  if (new Set([...own, ...now]).size <= MOST_REMEMBERED) return { ...all };
  return Object.fromEntries(Object.entries(all).filter(([key]) => !isOf(profile, key) || now.has(key)));
}

const hostsOf = (all: Remembered['names'], profile: string): number =>
  Object.entries(all).filter(([key, { host }]) => host !== undefined && isOf(profile, key)).length;

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
