import type { Server, Socket } from 'node:net';
import type { WireConnection } from '@hoop/contracts/gateway';
import type { LocalConnection } from '@hoop/contracts/local';
import {
  addressOf,
  assign,
  describeHolder,
  type Holder,
  keyOf,
  otherPort,
  type PeerLookup,
  type PeerSocket,
  type Remembered,
  renamed,
  without,
} from '@hoop/platform';
import type { Named } from '../names.js';
import { type Bound, type ListenerOptions, listen } from './listener.js';
import { listenRedirected } from './redirected.js';

export interface ListenersOptions {
  owner: number;
  peerOf: PeerLookup;
  /** As a person names it: `pg-prod`, `pg-prod.acme`. */
  shownAs(named: Named): string;
  /** How many share the /24. */
  profiles(): number;
  holderOf(address: string, port: number): Promise<Holder | undefined>;
  /** Set-up leads this port of our addresses to one that can be had. */
  isRedirected(port: number): boolean;
  /** The claimed /24; undefined where there is none: high ports only. */
  subnet: number | undefined;
  remembered: Remembered;
  /** Keeps what was chosen. */
  remember(remembered: Remembered): void;
  accepted(profile: string, connection: WireConnection, socket: Socket, peer: PeerSocket): void;
  turnedAway(): void;
  changed(): void;
}

/** A connection of a profile, by its key in the state file. */
interface Wanted {
  key: string;
  profile: string;
  connection: WireConnection;
}

interface Open extends Wanted {
  address: string;
  reach: LocalConnection['reach'];
  server: Pick<Server, 'listening' | 'close'> | undefined;
  holder: string | undefined;
}

/** How often a port that somebody holds is tried again. */
const RETRY = 60_000;
const HIGH_PORT_ATTEMPTS = 20;

