import { UserError } from '@hoop/core';
import type { HostName } from '../names/index.js';
import { type AuthorityParts, isAuthority } from '../trust/certificate.js';
import { STEPS, type StepName } from './plan.js';

/** In place of a CA that is made once the person has said yes. */
export const TO_MAKE = 'to be made';

/** What a set-up is for: all that comes from the person, and the only thing of theirs that root reads. */
export interface Request {
  steps: readonly StepName[];
  /** The account that hoopd runs as. */
  uid: number;
  /** Our resolver. */
  resolver: { address: string; port: number };
  /** How `hoop` is run: Node and the program's file. */
  program: { node: string; main: string };
  /** hoopd's environment, as far as a shell would have given it. */
  variables: Readonly<Record<string, string>>;
  /** For a machine without a resolver that can be told of ours: the names as they are now. */
  names: readonly HostName[];
  /** Ports of connections that another program's listener stands in the way of. */
  ports: readonly number[];
  /** The local CA, if this machine is to trust one; to be shown before it is made, a word, which root refuses. */
  authority?: AuthorityParts | typeof TO_MAKE;
}

/** Proxies and folders: what a person's shell says of them holds for hoopd too. None of them may hold a secret. */
export const CARRIED = [
  ...['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy', 'NO_PROXY', 'no_proxy'],
  ...['XDG_CONFIG_HOME', 'XDG_STATE_HOME', 'HOOP_LOG'],
] as const;

const LOOPBACK = /^127(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/;
/** Nothing that a unit file, a plist or a shell would read as anything but itself; no `@`, so no password of a proxy. */
const PLAIN = /^[A-Za-z0-9 ._:/,*[\]+=~-]{1,4096}$/;
const PATH = /^\/[A-Za-z0-9 ._:/,+=~@-]{1,1023}$/;
const NAME = /^[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?\.hoop$/;

/** A variable that cannot be carried is left out. */
export const isCarried = (name: string, value: string | undefined): value is string =>
  (CARRIED as readonly string[]).includes(name) && value !== undefined && PLAIN.test(value);

/** A name of hoop's, and an address that is this machine's own. */
export const isName = ({ hostname, address }: HostName): boolean => LOOPBACK.test(address) && NAME.test(hostname);

/** Reads a request as root does: whatever is not exactly a request is refused. */
export function readRequest(text: string): Request {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw refused('JSON');
  }
  const { steps, uid, resolver, program, variables, names, ports, authority, ...more } = given as Request;
  if (Object.keys(more).length > 0) throw refused(Object.keys(more)[0] ?? '');
  const list = (value: unknown, is: (one: never) => boolean): boolean =>
    Array.isArray(value) && value.length <= 1000 && value.every((one) => is(one as never));
  const checks: [string, boolean][] = [
    ['steps', list(steps, (one: StepName) => STEPS.includes(one))],
    ['uid', isWhole(uid, 1, 2 ** 31)],
    ['resolver', LOOPBACK.test(resolver?.address) && isWhole(resolver?.port, 1, 65_535)],
    ['program', PATH.test(program?.node) && PATH.test(program?.main)],
    ['variables', Object.entries(variables ?? { '': '' }).every(([name, value]) => isCarried(name, value))],
    ['names', list(names, isName)],
    ['ports', list(ports, (one: number) => isWhole(one, 1, 65_535))],
    ['authority', authority === undefined || (authority !== TO_MAKE && isAuthority(authority))],
  ];
  for (const [name, good] of checks) if (!good) throw refused(name);
  return { steps, uid, resolver, program, variables, names, ports, ...(authority !== undefined && { authority }) };
}

const isWhole = (value: unknown, least: number, most: number) =>
  typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;

const refused = (what: string) =>
  new UserError('setup-request', `hoop setup cannot use what it was given as ${what}`, { exit: 'usage' });
