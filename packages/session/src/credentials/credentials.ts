import { randomBytes } from 'node:crypto';
import type { Backend, OwnedRole, Ran, Refusal } from '@hoop/core';
import type { Leased, Lessor, Upstream } from '../ports.js';
import { Batch } from './batch.js';
import { type Issuer, issuedBy, markOf } from './issuer.js';
import { type Credential, type Minted, Pool } from './pool.js';
import { rolesFor } from './roles.js';
import { type Errands, Sides } from './sides.js';
import { Sweep } from './sweep.js';

/** How often leftovers are looked for. */
const SWEEP_MS = 30_000;
/** How long the end of the gateway waits for roles to be dropped; the next start finds what is left. */
const CLOSE_MS = 5_000;
/** What one errand takes. */
const DROPPED_MOST = 50;
const TERMINATED_MOST = 1_000;
export const PREFIX = 'hoop_';

/** What became of a role, for the audit. */
export interface RoleNews {
  event: 'role-given' | 'role-dropped' | 'role-left';
  role: string;
  connection: string;
  session?: string | undefined;
  message?: string | undefined;
}

export interface CredentialsOptions {
  issuer: Issuer;
  /** For the audit and the log. Of a role that could not be dropped it is told once. */
  told(news: RoleNews): void;
  /** Errors that are our bug. */
  report(error: unknown): void;
  /** Called after each sweep, to `warm` for whoever is there. */
  swept?: (() => void) | undefined;
  errands?: Errands | undefined;
  sweepMs?: number | undefined;
}

