import { createHmac, randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { ProfileState, State } from '@hoop/contracts/local';

import type { Greeting, ProtocolName } from '@hoop/core';
import {
  addressOf,
  CANARY,
  type Claim,
  claimSubnet,
  DEFAULT_PROFILE,
  type Environment,
  firstOpenPort,
  holderOf,
  isRedirected,
  leadsTo,
  loadRemembered,
  type Notice,
  type Paths,
  type PeerLookup,
  ProgramFinder,
  peerLookup,
  profileFolder,
  RESOLVER_PORT,
  type Remembered,
  type Route,
  routeIn,
  saveRemembered,
  subnetsToTry,
  supervisorOf,
  USUAL_OPEN,
} from '@hoop/platform';
import { type Passed, passedOn } from './api/gateway.js';
import { LocalAuthority } from './authority.js';
import type { Credentials } from './credentials.js';
import { Flows } from './flows.js';
import { Leaves } from './listeners/leaf.js';
import { ownersSocket } from './listeners/listener.js';
import { Listeners } from './listeners/listeners.js';
import { type Log, seldom } from './log.js';
import type { Patience } from './login/awaited.js';
import type { SecretKeeper } from './login/entry.js';
import { adviceFor, longName, meantBy, shownAs } from './names.js';
import { type Problem, Problems } from './problems.js';
import { Profile } from './profile.js';
import { type KeptProfiles, Profiles } from './profiles.js';
import { KeptResolver } from './resolver/kept.js';
import { type Place, Resolver } from './resolver/resolver.js';
import { dialler } from './uplinks/dial.js';

export interface DaemonOptions {
  version: string;
  machine: Environment;
  paths: Paths;
  /** The logins, and all else that is kept of profiles. */
  kept: KeptProfiles;
  /** The keychain, for what is no login. */
  secrets: SecretKeeper;
  greetings: Record<ProtocolName, Greeting>;
  log: Log;
  /** Shows the person a notice on their desktop; false: there is none. */
  show(notice: Notice): Promise<boolean>;
  /** Replaced in tests. */
  patience?: Patience | undefined;
  firstWord?: number | undefined;
  route?: (() => Route | undefined) | undefined;
  /** Told on every change of `state`. */
  changed(): void;
}

/**
 * All of hoopd but its local API, and the state it is in: what the laptop has once (names, listeners, flows, the CA), and
 * the profiles, each with a login and a gateway of its own.
 */
export class Daemon {
  readonly #options: DaemonOptions;
  readonly #startedAt = Date.now();
  readonly #refused: State['refused'] = { peers: 0, protocol: 0, api: 0, ports: 0 };
  readonly #problems: Problems;
  readonly #claim: Claim;
  readonly #peerOf: PeerLookup;
  readonly #tellPeers: () => void;
  readonly #leaves = new Leaves(Date.now);
  readonly authority: LocalAuthority;
  readonly profiles: Profiles;
  readonly #listeners: Listeners;
  readonly #flows: Flows;
  readonly #resolver: Resolver;
  readonly #kept: KeptResolver;

  private constructor(options: DaemonOptions, ground: Ground) {
    this.#options = options;
    this.#claim = ground.claim;
    this.#peerOf = ground.peerOf;
    this.#tellPeers = seldom((times) => options.log.warn({ times }, 'connections of another user were reset'));
    this.#problems = new Problems(options.changed);
    for (const [code, message, hint] of ground.problems) this.#problems.add(code, message, hint);
    this.authority = this.#makeAuthority();
    this.profiles = this.#makeProfiles();
    this.#flows = this.#makeFlows();
    this.#listeners = this.#makeListeners(ground);
    this.#resolver = this.#makeResolver();
    this.#kept = this.#keepResolver();
  }

  /** Takes the laptop's addresses and starts; nobody needs to be logged in. */
  static async start(options: DaemonOptions): Promise<Daemon> {
    const daemon = new Daemon(options, await prepare(options));
    await daemon.#kept.keep();
    daemon.profiles.start();
    return daemon;
  }

  /** Tries again what could not be bound; the machine may have been set up meanwhile. */
  async retry(): Promise<State> {
    await Promise.all([this.#listeners.retry(), this.#kept.keep()]);
    return this.state();
  }

  /** Asks each gateway that is taken for online whether it is. */
  async probe(): Promise<void> {
    const online = this.profiles.all.filter((profile) => profile.state().gateway?.state === 'online');
    await Promise.all(online.map((profile) => profile.answers()));
  }

  /** What is passed on to a profile's gateway. */
  gateway(profile?: string): Passed {
    const { name, credentials } = this.profiles.get(profile);
    return passedOn(credentials, (hint) => adviceFor(hint, name, this.profiles.defaultName));
  }

  /**
   * Whether a connection to a login's way back is the person's own, or root's, as that of WSL's relay from the browser of Windows;
   * where who connects cannot be told, a browser's has to do, by what it knows of the login.
   */
  admits(socket: Socket): boolean {
    const { platform, uid } = this.#options.machine;
    const isOf = (owner: number) => ownersSocket(socket, { owner, peerOf: this.#peerOf }) !== undefined;
    if (platform !== 'linux' || isOf(uid) || isOf(0)) return true;
    this.#peerRefused();
    return false;
  }

  /** The local API, or a login's way back, turned a request away. */
  apiRefused(): void {
    this.#refused.api += 1;
    this.#options.changed();
  }

  state(): State {
    const { place, answered } = this.#resolver;
    const authority = this.authority.file;
    const profiles = this.profiles.states();
    const { name: _, isDefault: __, ...ofDefault } = profiles.find(({ isDefault }) => isDefault)!;
    return {
      daemon: {
        version: this.#options.version,
        pid: process.pid,
        startedAt: this.#startedAt,
        resolver: place === undefined ? null : { ...place, answered },
        ...(authority !== undefined && { authority }),
      },
      ...ofDefault,
      ...(profiles.length > 1 && { profiles }),
      connections: profiles.flatMap((one) => this.#connections(one, profiles.length > 1)),
      waiting: this.#flows.waiting,
      refused: { ...this.#refused },
      problems: [...this.#problems.all, ...this.profiles.problems(), ...this.#likeProfiles()],
    };
  }

  /** The addresses are free first, clients have their moment after it: the next daemon may start at once. */
  async close(): Promise<void> {
    await Promise.all([this.profiles.close(), this.#listeners.close(), this.#kept.close()]);
    await this.#flows.close();
  }

  #connections({ name: profile, gateway }: ProfileState, several: boolean): State['connections'] {
    const isAway = gateway?.state === 'offline';
    return this.#listeners.rows(profile).map((row) => ({
      ...row,
      ...(isAway && row.state === 'ready' && { state: 'offline' as const }),
      ...(several && { profile }),
      flows: this.#flows.count(profile, row.name),
    }));
  }

  /** A short name that reads as a profile: it is the connection's, and what is below it is the profile's. */
  #likeProfiles(): Problem[] {
    const { defaultName: profile } = this.profiles;
    return this.#listeners
      .rows(profile)
      .filter(({ name }) => this.profiles.find(name) !== undefined)
      .map(({ name }) => ({
        code: 'name-clash',
        message: `${name} is a connection of the profile ${profile} and a profile: ${name}.hoop is the connection`,
        hint: `what is below it, as in NAME.${name}.hoop, is the profile's`,
        profile,
      }));
  }

  #makeProfiles(): Profiles {
    const { kept, log, changed, machine, paths, show } = this.#options;
    const make = (name: string, credentials: Credentials): Profile =>
      new Profile({
        ...{ name, credentials, log, changed },
        dial: dialler(machine.variables),
        isProfile: (other) => this.profiles.find(other) !== undefined,
        listed: (list) => this.#listeners.follow(name, list),
        folder: profileFolder(paths.stateFolder, name),
        uid: machine.uid,
        show: ({ title, body }) => show({ title, body: adviceFor(body, name, this.profiles.defaultName) }),
        opened: () => this.#leaves.waitFor(this.authority.load()),
      });
    return new Profiles({
      ...{ kept, make, changed },
      removed: (name) => this.#listeners.forget(name),
      renamed: (name, to) => this.#listeners.rename(name, to),
    });
  }

  #makeAuthority(): LocalAuthority {
    const { paths, secrets, changed, log } = this.#options;
    return new LocalAuthority({
      ...{ secrets, account: `${DEFAULT_PROFILE}/local-ca`, file: paths.authorityFile },
      signs: (signer) => {
        this.#leaves.signedBy(signer);
        changed();
      },
      failed: (why) => log.warn({ why: why.message }, 'the local CA could not be taken up'),
    });
  }

  #makeFlows(): Flows {
    const { greetings, changed, log, patience, firstWord } = this.#options;
    const tell = seldom((times, connection: string, why: string) =>
      log.warn({ times, connection, why }, 'clients that do not speak the protocol were turned away'),
    );
    return new Flows({
      greetings,
      changed,
      hostnamesOf: (profile, name) => this.#hostnamesOf(profile, name),
      advice: (hint, profile) => adviceFor(hint, profile, this.profiles.defaultName),
      ...{ patience, firstWord },
      leaves: this.#leaves,
      programs: new ProgramFinder(),
      portRefused: () => {
        this.#refused.ports += 1;
        changed();
      },
      rejected: (connection, why) => {
        this.#refused.protocol += 1;
        tell(connection, why);
        changed();
      },
    });
  }

  #makeListeners(ground: Ground): Listeners {
    const { machine, paths, changed } = this.#options;
    return new Listeners({
      changed,
      shownAs: (named) => shownAs(named, this.profiles.defaultName),
      profiles: () => this.profiles.all.length,
      owner: machine.uid,
      peerOf: ground.peerOf,
      holderOf: (address, port) => holderOf(machine, address, port),
      isRedirected: (port) => isRedirected(machine, port),
      subnet: ground.claim.subnet,
      remembered: ground.remembered,
      remember: (remembered) => saveRemembered(paths.stateFile, remembered),
      accepted: (profile, connection, socket, peer) => {
        const way = this.profiles.find(profile);
        if (way === undefined) socket.destroy();
        else void this.#flows.accept(way, connection, socket, peer);
      },
      turnedAway: () => this.#peerRefused(),
    });
  }

  #peerRefused(): void {
    this.#refused.peers += 1;
    this.#tellPeers();
    this.#options.changed();
  }

  /** The short name first, where it has one. */
  #hostnamesOf(profile: string, name: string): [string, ...string[]] {
    const short = shownAs({ profile, name }, this.profiles.defaultName);
    const long = longName({ profile, name });
    return short === long ? [`${long}.hoop`] : [`${short}.hoop`, `${long}.hoop`];
  }

  #makeResolver(): Resolver {
    const { server, subnet } = this.#claim;
    const { profiles } = this;
    const secret = randomBytes(32);
    const zone = {
      subnet,
      addressOf: (name: string) => (name.startsWith(CANARY) ? canaryAddress(secret, name) : this.#addressOf(name)),
      isAbove: (name: string) => profiles.find(name) !== undefined,
      nameOf: (at: string) => {
        const named = this.#listeners.nameOf(at);
        return named && shownAs(named, profiles.defaultName);
      },
    };
    return new Resolver(zone, server && { ...this.#unrouted(), server });
  }

  #keepResolver(): KeptResolver {
    const { machine } = this.#options;
    const routed = () => routedHere(this.#options, { subnet: this.#claim.subnet, remembered: true })?.place;
    return new KeptResolver({
      resolver: this.#resolver,
      place: () => routed() ?? this.#unrouted(),
      isOpen: ({ port }) => {
        if (routed() === undefined || port < firstOpenPort(machine.platform)) return undefined;
        return {
          hint: port < USUAL_OPEN ? `sudo sysctl net.ipv4.ip_unprivileged_port_start=${USUAL_OPEN}` : 'hoop setup',
        };
      },
      cure: () => (supervisorOf(machine) === undefined ? 'hoop setup' : 'hoop daemon restart'),
      problems: this.#problems,
      holderOf: (address, port, transport) => holderOf(machine, address, port, transport),
    });
  }

  /** Where nobody is led to. */
  #unrouted = (): Place => ({ address: addressOf(this.#claim.subnet ?? 0, 1), port: RESOLVER_PORT });

  #addressOf(name: string): string | undefined {
    const meant = meantBy(name, this.profiles.defaultName);
    return meant && this.#listeners.addressOf(meant);
  }
}

