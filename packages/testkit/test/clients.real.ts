import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest';
import { STAFF } from '../src/idp/people.js';
import { CONNECTION, type Finished, finished, found, type Laptop, said, World } from '../src/world/index.js';

/** Real clients reach the demo world's database by name, as alice on her laptop. */

const root = join(import.meta.dirname, '../../..');
const NAME = `${CONNECTION}.hoop`;
const PGJDBC = '/usr/share/java/postgresql.jar';
const at = mkdtempSync(join(tmpdir(), 'hc-'));
let world: World;
let alice: Laptop;

beforeAll(async () => {
  world = await World.prepare({ root, folder: join(at, '.demo') });
  await world.company.startIdp();
  await world.company.startPostgres();
  await world.company.startGateway();
  await world.setUpLaptops([STAFF[0]!]);
  alice = world.laptop('alice');
  expect(await alice.login(world.company.gatewayUrl)).toMatchObject({ code: 0 });
  await world.company.cluster.sql('alter role hoop_gateway createrole; grant create on schema public to hoop_gateway');
}, 120_000);
afterAll(async () => {
  await world?.end();
  rmSync(at, { recursive: true, force: true });
});

/** Skips, loudly, where a program is missing. */
function needs(context: TestContext, program: string, cure: string): void {
  if (!found(program)) context.skip(`${program}: not installed; ${cure}`);
}
const psql = (...args: string[]) => alice.named('psql', '-X', '-h', NAME, ...args);
const file = (name: string, text: string) => {
  const path = join(alice.home, name);
  writeFileSync(path, text, { mode: 0o644 });
  return path;
};

/** Waits until the database runs such a statement. */
async function running(like: string): Promise<void> {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await after(50)) {
    const found = `select 1 from pg_stat_activity where state = 'active' and query like '${like}'`;
    if ((await world.company.cluster.sql(found)).length > 0) return;
  }
  throw new Error(`nobody runs ${like}`);
}

describe('by name', () => {
  test('psql, with no user, no password, no database', async (context) => {
    needs(context, 'psql', 'sudo apt install postgresql-client');
    expect(await psql('-Atc', 'select count(*), current_database() from customers')).toMatchObject({
      code: 0,
      stdout: '10000|shop\n',
      stderr: '',
    });
  });

  test('\\copy in and out, byte for byte', async (context) => {
    needs(context, 'psql', 'sudo apt install postgresql-client');
    const rows = Array.from({ length: 20_000 }, (_, n) => `${n}\tcafé ${'x'.repeat(n % 97)}\t\\N\n`).join('');
    const from = file('in.tsv', rows);
    const script = file(
      'copy.sql',
      `create temp table t (a int, b text, c text);\n\\copy t from '${from}'\n\\copy (select * from t order by a) to stdout\n`,
    );
    const done = await psql('-q', '-f', script);
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(done.stdout === rows).toBe(true);
  });

  test('Ctrl-C, typed, cancels the statement and keeps the session', async (context) => {
    needs(context, 'psql', 'sudo apt install postgresql-client');
    const psqlInTerminal = `psql -X -At -P pager=off -h ${NAME}`;
    const child = alice.spawn(['hoop', 'run', '--', 'script', '-qfec', psqlInTerminal, '/dev/null']);
    const ended = finished(child, 30_000);
    child.stdin?.write('select pg_backend_pid(), $$before$$;\n');
    const [, before] = await said(child, /(\d+)\|before/, 'psql');
    child.stdin?.write('select pg_sleep(60);\n');
    await running('select pg_sleep(60)%');
    child.stdin?.write('\x03');
    await said(child, /canceling statement due to user request/, 'psql');
    child.stdin?.write('select pg_backend_pid(), $$after$$;\n');
    const [, kept] = await said(child, /(\d+)\|after/, 'psql');
    child.stdin?.write('\\q\n');
    expect((await ended).code).toBe(0);
    expect(kept).toBe(before);
  });

  test.for(['simple', 'extended', 'prepared'])('pgbench -M %s', async (mode, context) => {
    const pgbench = found('pgbench') ?? join(world.company.cluster.binaries.folder, 'pgbench');
    if (!existsSync(pgbench)) context.skip('pgbench: not installed; sudo apt install postgresql');
    if (mode === 'simple') expect((await alice.named(pgbench, '-i', '-q', '-h', NAME)).code).toBe(0);
    const done = await alice.named(pgbench, '-n', '-M', mode, '-c', '4', '-j', '2', '-t', '50', '-h', NAME);
    expect(done.stdout).toContain('number of failed transactions: 0');
    expect(done).toMatchObject({ code: 0 });
    expect(done.stdout).toContain('transactions actually processed: 200/200');
  });

  test('pg, the driver of Node', async () => {
    const query = join(world.programs.packages, 'testkit/dist/query.js');
    const done = await alice.named(
      world.programs.node,
      query,
      NAME,
      '5432',
      'select sum(n) from generate_series(1, 10) n',
    );
    expect(done).toMatchObject({ code: 0, stdout: '55\n' });
  });

  test('pgjdbc, over AF_INET6 as JVMs do', async (context) => {
    needs(context, 'java', 'sudo apt install openjdk-17-jdk-headless libpostgresql-jdbc-java');
    if (!existsSync(PGJDBC)) context.skip('pgjdbc: not installed; sudo apt install libpostgresql-jdbc-java');
    const source = file('Probe.java', PROBE);
    const done = await alice.run(['hoop', 'run', '--', 'java', '-cp', PGJDBC, source, NAME], 60_000);
    expect(done.stderr).toBe('');
    expect(done.stdout).toBe('10000\n500500\n[1, 2, 3]\nERROR 42P01\ncancelled 57014\n');
  });

  test('the record tells who, with what program, and what was asked', async (context) => {
    needs(context, 'psql', 'sudo apt install postgresql-client');
    const { stdout } = await alice.hoop('sessions', 'ls', '--json');
    const rows = JSON.parse(stdout) as { id: string; person: string; program?: string; statements: number }[];
    expect(new Set(rows.map(({ person }) => person))).toEqual(new Set(['alice@shop.example']));
    const { stdout: shown }: Finished = await alice.hoop('sessions', 'show', rows.at(-1)!.id, '--json');
    expect(JSON.parse(shown)).toMatchObject({ record: [{ text: expect.stringContaining('from customers'), rows: 1 }] });
    expect(readFileSync(alice.daemonLog, 'utf8')).not.toContain('from customers');
  });
});

