import type { WireConnection } from '@hoop/contracts/gateway';
import type { State } from '@hoop/contracts/local';
import type { Greeting, ProtocolName } from '@hoop/core';
import {
  CANARY,
  type Claim,
  claimSubnet,
  type Environment,
  holderOf,
  isRedirected,
  loadRemembered,
  type Notice,
  type Paths,
  type PeerLookup,
  ProgramFinder,
  peerLookup,
  type Remembered,
  saveRemembered,
  subnetsToTry,
} from '@hoop/platform';
import { LocalAuthority } from './authority.js';
import type { Credential, Credentials } from './credentials.js';
import { Flows } from './flows.js';
import { Leaves } from './listeners/leaf.js';
import { Listeners } from './listeners/listeners.js';
import { type Log, seldom } from './log.js';
import type { Patience } from './login/awaited.js';
import type { SecretKeeper } from './login/entry.js';
import { needOf } from './login/lack.js';
import { Occasions } from './login/occasions.js';
import { Problems } from './problems.js';
import { Resolver } from './resolver/resolver.js';
import { LastList } from './sync/last.js';
import { Sync } from './sync/sync.js';
import { type Dial, dialler } from './uplinks/dial.js';
import { Pool } from './uplinks/pool.js';

export interface DaemonOptions {
  version: string;
  profile: string;
  machine: Environment;
  paths: Paths;
  credentials: Credentials;
  /** The keychain, for what is no login. */
  secrets: SecretKeeper;
  greetings: Record<ProtocolName, Greeting>;
  log: Log;
  /** Shows the person a notice on their desktop; false: there is none. */
  show(notice: Notice): Promise<boolean>;
  /** Replaced in tests. */
  patience?: Patience | undefined;
  /** Told on every change of `state`. */
  changed(): void;
}

/** All of hoopd but its local API: names, listeners, flows, uplinks and the sync uplink, and the state they are in. */
export class Daemon {
  readonly #options: DaemonOptions;
  readonly #startedAt = Date.now();
  readonly #refused: State['refused'] = { peers: 0, protocol: 0, api: 0, ports: 0 };
  readonly #problems: Problems;
  readonly #claim: Claim;
  readonly #leaves = new Leaves(Date.now);
  readonly authority: LocalAuthority;
  readonly #listeners: Listeners;
  readonly #flows: Flows;
  readonly #pool: Pool;
  readonly #sync: Sync;
  /** Problems that the gateway told of; another login has none of them. */
  readonly #notices = new Set<string>();
  readonly #occasions: Occasions;
  readonly #lastList: LastList;
  /** Somebody is logged in, or was until their login ended. */
  #isKnown = false;
  #resolver: Resolver | undefined;
  #credential: Credential | undefined;
  #unsubscribe: () => void = () => {};

  private constructor(options: DaemonOptions, ground: Ground) {
    this.#options = options;
    this.#claim = ground.claim;
    this.#problems = new Problems(options.changed);
    for (const [code, message, hint] of ground.problems) this.#problems.add(code, message, hint);
    this.#occasions = new Occasions({ show: options.show, now: () => performance.now() });
    this.#lastList = new LastList(options.paths.stateFolder, options.machine.uid);
    const dial = dialler(options.machine.variables);
    this.authority = this.#makeAuthority();
    this.#pool = this.#makePool(dial);
    this.#flows = this.#makeFlows();
    this.#listeners = this.#makeListeners(ground);
    this.#sync = this.#makeSync(dial);
  }

  /** Takes the laptop's addresses and starts; nobody needs to be logged in. */
  static async start(options: DaemonOptions): Promise<Daemon> {
    const daemon = new Daemon(options, await prepare(options));
    await daemon.#startResolver();
    daemon.#unsubscribe = options.credentials.on(() => daemon.#credentialsChanged());
    daemon.#credentialsChanged();
    return daemon;
  }

  /** Tries again what could not be bound; the machine may have been set up meanwhile. */
  async retry(): Promise<State> {
    await this.#listeners.retry();
    return this.state();
  }

