import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect as tcpConnect } from 'node:net';
import { dirname, join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Dialled } from '@hoop/core';
import { postgres } from '@hoop/protocols';
import { type Cluster, found } from '@hoop/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import * as h from './handmade.js';
import { run } from './peers.js';
import { direct, Site, through } from './site.js';

/** The whole wire, against PostgreSQL as the machine has it and against PostgreSQL 18, which speaks 3.2. */

let site: Site;
let old: Cluster;
let modern: Cluster;
/** libpq 18, for psql to be run with. */
let libpq18: Record<string, string>;
beforeAll(async () => {
  site = await Site.make();
  old = await site.cluster();
  modern = await site.cluster({ embedded: true, empty: true });
  libpq18 = { LD_LIBRARY_PATH: join(dirname(modern.binaries.folder), 'lib') };
}, 60_000);
afterEach(async () => expect(await site.closeBridges()).toEqual([]));
afterAll(() => site?.end());

const ALICE = { user: 'alice', database: 'shop', client_encoding: 'UTF8' };
const open = async (port: number, more: Partial<h.HandmadeOptions> = {}) => {
  const client = await h.Handmade.open({ port, parameters: ALICE, ...more });
  return { client, hello: await client.until('Z') };
};
const noPsql = found('psql') ? '' : ' (skipped: psql is not installed; sudo apt install postgresql-client)';

describe.each([
  ['PostgreSQL of this machine', () => old],
  ['PostgreSQL 18', () => modern],
])('versions and cancel keys, before %s', (_name, cluster) => {
  test.each([
    ['3.0', 0, 'R', 4],
    ['3.1', 1, 'R', 4],
    ['3.2', 2, 'R', 32],
    ['3.9999', 9999, 'vR', 32],
  ])('a client of %s', async (_, minor, begins, length) => {
    const { port } = await site.bridge(cluster());
    const { client, hello } = await open(port, { minor });
    expect(h.typesOf(hello)).toMatch(new RegExp(`^${begins}S+KZ$`));
    if (begins === 'vR') expect(hello[0]?.body).toEqual(Buffer.concat([h.i32(196608 + 2), h.i32(0)]));
    const { process, secret } = h.keyOf(hello);
    expect(secret).toHaveLength(length);

    client.send(h.query('select pg_sleep(30)'));
    const half = Buffer.concat([secret.subarray(0, length - 1), Buffer.of((secret.at(-1) as number) ^ 1)]);
    for (const wrong of [half, secret.subarray(0, 3), Buffer.concat([secret, Buffer.of(0)]), Buffer.alloc(256)]) {
      await cancel(port, process, wrong);
    }
    const cancelled = client.until('Z');
    const cutShort = setInterval(() => void cancel(port, process, secret), 100);
    expect(h.fieldsOf((await cancelled).find(({ type }) => type === 'E'))).toMatchObject({ C: '57014' });
    clearInterval(cutShort);
    client.end();
  });

  test('upstream, what the server can', async () => {
    const { key } = ((await logIn(cluster())) as { greeting: { key: { secret: Uint8Array } } }).greeting;
    // Without PostgreSQL on the machine, both clusters are of npm's version.
    const major = Number.parseInt(await cluster().version(), 10);
    expect(key.secret).toHaveLength(major >= 18 ? 32 : 4);
  });
});

/** Runs the connect script against a server, by hand; `shown` is the certificate that it is told of. */
async function logIn(cluster: Cluster, shown = (own: Buffer) => own): Promise<Dialled> {
  const login = { user: 'postgres', password: cluster.superPassword };
  const script = postgres.connect({ login, database: 'shop', parameters: new Map(), tls: 'verify-full' });
  const raw = tcpConnect(cluster.port, '127.0.0.1');
  let socket: typeof raw = raw;
  let result = script.next();
  while (result.done !== true) {
    const effect = result.value;
    if (effect.do === 'write') socket.write(effect.bytes);
    if (effect.do === 'start-tls') {
      const secure = tlsConnect({ socket: raw, ca: site.authority.certificate, servername: 'localhost' });
      await once(secure, 'secureConnect');
      socket = secure;
      result = script.next({ certificate: shown(secure.getPeerCertificate().raw) });
    } else {
      result = script.next(effect.do === 'read' ? ((await once(socket, 'data'))[0] as Buffer) : undefined);
    }
  }
  socket.destroy();
  return result.value;
}

