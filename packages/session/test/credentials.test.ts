import type { AnswerTo, Errand, FoundRole, Ran } from '@hoop/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Batch } from '../src/credentials/batch.js';
import { issuedBy, markOf } from '../src/credentials/issuer.js';
import { type Credential, type Minted, Pool } from '../src/credentials/pool.js';
import type { Place } from '../src/credentials/sides.js';
import { Credentials, type Errands, type RoleNews, rolesFor, type Upstream } from '../src/index.js';

const ISSUER = { id: 'gateway-1', key: Buffer.from('a key'), instance: 'run-1', isDead: () => true };
const FAILED = { ok: false, refusal: { code: 'upstream-refused', message: 'no' } } as const;

/** A database's roles, and errands on them as they are asked for. */
class Database implements Errands {
  readonly roles = new Map<string, FoundRole>();
  readonly ran: { place: Place; errand: Errand }[] = [];
  fails: (errand: Errand) => boolean = () => false;
  closed = false;

  async run<E extends Errand>(place: Place, errand: E): Promise<Ran<AnswerTo<E>>> {
    this.ran.push({ place, errand });
    const answer = this.#answer(errand);
    if (this.fails(errand)) return FAILED;
    return { ok: true, answer: answer as AnswerTo<E> };
  }

  close(): void {
    this.closed = true;
  }

  count(what: Errand['do']): number {
    return this.ran.filter(({ errand }) => errand.do === what).length;
  }

  #answer(errand: Errand): unknown {
    if (errand.do === 'list') return [...this.roles.values()];
    if (errand.do === 'mint')
      for (const { name, mark } of errand.roles) this.roles.set(name, { name, mark, databases: [] });
    if (errand.do === 'drop' && !this.fails(errand)) for (const { name } of errand.roles) this.roles.delete(name);
    return errand.do === 'drop' ? [] : undefined;
  }
}

const upstream: Upstream = {
  name: 'pg-support',
  protocol: 'postgres',
  host: 'localhost',
  port: 5432,
  tls: 'disable',
  databases: ['shop', 'archive'],
  record: 'statements',
  ephemeral: { grants: [{ groups: ['support'], role: 'shop_support' }], lifetimeMs: 600_000 },
};
const alice = { subject: 'u1', email: 'alice@shop.example', groups: ['support'] };

