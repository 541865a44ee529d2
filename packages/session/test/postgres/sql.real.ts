import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Reading } from '@hoop/core';
import { protocols } from '@hoop/protocols';
import { Cluster, newAuthority, passableFolder, testAccount } from '@hoop/testkit';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Catalogue } from '../../../protocols/src/postgres/sql/catalogue.js';
import { type Learned, learn } from '../../../protocols/src/postgres/sql/learn.js';
import { comparing, MARKING, type Mark, markIn } from '../../../protocols/src/postgres/sql/mark.js';
import { ready } from '../../../protocols/src/postgres/sql/parse.js';
import { BEGINNING, OPTIONAL, QUESTIONS, SETTINGS } from '../../../protocols/src/postgres/sql/questions.js';
import { read } from '../../../protocols/src/postgres/sql/read.js';
import { cases, doesOf } from '../../../protocols/test/postgres/sql/cases/index.js';
import { reduced, WORLD_ROWS, WORLD_SQL } from '../../../protocols/test/postgres/sql/world.js';
import { Aside } from '../../src/aside.js';
import { dial } from '../../src/dial.js';
import type { Upstream } from '../../src/index.js';

let cluster: Cluster;
let folder: string;
let upstream: Upstream;

beforeAll(async () => {
  await ready();
  folder = passableFolder('hoop-sql-');
  const authority = await newAuthority();
  cluster = await Cluster.make({ folder: join(folder, 'pg'), authority, account: testAccount(), empty: true });
  await cluster.sql(`create role hostile login password '${cluster.password}'`, 'postgres');
  await cluster.sql('create database world', 'postgres');
  await cluster.sql(['set check_function_bodies = off', WORLD_SQL], 'world');
  upstream = upstreamOf('postgres', cluster.superPassword);
});
afterAll(async () => {
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const upstreamOf = (user: string, password: string): Upstream => ({
  name: 'pg-world',
  protocol: 'postgres',
  host: 'localhost',
  port: cluster.port,
  tls: 'verify-full',
  ca: authorityOf(),
  databases: ['world'],
  record: 'statements',
  login: async () => ({ user, password }),
});
const authorityOf = (): string => (cluster.config().ssl as { ca: string }).ca;

async function load(from: Upstream = upstream, before?: Catalogue): Promise<Catalogue> {
  const outcome = await dial({
    spec: { ...protocols.postgres, connect: (options) => learn(options, before) },
    upstream: from,
    database: 'world',
    parameters: new Map(),
    signal: new AbortController().signal,
  });
  outcome.socket?.destroy();
  if (!outcome.dialled.ok) throw new Error(outcome.dialled.refusal.message);
  return (outcome.dialled.greeting as Learned).catalogue;
}

describe('the catalogue of a real server', () => {
  test('every case reads the same with it as with the reduced one', async (context) => {
    if (process.env.HOOP_WRITE_WORLD !== undefined) await writeWorld();
    const catalogue = await load();
    // Each version has functions and types of its own; the reduced catalogue is of this one.
    if (Math.floor(catalogue.version / 10_000) !== 15)
      context.skip('PostgreSQL 15: not installed; sudo apt install postgresql-15');
    const wrong = Object.values(cases).flatMap((group) =>
      group.flatMap(([sql, does]) => {
        const found = doesOf(read(sql, { catalogue, paths: [['public']] }));
        return found === does ? [] : [{ sql, does, found }];
      }),
    );
    expect(wrong).toEqual([]);
  });

  test('it has what was made there', async () => {
    const { version, user, path, relations, functions, operators, types } = await load();
    expect(version).toBeGreaterThanOrEqual(120000);
    expect({ user, path }).toEqual({ user: 'postgres', path: ['postgres', 'public'] });
    const customers = relations.get('public')?.get('customers');
    expect(customers?.columns.map(({ name }) => name)).toEqual([
      'id',
      'name',
      'email',
      'ssn',
      'card',
      'city',
      'created',
    ]);
    expect(customers).toMatchObject({ kind: 'r', key: ['id'], builtin: false });
    expect(relations.get('public')?.get('v_customers')?.definition).toMatch(/FROM public\.customers/);
    expect(relations.get('public')?.get('ruled')?.rules[0]).toMatch(/DELETE FROM public\.plain/);
    expect(functions.get('purge')?.[0]).toMatchObject({ language: 'plpgsql', volatility: 'volatile', builtin: false });
    expect(functions.get('own_path')?.[0]?.sets).toEqual(['search_path=evil']);
    expect(operators.get('!!!')).toHaveLength(1);
    expect(types.get('evil_domain')?.[0]?.checks).toEqual(['public.check_it(VALUE)']);
  });

  test('what its owner sets for the login changes nothing of what is learned', async () => {
    await cluster.sql(
      [
        'create schema hostile_schema',
        'create table hostile_schema.pg_class as select 1 as oid',
        'create function hostile_schema.array_agg(anyelement) returns text language sql as $$ select null::text $$',
        'grant usage on schema hostile_schema to hostile',
        'alter role hostile set search_path = hostile_schema, pg_catalog, public',
        'alter role hostile set standard_conforming_strings = off',
        'alter role hostile set quote_all_identifiers = on',
        "alter role hostile set DateStyle = 'SQL, DMY'",
        "alter role hostile set client_encoding = 'LATIN1'",
      ],
      'world',
    );
    const catalogue = await load(upstreamOf('hostile', cluster.password));
    expect(catalogue.path).toEqual(['hostile_schema', 'pg_catalog', 'public']);
    const superuser = await load();
    expect([...catalogue.byOid.keys()].sort()).toEqual([...superuser.byOid.keys()].sort());
    expect(catalogue.relations.get('public')?.get('v_customers')?.definition).toMatch(/FROM public\.customers/);
    const [reading] = read('select * from pg_class', { catalogue, paths: [catalogue.path] });
    expect(reading?.relations).toContainEqual({ name: 'hostile_schema.pg_class', does: 'read' });
    await cluster.sql('drop schema hostile_schema cascade', 'world');
  });

  test('what is locked is not waited for, nor understood, and all else is', async () => {
    const client = new Client(cluster.config({ database: 'world' }));
    await client.connect();
    const before = await load();
    const classOf = (text: string, catalogue: Catalogue) => read(text, { catalogue, paths: [[]] })[0]?.class;
    try {
      await client.query('begin');
      await client.query('create or replace view public.v_customers as select id, name, city from public.customers');
      const catalogue = await load();
      const [locked] = read('select * from public.v_customers', { catalogue, paths: [[]] });
      expect(locked?.unknown).toBe('the definition of public.v_customers could not be had');
      expect(read('select * from public.v_nested', { catalogue, paths: [[]] })[0]?.class).toBe('unknown');
      expect(read('select * from public.v_writable', { catalogue, paths: [[]] })[0]?.class).toBe('read');
      expect(read('insert into public.ruled values (1)', { catalogue, paths: [[]] })[0]?.class).toBe('write');
      await client.query('rollback');
      await client.query('begin');
      await client.query('alter table public.plain add column more int');
      const other = await load();
      expect(read('select * from public.v_customers', { catalogue: other, paths: [[]] })[0]?.class).toBe('read');
      expect(read('insert into public.ruled values (1)', { catalogue: other, paths: [[]] })[0]?.unknown).toBe(
        'the SQL of a rule could not be read',
      );
      await client.query('rollback');
      await client.query('begin');
      await client.query('lock table public.audit, public.customers');
      expect(classOf('insert into public.audit values (1)', await load())).toBe('unknown');
      // What was written out before of the very same is known.
      expect(await load(upstream, before)).toBe(before);
      expect(classOf('insert into public.audit values (1)', before)).toBe('write');
      await client.query('rollback');
      await client.query('alter table public.customers rename column city to town');
      await client.query('begin');
      await client.query('lock table public.customers');
      const renamed = await load(upstream, before);
      expect(classOf('select * from public.v_customers', renamed)).toBe('unknown');
      await client.query('rollback');
      expect(classOf('select * from public.v_customers', await load(upstream, renamed))).toBe('read');
      await client.query('alter table public.customers rename column town to city');
    } finally {
      await client.query('rollback');
      await client.end();
    }
  });

  test('temporary tables of sessions are seen, and a name may stand for any of them', async () => {
    const client = new Client(cluster.config({ database: 'world' }));
    await client.connect();
    try {
      await client.query('create temp view customers as select public.purge() as id');
      const catalogue = await load();
      expect(read('select * from customers', { catalogue, paths: [['public']] })[0]?.class).toBe('write');
      expect(read('select * from pg_temp.customers', { catalogue, paths: [['public']] })[0]?.class).toBe('write');
      expect(read('select * from public.customers', { catalogue, paths: [['public']] })[0]?.class).toBe('read');
    } finally {
      await client.end();
    }
  });

  test('loading it writes nothing', async () => {
    const [before] = await cluster.sql('select pg_current_xact_id()::text::int8 as id', 'world');
    await load();
    const [after] = await cluster.sql('select pg_current_xact_id()::text::int8 as id', 'world');
    expect(Number(after?.id) - Number(before?.id)).toBe(1);
  });
});

/** What somebody may do beside hoop, each after the one before. */
const CHANGES = [
  'create schema marked',
  'create table marked.t (id int primary key, a text, b text default $$x$$)',
  'alter table marked.t rename a to c',
  'alter table marked.t alter c set not null',
  'alter table marked.t alter b set default $$y$$',
  'alter table marked.t add check (id > 0)',
  'create view marked.v as select id, c from marked.t',
  'create or replace view marked.v as select id, b as c from marked.t',
  'create rule r as on delete to marked.t do instead nothing',
  'create or replace rule r as on delete to marked.t do also notify x',
  'drop rule r on marked.t',
  'create function marked.f(int) returns int language sql as $$select 1$$',
  'create or replace function marked.f(int) returns int language sql as $$select 2$$',
  'alter function marked.f(int) set enable_seqscan = off',
  'create function marked.f(numeric) returns int language sql as $$select 3$$',
  'drop function marked.f(int)',
  'create function marked.g() returns trigger language plpgsql as $$begin return new; end$$',
  'create trigger g before insert on marked.t for each row execute function marked.g()',
  'create or replace trigger g before insert on marked.t for each row when (new.id > 1) execute function marked.g()',
  'create domain marked.d as int',
  'alter domain marked.d add check (value > 0)',
  'create operator marked.=== (function = int4eq, leftarg = int4, rightarg = int4)',
  'drop operator marked.===(int4, int4)',
  'create type marked.e as enum ($$a$$)',
  'create function marked.h(marked.e) returns int language sql as $$select 1$$',
  'create cast (marked.e as int) with function marked.h(marked.e) as implicit',
  'drop cast (marked.e as int)',
  'drop domain marked.d',
  'create policy p on marked.t using (id > 1)',
  'alter policy p on marked.t using (id > 2)',
  'create index on marked.t ((b || c))',
  'create table marked.u (id int) inherits (marked.t)',
  'alter table marked.u no inherit marked.t',
  'create table marked.w (id int references marked.t on delete cascade)',
  'drop table marked.w',
  'alter table marked.t rename to s',
  'drop schema marked cascade',
];
/** What changes nothing that is learned. */
const ELSE = [
  'create temp table plain_temp as select 1 as id; alter table plain_temp add x int default 1',
  'create temp view seen as select 1 as id; insert into pg_temp.plain_temp values (2)',
  'insert into plain (id) values (77777)',
  'analyze',
  'vacuum plain',
  'create role of_mark; drop role of_mark',
];

describe('a mark of the catalogue', () => {
  const connected = async () => {
    const client = new Client(cluster.config({ database: 'world' }));
    await client.connect();
    return client;
  };
  const lastOf = async (client: Client, text: string): Promise<string[]> =>
    [await client.query({ text, rowMode: 'array' })].flat().at(-1)?.rows[0] ?? [];
  const marked = async (client: Client): Promise<Mark> => markIn((await lastOf(client, MARKING))[0] as string);
  const isAsMarked = async (client: Client, mark: Mark, surely = true): Promise<boolean> =>
    [null, mark.print].includes((await lastOf(client, comparing(mark, surely, 5_000)))[2] ?? null);

  test('tells of each change, and only of changes', async () => {
    const [side, other, slow] = [await connected(), await connected(), await connected()];
    try {
      await slow.query('begin; create table marked_later (id int)');
      const unseen: string[] = [];
      for (const [at, change] of CHANGES.entries()) {
        const mark = await marked(side);
        if (!(await isAsMarked(side, mark))) unseen.push(`before: ${change}`);
        await other.query(change);
        if (await isAsMarked(side, mark)) unseen.push(change);
        if (at === CHANGES.length - 1) {
          const last = await marked(side);
          await slow.query('commit');
          if (await isAsMarked(side, last)) unseen.push('what began before the mark');
        }
      }
      expect(unseen).toEqual([]);
      const mark = await marked(side);
      for (const text of ELSE) {
        await other.query(text);
        expect(await isAsMarked(side, mark), text).toBe(true);
      }
    } finally {
      await Promise.all([side, other, slow].map((client) => client.end()));
    }
  });

  test('is looked at in whole only where something was written, or has to be', async () => {
    const [side, other] = [await connected(), await connected()];
    try {
      const mark = await marked(side);
      const printOf = async (surely: boolean) => (await lastOf(side, comparing(mark, surely, 5_000)))[2];
      expect(await printOf(true)).toBe(null);
      await other.query('insert into plain (id) values (77778)');
      expect(await printOf(true)).toBe(mark.print);
      const [version] = (await lastOf(side, 'show server_version_num')).map(Number);
      if ((version ?? 0) >= 150_000) expect(await printOf(false)).toBe(null);
      await other.query('create table marked_last (id int)');
      await other.end();
      await vi.waitFor(async () => expect([null, mark.print]).not.toContain(await printOf(false)), 5_000);
    } finally {
      await side.end();
    }
  });
});

describe('long texts, in the thread that was built', () => {
  const aside = new Aside();
  afterAll(() => aside.end());
  const readLong = async (text: string, catalogue: Catalogue): Promise<readonly Reading[] | string> => {
    const answer = await aside.read('postgres', text, { catalogue, paths: [['public']] });
    return answer.ok ? (answer.greeting as readonly Reading[]) : answer.refusal.message;
  };

  test('they are read like others, and what is too much for the parser is not', async () => {
    const catalogue = await load();
    const rows = Array.from({ length: 5_000 }, (_, row) => `(${row}, 'row ${row}')`).join(', ');
    const insert = `insert into plain (id, t) values ${rows}`;
    expect(read(insert, { catalogue, paths: [['public']] })[0]?.unknown).toBe('it is too long to be read');
    expect(await readLong(insert, catalogue)).toMatchObject([{ kind: 'insert', class: 'write', unbounded: false }]);
    expect(await readLong(`select ${'1,'.repeat(3_000)}purge()`, catalogue)).toMatchObject([{ unbounded: true }]);
    const deep = await readLong(`select ${'not '.repeat(200_000)}true`, catalogue);
    expect(typeof deep === 'string' || deep[0]?.class === 'unknown').toBe(true);
    expect(await readLong(insert, catalogue)).toMatchObject([{ kind: 'insert', class: 'write' }]);
  });
});

/** Writes the reduced catalogue that the unit tests read: HOOP_WRITE_WORLD=1. */
async function writeWorld(): Promise<void> {
  const client = new Client(cluster.config({ database: 'world' }));
  await client.connect();
  const rows: string[] = [];
  for (const text of [BEGINNING, SETTINGS(8), ...QUESTIONS, ...OPTIONAL]) {
    const results = [await client.query({ text, rowMode: 'array' })].flat();
    rows.push(...(results.at(-1)?.rows ?? []).map(([row]: string[]) => row as string));
  }
  await client.end();
  writeFileSync(WORLD_ROWS, `${reduced(rows).join('\n')}\n`);
}