/** A cancel request on a connection of its own; it is answered with nothing. */
async function cancel(port: number, process: number, secret: Buffer): Promise<void> {
  const socket = tcpConnect(port, '127.0.0.1').on('error', () => {});
  socket.write(h.cancelRequest(process, secret));
  socket.resume();
  await once(socket, 'close');
}

describe('SCRAM-SHA-256-PLUS', () => {
  test('the server sees the binding, and refuses another certificate’s', async () => {
    expect(await logIn(modern)).toMatchObject({ ok: true });
    const pem = site.leaf.certificate.replaceAll(/-----[A-Z ]+-----|\s/g, '');
    const refused = await logIn(modern, () => Buffer.from(pem, 'base64'));
    expect(refused).toMatchObject({ ok: false, refusal: { code: 'upstream-refused' } });
    expect(readFileSync(modern.logPath, 'utf8')).toContain('SCRAM channel binding check failed');
  });
});

describe('direct TLS', () => {
  test('with the ALPN name', async () => {
    const { port } = await site.bridge(modern);
    const { client } = await open(port, { directTls: 'postgresql', minor: 2 });
    expect(h.typesOf(await client.ask([h.query('select 1')]))).toBe('TDCZ');
    client.end();
  });

  test.skipIf(noPsql)(`psql with libpq 18: direct TLS, 3.2, verified${noPsql}`, async () => {
    const { port } = await site.bridge(modern);
    const ca = join(site.scratch, 'ca.pem');
    writeFileSync(ca, site.authority.certificate, { mode: 0o644 });
    const dsn = `host=localhost port=${port} dbname=shop user=me sslmode=verify-full sslrootcert=${ca} sslnegotiation=direct`;
    for (const version of ['3.0', '3.2', 'latest']) {
      const said = await run(
        'psql',
        ['-XAt', `${dsn} max_protocol_version=${version}`, '-c', '\\conninfo', '-c', 'select 6 * 7'],
        libpq18,
      );
      expect(said).toMatchObject({ code: 0, stderr: '' });
      expect(said.stdout).toMatch(/SSL connection[\s\S]*\n42\n$/);
    }
  });
});