  /** The local API turned a request away. */
  apiRefused(): void {
    this.#refused.api += 1;
    this.#options.changed();
  }

  state(): State {
    const { login, attempt, lastGateway } = this.#options.credentials.state();
    const { address, port } = this.#claim;
    const answered = this.#resolver?.answered;
    const authority = this.authority.file;
    return {
      daemon: {
        version: this.#options.version,
        pid: process.pid,
        startedAt: this.#startedAt,
        resolver: answered === undefined ? null : { address, port, answered },
        ...(authority !== undefined && { authority }),
      },
      login,
      attempt,
      ...(lastGateway !== undefined && { lastGateway }),
      gateway: login === null ? null : { url: login.gateway, ...this.#sync.state, warm: this.#pool.warm },
      connections: this.#listeners.rows().map((row) => ({ ...row, flows: this.#flows.count(row.name) })),
      needs: needOf({ login, attempt }),
      waiting: this.#flows.waiting,
      refused: { ...this.#refused },
      problems: this.#problems.all,
    };
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    this.#sync.close();
    this.#pool.close();
    await this.#listeners.close();
    await this.#flows.close();
    if (this.#resolver === undefined) this.#claim.server.close();
    else await this.#resolver.close();
  }

  #makeAuthority(): LocalAuthority {
    const { paths, secrets, profile, changed, log } = this.#options;
    return new LocalAuthority({
      ...{ secrets, account: `${profile}/local-ca`, file: paths.authorityFile },
      signs: (signer) => {
        this.#leaves.signedBy(signer);
        changed();
      },
      failed: (why) => log.warn({ why: why.message }, 'the local CA could not be taken up'),
    });
  }

  #makePool(dial: Dial): Pool {
    const { credentials, changed } = this.#options;
    return new Pool({ dial, changed, credential: () => credentials.current(), now: () => performance.now() });
  }

  #makeFlows(): Flows {
    const { credentials, greetings, changed, log, patience } = this.#options;
    const tell = seldom((times, connection: string, why: string) =>
      log.warn({ times, connection, why }, 'clients that do not speak the protocol were turned away'),
    );
    return new Flows({
      greetings,
      credentials,
      changed,
      pool: this.#pool,
      leaves: this.#leaves,
      programs: new ProgramFinder(),
      missed: (act) => this.#occasions.missed(act),
      patience,
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
    const { machine, paths, profile, changed, log } = this.#options;
    const tell = seldom((times) => log.warn({ times }, 'connections of another user were reset'));
    return new Listeners({
      profile,
      changed,
      owner: machine.uid,
      peerOf: ground.peerOf,
      holderOf: (address, port) => holderOf(machine, address, port),
      isRedirected: (port) => isRedirected(machine, port),
      subnet: ground.claim.subnet,
      remembered: ground.remembered,
      remember: (remembered) => saveRemembered(paths.stateFile, remembered),
      accepted: (connection, socket, peer) => void this.#flows.accept(connection, socket, peer),
      turnedAway: () => {
        this.#refused.peers += 1;
        tell();
        changed();
      },
    });
  }

  #makeSync(dial: Dial): Sync {
    const { credentials, changed, log } = this.#options;
    return new Sync({
      dial,
      credentials,
      connections: (list) => this.#listed(list),
      notice: ({ code, message, hint }) => {
        this.#notices.add(code);
        this.#problems.add(code, message, hint);
      },
      changed: (state) => {
        log.info({ gateway: state, why: this.#sync.state.error }, 'gateway');
        if (state === 'online') this.#pool.resume();
        if (state === 'offline') this.#pool.suspend();
        changed();
      },
      now: Date.now,
    });
  }

  #listed(list: readonly WireConnection[]): void {
    const { login } = this.#options.credentials.state();
    // Of a login that is in memory nothing outlives the daemon.
    if (login?.store === 'keychain') this.#lastList.is(login, list);
    this.#follow(list);
  }

  /** Names come with a login, from the last list until there is another, and go with it. */
  #named({ login }: ReturnType<Credentials['state']>): void {
    if (login !== null && !this.#isKnown) this.#follow(this.#lastList.of(login));
    if (login === null) this.#follow([]);
    if (login === null && this.#isKnown) this.#lastList.forget();
    this.#isKnown = login !== null;
  }

  #follow(list: readonly WireConnection[]): void {
    const odd = list.filter(({ name }) => !LABEL.test(name));
    if (odd.length > 0)
      this.#problems.add(
        'odd-names',
        odd.length === 1
          ? 'a connection has no name that DNS takes'
          : `${odd.length} connections have no name that DNS takes`,
      );
    else this.#problems.solved('odd-names');
    const named = list.filter(({ name }) => LABEL.test(name));
    this.#listeners.follow(named).catch((error: Error) => {
      this.#options.log.error({ stack: error.stack }, 'the list of connections could not be followed');
      this.#problems.add('listeners', `listeners could not be opened: ${error.message}`);
    });
  }

  async #startResolver(): Promise<void> {
    const { server, address, port, subnet } = this.#claim;
    const zone = {
      subnet,
      addressOf: (name: string) => (name.startsWith(CANARY) ? address : this.#listeners.addressOf(name)),
      nameOf: (at: string) => this.#listeners.nameOf(at),
    };
    try {
      this.#resolver = await Resolver.start(zone, server, address, port);
    } catch (error) {
      const why = (error as NodeJS.ErrnoException).code ?? 'unknown';
      this.#problems.add('resolver', `names cannot be answered: UDP ${address}:${port} cannot be bound (${why})`, HINT);
    }
  }

  #forgetNotices(): void {
    for (const code of this.#notices) this.#problems.solved(code);
    this.#notices.clear();
  }

  #occasion(now: Credential | undefined, standing: ReturnType<Credentials['state']>): void {
    if (now !== undefined) return this.#occasions.over();
    const need = standing.login === null ? null : needOf(standing);
    if (need !== null) this.#occasions.stuck(need.act);
  }

  /** A renewal replaces warm uplinks; another login, or none, replaces the sync uplink and the list too. */
  #credentialsChanged(): void {
    const before = this.#credential;
    const now = this.#options.credentials.current();
    this.#credential = now;
    if (!isSameWay(before, now) || (now !== undefined && this.#sync.lacks)) this.#sync.refresh();
    if (before === undefined && now !== undefined) this.#forgetNotices();
    if (before?.certificate !== now?.certificate) this.#pool.renewed();
    // The keychain that gave the login is open.
    if (now !== undefined) this.#leaves.waitFor(this.authority.load());
    const standing = this.#options.credentials.state();
    this.#named(standing);
    this.#occasion(now, standing);
    this.#options.changed();
  }
}

