import type { LocalConnection, State } from '@hoop/contracts/local';
import { DEFAULT_PROFILE, folderTrouble, profileFolder } from '@hoop/platform';
import type * as Looks from '@hoop/platform/doctor';
import type { Needs } from '../command.js';
import { currentOf } from '../profile.js';

/** How the doctor sees the machine; a test passes a machine of its own. */
export type Sight = Pick<
  typeof Looks,
  | 'askOurs'
  | 'canaryName'
  | 'hasIPv6'
  | 'hostsLines'
  | 'isSetUp'
  | 'keychainTrouble'
  | 'lookUp'
  | 'resolvConf'
  | 'routeIn'
  | 'routedDomains'
  | 'secretiveBrowsers'
  | 'systemName'
> & {
  lookAtWay: typeof import('@hoop/daemon')['lookAtWay'];
  holderOf: typeof import('@hoop/platform')['holderOf'];
};
export type Way = NonNullable<Awaited<ReturnType<Sight['lookAtWay']>>>;

/** All that the doctor goes by. What hoopd alone knows is missing while it does not say. */
export interface Facts {
  now: number;
  platform: NodeJS.Platform;
  uid: number;
  version: string;
  /** What keeps hoopd running, by name. */
  keeper: string | undefined;
  daemon: State | 'down' | 'silent';
  /** What keeps hoopd from working in its folders. */
  folders?: { message: string; hint?: string | undefined } | undefined;
  /** To the gateway of the default profile. */
  way: Way | undefined;
  /** To those of the other profiles that somebody is logged in to, by their names. */
  otherWays: Readonly<Record<string, Way | undefined>>;
  listeners: Listening[];
  names: Names | undefined;
  ipv6: boolean | undefined;
  /** Browsers that never ask this machine for names. */
  secretive: string[];
  keychain: { code: string; message: string } | undefined;
  /** Why config.yaml counts for nothing. */
  config?: { message: string; hint?: string | undefined } | undefined;
}

export interface Listening {
  connection: LocalConnection;
  /** Who listens where hoopd says it does. */
  holder: { pid: number | undefined; program: string | undefined; address: string; uid: number } | undefined;
}

export interface Names {
  setUp: boolean;
  /** Where set-up has led *.hoop, if it has. */
  route: { address: string; port: number } | undefined;
  /** What hoopd says is wrong with it. */
  troubles: State['problems'];
  /** Where our resolver is; null: there is none. */
  ours: { address: string; port: number } | null;
  /** A name of ours that nobody has asked for, as programs see it, and as our resolver answers it itself. */
  canary: { name: string; seen: string | undefined; own: string | undefined };
  each: { hostname: string; address: string; seen: string | undefined; hosts: { line: number; address: string }[] }[];
  resolvConf: { servers: string[]; signed: string | undefined } | undefined;
  /** Who answers on port 53 of a loopback address that resolv.conf names. */
  local: string | undefined;
  routed: { link: string; domains: string[] }[] | undefined;
}

/** Looks at all of it, at the same time where nothing depends on another; takes as long as the slowest, seconds at most. */
export async function gather(needs: Needs, sight: Sight): Promise<Facts> {
  const { machine, now } = needs;
  const daemon = await daemonOf(needs);
  const state = typeof daemon === 'string' ? undefined : daemon;
  const [way, otherWays, listeners, names, keychain, config] = await Promise.all([
    wayOf(state === undefined ? DEFAULT_PROFILE : currentOf(state), needs, sight),
    otherWaysIn(state, needs, sight),
    Promise.all((state?.connections ?? []).map((one) => listeningOf(one, needs, sight))),
    state === undefined ? undefined : namesOf(state, needs, sight),
    state?.login?.store === 'memory' ? undefined : sight.keychainTrouble(machine.variables),
    import('../settings.js').then(({ configTrouble }) => configTrouble(needs)),
  ]);
  return {
    ...{
      daemon,
      way,
      otherWays,
      listeners,
      names,
      keychain,
      config,
      version: needs.version,
      now: now(),
      platform: machine.platform,
    },
    uid: machine.uid,
    folders: folderTrouble(needs.paths, machine.uid),
    keeper: needs.supervisor?.name,
    ipv6: sight.hasIPv6(machine.platform),
    secretive: sight.secretiveBrowsers(machine.home),
  };
}

async function wayOf(profile: string, needs: Needs, sight: Sight): Promise<Way | undefined> {
  const { machine, paths, now } = needs;
  const stateFolder = profileFolder(paths.stateFolder, profile);
  return sight.lookAtWay({ machine, paths: { stateFolder }, configured: await configuredFor(profile, needs), now });
}

async function otherWaysIn(state: State | undefined, needs: Needs, sight: Sight): Promise<Facts['otherWays']> {
  const others = (state?.profiles ?? []).filter(({ isDefault, login }) => !isDefault && login !== null);
  const ways = others.map(async ({ name }) => [name, await wayOf(name, needs, sight)] as const);
  return Object.fromEntries(await Promise.all(ways));
}

const daemonOf = ({ daemon }: Needs): Promise<Facts['daemon']> =>
  daemon.running().then(
    (state) => state ?? 'down',
    (error) => {
      if (error.code === 'socket-foreign') throw error;
      return 'silent';
    },
  );

/** The configuration's gateway; none, where it cannot be read. */
async function configuredFor(
  profile: string,
  needs: Needs,
): Promise<{ gateway?: string | undefined; ca?: string | undefined }> {
  const { readSettings } = await import('../settings.js');
  return readSettings(needs, { arguments: [], options: {} }, { profile, isShells: profile === DEFAULT_PROFILE }).then(
    ({ gateway, ca, caFingerprint }) => ({ gateway, ca, caFingerprint }),
    () => ({}),
  );
}

async function listeningOf(connection: LocalConnection, { machine }: Needs, sight: Sight): Promise<Listening> {
  const { reach, address, port } = connection;
  const where = connection.state === 'blocked' ? { address, port } : reach;
  return { connection, holder: await sight.holderOf(machine, where.address, where.port) };
}

async function namesOf(state: State, { machine }: Needs, sight: Sight): Promise<Names> {
  const name = sight.canaryName();
  const ours = state.daemon.resolver;
  const byName = state.connections.filter(({ reach }) => reach.byName);
  const resolvConf = sight.resolvConf();
  const local = resolvConf?.servers.find((server) => /^127\./.test(server) && !STUBS.includes(server));
  const [seen, own, each, holder] = await Promise.all([
    sight.lookUp(name),
    ours === null ? undefined : sight.askOurs(ours, name, machine),
    Promise.all(
      byName.map(async ({ hostname, address }) => ({ hostname, address, seen: await sight.lookUp(hostname) })),
    ),
    local === undefined ? undefined : sight.holderOf(machine, local, 53),
  ]);
  return {
    setUp: sight.isSetUp(machine.platform),
    route: sight.routeIn()?.place,
    troubles: state.problems.filter(({ code }) => code === 'resolver' || code === 'resolver-open'),
    ours,
    canary: { name, seen, own },
    each: each.map((one) => ({ ...one, hosts: sight.hostsLines(one.hostname) })),
    resolvConf,
    local: local === undefined ? undefined : `${holder?.program ?? 'a resolver'} on ${local}`,
    routed: sight.routedDomains(),
  };
}

/** systemd-resolved(8). */
export const STUBS: readonly string[] = ['127.0.0.53', '127.0.0.54'];