describe('credentials that die with the session', () => {
  let database: Database;
  let news: RoleNews[];
  let credentials: Credentials;

  const make = () =>
    new Credentials({
      issuer: ISSUER,
      told: (each) => news.push(each),
      report: (error) => expect(error).toBeUndefined(),
      errands: database,
    });
  beforeEach(() => {
    database = new Database();
    news = [];
    credentials = make();
    credentials.configure([upstream]);
  });
  afterEach(() => credentials.close());

  const lease = async (more: object = {}) => {
    const leased = await credentials.lease({ upstream, database: 'archive', identity: alice, session: 's1', ...more });
    if (!leased.ok) throw new Error(leased.refusal.message);
    return leased.lease;
  };

  test('one is minted ahead for the next, which waits for nothing', async () => {
    credentials.warm(upstream, ['support']);
    await settled();
    const before = database.ran.length;
    const first = await lease();
    expect(database.ran.slice(before).filter(({ errand }) => errand.do !== 'mint')).toEqual([]);
    expect(database.roles.has(first.role)).toBe(true);
    expect(first.login).toEqual({ user: first.role, password: expect.stringMatching(/^[\w-]{32}$/) });
    expect((await lease()).role).not.toBe(first.role);
    expect(news).toMatchObject([{ event: 'role-given', role: first.role, session: 's1' }, { event: 'role-given' }]);
  });

  test('its end drops it where the session was, once, and sessions that end together by one errand', async () => {
    const leases = [await lease(), await lease(), await lease()];
    for (const each of leases) each.end();
    for (const each of leases) each.end();
    await settled();
    const drops = database.ran.filter(({ errand }) => errand.do === 'drop');
    expect(drops).toMatchObject([{ place: { database: 'archive', purpose: 'drop' } }]);
    const names = leases.map(({ role }) => ({ name: role, owner: 'shop_support' }));
    expect(drops[0]?.errand).toEqual({ do: 'drop', roles: names });
    expect(news.filter(({ event }) => event === 'role-dropped')).toHaveLength(3);
  });

  test('one that cannot be dropped is looked for at once, and told of once', async () => {
    const { role, end } = await lease();
    database.fails = (errand) => errand.do === 'drop';
    end();
    await settled();
    await credentials.sweep();
    expect(news.filter(({ event }) => event === 'role-left')).toEqual([
      { event: 'role-left', role, connection: 'pg-support', message: 'in shop: no' },
    ]);
    database.fails = () => false;
    await credentials.sweep();
    expect(news.at(-1)).toEqual({ event: 'role-dropped', role, connection: 'pg-support' });
    expect(database.roles.has(role)).toBe(false);
  });

  test('what failed to be minted is no refusal that tells the server’s own words, and may exist', async () => {
    database.fails = (errand) => errand.do === 'mint';
    const leased = await credentials.lease({ upstream, database: 'shop', identity: alice, session: 's1' });
    expect(leased).toMatchObject({ ok: false, refusal: { message: expect.not.stringContaining('no.') } });
    expect(database.roles.size).toBeGreaterThan(0);
    database.fails = () => false;
    await credentials.sweep();
    expect(database.roles.size).toBe(0);
  });

  test('a sweep leaves alone what is in use, what waits, and what others made', async () => {
    const { role } = await lease();
    const ours = new Set(database.roles.keys());
    const foreign = { ...ISSUER, id: 'gateway-2' };
    const alive = { ...ISSUER, instance: 'run-2' };
    const marks = {
      hoop_copied: database.roles.get(role)?.mark ?? '',
      hoop_foreign: markOf(foreign, 'hoop_foreign', 'shop_support'),
      hoop_bare: '',
      hoop_other_key: markOf({ ...ISSUER, key: Buffer.from('another') }, 'hoop_other_key', 'shop_support'),
    };
    for (const [name, mark] of Object.entries(marks)) database.roles.set(name, { name, mark, databases: [] });
    const dead = markOf(alive, 'hoop_dead', 'shop_support');
    database.roles.set('hoop_dead', { name: 'hoop_dead', mark: dead, databases: ['archive', 'shop'] });
    await credentials.sweep();
    expect(new Set(database.roles.keys())).toEqual(new Set([...ours, ...Object.keys(marks)]));
    const last = database.ran.slice(-2).map(({ place, errand }) => [errand.do, place.database]);
    expect(last).toEqual([
      ['disown', 'archive'],
      ['drop', 'shop'],
    ]);
  });

  test('another run that lives keeps its own', () => {
    const theirs = { ...ISSUER, instance: 'run-2' };
    const mark = markOf(theirs, 'hoop_x', 'shop_support');
    expect(issuedBy({ ...ISSUER, isDead: () => false }, 'hoop_x', mark)).toBeUndefined();
    expect(issuedBy(ISSUER, 'hoop_x', mark)).toEqual({ owner: 'shop_support' });
    expect(issuedBy(ISSUER, 'hoop_x', 'no mark at all')).toBeUndefined();
  });

  test('the upstream knows none of them any more: all are minted anew', async () => {
    await lease();
    await settled();
    const before = new Set(database.roles.keys());
    expect(before).not.toContain((await lease({ anew: true })).role);
  });

  test('a gateway that ends leaves none; a connection that is gone loses those that wait', async () => {
    const [first, second] = [await lease(), await lease()];
    credentials.configure([]);
    await settled();
    expect([...database.roles.keys()]).toEqual([first.role, second.role]);
    first.end();
    await credentials.close();
    second.end();
    expect([database.roles.size, database.closed]).toEqual([0, true]);
  });

  test('what is being minted when the gateway ends is dropped too', async () => {
    await settled();
    credentials.warm(upstream, ['support']);
    expect(database.roles.size).toBe(2);
    await credentials.close();
    expect(database.roles.size).toBe(0);
  });

  test('who has no group there is refused before anything is asked', async () => {
    await settled();
    const before = database.count('mint');
    const identity = { ...alice, groups: ['sales'] };
    const leased = await credentials.lease({ upstream, database: 'shop', identity, session: 's1' });
    expect(leased).toMatchObject({ ok: false, refusal: { code: 'not-granted' } });
    expect(database.count('mint')).toBe(before);
  });
});