/** Credentials that die with their session: mints them ahead, gives each to one flow, drops them, and finds what was left. */
export class Credentials implements Lessor {
  readonly #options: CredentialsOptions;
  readonly #errands: Errands;
  /** Roles of this run that a sweep must leave alone. */
  readonly #known = new Set<string>();
  /** What ends each session's role, until it was called. */
  readonly #given = new Set<() => void>();
  readonly #pools = new Map<Upstream, Map<string, Pool>>();
  readonly #retiring = new PerPlace((place) => this.#dropping(place));
  readonly #terminating = new PerPlace((place) => this.#terminatingAt(place));
  readonly #ends = new Set<Promise<void>>();
  readonly #sweep: Sweep;
  #upstreams: readonly Upstream[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: CredentialsOptions) {
    const { issuer } = options;
    this.#options = options;
    this.#errands = options.errands ?? new Sides();
    this.#sweep = new Sweep({
      errands: this.#errands,
      ownerOf: ({ name, mark }) => (this.#known.has(name) ? undefined : issuedBy(issuer, name, mark)?.owner),
      told: options.told,
    });
  }

  /** Takes the connections of a configuration, in place of those before, and sweeps them. */
  configure(upstreams: readonly Upstream[]): void {
    this.#upstreams = upstreams.filter(({ ephemeral }) => ephemeral !== undefined);
    for (const [upstream, pools] of this.#pools) {
      if (this.#upstreams.includes(upstream)) continue;
      this.#pools.delete(upstream);
      for (const pool of pools.values()) this.#retireAll(upstream, pool.close());
    }
    clearInterval(this.#timer);
    if (this.#upstreams.length === 0) return;
    this.#timer = setInterval(() => void this.sweep(), this.#options.sweepMs ?? SWEEP_MS).unref();
    void this.sweep();
  }

  async lease({
    upstream,
    database,
    identity,
    session,
    anew = false,
  }: Parameters<Lessor['lease']>[0]): Promise<Leased> {
    const pool = this.#poolFor(upstream, identity.groups);
    if (pool === undefined) return { ok: false, refusal: noPlace(identity.email, upstream.name) };
    if (anew) this.#retireAll(upstream, pool.takeAll());
    const taken = await pool.take(performance.now());
    if (!taken.ok) return { ok: false, refusal: unminted(upstream.name, taken.refusal) };
    const { name, owner, login } = taken.answer;
    this.#options.told({ event: 'role-given', role: name, connection: upstream.name, session });
    const end = () => {
      if (this.#given.delete(end)) this.#retire(upstream, database, { name, owner }, true);
    };
    this.#given.add(end);
    return { ok: true, lease: { role: name, login, end } };
  }

  terminate(upstream: Upstream, backend: Backend): Promise<boolean> {
    return this.#terminating.at(upstream, upstream.databases[0] ?? '').add(backend);
  }

  /** Mints for someone who may come soon. */
  warm(upstream: Upstream, groups: readonly string[]): void {
    this.#poolFor(upstream, groups)?.fill();
  }

  /** Drops what nobody came for, and what earlier runs and failures have left. */
  async sweep(): Promise<void> {
    const now = performance.now();
    for (const [upstream, pools] of this.#pools)
      for (const [key, pool] of pools) {
        this.#retireAll(upstream, pool.expired(now));
        if (pool.isEmpty) pools.delete(key);
      }
    this.#options.swept?.();
    await Promise.all(this.#upstreams.map((upstream) => this.#sweepOne(upstream)));
  }

  /** Drops all roles, and with them what still runs. Resolves when done, at the latest after a few seconds. */
  async close(): Promise<void> {
    this.configure([]);
    for (const end of [...this.#given]) end();
    const late = new Promise<void>((resolve) => setTimeout(resolve, CLOSE_MS).unref());
    await Promise.race([this.#settled(), late]);
    this.#errands.close();
  }

  async #settled(): Promise<void> {
    while (this.#ends.size > 0) await Promise.all(this.#ends);
  }

  #poolFor(upstream: Upstream, groups: readonly string[]): Pool | undefined {
    const { ephemeral } = upstream;
    const members = ephemeral === undefined ? [] : rolesFor(ephemeral, groups);
    const [acting, ...others] = members;
    if (acting === undefined) return undefined;
    const pools = this.#pools.get(upstream) ?? new Map<string, Pool>();
    this.#pools.set(upstream, pools);
    const key = JSON.stringify(members);
    const pool = pools.get(key) ?? this.#makePool(upstream, [acting, ...others]);
    pools.set(key, pool);
    return pool;
  }

  #makePool(upstream: Upstream, members: readonly [string, ...string[]]): Pool {
    const pool: Pool = new Pool((count) => this.#settling(this.#mintFor(pool, upstream, members, count)));
    return pool;
  }

  /** What comes when the pool is closed by then is not left. */
  async #mintFor(
    pool: Pool,
    upstream: Upstream,
    members: readonly [string, ...string[]],
    count: number,
  ): Promise<Minted> {
    const minted = await this.#mint(upstream, members, count);
    if (!minted.ok || !pool.isClosed) return minted;
    this.#retireAll(upstream, minted.answer);
    return { ok: false, refusal: GONE };
  }

  async #mint(upstream: Upstream, members: readonly [string, ...string[]], count: number): Promise<Minted> {
    const [owner] = members;
    const { lifetimeMs = 0 } = upstream.ephemeral ?? {};
    const credentials = Array.from({ length: count }, () => fresh(owner, performance.now() + lifetimeMs));
    for (const { name } of credentials) this.#known.add(name);
    const { issuer } = this.#options;
    const roles = credentials.map(({ name, login: { password } }) => ({
      name,
      password,
      members,
      mark: markOf(issuer, name, owner),
    }));
    const minted: Ran<undefined> = await this.#errands.run(placeOf(upstream, 'mint'), {
      do: 'mint',
      roles,
      lifetimeMs,
    });
    if (minted.ok) return { ok: true, answer: credentials };
    // Whether they were made before it failed is not known: the next sweep finds out.
    for (const { name } of credentials) this.#known.delete(name);
    return minted;
  }

  #retireAll(upstream: Upstream, credentials: readonly Credential[]): void {
    const { database } = placeOf(upstream, 'drop');
    for (const { name, owner } of credentials) this.#retire(upstream, database, { name, owner }, false);
  }

  #retire(upstream: Upstream, database: string, role: OwnedRole, used: boolean): void {
    const dropped = this.#retiring.at(upstream, database).add(role);
    void this.#settling(
      dropped.then(
        (gone) => this.#ended(upstream, role.name, gone, used),
        (error: unknown) => this.#options.report(error),
      ),
    );
  }

  /** What the end of the gateway waits for. */
  #settling<T>(work: Promise<T>): Promise<T> {
    const settled = work.then(
      () => {},
      () => {},
    );
    this.#ends.add(settled);
    void settled.then(() => this.#ends.delete(settled));
    return work;
  }

  #dropping({ upstream, database }: At): Batch<OwnedRole, boolean> {
    return new Batch(DROPPED_MOST, async (roles) => {
      const dropped = await this.#errands.run({ upstream, database, purpose: 'drop' }, { do: 'drop', roles });
      const left = dropped.ok ? new Set(dropped.answer) : undefined;
      return ({ name }) => left !== undefined && !left.has(name);
    });
  }

  #terminatingAt({ upstream, database }: At): Batch<Backend, boolean> {
    return new Batch(TERMINATED_MOST, async (backends) => {
      const place = { upstream, database, purpose: 'terminate' as const };
      const terminated = await this.#errands.run(place, { do: 'terminate', backends });
      const ended = new Set(terminated.ok ? terminated.answer : []);
      return ({ process }) => ended.has(process);
    });
  }

  /** One that is still there is looked for, from now on, wherever it holds something. */
  #ended(upstream: Upstream, role: string, gone: boolean, used: boolean): void {
    this.#known.delete(role);
    if (gone && used) this.#options.told({ event: 'role-dropped', role, connection: upstream.name });
    if (!gone) void this.#sweepOne(upstream);
  }

  async #sweepOne(upstream: Upstream): Promise<void> {
    try {
      await this.#settling(this.#sweep.run(upstream));
    } catch (error) {
      this.#options.report(error);
    }
  }
}