const HINT = 'hoop connect and hoop run need no names';

/** What leads to this hoopd, if set-up has led anything to it. */
function routedHere(
  { machine, route = routeIn }: DaemonOptions,
  own: { subnet: number | undefined; remembered: boolean },
): Route | undefined {
  const found = route();
  return found !== undefined && leadsTo(found, { uid: machine.uid, ...own }) ? found : undefined;
}

/** In 127.0.0.0/8, another one of each name, and known to nobody who has not asked this very hoopd. */
function canaryAddress(secret: Buffer, name: string): string {
  const [a, b, c] = createHmac('sha256', secret).update(name).digest();
  return `127.${a}.${b}.${c}`;
}

/** What is there before the first part starts. */
interface Ground {
  claim: Claim;
  peerOf: PeerLookup;
  remembered: Remembered;
  problems: [code: string, message: string, hint: string | undefined][];
}

async function prepare(options: DaemonOptions): Promise<Ground> {
  const { machine, paths } = options;
  const problems: Ground['problems'] = [];
  const { spoiled, ...remembered } = loadRemembered(paths.stateFile, machine.uid, Date.now());
  if (spoiled !== undefined) {
    problems.push([
      'state-unreadable',
      `the state file could not be read; names may get other addresses`,
      `it was moved to ${spoiled}`,
    ]);
  }
  const candidates = subnetsToTry(machine.uid, paths.stateFolder, remembered.subnet);
  // What set-up has led somewhere stays there, whoever else is there: to move would leave them what it leads to.
  const stays =
    routedHere(options, { subnet: candidates[0], remembered: remembered.subnet !== undefined }) !== undefined;
  const claim = await claimSubnet(stays ? candidates.slice(0, 1) : candidates);
  const { subnet } = claim;
  if (subnet === undefined) {
    problems.push([
      'no-addresses',
      'addresses of 127.77.0.0/16 cannot be bound here; ports of 127.0.0.1 are used',
      HINT,
    ]);
  } else if (!stays && claim.server === undefined) {
    problems.push([
      'addresses-held',
      `all of 127.77.0.0/16 is held by others; names are in 127.77.${subnet}.0/24 all the same`,
      HINT,
    ]);
  } else if (subnet !== remembered.subnet) {
    if (remembered.subnet !== undefined) {
      problems.push([
        'addresses-moved',
        `127.77.${remembered.subnet}.0/24 is taken; names moved to 127.77.${subnet}.0/24`,
        undefined,
      ]);
    }
    remembered.subnet = subnet;
    saveRemembered(paths.stateFile, remembered);
  }
  if (machine.platform !== 'linux') {
    problems.push([
      'no-peer-check',
      'who connects cannot be told on this system yet, so every connection is reset',
      undefined,
    ]);
  }
  return { claim, peerOf: peerLookup(machine), remembered, problems };
}