describe('with a CA of the laptop’s own', () => {
  const ca = () => join(alice.record.folder, 'state/hoop/ca.pem');
  /** The local API, as `hoop setup` uses it. */
  const authority = (method: 'POST' | 'DELETE') =>
    new Promise<number>((resolve, reject) => {
      const about = { socketPath: alice.socket, path: '/v1/authority', method, headers: { host: 'hoopd' } };
      const asked = request(about, (answer) => resolve(answer.resume().statusCode ?? 0));
      asked.once('error', reject).end();
    });
  const verified = (host = NAME) =>
    alice.named('psql', '-X', `host=${host} sslmode=verify-full sslrootcert=${ca()}`, '-Atc', 'select 6 * 7');

  test('psql verifies whom it speaks to, also after a restart, and by this name alone', async (context) => {
    needs(context, 'psql', 'sudo apt install postgresql-client');
    if (!alice.record.keyring) context.skip('the key is kept in a keyring: sudo apt install gnome-keyring');
    expect((await psql('-Atc', 'select 1', 'sslmode=require')).stdout).toBe('1\n');
    expect(await authority('POST')).toBe(200);
    expect(await verified()).toMatchObject({ code: 0, stdout: '42\n' });
    expect((await alice.hoop('daemon', 'restart')).code).toBe(0);
    expect(await verified()).toMatchObject({ code: 0, stdout: '42\n' });
    const [address] = await where();
    const other = await verified(`other.hoop hostaddr=${address} port=5432`);
    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining('does not match host name') });
    expect((await alice.hoop('show', CONNECTION)).stdout).toContain(`sslrootcert=${ca()}`);
    for (const folder of [alice.home, join(alice.record.folder, 'state/hoop')])
      expect(filesIn(folder).filter((path) => readFileSync(path).includes('PRIVATE KEY'))).toEqual([]);
    expect(existsSync(join(alice.home, '.postgresql'))).toBe(false);
  });

  test('pgjdbc', async (context) => {
    needs(context, 'javac', 'sudo apt install openjdk-17-jdk-headless');
    if (!existsSync(PGJDBC)) context.skip('pgjdbc: not installed; sudo apt install libpostgresql-jdbc-java');
    if (!alice.record.keyring) context.skip('the key is kept in a keyring: sudo apt install gnome-keyring');
    const source = file('Verified.java', VERIFIED);
    const done = await alice.run(['hoop', 'run', '--', 'java', '-cp', PGJDBC, source, NAME, ca()], 60_000);
    expect(done).toMatchObject({ code: 0, stdout: '42\n', stderr: '' });
  });

  test('and is forgotten: then nobody verifies', async (context) => {
    needs(context, 'psql', 'sudo apt install postgresql-client');
    if (!alice.record.keyring) context.skip('the key is kept in a keyring: sudo apt install gnome-keyring');
    const kept = file('kept.pem', readFileSync(ca(), 'utf8'));
    expect(await authority('DELETE')).toBe(200);
    expect(existsSync(ca())).toBe(false);
    const done = await alice.named(
      'psql',
      '-X',
      `host=${NAME} sslmode=verify-full sslrootcert=${kept}`,
      '-c',
      'select 1',
    );
    expect(done).toMatchObject({ code: 2, stderr: expect.stringContaining('certificate verify failed') });
    expect((await psql('-Atc', 'select 1')).stdout).toBe('1\n');
  });
});

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