describe.skipIf(noPsql)(`libpq’s wishes${noPsql}`, () => {
  const psql = (dsn: string, ...commands: string[]) =>
    run('psql', ['-XAt', dsn, ...commands.flatMap((command) => ['-c', command])], {});
  const hosts = (bridges: readonly { port: number }[], more: string) =>
    `host=${bridges.map(() => '127.0.0.1')} port=${bridges.map(({ port }) => port)} user=me dbname=shop ${more}`;

  test('an unreachable upstream is 57P03 before AuthenticationOk: libpq takes its next host', async () => {
    const bridges = [await site.bridge(old, { port: 1 }), await site.bridge(old)];
    const alone = await psql(hosts([bridges[0]!], ''), 'select 1');
    expect(alone).toMatchObject({ code: 2, stdout: '' });
    expect(alone.stderr).toContain('FATAL');
    expect(await psql(hosts(bridges, ''), 'select 42')).toMatchObject({ code: 0, stdout: '42\n', stderr: '' });
  });

  test('target_session_attrs finds the server that fits', async () => {
    const standby = await site.cluster({ empty: true });
    await standby.stop();
    writeFileSync(join(standby.folder, 'data', 'standby.signal'), '', { mode: 0o644 });
    await standby.start();
    const [primary, replica] = [await site.bridge(old), await site.bridge(standby)];
    const where = "select 'in recovery: ' || pg_is_in_recovery()";
    for (const [wish, answer] of [
      ['any', 'true'],
      ['read-write', 'false'],
      ['primary', 'false'],
      ['read-only', 'true'],
      ['standby', 'true'],
      ['prefer-standby', 'true'],
    ]) {
      const got = await psql(hosts([replica, primary], `target_session_attrs=${wish}`), where);
      expect([wish, got]).toEqual([wish, { code: 0, stdout: `in recovery: ${answer}\n`, stderr: '' }]);
    }
    const none = await psql(hosts([primary], 'target_session_attrs=standby'), where);
    expect(none.stderr).toContain('server is not in hot standby mode');
  }, 60_000);

  test('startup options are what RESET returns to', async () => {
    const bridge = await site.bridge(old);
    const commands = [
      "set work_mem='9MB'; set search_path=x; set datestyle='ISO'; set application_name='other'",
      'show work_mem',
      'reset all',
      "select current_setting('work_mem'), current_setting('search_path'), date '2026-11-22', current_setting('application_name')",
      'discard all',
      'show work_mem',
    ];
    const options = '-c work_mem=7MB -c search_path=here,\\ there -c datestyle=German';
    const wishes = { PGOPTIONS: options, PGAPPNAME: 'mine' };
    const args = ['-XAt', ...commands.flatMap((command) => ['-c', command])];
    const got = await run('psql', args, through(bridge, wishes));
    expect(got).toEqual(await run('psql', args, direct(old, wishes)));
    expect(got).toMatchObject({
      stdout: 'SET\nSET\nSET\nSET\n9MB\nRESET\n7MB|here, there|22.11.2026|mine\nDISCARD ALL\n7MB\n',
    });
  });

  test('replication is refused with a sentence', async () => {
    const { port } = await site.bridge(old);
    const got = await psql(`host=127.0.0.1 port=${port} user=me dbname=shop replication=database`, 'IDENTIFY_SYSTEM');
    expect(got.code).toBe(2);
    expect(got.stderr).toContain('FATAL:  replication is not available through hoop');
  });

  test('large objects, in and out again, through lo_*', async () => {
    const bridge = await site.bridge(old);
    const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, n) => (n * 7919) & 255));
    const [file, back] = [join(site.scratch, 'lo.bin'), join(site.scratch, 'lo.back')];
    writeFileSync(file, bytes);
    const done = await run(
      'psql',
      [
        '-XAtq',
        '-c',
        `\\lo_import '${file}' mine`,
        '-c',
        `\\lo_export :LASTOID '${back}'`,
        '-c',
        '\\lo_unlink :LASTOID',
      ],
      through(bridge),
    );
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(readFileSync(back).equals(bytes)).toBe(true);
    const texts = bridge.lines.intents.map(({ action }) => action.text);
    expect(texts).toContain('SELECT lowrite($1, $2)');
    expect(texts).toContain('SELECT lo_unlink($1)');
  });
});

test('FunctionCall of anything else is refused with a sentence, and the session goes on', async () => {
  const { port } = await site.bridge(old);
  const { client } = await open(port);
  const said = await client.ask([h.functionCall(2026)]); // pg_backend_pid
  expect(h.typesOf(said)).toBe('EZ');
  expect(h.fieldsOf(said[0])).toMatchObject({ C: '0A000', M: 'FunctionCall is available for large objects only' });
  expect(h.typesOf(await client.ask([h.query('select 1')]))).toBe('TDCZ');
  client.end();
});

describe('LISTEN', () => {
  const listening = async () => {
    const bridge = await site.bridge(old);
    const { client } = await open(bridge.port);
    await client.ask([h.query('listen news')]);
    return { bridge, client };
  };
  const texts = (said: readonly h.Said[]) => said.map(({ body }) => body.toString('latin1').split('\0').slice(-2)[0]);

  test('thousands, while the client reads nothing, come in order once it does', async () => {
    const { client } = await listening();
    client.pause();
    const payload = 'x'.repeat(2000);
    await old.sql(`select pg_notify('news', g || '${payload}') from generate_series(1, 5000) g`);
    client.resume();
    const said = await client.until('A', 5000);
    expect(h.typesOf(said)).toBe('A'.repeat(5000));
    expect(texts(said)).toEqual(Array.from({ length: 5000 }, (_, n) => `${n + 1}${payload}`));
    client.end();
  });

  test('one while a statement of the same client is held by the controls', async () => {
    const { bridge, client } = await listening();
    let decide: () => void = () => {};
    bridge.lines.gate = new Promise((resolve) => {
      decide = resolve;
    });
    client.send(h.query('select 1'));
    await old.sql("notify news, 'meanwhile'");
    expect(texts([(await client.next()) as h.Said])).toEqual(['meanwhile']);
    decide();
    expect(h.typesOf(await client.until('Z'))).toBe('TDCZ');
    client.end();
  });
});

