import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import { type ConnectScript, type Dialled, shownRows } from '@hoop/core';
import { postgres } from '@hoop/protocols';
import { type Authority, Cluster, found, newAuthority, passableFolder, testAccount } from '@hoop/testkit';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Upstream } from '../../src/index.js';
import { Bridge } from './bridge.js';
import * as h from './handmade.js';
import { run, start } from './peers.js';

const folder = passableFolder('hoop-flow-');
const scratch = join(folder, 'scratch');
let authority: Authority;
let cluster: Cluster;
let upstream: Upstream;
let leaf: { key: string; certificate: string };
let bridge: Bridge;

beforeAll(async () => {
  mkdirSync(scratch, { recursive: true });
  authority = await newAuthority();
  leaf = await authority.issue(['pg-prod.hoop', 'localhost']);
  cluster = await Cluster.make({ folder: join(folder, 'pg'), authority, account: testAccount() });
  upstream = {
    name: 'pg-prod',
    protocol: 'postgres',
    host: 'localhost',
    port: cluster.port,
    tls: 'verify-full',
    ca: authority.certificate,
    databases: ['shop', 'postgres'],
    record: 'statements',
    login: async () => ({ user: 'postgres', password: cluster.superPassword }),
  };
});
beforeEach(async () => {
  bridge = await Bridge.open(upstream, leaf);
  return async () => {
    await bridge.close();
    expect(bridge.bugs).toEqual([]);
  };
});
afterAll(async () => {
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const through = (more: Record<string, string> = {}) => ({
  PGHOST: '127.0.0.1',
  PGPORT: String(bridge.port),
  PGUSER: 'alice',
  PGSSLMODE: 'prefer',
  ...more,
});
const direct = () => ({
  PGHOST: '127.0.0.1',
  PGPORT: String(cluster.port),
  PGUSER: 'postgres',
  PGPASSWORD: cluster.superPassword,
  PGDATABASE: 'shop',
  PGSSLMODE: 'require',
});
const client = (more: object = {}) =>
  new Client({ host: '127.0.0.1', port: bridge.port, user: 'alice', database: 'shop', ...more });
const withClient = async <T>(use: (client: Client) => Promise<T>, more: object = {}): Promise<T> => {
  const pg = client(more);
  await pg.connect();
  try {
    return await use(pg);
  } finally {
    await pg.end();
  }
};

/** Names what a machine lacks for these tests; they are skipped there. */
const lacks = (program: string, cure: string) =>
  found(program) ? '' : ` (skipped: ${program} is not installed; sudo apt install ${cure})`;
const noPsql = lacks('psql', 'postgresql-client');
const noPgbench = lacks('pgbench', 'postgresql');

describe.skipIf(noPsql)(`psql${noPsql}`, () => {
  const script = join(import.meta.dirname, 'statements.sql');
  test.each(['disable', 'prefer', 'require'])('says through hoop what it says directly (sslmode=%s)', async (mode) => {
    const args = ['-X', '-a', '-f', script];
    const [expected, got] = [await run('psql', args, direct()), await run('psql', args, through({ PGSSLMODE: mode }))];
    const plain = (text: string) => text.replaceAll(/server process with PID \d+/g, 'server process');
    expect(plain(got.stdout)).toBe(plain(expected.stdout));
    expect(plain(got.stderr)).toBe(plain(expected.stderr));
    expect(got.code).toBe(expected.code);
    expect(expected.stderr.split('ERROR').length).toBeGreaterThan(12);
    expect(bridge.lines.finished).toHaveLength(bridge.lines.intents.length);
    expect(await bridge.outcomes[0]).toMatchObject({ end: 'client' });
  });

  test('alone is enough: the database is the connection’s', async () => {
    const got = await run('psql', ['-XAtc', 'select current_database(), current_user'], through());
    expect(got).toEqual({ code: 0, stdout: 'shop|postgres\n', stderr: '' });
    expect(bridge.lines.entries[0]).toEqual({ kind: 'opened', database: 'shop', user: 'alice', application: 'psql' });
    expect(bridge.lines.intents[0]).toMatchObject({
      number: 1,
      action: { text: 'select current_database(), current_user' },
    });
    expect(bridge.lines.finished[0]).toMatchObject({ statement: 1, rows: 1, tag: 'SELECT 1' });
  });

  test('another database is refused with the list', async () => {
    const got = await run('psql', ['-XAtc', 'select 1', 'template1'], through());
    expect(got.code).toBe(2);
    expect(got.stderr).toContain('FATAL:  database "template1" is not part of this connection; it has: shop, postgres');
  });

  test('\\copy out and in again', async () => {
    const file = join(scratch, 'customers.csv');
    const out = await run('psql', ['-Xqc', `\\copy customers to '${file}' csv`], through());
    expect(out).toMatchObject({ code: 0, stderr: '' });
    const here = readFileSync(file, 'utf8');
    expect(here.split('\n')).toHaveLength(10_001);
    expect(bridge.lines.entries).toContainEqual({
      kind: 'copied',
      statement: 1,
      direction: 'out',
      bytes: here.length,
      rows: 10_000,
    });
    const input = `create table again (like customers);\n\\copy again from '${file}' csv\nselect count(*) from again;\ndrop table again;\n`;
    const back = await run('psql', ['-XAtq'], through(), input);
    expect(back).toMatchObject({ code: 0, stdout: '10000\n', stderr: '' });
    expect(bridge.lines.entries).toContainEqual({
      kind: 'copied',
      statement: 2,
      direction: 'in',
      bytes: here.length,
      rows: 10_000,
    });
  });

  test('Ctrl-C cancels', async () => {
    const { child, done } = start('psql', ['-XAtc', 'select pg_sleep(30) /* to be cancelled */'], through());
    await running('to be cancelled');
    child.kill('SIGINT');
    const got = await done;
    expect(got).toMatchObject({ code: 1, stdout: '' });
    expect(got.stderr).toContain('canceling statement due to user request');
    expect(bridge.lines.entries).toContainEqual({ kind: 'cancel' });
    expect(bridge.lines.finished[0]).toMatchObject({ error: { code: '57014' } });
  });

  test('pg_dump gives the same dump', async () => {
    const dump = (env: Record<string, string>) => run('pg_dump', ['--no-sync', 'dbname=shop'], env);
    const plain = (text: string) => text.replaceAll(/^\\(un)?restrict .*$/gm, '');
    const [expected, got] = [await dump(direct()), await dump(through())];
    expect(got.code).toBe(0);
    expect(plain(got.stdout)).toBe(plain(expected.stdout));
    expect(got.stdout.length).toBeGreaterThan(1_000_000);
  });
});

describe.skipIf(noPgbench)(`pgbench${noPgbench}`, () => {
  test('fills its tables by COPY, then runs in its three modes, and in pipelines', async () => {
    const filled = await run('pgbench', ['-i', '-q', '-s', '1'], through({ PGDATABASE: 'shop' }));
    expect(filled.code, filled.stderr).toBe(0);
    for (const mode of ['simple', 'extended', 'prepared']) {
      const got = await run('pgbench', ['-n', '-c', '4', '-t', '50', '-M', mode], through({ PGDATABASE: 'shop' }));
      expect(got.code, got.stderr).toBe(0);
      expect(got.stdout).toContain('number of transactions actually processed: 200/200');
      expect(got.stdout).not.toMatch(/failed transactions: [1-9]/);
    }
    const pipeline = join(scratch, 'pipeline.sql');
    const lines = [
      '\\startpipeline',
      'begin;',
      ...Array(20).fill('select :client_id + 1;'),
      'commit;',
      '\\endpipeline',
    ];
    writeFileSync(pipeline, `${lines.join('\n')}\n`);
    for (const mode of ['extended', 'prepared']) {
      const got = await run(
        'pgbench',
        ['-n', '-c', '2', '-t', '50', '-M', mode, '-f', pipeline],
        through({ PGDATABASE: 'shop' }),
      );
      expect(got.code, got.stderr).toBe(0);
      expect(got.stdout).toContain('number of transactions actually processed: 100/100');
    }
    await Promise.all(bridge.outcomes);
    expect(bridge.lines.finished).toHaveLength(bridge.lines.intents.length);
    expect(bridge.lines.intents.every(({ action }) => !action.text.startsWith('EXECUTE "'))).toBe(true);
  }, 120_000);
});

describe('pg', () => {
  test('parameters, names, errors, many at once', async () => {
    await withClient(async (pg) => {
      expect((await pg.query('select $1::int + $2::int as sum', [20, 22])).rows).toEqual([{ sum: 42 }]);
      for (let n = 0; n < 3; n++) {
        expect((await pg.query({ name: 'named', text: 'select $1::text as t', values: [`v${n}`] })).rows[0].t).toBe(
          `v${n}`,
        );
      }
      await expect(pg.query('select $1::int', ['x'])).rejects.toMatchObject({ code: '22P02' });
      const bytes = Buffer.from([0, 1, 254, 255]);
      expect((await pg.query('select $1::bytea as b', [bytes])).rows[0].b).toEqual(bytes);
    });
    const { intents } = bridge.lines;
    expect(intents[0]?.action).toMatchObject({ text: 'select $1::int + $2::int as sum', parameters: ['20', '22'] });
    expect(intents.slice(1, 5).map(({ action }) => [action.text, action.parameters])).toEqual([
      ['PREPARE "named" AS select $1::text as t', undefined],
      ...[0, 1, 2].map((n) => ['select $1::text as t', [`v${n}`]]),
    ]);
  });

  test('notifications and notices arrive while nothing is asked', async () => {
    await withClient(async (pg) => {
      const heard = new Promise((resolve) => pg.once('notification', resolve));
      await pg.query('listen news');
      await cluster.sql("notify news, 'extra'");
      expect(await heard).toMatchObject({ channel: 'news', payload: 'extra' });
    });
  });

  test('TLS to the listener, verified', async () => {
    const ssl = { ca: authority.certificate, servername: 'pg-prod.hoop' };
    expect(await withClient(async (pg) => (await pg.query('select 1 as one')).rows, { ssl })).toEqual([{ one: 1 }]);
  });

  test('30 MB of rows and a cell of 20 MB come through, byte for byte', async () => {
    await withClient(async (pg) => {
      const { rows } = await pg.query(
        "select md5(string_agg(repeat(md5(g::text), 30), '' order by g)) m from generate_series(1, 30000) g",
      );
      const all = await pg.query('select repeat(md5(g::text), 30) t from generate_series(1, 30000) g order by g');
      const { createHash } = await import('node:crypto');
      expect(
        createHash('md5')
          .update(all.rows.map(({ t }) => t).join(''))
          .digest('hex'),
      ).toBe(rows[0].m);
      expect((await pg.query("select repeat('x', 20000000) as x")).rows[0].x).toHaveLength(20_000_000);
      const big = 'y'.repeat(20_000_000);
      expect((await pg.query('select length($1::text) as n', [big])).rows[0].n).toBe(20_000_000);
    });
  }, 60_000);

  test('a session that the server ends says why', async () => {
    const pg = client();
    const ended = new Promise<Error & { code?: string }>((resolve) => pg.on('error', resolve));
    await pg.connect();
    const { pid } = (await pg.query('select pg_backend_pid() as pid')).rows[0];
    await cluster.sql(`select pg_terminate_backend(${pid})`);
    expect((await ended).code).toBe('57P01');
    expect(await bridge.outcomes[0]).toMatchObject({ end: 'upstream' });
  });

  test('revoked: a native error, and the query ends in the database', async () => {
    const pg = client();
    pg.on('error', () => {});
    await pg.connect();
    const query = pg.query('select pg_sleep(30) /* to be revoked */').catch((error) => error);
    await running('to be revoked');
    bridge.revoke.abort({ code: 'identity-disabled', message: 'alice@shop.example was disabled.' });
    expect(await query).toMatchObject({
      code: '28000',
      severity: 'FATAL',
      message: 'alice@shop.example was disabled.',
    });
    await gone('to be revoked');
    expect(bridge.lines.finished[0]).toMatchObject({ statement: 1, error: { code: '28000' } });
  });
});

describe('a client that leaves without a word', () => {
  const said = async (...frames: Buffer[]) => {
    const client = await h.Handmade.open({ port: bridge.port, parameters: { user: 'alice', database: 'shop' } });
    await client.until('Z');
    client.send(...frames);
    return client;
  };
  const waiting = [h.parse('s', 'select 1'), h.SYNC, h.bind('', 's'), h.execute(''), h.SYNC];

  test('while what else it said waits for the answer: that is not waited for', async () => {
    const client = await said(h.query('select pg_sleep(30) /* waited for */'), ...waiting);
    await running('waited for');
    const since = performance.now();
    client.leave();
    await gone('waited for');
    expect(performance.now() - since).toBeLessThan(5_000);
    const [outcome] = await Promise.all(bridge.outcomes);
    expect(['client', 'broken']).toContain(outcome?.end);
    expect(bridge.lines.finished[0]).toMatchObject({ statement: 1, error: { code: '57014' } });
  });

  test('with more behind what runs: that is stopped too', async () => {
    const all = ['one', 'two', 'three'].map((nth) => h.query(`select pg_sleep(30) /* ${nth} of three */`));
    const client = await said(...all);
    await running('one of three');
    client.leave();
    await gone('of three');
    await Promise.all(bridge.outcomes);
    await gone('of three');
    const codes = bridge.lines.finished.map(({ error }) => error?.code);
    expect([codes.length, codes[0]]).toEqual([3, '57014']);
    for (const code of codes) expect(['57014', '08006']).toContain(code);
  });

  test('while it still reads: what is quick is answered', async () => {
    const client = await said(h.query('select pg_sleep(0.2), 7 as seven'), ...waiting);
    client.halfClose();
    const heard = await client.until('Z');
    expect(h.typesOf(heard)).toBe('TDCZ');
    await Promise.all(bridge.outcomes);
  });
});

describe.skipIf(noPsql)(`a client that is killed${noPsql}`, () => {
  test('within a statement: the server stops it, the record says so', async () => {
    const { child, done } = start('psql', ['-XAtc', 'select pg_sleep(30) /* left alone */'], through());
    await running('left alone');
    child.kill('SIGKILL');
    await done;
    await gone('left alone');
    await Promise.all(bridge.outcomes);
    expect(bridge.lines.finished).toMatchObject([{ statement: 1, error: { code: '57014' } }]);
  });

  test('within COPY: nothing of it is kept', async () => {
    await cluster.sql('create table half (n int)');
    const { child, done } = start('psql', ['-Xqc', '\\copy half from stdin'], through(), null);
    await running('copy\\s+half from stdin');
    child.stdin?.write('1\n2\n'.repeat(10_000));
    child.kill('SIGKILL');
    await done;
    await gone('copy\\s+half from stdin');
    expect(await cluster.sql('select count(*)::int as n from half')).toEqual([{ n: 0 }]);
    await Promise.all(bridge.outcomes);
    expect(bridge.lines.finished).toMatchObject([{ statement: 1, error: {} }]);
  });
});

test('with `record: output` the cells are on record, of every way to ask', async () => {
  const other = await Bridge.open({ ...upstream, record: 'output' }, leaf);
  try {
    const pg = client({ port: other.port });
    await pg.connect();
    await pg.query('select 7 as seven, null as nothing');
    await pg.query('select $1::text as word', ['hoop']);
    await pg.end();
    const shown = other.lines.entries.flatMap((entry) => (entry.kind === 'output' ? [entry] : []));
    const cell = (text: string) => new Uint8Array(Buffer.from(text));
    expect(shown.map(({ statement }) => statement)).toEqual([1, 2]);
    expect(shown.map(({ output }) => output.kind === 'rows' && output.columns.map(({ name }) => name))).toEqual([
      ['seven', 'nothing'],
      ['word'],
    ]);
    const cells = shown.map(({ output }) =>
      output.kind === 'rows' ? [...shownRows(output)][0]?.map((c) => c && new Uint8Array(c)) : [],
    );
    expect(cells).toEqual([[cell('7'), null], [cell('hoop')]]);
  } finally {
    await other.close();
  }
});

describe('a statement that cannot be recorded', () => {
  test('does not run; in a transaction, nothing of it does', async () => {
    await cluster.sql('create table kept (n int)');
    bridge.lines.fails = (text) => text.includes('unrecorded');
    await withClient(async (pg) => {
      await expect(pg.query('insert into kept values (1) /* unrecorded */')).rejects.toMatchObject({
        code: '58030',
        severity: 'ERROR',
      });
      await pg.query('insert into kept values (2)');
      await pg.query('begin');
      await pg.query('insert into kept values (3)');
      await expect(pg.query('insert into kept values ($1) /* unrecorded */', [4])).rejects.toMatchObject({
        code: '58030',
      });
      await expect(pg.query('insert into kept values (5)')).rejects.toMatchObject({ code: '25P02' });
      expect((await pg.query('commit')).command).toBe('ROLLBACK');
      expect((await pg.query('select array_agg(n) as n from kept')).rows[0].n).toEqual([2]);
    });
  });
});

describe('refusals', () => {
  const refused = async (change: Partial<Upstream>, more: object = {}) => {
    const other = await Bridge.open({ ...upstream, ...change }, leaf);
    try {
      const pg = client({ port: other.port, ...more });
      pg.on('error', () => {});
      return await pg.connect().then(
        () => pg.end(),
        (error) => error,
      );
    } finally {
      await other.close();
    }
  };

  test('a wrong password is the operator’s to mend, and shows nothing', async () => {
    const error = await refused({ login: async () => ({ user: 'postgres', password: 'wrong-7130' }) });
    expect(error).toMatchObject({ code: '08004', severity: 'FATAL' });
    expect(JSON.stringify(error)).not.toMatch(/wrong-7130|"postgres"/);
  });

  test('an unreachable upstream is 57P03, a foreign certificate is not believed', async () => {
    expect(await refused({ port: 1 })).toMatchObject({ code: '57P03' });
    const { certificate } = await newAuthority('Another');
    expect(await refused({ ca: certificate })).toMatchObject({ code: '08004' });
  });

  test('a setting that the server does not take is told in its words', async () => {
    expect(await refused({}, { options: '-c work_mem=lots' })).toMatchObject({ code: '22023', severity: 'FATAL' });
  });

  test('channel binding is used where the server offers it, and the server agrees', async () => {
    const login = { user: 'postgres', password: cluster.superPassword };
    const script = postgres.connect({ login, database: 'shop', parameters: new Map(), tls: 'verify-full' });
    const { dialled, written } = await converse(script);
    expect(dialled.ok).toBe(true);
    expect(written).toContain('SCRAM-SHA-256-PLUS\0');
    expect(written).toContain('p=tls-server-end-point,,');
  });
});

/** Runs a connect script against the cluster, by hand, and gives what it wrote. */
async function converse(script: ConnectScript): Promise<{ dialled: Dialled; written: string }> {
  let socket: Socket = connect(cluster.port, '127.0.0.1');
  let written = '';
  try {
    let result = script.next();
    while (result.done !== true) {
      const effect = result.value;
      if (effect.do === 'write') {
        written += Buffer.from(effect.bytes).toString('latin1');
        socket.write(effect.bytes);
        result = script.next(undefined);
      } else if (effect.do === 'read') {
        socket.resume();
        const [chunk] = await once(socket, 'data');
        socket.pause();
        result = script.next(chunk);
      } else {
        socket.removeAllListeners();
        const inner = tlsConnect({ socket, ca: authority.certificate, servername: 'localhost' });
        await once(inner, 'secureConnect');
        result = script.next({ certificate: inner.getPeerCertificate().raw });
        socket = inner;
      }
    }
    return { dialled: result.value, written };
  } finally {
    socket.destroy();
  }
}

describe('cancel requests', () => {
  test('by the key that the client was given: the statement ends, the session goes on', async () => {
    await withClient(async (pg) => {
      const query = pg.query('select pg_sleep(30) /* cancelled by key */').catch((error) => error);
      await running('cancelled by key');
      const { processID, secretKey } = pg as unknown as { processID: number; secretKey: number };
      expect(await said(cancelRequest(processID, secretKey))).toBe('');
      expect(await query).toMatchObject({ code: '57014' });
      expect((await pg.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    });
  });

  test('a cancel request with a guessed key does nothing', async () => {
    const pg = client();
    await pg.connect();
    const query = pg.query('select pg_sleep(0.5), 7 as seven /* not to be cancelled */');
    await running('not to be cancelled');
    expect(await said(cancelRequest(1, 2))).toBe('');
    expect((await query).rows[0].seven).toBe(7);
    await pg.end();
  });
});

test('HTTP, and bytes behind SSLRequest, never open a flow', async () => {
  expect(await said('GET / HTTP/1.1\r\nHost: x\r\n\r\n')).toBe('');
  expect(await said([0, 0, 0, 8, 4, 210, 22, 47, 0, 0, 0, 9])).toBe('');
  expect(bridge.outcomes).toHaveLength(0);
});

/** Resolves once the server runs (or no longer runs) a statement with this comment. */
async function running(comment: string, count = 1): Promise<void> {
  const text = `select count(*)::int as n from pg_stat_activity where state = 'active' and pid <> pg_backend_pid() and query ~* '${comment}'`;
  const pg = new Client(cluster.config());
  await pg.connect();
  try {
    for (const deadline = Date.now() + 10_000; Date.now() < deadline; ) {
      if ((await pg.query(text)).rows[0].n === count) return;
    }
    throw new Error(`the server does not show ${count} of "${comment}"`);
  } finally {
    await pg.end();
  }
}
const gone = (comment: string) => running(comment, 0);

/** What the listener answers to these bytes, until it closes. */
function said(bytes: number[] | string): Promise<string> {
  return new Promise((resolve) => {
    let got = '';
    const socket = connect(bridge.port, '127.0.0.1');
    socket.setEncoding('latin1').on('data', (text) => {
      got += text;
    });
    socket.on('close', () => resolve(got)).on('error', () => {});
    socket.write(typeof bytes === 'string' ? bytes : Buffer.from(bytes));
  });
}

function cancelRequest(process: number, secret: number): number[] {
  const int32 = (value: number) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
  return [16, 80877102, process, secret].flatMap(int32);
}
