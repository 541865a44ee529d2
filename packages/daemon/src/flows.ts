import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { WireConnection } from '@hoop/contracts/gateway';
import { CreditBudget } from '@hoop/contracts/uplink';
import type { ClientProgram, Greeting, Own, ProtocolName, Refusal } from '@hoop/core';
import { keyOf, type PeerSocket, type ProgramFinder, REDIRECTED_PORT } from '@hoop/platform';
import type { Credential, Credentials } from './credentials.js';
import { type Greeted, greet } from './listeners/greeting.js';
import { kept } from './listeners/kept.js';
import type { Leaves } from './listeners/leaf.js';
import { awaited, type Patience } from './login/awaited.js';
import { type Act, lackOf } from './login/lack.js';
import { type Carrying, carry } from './uplinks/carry.js';
import type { Uplink } from './uplinks/dial.js';
import type { Pool } from './uplinks/pool.js';

/** What a flow goes by: a profile's login, and the uplinks of that login. */
export interface Way {
  name: string;
  credentials: Pick<Credentials, 'current' | 'pending' | 'wanted' | 'on' | 'state'>;
  pool: Pick<Pool, 'take'>;
  /** Whether the gateway answers now. */
  answers(): Promise<boolean>;
  /** A client was turned away, and only a person can change that. */
  missed(act: Act): void;
}

export interface FlowsOptions {
  greetings: Record<ProtocolName, Greeting>;
  /** All that the connection may be called, for its certificate. */
  hostnamesOf(profile: string, connection: string): readonly [string, ...string[]];
  /** Says whose login is meant. */
  advice(hint: string | undefined, profile: string): string | undefined;
  leaves: Leaves;
  programs: Pick<ProgramFinder, 'find'>;
  /** A client that does not speak the connection's protocol was turned away. */
  rejected(connection: string, why: string): void;
  /** The gateway does not let this person use the port. */
  portRefused(): void;
  changed(): void;
  /** Milliseconds; replaced in tests. */
  greetingDeadline?: number;
  firstWord?: number | undefined;
  patience?: Patience | undefined;
}

/** Until the first bytes of a flow are there: a person may type a password, a half-open client may not stay for ever. */
const GREETING_DEADLINE = 60_000;
/** What a client waits for a gateway that does not answer, before it is told so. */
const UPLINK_DEADLINE = 2_500;
/** A gateway that has said nothing on a flow by then is asked whether it answers at all: warm uplinks do not tell. */
const FIRST_WORD = 4_000;
/** The program's name is found while the client greets, in some milliseconds; rules go by it, so a busy machine has longer. */
const PROGRAM_DEADLINE = 500;
/** A client that was refused closes its side within this. */
const LAST_WORDS = 2_000;
/** When hoopd ends, its clients have this long to hear it. */
const GOODBYE = 500;
/** Beyond the first credit of each flow, all flows of the daemon together. */
const CREDIT = 64 * 1024 * 1024;
/** For direct TLS: the protocol's own ALPN id, required of a server that is asked for it (PostgreSQL 17, libpq-ssl). */
const ALPN: Record<ProtocolName, readonly string[]> = { postgres: ['postgresql'], tcp: [] };

/** Takes accepted connections through their greeting and onto an uplink. */
export class Flows {
  readonly #options: FlowsOptions;
  readonly #budget = new CreditBudget(CREDIT);
  readonly #sockets = new Map<Socket, string>();
  readonly #counts = new Map<string, number>();
  readonly #live = new Set<Carrying>();
  readonly #closing = new AbortController();
  #waiting = 0;

  constructor(options: FlowsOptions) {
    this.#options = options;
  }

  /** Live flows of a connection. */
  count(profile: string, connection: string): number {
    return this.#counts.get(keyOf(profile, connection)) ?? 0;
  }

  /** Clients that wait for a login, or for its renewal. */
  get waiting(): number {
    return this.#waiting;
  }