/** The driver with its own way of verifying: PEM roots, and the name. */
const VERIFIED = `
import java.sql.*;
class Verified {
  public static void main(String[] a) throws Exception {
    var url = "jdbc:postgresql://" + a[0] + "/shop?user=me&sslmode=verify-full&sslrootcert=" + a[1];
    try (var c = DriverManager.getConnection(url); var r = c.createStatement().executeQuery("select 6 * 7")) {
      r.next(); System.out.println(r.getInt(1));
    }
  }
}
`;

test('kill -9 of the gateway: a client at rest is told natively, and new flows work within 2 s of its return', async () => {
  const query = join(world.programs.packages, 'testkit/dist/query.js');
  const idle = alice.spawn(['hoop', 'run', '--', world.programs.node, query, NAME, '5432']);
  const ended = finished(idle, 20_000);
  idle.stdin?.write('select 41 + 1\n');
  await said(idle, /42\n/, 'the client');
  await world.company.killGateway();
  expect((await ended).stderr).toMatch(/FATAL: {2}08006: the link to the gateway was lost/);
  await world.company.serveGateway();
  const from = performance.now();
  for (;;) {
    const { code, stdout } = await alice.run([world.programs.node, query, ...(await where()), 'select 6 * 7']);
    if (code === 0) expect(stdout).toBe('42\n');
    if (code === 0 || performance.now() - from > 20_000) break;
  }
  const ms = performance.now() - from;
  console.log(`new flows ${ms.toFixed(0)} ms after the gateway's return`);
  expect(ms).toBeLessThan(10_000);
}, 90_000);

test('a command under hoop run loses the names with hoopd, and has them again with the next', async () => {
  const child = alice.spawn(['hoop', 'run', '--', 'sh']);
  const ended = finished(child, 30_000);
  const named = (then: string) => `until getent hosts ${NAME}; do sleep 0.2; done; echo ${then}\n`;
  child.stdin?.write(named('first'));
  await said(child, /first\n/, 'the shell');
  expect((await alice.hoop('daemon', 'stop')).code).toBe(0);
  child.stdin?.write(`while getent hosts ${NAME}; do sleep 0.2; done; echo gone\n`);
  await said(child, /gone\n/, 'the shell');
  expect((await alice.hoop('daemon', 'start')).code).toBe(0);
  child.stdin?.write(`${named('again')}exit\n`);
  expect((await ended).stdout).toMatch(/again\n$/);
}, 60_000);

/** Where the connection is reached without its name. */
async function where(): Promise<[string, string]> {
  const { stdout } = await alice.hoop('ls', '--json');
  const [{ reach }] = JSON.parse(stdout) as [{ reach: { address: string; port: number } }];
  return [reach.address, String(reach.port)];
}

/** What DBeaver does with the driver: queries, server-prepared statements with binary results, batches, errors, cancel. */
const PROBE = `
import java.sql.*;
import java.util.*;
class Probe {
  public static void main(String[] a) throws Exception {
    var p = new Properties();
    p.put("user", "me"); p.put("prepareThreshold", "1"); p.put("ApplicationName", "DBeaver 24.0 - Main");
    try (var c = DriverManager.getConnection("jdbc:postgresql://" + a[0] + "/shop", p)) {
      try (var r = c.createStatement().executeQuery("select count(*) from customers")) { r.next(); System.out.println(r.getInt(1)); }
      c.createStatement().execute("create temp table t (n int, s text)");
      try (var s = c.prepareStatement("insert into t values (?, ?)")) {
        for (int n = 1; n <= 1000; n++) { s.setInt(1, n); s.setString(2, "row " + n); s.addBatch(); }
        s.executeBatch();
      }
      try (var s = c.prepareStatement("select sum(n) from t where n > ?")) {
        long last = 0;
        for (int n = 0; n < 8; n++) { s.setInt(1, 0); try (var r = s.executeQuery()) { r.next(); last = r.getLong(1); } }
        System.out.println(last);
      }
      c.setAutoCommit(false);
      try (var s = c.prepareStatement("select n from t order by n")) {
        s.setFetchSize(2);
        var first = new ArrayList<Integer>();
        try (var r = s.executeQuery()) { while (first.size() < 3 && r.next()) first.add(r.getInt(1)); }
        System.out.println(first);
      }
      c.commit(); c.setAutoCommit(true);
      try { c.createStatement().executeQuery("select * from nowhere"); } catch (SQLException e) { System.out.println("ERROR " + e.getSQLState()); }
      try (var s = c.createStatement()) { s.setQueryTimeout(1); s.execute("select pg_sleep(30)"); } catch (SQLException e) { System.out.println("cancelled " + e.getSQLState()); }
    }
  }
}
`;