test('the first role that is for a group of the person is the one they act as', () => {
  const grants = [
    { groups: ['dba'], role: 'owner' },
    { groups: ['dba', 'support'], role: 'support' },
    { groups: ['all'], role: 'owner' },
  ];
  const ephemeral = { grants, lifetimeMs: 1 };
  expect(rolesFor(ephemeral, ['all', 'dba'])).toEqual(['owner', 'support']);
  expect(rolesFor(ephemeral, ['support'])).toEqual(['support']);
  expect(rolesFor(ephemeral, ['nobody'])).toEqual([]);
});

describe('a pool', () => {
  let made = 0;
  const credential = (until: number): Credential => {
    made += 1;
    return { name: `hoop_${made}`, owner: 'o', login: { user: '', password: '' }, until };
  };
  const pool = (counts: number[], until = 100_000) =>
    new Pool(async (count): Promise<Minted> => {
      counts.push(count);
      return { ok: true, answer: Array.from({ length: count }, () => credential(until)) };
    });

  test('holds few, twice as many each time that somebody had to wait, and not without bound', async () => {
    const counts: number[] = [];
    const it = pool(counts);
    await it.take(0);
    await settled();
    expect(counts).toEqual([5]);
    await Promise.all(Array.from({ length: 200 }, () => it.take(0)));
    await settled();
    expect(Math.max(...counts)).toBe(32);
    expect(it.close()).toHaveLength(32);
  });

  test('gives nothing that is about to be over, and forgets its size with what nobody came for', async () => {
    const counts: number[] = [];
    const it = pool(counts);
    it.fill();
    await settled();
    expect(it.expired(69_000)).toEqual([]);
    expect(it.expired(70_000)).toHaveLength(2);
    expect(it.isEmpty).toBe(true);
  });

  test('who waits is told that none can be minted; the next one tries again', async () => {
    let fails = true;
    const it = new Pool(async (count) =>
      fails ? FAILED : { ok: true, answer: Array.from({ length: count }, () => credential(100_000)) },
    );
    expect(await it.take(0)).toEqual(FAILED);
    fails = false;
    expect(await it.take(0)).toMatchObject({ ok: true });
  });
});

describe('a batch', () => {
  test('takes what comes in one turn together, and the rest after that', async () => {
    const ran: number[][] = [];
    const batch = new Batch<number, number>(3, async (items) => {
      ran.push([...items]);
      return (item) => item * 2;
    });
    expect(await Promise.all([1, 2, 3, 4].map((item) => batch.add(item)))).toEqual([2, 4, 6, 8]);
    expect(ran).toEqual([[1, 2, 3], [4]]);
    expect(await batch.add(5)).toBe(10);
  });

  test('a failure is told to those it was for', async () => {
    const batch = new Batch<number, number>(1, async ([item]) => {
      if (item === 1) throw new Error('no');
      return () => 0;
    });
    const [first, second] = await Promise.allSettled([batch.add(1), batch.add(2)]);
    expect([first?.status, second?.status]).toEqual(['rejected', 'fulfilled']);
  });
});

/** Until nothing more happens by itself: all here is promises and turns of the event loop. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
}