/** One label of a host name, in lower case (RFC 1123 §2.1); it is also a key of ours and a word on a terminal. */
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** The same login by the same way: only the certificate may differ. */
function isSameWay(a: Credential | undefined, b: Credential | undefined): boolean {
  const way = (one: Credential | undefined) => JSON.stringify([one?.gateway.origin, one?.tunnel, one?.ca]);
  return a?.key === b?.key && way(a) === way(b);
}

const HINT = 'hoop connect and hoop run need no names';

/** What is there before the first part starts. */
interface Ground {
  claim: Claim;
  peerOf: PeerLookup;
  remembered: Remembered;
  problems: [code: string, message: string, hint: string | undefined][];
}

async function prepare({ machine, paths }: DaemonOptions): Promise<Ground> {
  const problems: Ground['problems'] = [];
  const { spoiled, ...remembered } = loadRemembered(paths.stateFile, machine.uid, Date.now());
  if (spoiled !== undefined) {
    problems.push([
      'state-unreadable',
      `the state file could not be read; names may get other addresses`,
      `it was moved to ${spoiled}`,
    ]);
  }
  const claim = await claimSubnet(subnetsToTry(machine.uid, paths.stateFolder, remembered.subnet));
  const { subnet } = claim;
  if (subnet === undefined) {
    problems.push([
      'no-addresses',
      'addresses of 127.77.0.0/16 cannot be bound here; ports of 127.0.0.1 are used',
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