interface At {
  upstream: Upstream;
  database: string;
}

/** One of a kind for each database of each upstream, for as long as the upstream is known. */
class PerPlace<T> {
  readonly #make: (at: At) => T;
  readonly #all = new WeakMap<Upstream, Map<string, T>>();

  constructor(make: (at: At) => T) {
    this.#make = make;
  }

  at(upstream: Upstream, database: string): T {
    const ofUpstream = this.#all.get(upstream) ?? new Map<string, T>();
    this.#all.set(upstream, ofUpstream);
    const found = ofUpstream.get(database) ?? this.#make({ upstream, database });
    ofUpstream.set(database, found);
    return found;
  }
}

/** As PostgreSQL folds names: no quotes are needed to type it. 59 bits, so that no two meet. */
const ALPHABET = '23456789abcdefghjkmnpqrstuvwxyz';

function fresh(owner: string, until: number): Credential {
  const name = PREFIX + Array.from(randomBytes(12), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
  return { name, owner, login: { user: name, password: randomBytes(24).toString('base64url') }, until };
}

const placeOf = (upstream: Upstream, purpose: 'mint' | 'drop') => ({
  upstream,
  database: upstream.databases[0] ?? '',
  purpose,
});

const GONE: Refusal = { code: 'shutting-down', message: 'the connection is not configured any more' };

const noPlace = (email: string, connection: string): Refusal => ({
  code: 'not-granted',
  message: `${email} has no database role on ${connection}`,
  hint: 'Ask the operator of the gateway for one, for a group of yours.',
});

/** What the server said may name roles of the operator's: it is for the log. */
const unminted = (connection: string, { code, native }: Refusal): Refusal => ({
  code,
  message: `The gateway cannot make a database role on ${connection} for this session.`,
  ...(native !== undefined && { detail: `The database answered with ${native}.` }),
  hint: 'Ask the operator of the gateway: hoop-gateway check says what is missing.',
});
