import type { Server, Socket } from 'node:net';
import type { WireConnection } from '@hoop/contracts/gateway';
import type { LocalConnection } from '@hoop/contracts/local';
import {
  addressOf,
  assign,
  describeHolder,
  type Endpoint,
  type Holder,
  otherPort,
  type PeerLookup,
  type PeerSocket,
  type Remembered,
} from '@hoop/platform';
import { type Bound, type ListenerOptions, listen } from './listener.js';
import { listenRedirected } from './redirected.js';

export interface ListenersOptions {
  profile: string;
  owner: number;
  peerOf: PeerLookup;
  holderOf(address: string, port: number): Promise<Holder | undefined>;
  /** Set-up leads this port of our addresses to one that can be had. */
  isRedirected(port: number): boolean;
  /** The claimed /24; undefined where there is none: high ports only. */
  subnet: number | undefined;
  remembered: Remembered;
  /** Keeps what was chosen. */
  remember(remembered: Remembered): void;
  accepted(connection: WireConnection, socket: Socket, peer: PeerSocket): void;
  turnedAway(): void;
  changed(): void;
}

interface Open {
  connection: WireConnection;
  address: string;
  reach: LocalConnection['reach'];
  server: Pick<Server, 'listening' | 'close'> | undefined;
  holder: string | undefined;
}

/** How often a port that somebody holds is tried again. */
const RETRY = 60_000;
const HIGH_PORT_ATTEMPTS = 20;

/** The listeners of all visible connections; follows the list. One change at a time, in order. */
export class Listeners {
  readonly #options: ListenersOptions;
  readonly #open = new Map<string, Open>();
  #remembered: Remembered;
  #work: Promise<void> = Promise.resolve();
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ListenersOptions) {
    this.#options = options;
    this.#remembered = options.remembered;
  }

  /** Opens, changes and closes listeners so that they are those of the list. */
  follow(connections: readonly WireConnection[]): Promise<void> {
    this.#work = this.#work.then(() => this.#follow(connections));
    return this.#work;
  }

  close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    return this.follow([]);
  }

  /** Each connection with where it can be reached now. */
  rows(): Omit<LocalConnection, 'flows'>[] {
    return [...this.#open.values()].map(rowOf).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** For the resolver: a name has an address only while its listener is bound there. */
  addressOf(name: string): string | undefined {
    const open = this.#open.get(name);
    return open?.reach.byName && open.server?.listening ? open.address : undefined;
  }

  nameOf(address: string): string | undefined {
    for (const [name, open] of this.#open) if (this.addressOf(name) === address) return open.connection.name;
    return undefined;
  }

  async #follow(connections: readonly WireConnection[]): Promise<void> {
    const wanted = new Map(connections.map((connection) => [connection.name, connection]));
    for (const [name, open] of this.#open) {
      const next = wanted.get(name);
      if (next !== undefined && next.port === open.connection.port) open.connection = next;
      else this.#shut(name, open);
    }
    this.#assign([...wanted.keys()]);
    for (const connection of wanted.values()) if (!this.#open.has(connection.name)) await this.#start(connection);
    this.#retryLater();
    this.#options.changed();
  }

  #assign(names: readonly string[]): void {
    const next = assign(this.#remembered, this.#options.profile, names);
    if (Object.keys(next.names).length === Object.keys(this.#remembered.names).length) return;
    this.#keep(next);
  }

  #keep(next: Remembered): void {
    this.#remembered = next;
    this.#options.remember(next);
  }

  async #start(connection: WireConnection): Promise<void> {
    const entry = this.#remembered.names[`${this.#options.profile}/${connection.name}`];
    const { subnet } = this.#options;
    if (entry === undefined) return;
    const named = subnet !== undefined && entry.host !== undefined;
    const address = named ? addressOf(subnet, entry.host!) : '127.0.0.1';
    const bound = named ? await this.#bindNamed(connection, address) : { failed: 'no-address' };
    if ('server' in bound) {
      const reach = { address, port: connection.port, byName: true };
      this.#open.set(connection.name, { connection, address, reach, server: bound.server, holder: undefined });
      return;
    }
    const holder = await this.#holder(address, connection.port, bound.failed);
    this.#open.set(connection.name, { connection, address, holder, ...(await this.#startHigh(connection)) });
  }

  /** 127.0.0.1 and the name's own high port; another one, kept from then on, where somebody holds that too. */
  async #startHigh(connection: WireConnection): Promise<Pick<Open, 'reach' | 'server'>> {
    const key = `${this.#options.profile}/${connection.name}`;
    const tried = new Set<number>();
    let port = this.#remembered.names[key]!.highPort;
    for (let i = 0; i < HIGH_PORT_ATTEMPTS; i++) {
      const bound = await this.#bind(connection, { address: '127.0.0.1', port });
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
  async #bindNamed(connection: WireConnection, address: string): Promise<Bound> {
    const where = { address, port: connection.port };
    const direct = await this.#bind(connection, where);
    if (!this.#options.isRedirected(connection.port)) return direct;
    return listenRedirected(where, direct, this.#listening(connection));
  }

  #bind(connection: WireConnection, where: Endpoint): Promise<Bound> {
    return listen(where, this.#listening(connection));
  }

  #listening(connection: WireConnection): ListenerOptions {
    const { owner, peerOf, turnedAway } = this.#options;
    const accepted = (socket: Socket, peer: PeerSocket) => {
      const current = this.#open.get(connection.name)?.connection ?? connection;
      this.#options.accepted(current, socket, peer);
    };
    return { owner, peerOf, turnedAway, accepted };
  }

  async #holder(address: string, port: number, failed: string): Promise<string | undefined> {
    if (failed === 'EACCES') return `the system keeps ports below 1024 to root`;
    if (failed !== 'EADDRINUSE') return undefined;
    const holder = await this.#options.holderOf(address, port);
    return holder === undefined ? `something on port ${port}` : describeHolder(holder, port);
  }

  #shut(name: string, open: Open): void {
    this.#open.delete(name);
    open.server?.close();
  }

  /** Tries what is blocked now: something may have made room. */
  retry(): Promise<void> {
    this.#work = this.#work.then(() => this.#retryBlocked());
    return this.#work;
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
    for (const [name, open] of this.#open) {
      const entry = this.#remembered.names[`${this.#options.profile}/${name}`];
      if (open.reach.byName || entry?.host === undefined || this.#closed) continue;
      const where = { address: open.address, port: open.connection.port };
      const bound = await this.#bindNamed(open.connection, open.address);
      if (!('server' in bound)) continue;
      open.server?.close();
      Object.assign(open, { server: bound.server, reach: { ...where, byName: true }, holder: undefined });
      this.#options.changed();
    }
    this.#retryLater();
  }
}

function rowOf({ connection, address, reach, server, holder }: Open): Omit<LocalConnection, 'flows'> {
  const { name, protocol, port, state, database, description, contact } = connection;
  const blocked = !reach.byName || server === undefined;
  return {
    name,
    hostname: `${name}.hoop`,
    protocol,
    address,
    port,
    reach,
    state: blocked ? 'blocked' : state === 'requestable' ? 'requestable' : 'ready',
    ...(blocked && { hint: `hoop setup cures it; hoop connect ${name} reaches it all the same` }),
    ...(holder !== undefined && { holder }),
    ...(database !== undefined && { database }),
    ...(description !== undefined && { description }),
    ...(contact !== undefined && { contact }),
  };
}
