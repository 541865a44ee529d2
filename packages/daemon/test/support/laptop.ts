import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocalConnection, State } from '@hoop/contracts/local';
import type { Greeting, ProtocolName } from '@hoop/core';
import { environment, type Notice, ownFolder, type Paths, planPaths, type Route } from '@hoop/platform';
import type { Credential, Credentials } from '../../src/credentials.js';
import { Daemon } from '../../src/daemon.js';
import { openLog } from '../../src/log.js';
import type { Patience } from '../../src/login/awaited.js';
import type { SecretKeeper } from '../../src/login/entry.js';
import type { KeptProfiles } from '../../src/profiles.js';
import type { TestGateway } from './gateway.js';

/** Opens at once and tells a refusal in plain text. */
export const TELLING: Greeting = {
  speaksFirst: true,
  look: () => ({ step: 'open' }),
  refuse: ({ code, hint }) => Buffer.from(`refused ${code} ${hint ?? ''}`),
};

/** A login that is simply there, or not. */
export class TestCredentials implements Credentials {
  credential: Credential | undefined;
  ended: string | undefined;
  leaseUntil: number | undefined;
  atWork: ReturnType<Credentials['pending']>;
  standing: ReturnType<Credentials['state']> | undefined;
  readonly #watchers = new Set<() => void>();

  current = () => this.credential;
  wanted: (isRefused?: boolean) => void = () => {};
  pending = () => this.atWork;
  on = (change: () => void) => {
    this.#watchers.add(change);
    return () => void this.#watchers.delete(change);
  };
  state(): ReturnType<Credentials['state']> {
    if (this.standing !== undefined) return this.standing;
    if (this.credential === undefined) return { login: null, attempt: null };
    const identity = { subject: 'bob', email: 'bob@shop.example', groups: [] };
    const gateway = this.credential.gateway.origin;
    return {
      login: { identity, gateway, issuer: 'https://idp.example', state: 'active', store: 'memory', since: 1 },
      attempt: null,
    };
  }
  leaseIs(until: number): void {
    this.leaseUntil = until;
  }
  endedByGateway(code: string): void {
    this.ended = code;
    this.set(undefined);
  }
  set(credential: Credential | undefined): void {
    this.credential = credential;
    for (const watcher of this.#watchers) watcher();
  }
  start = async () => ({ id: '1', phase: 'discovering' as const, joined: false });
  cancel = () => false;
  logout = async () => {
    this.set(undefined);
    return { ended: true };
  };
  restore = async () => {};
  handOver = async () => async () => {};
  close = async () => {};
}

/** A keychain in memory. */
export function secretsIn(held: Map<string, string>): SecretKeeper {
  return {
    get: async (account) => held.get(account),
    set: async (account, secret) => void held.set(account, secret),
    delete: async (account) => held.delete(account),
  };
}

export function credentialFor(gateway: TestGateway): Credential {
  return {
    gateway: new URL(`https://localhost:${gateway.port}`),
    tunnel: [{ host: 'localhost', port: gateway.port }],
    certificate: gateway.client.cert,
    key: gateway.client.key,
    ca: gateway.server.cert,
    caFingerprint: undefined,
    notAfter: Date.now() + 900_000,
  };
}

/** Profiles kept in memory; a login of each that is asked for. */
export class TestProfiles implements KeptProfiles {
  readonly held = new Map<string, TestCredentials>();
  chosen: string | undefined;

  names = () => [...this.held.keys()];
  defaultName = () => this.chosen;
  setDefault(name: string): void {
    this.chosen = name;
  }
  open(name: string): TestCredentials {
    const held = this.held.get(name) ?? new TestCredentials();
    this.held.set(name, held);
    return held;
  }
  rename(name: string, to: string): void {
    const held = this.held.get(name);
    if (held !== undefined) this.held.set(to, held);
    this.held.delete(name);
  }
  forget(name: string): void {
    this.held.delete(name);
  }
}

export interface Laptop extends AsyncDisposable {
  daemon: Daemon;
  /** Of the profile `default`. */
  credentials: TestCredentials;
  kept: TestProfiles;
  paths: Paths;
  /** Resolves with the state once it is as asked. */
  until(is: (state: State) => boolean): Promise<State>;
}

/** A daemon of its own: folders in /tmp, its own /24, this user. */
export async function laptop(
  options: {
    gateway?: TestGateway;
    /** Other profiles that somebody is logged in to. */
    others?: Record<string, TestGateway>;
    greetings?: Partial<Record<ProtocolName, Greeting>>;
    home?: string;
    secrets?: SecretKeeper;
    patience?: Patience;
    firstWord?: number;
    route?: () => Route | undefined;
    show?: (notice: Notice) => Promise<boolean>;
  } = {},
): Promise<Laptop> {
  const home = options.home ?? mkdtempSync(join(tmpdir(), 'hoop-laptop-'));
  const machine = { ...environment(), home, variables: { XDG_RUNTIME_DIR: join(home, 'run') } };
  const paths = planPaths(machine);
  ownFolder(paths.stateFolder, machine.uid);
  ownFolder(paths.runtimeFolder, machine.uid);
  const kept = new TestProfiles();
  const credentials = kept.open('default');
  const waiting = new Set<() => void>();
  const changed = () => {
    for (const look of [...waiting]) look();
  };
  if (options.gateway !== undefined) credentials.credential = credentialFor(options.gateway);
  for (const [name, other] of Object.entries(options.others ?? {})) kept.open(name).credential = credentialFor(other);
  const greetings = { postgres: TELLING, tcp: TELLING, ...options.greetings };
  const log = openLog(2, 'silent');
  const secrets = options.secrets ?? secretsIn(new Map());
  const { patience, firstWord, route = () => undefined, show = async () => false } = options;
  const about = {
    version: '0',
    machine,
    paths,
    kept,
    secrets,
    greetings,
    log,
    changed,
    patience,
    firstWord,
    route,
    show,
  };
  const daemon = await Daemon.start(about);
  const until = (is: (state: State) => boolean) =>
    new Promise<State>((resolve) => {
      const look = () => {
        const state = daemon.state();
        if (!is(state)) return;
        waiting.delete(look);
        resolve(state);
      };
      waiting.add(look);
      look();
    });
  const end = async () => {
    await daemon.close();
    if (options.home === undefined) rmSync(home, { recursive: true, force: true });
  };
  return { daemon, credentials, kept, paths, until, [Symbol.asyncDispose]: end };
}

/** A client on a connection's own address. */
export async function dial(on: Laptop, name: string): Promise<net.Socket> {
  const is = (one: LocalConnection) => one.hostname === `${name}.hoop`;
  const state = await on.until(({ connections }) => connections.some(is));
  const { reach } = state.connections.find(is)!;
  const socket = net.connect({ host: reach.address, port: reach.port, allowHalfOpen: true });
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return socket;
}

/** All that comes until the end. A reset tells itself by its code. */
export function readAll(socket: net.Socket): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.once('end', () => resolve(Buffer.concat(chunks).toString('latin1')));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'));
  });
}

/** A port that nothing listens on now. */
export async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((bound) => server.listen(0, '127.0.0.1', bound));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