/** The listeners of all visible connections of all profiles; follows their lists. One change at a time, in order. */
export class Listeners {
  readonly #options: ListenersOptions;
  readonly #open = new Map<string, Open>();
  #remembered: Remembered;
  #work: Promise<void> = Promise.resolve();
  /** The lists that wait for their turn, by profile. */
  readonly #waiting = new Map<string, { list: readonly WireConnection[]; done: Promise<void> }>();
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ListenersOptions) {
    this.#options = options;
    this.#remembered = options.remembered;
  }

  /**
   * Opens, changes and closes a profile's listeners so that they are those of the list. Of lists that wait, the last one
   * counts: a gateway that sends many does not keep the other profiles from their turn.
   */
  follow(profile: string, list: readonly WireConnection[]): Promise<void> {
    const waiting = this.#waiting.get(profile);
    if (waiting !== undefined) {
      waiting.list = list;
      return waiting.done;
    }
    const turn = { list, done: this.#next(() => this.#turn(profile)) };
    this.#waiting.set(profile, turn);
    return turn.done;
  }

  #turn(profile: string): Promise<void> {
    const { list = [] } = this.#waiting.get(profile) ?? {};
    this.#waiting.delete(profile);
    return this.#follow(profile, list);
  }

  /** The profile is gone: its listeners, and what was chosen for its names. */
  forget(profile: string): Promise<void> {
    return this.#next(async () => {
      await this.#follow(profile, []);
      this.#keep(without(this.#remembered, profile));
    });
  }

  /** The profile is called otherwise: its listeners go, to come back by its new name where they were. */
  rename(profile: string, to: string): Promise<void> {
    return this.#next(async () => {
      await this.#follow(profile, []);
      this.#keep(renamed(without(this.#remembered, to), profile, to));
    });
  }

  close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    return this.#next(async () => {
      for (const open of this.#open.values()) this.#shut(open);
    });
  }

  /** Each connection of a profile with where it can be reached now. */
  rows(profile: string): Omit<LocalConnection, 'flows'>[] {
    return [...this.#open.values()]
      .filter((open) => open.profile === profile)
      .map((open) => rowOf(open, this.#options.shownAs({ profile, name: open.connection.name })))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** For the resolver: a name has an address only while its listener is bound there. */
  addressOf({ profile, name }: Named): string | undefined {
    const open = this.#open.get(keyOf(profile, name));
    return open?.reach.byName && open.server?.listening ? open.address : undefined;
  }

  nameOf(address: string): Named | undefined {
    for (const { profile, connection, address: own } of this.#open.values()) {
      const named = { profile, name: connection.name };
      if (own === address && this.addressOf(named) === address) return named;
    }
    return undefined;
  }

  /** What fails is its own caller's: the next one goes on. */
  #next(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(work);
    this.#work = done.catch(() => {});
    return done;
  }

  async #follow(profile: string, connections: readonly WireConnection[]): Promise<void> {
    const wanted = new Map(connections.map((one) => [keyOf(profile, one.name), one]));
    for (const open of [...this.#open.values()].filter((one) => one.profile === profile)) {
      const next = wanted.get(open.key);
      if (next !== undefined && next.port === open.connection.port) open.connection = next;
      else this.#shut(open);
    }
    this.#assign(profile, connections);
    for (const [key, connection] of wanted) if (!this.#open.has(key)) await this.#start({ key, profile, connection });
    this.#retryLater();
    this.#options.changed();
  }

  #assign(profile: string, connections: readonly WireConnection[]): void {
    const names = connections.map(({ name }) => name);
    if (names.every((name) => Object.hasOwn(this.#remembered.names, keyOf(profile, name)))) return;
    this.#keep(assign(this.#remembered, profile, names, this.#options.profiles()));
  }

  #keep(next: Remembered): void {
    this.#remembered = next;
    this.#options.remember(next);
  }

  async #start(wanted: Wanted): Promise<void> {
    const entry = this.#remembered.names[wanted.key];
    const { subnet } = this.#options;
    if (entry === undefined) return;
    const { port } = wanted.connection;
    const named = subnet !== undefined && entry.host !== undefined;
    const address = named ? addressOf(subnet, entry.host!) : '127.0.0.1';
    const bound = named ? await this.#bindNamed(wanted, address) : { failed: 'no-address' };
    if ('server' in bound) {
      const reach = { address, port, byName: true };
      this.#open.set(wanted.key, { ...wanted, address, reach, server: bound.server, holder: undefined });
      return;
    }
    const holder = await this.#holder(address, port, bound.failed);
    this.#open.set(wanted.key, { ...wanted, address, holder, ...(await this.#startHigh(wanted)) });
  }

  /** 127.0.0.1 and the name's own high port; another one, kept from then on, where somebody holds that too. */
  async #startHigh(wanted: Wanted): Promise<Pick<Open, 'reach' | 'server'>> {
    const { key } = wanted;
    const tried = new Set<number>();
    let port = this.#remembered.names[key]!.highPort;
    for (let i = 0; i < HIGH_PORT_ATTEMPTS; i++) {
      const bound = await listen({ address: '127.0.0.1', port }, this.#listening(wanted));
      if ('server' in bound) {
        if (tried.size > 0) this.#keepPort(key, port);
        return { reach: { address: '127.0.0.1', port, byName: false }, server: bound.server };
      }
      tried.add(port);
      port = otherPort(this.#remembered, key, tried);
    }
    return { reach: { address: '127.0.0.1', port, byName: false }, server: undefined };
  }

  #keepPort(key: string, highPort: number): void {
    const names = { ...this.#remembered.names, [key]: { ...this.#remembered.names[key]!, highPort } };
    this.#keep({ ...this.#remembered, names });
  }

  /** The connection's own address and port, also where another program is on that port of every address. */
  async #bindNamed(wanted: Wanted, address: string): Promise<Bound> {
    const { port } = wanted.connection;
    const direct = await listen({ address, port }, this.#listening(wanted));
    if (!this.#options.isRedirected(port)) return direct;
    return listenRedirected({ address, port }, direct, this.#listening(wanted));
  }

  #listening({ key, profile, connection }: Wanted): ListenerOptions {
    const { owner, peerOf, turnedAway } = this.#options;
    const accepted = (socket: Socket, peer: PeerSocket) => {
      const current = this.#open.get(key)?.connection ?? connection;
      this.#options.accepted(profile, current, socket, peer);
    };
    return { owner, peerOf, turnedAway, accepted };
  }

  async #holder(address: string, port: number, failed: string): Promise<string | undefined> {
    if (failed === 'EACCES') return `the system keeps ports below 1024 to root`;
    if (failed !== 'EADDRINUSE') return undefined;
    const holder = await this.#options.holderOf(address, port);
    return holder === undefined ? `something on port ${port}` : describeHolder(holder, port);
  }

  #shut({ key, server }: Open): void {
    this.#open.delete(key);
    server?.close();
  }

  /** Tries what is blocked now: something may have made room. */
  retry(): Promise<void> {
    return this.#next(() => this.#retryBlocked());
  }

  /** A name that is not bound where it belongs is tried again, for its holder may have gone. */
  #retryLater(): void {
    clearTimeout(this.#retry);
    const blocked = () =>
      [...this.#open.values()].some((open) => !open.reach.byName && this.#options.subnet !== undefined);
    if (this.#closed || !blocked()) return;
    this.#retry = setTimeout(() => void this.retry(), RETRY);
    this.#retry.unref();
  }

  /** The high port is given up only once the name is bound. */
  async #retryBlocked(): Promise<void> {
    for (const open of this.#open.values()) {
      const entry = this.#remembered.names[open.key];
      if (open.reach.byName || entry?.host === undefined || this.#closed) continue;
      const where = { address: open.address, port: open.connection.port };
      const bound = await this.#bindNamed(open, open.address);
      if (!('server' in bound)) continue;
      open.server?.close();
      Object.assign(open, { server: bound.server, reach: { ...where, byName: true }, holder: undefined });
      this.#options.changed();
    }
    this.#retryLater();
  }
}

function rowOf({ connection, address, reach, server, holder }: Open, shown: string): Omit<LocalConnection, 'flows'> {
  const { name, protocol, port, state, database, description, contact } = connection;
  const blocked = !reach.byName || server === undefined;
  return {
    name,
    hostname: `${shown}.hoop`,
    protocol,
    address,
    port,
    reach,
    state: blocked ? 'blocked' : state === 'requestable' ? 'requestable' : 'ready',
    ...(blocked && { hint: `hoop setup cures it; hoop connect ${shown} reaches it all the same` }),
    ...(holder !== undefined && { holder }),
    ...(database !== undefined && { database }),
    ...(description !== undefined && { description }),
    ...(contact !== undefined && { contact }),
  };
}