describe('pipelines of a thousand', () => {
  const rounds = Array.from({ length: 1000 }, (_, n) => n);
  const one = (n: number) => [
    h.parse('', 'select $1::int * 2'),
    h.bind('', '', [String(n)]),
    h.describe('P', ''),
    h.execute(''),
  ];
  const doubled = (said: readonly h.Said[]) =>
    said.filter(({ type }) => type === 'D').map(({ body }) => Number(body.subarray(6).toString()));

  test.each([
    ['one Sync at the end', (n: number) => one(n), 1],
    ['a Sync each', (n: number) => [...one(n), h.SYNC], 1000],
  ])('%s', async (_, part, readies) => {
    const { port } = await site.bridge(modern);
    const { client } = await open(port);
    const frames = [...rounds.flatMap(part), ...(readies === 1 ? [h.SYNC] : [])];
    expect(doubled(await client.ask(frames, readies))).toEqual(rounds.map((n) => n * 2));
    client.end();
  });

  test('an error in the middle: what was before is undone, what is behind is skipped', async () => {
    const { port } = await site.bridge(old);
    const { client } = await open(port);
    await client.ask([h.query('create temp table t (n int)')]);
    // Folded when it is bound: the Bind fails.
    const insert = (n: number) => [
      h.parse('', `insert into t values (1 / ${n === 500 ? 0 : 1})`),
      h.bind('', ''),
      h.execute(''),
    ];
    const said = await client.ask([...rounds.flatMap(insert), h.SYNC]);
    expect(h.typesOf(said)).toBe(`${'12C'.repeat(500)}1EZ`);
    expect(h.fieldsOf(said.at(-2)).C).toBe('22012');
    const [, row] = await client.ask([h.query('select count(*) from t')]);
    expect(row?.body.subarray(6).toString()).toBe('0');
    client.end();
  });

  test('warnings, cursors and portals with row limits, mixed', async () => {
    const { port } = await site.bridge(old);
    const { client } = await open(port);
    const portal = await client.ask(
      [
        h.query('begin'),
        h.parse('', 'select generate_series(1, 10)'),
        h.bind('p', ''),
        h.execute('p', 3),
        h.parse('', "do $$ begin raise warning 'between'; end $$"),
        h.bind('', ''),
        h.execute(''),
        h.execute('p', 3),
        h.execute('p'),
        h.close('P', 'p'),
        h.SYNC,
        h.query('commit'),
      ],
      3,
    );
    expect(h.typesOf(portal)).toBe('CZ12DDDs12NCDDDsDDDDC3ZCZ');
    client.end();
  });
});

const LOOK = 10_000_000;
setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');
/** Bytes that are not garbage. What the process has of the system is also what V8 has not given back yet: memory.full.ts measures that. */
function held(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

test('a row of 200 MB streams: of it this process, which holds both ends, holds less than 64 MB', async () => {
  const { port } = await site.bridge(old);
  const socket = tcpConnect(port, '127.0.0.1');
  socket.write(h.startup(ALICE));
  await once(socket, 'data');
  const before = held();
  let [bytes, looked, most] = [0, 0, 0];
  socket.write(h.query("select repeat('x', 200000000)"));
  await new Promise<void>((resolve) => {
    socket.on('data', (chunk) => {
      bytes += chunk.length;
      if (bytes - looked > LOOK) {
        looked = bytes;
        most = Math.max(most, held() - before);
      }
      if (bytes > 200_000_000) resolve();
    });
  });
  socket.destroy();
  console.log(`200 MB in one row: at most ${(most / 2 ** 20).toFixed(0)} MB of it held`);
  expect(looked).toBeGreaterThan(150_000_000);
  expect(most).toBeLessThan(64 * 2 ** 20);
}, 60_000);