  /** `socket` is paused and its peer is the owner's. Never rejects. */
  async accept(way: Way, connection: WireConnection, socket: Socket, peer: PeerSocket): Promise<void> {
    this.#sockets.set(socket, connection.name);
    socket.once('close', () => this.#sockets.delete(socket));
    const program = this.#programOf(peer);
    const greeted = await this.#greet(way, connection, socket);
    if (greeted.as === 'gone') return void socket.destroy();
    if (greeted.as === 'rejected') {
      socket.destroy();
      return this.#options.rejected(connection.name, greeted.why);
    }
    await this.#open(way, connection, greeted, program, this.#own(way, connection, socket));
  }

  #own(way: Way, { name, port }: WireConnection, socket: Socket): Own {
    const { localAddress: address = '', localPort } = socket;
    const names = [...this.#options.hostnamesOf(way.name, name), ...(address === '127.0.0.1' ? ['localhost'] : [])];
    return { names, address, port: localPort === undefined || localPort === REDIRECTED_PORT ? port : localPort };
  }

  /** Ends what is open: each client is told in its protocol if it can be, and has a moment to hear it. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const flow of this.#live) flow.end();
    const sockets = [...this.#sockets.keys()];
    const late = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, GOODBYE);
    await Promise.all(sockets.map(closed));
    clearTimeout(late);
  }

  async #greet(way: Way, connection: WireConnection, socket: Socket): Promise<Greeted> {
    const { greetings, hostnamesOf, leaves, greetingDeadline } = this.#options;
    await leaves.ready();
    return greet(socket, {
      greeting: greetings[connection.protocol],
      tls: {
        context: () => leaves.contextFor(hostnamesOf(way.name, connection.name)),
        alpn: ALPN[connection.protocol],
      },
      deadline: greetingDeadline ?? GREETING_DEADLINE,
    });
  }

  async #open(
    way: Way,
    connection: WireConnection,
    greeted: Greeted & { as: 'flow' },
    program: Promise<ClientProgram | undefined>,
    own: Own,
  ): Promise<void> {
    const greeting = this.#options.greetings[connection.protocol];
    const local = greeted.stream;
    local.on('error', () => {});
    const refuse = (refusal: Refusal) => {
      if (refusal.code === 'port-refused') this.#options.portRefused();
      return greeting.refuse(this.#advised(refusal, way));
    };
    const { credential, first, left } = await this.#credential(way, local, greeted.first);
    if (left) return void local.destroy();
    const uplink = credential === undefined ? { refusal: this.#lack(way) } : await uplinkBy(way, credential);
    if (!('socket' in uplink)) return bid(local, refuse(uplink.refusal));
    const found = await program;
    const head = {
      kind: 'flow' as const,
      flow: randomBytes(16).toString('hex'),
      epoch: 0,
      connection: connection.name,
      port: connection.port,
      ...(found !== undefined && { program: found }),
    };
    let over = false;
    let doubt: NodeJS.Timeout | undefined;
    const key = keyOf(way.name, connection.name);
    this.#count(key, 1);
    const told = (refusal: Refusal) => {
      if (refusal.code === 'login-required') way.credentials.wanted(true);
      return refuse(refusal);
    };
    const carried = {
      ...{ local, first, uplink: uplink.socket, head, refuse: told, budget: this.#budget },
      look: greeting.speaksFirst ? (said: Uint8Array) => greeting.look(said, 'none', own) : undefined,
      rejected: (why: string) => this.#options.rejected(connection.name, why),
    };
    let flow: Carrying | undefined;
    flow = carry(carried, () => {
      over = true;
      clearTimeout(doubt);
      if (flow !== undefined) this.#live.delete(flow);
      this.#count(key, -1);
    });
    if (over) return;
    const live = flow;
    this.#live.add(live);
    doubt = setTimeout(() => void this.#doubt(way, live), this.#options.firstWord ?? FIRST_WORD).unref();
  }

  /** A gateway that is stopped would keep its client waiting for as long as the link stands. */
  async #doubt(way: Way, flow: Carrying): Promise<void> {
    const isDumb = () => this.#live.has(flow) && !flow.isHeard;
    if (isDumb() && !(await way.answers()) && isDumb()) flow.end();
  }

  /** What the flow authenticates with, if need be after a wait: then `first` has grown, or the client has left. */
  async #credential({ credentials }: Way, local: Duplex, first: Buffer) {
    const at = credentials.current();
    if (at !== undefined) return { credential: at, first, left: false };
    const client = kept(local, first);
    this.#waits(1);
    await awaited(credentials, AbortSignal.any([client.gone, this.#closing.signal]), this.#options.patience);
    this.#waits(-1);
    return { first: client.release(), left: client.gone.aborted, credential: credentials.current() };
  }

  #waits(by: number): void {
    this.#waiting += by;
    this.#options.changed();
  }

  /** Why there is no credential; told the person too, where only they can get one. */
  #lack(way: Way): Refusal {
    if (this.#closing.signal.aborted) return ENDS;
    const { refusal, act } = lackOf(way.credentials.state());
    if (act !== undefined) way.missed(act);
    return refusal;
  }

  #advised(refusal: Refusal, { name }: Way): Refusal {
    const hint = this.#options.advice(refusal.hint, name);
    return hint === undefined ? refusal : { ...refusal, hint };
  }

  #programOf(peer: PeerSocket): Promise<ClientProgram | undefined> {
    const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), PROGRAM_DEADLINE));
    const found = this.#options.programs
      .find(peer.inode)
      .then((process) => (process === undefined ? undefined : { pid: process.pid, name: process.name }))
      .catch(() => undefined);
    return Promise.race([found, late]);
  }

  #count(key: string, by: number): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + by);
    this.#options.changed();
  }
}

async function uplinkBy({ pool }: Way, credential: Credential): Promise<{ socket: Uplink } | { refusal: Refusal }> {
  try {
    return { socket: await inTime(pool.take(credential)) };
  } catch {
    return { refusal: { ...UNREACHABLE, message: `the gateway ${credential.gateway.host} cannot be reached` } };
  }
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}

/** The last words, an end, and a moment to hear them. */
function bid(local: Duplex, words: Uint8Array): void {
  local.resume();
  const late = setTimeout(() => local.destroy(), LAST_WORDS);
  local.once('close', () => clearTimeout(late));
  local.write(words);
  local.end();
}

/** An uplink that comes after its client was told otherwise is closed. */
async function inTime(dialled: Promise<Uplink>): Promise<Uplink> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('too late')), UPLINK_DEADLINE);
  });
  try {
    return await Promise.race([dialled, late]);
  } catch (error) {
    dialled.then((uplink) => uplink.destroy()).catch(() => {});
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

const ENDS: Refusal = { code: 'shutting-down', message: 'hoop ends on this laptop', hint: 'hoop daemon start' };
const UNREACHABLE: Refusal = {
  code: 'gateway-unreachable',
  message: 'the gateway cannot be reached',
  hint: 'hoop status shows the gateway; a new attempt is made for each connection',
};
