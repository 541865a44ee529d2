import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { verifyRecord } from '../src/record/verify.js';
import { Idp } from './idp.js';
import { ALICE, flowHead, keyPair, Laptop } from './laptop.js';
import { echo, temporary } from './rig.js';

const MAIN = join(import.meta.dirname, '../dist/main.js');

interface Ran {
  code: number | null;
  out: string;
  err: string;
}

/** The built program, as an operator runs it. */
/** Where Node finds a library that the system lacks. */
const LOADER = process.env.LD_LIBRARY_PATH && { LD_LIBRARY_PATH: process.env.LD_LIBRARY_PATH };

describe('hoop-gateway', () => {
  let folder: string;
  const running: ChildProcess[] = [];
  beforeEach(() => {
    folder = join(temporary(), 'gw');
    if (!existsSync(MAIN)) throw new Error(`${MAIN} is not built: pnpm build`);
  });
  afterEach(() => {
    for (const child of running.splice(0)) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (...args: string[]) => {
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: { ...LOADER, PATH: process.env.PATH, CANARY: 'hunter2' },
    });
    running.push(child);
    return child;
  };
  const finished = (child: ChildProcess) =>
    new Promise<Ran>((resolve) => {
      const ran: Ran = { code: null, out: '', err: '' };
      child.stdout?.on('data', (chunk) => {
        ran.out += chunk;
      });
      child.stderr?.on('data', (chunk) => {
        ran.err += chunk;
      });
      child.once('close', (code) => resolve({ ...ran, code }));
    });
  const run = (...args: string[]) => finished(start(...args));
  const file = () => join(folder, 'gateway.yaml');
  const serving = async (child: ChildProcess): Promise<number> =>
    new Promise((resolve, reject) => {
      let text = '';
      child.stderr?.on('data', (chunk) => {
        text += chunk;
        const found = /"port":(\d+).*"msg":"serving"/.exec(text);
        if (found) resolve(Number(found[1]));
      });
      child.once('close', () => reject(new Error(text)));
    });

  test('init writes what check and serve take, and replaces nothing', async () => {
    const first = await run('init', '--dir', folder, '--host', 'localhost');
    expect(first).toMatchObject({ code: 0, err: '' });
    expect(first.out).toMatch(/CA {5}sha256:[0-9a-f]{64}\n/);
    const before = readFileSync(file(), 'utf8');
    expect(await run('init', '--dir', folder)).toMatchObject({ code: 1, out: '' });
    expect(readFileSync(file(), 'utf8')).toBe(before);
    const offline = await run('check', '--offline', '--config', file());
    expect(offline.code).toBe(1);
    expect(offline.out).toMatch(/^FAIL {2}secret pg-prod .*env:PG_PROD_PASSWORD/m);
    writeFileSync(file(), before.replace('env:PG_PROD_PASSWORD', 'env:CANARY'));
    const ok = await run('check', '--offline', '--json', '--config', file());
    expect(ok).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(ok.out)).toMatchObject([
      { what: 'config', ok: true },
      { what: 'ca', ok: true },
      { what: 'secret pg-prod', ok: true },
      { what: 'controls pg-prod', ok: true, detail: expect.stringContaining('destructive-ddl') },
    ]);
    expect(ok.out).not.toContain('hunter2');
  });

  test('says what is wrong with a configuration, by exit code, as JSON where asked', async () => {
    await run('init', '--dir', folder);
    writeFileSync(file(), `${readFileSync(file(), 'utf8')}\nreviews: []\n`);
    const plain = await run('serve', '--config', file());
    expect(plain).toMatchObject({ code: 1, out: '' });
    expect(plain.err).toMatch(/unknown key reviews/);
    const json = await run('check', '--json', '--config', file());
    expect(JSON.parse(json.err)).toMatchObject({
      error: { code: 'config', message: expect.stringContaining('reviews') },
    });
    expect((await run('bogus')).code).toBe(2);
    expect((await run('--help')).code).toBe(0);
    expect((await run('users')).code).toBe(2);
    expect((await run('users', 'ls', '--config', join(folder, 'nope.yaml'))).code).toBe(1);
  });

  test('serve says at once what people would run into, and serves all the same', async () => {
    await run('init', '--dir', folder, '--host', 'localhost');
    const gone = await echo();
    await new Promise((resolve) => gone.server.close(resolve));
    const text = readFileSync(file(), 'utf8')
      .replace('port: 8443', 'port: 0')
      .replace('https://idp.example.com', `https://127.0.0.1:${gone.port}`)
      .replace('host: db.internal', 'host: 127.0.0.1')
      .replace('port: 5432', `port: ${gone.port}`);
    writeFileSync(file(), text);
    const child = start('serve', '--config', file());
    const warnings = new Set<string>();
    const warned = new Promise<void>((resolve) => {
      let read = '';
      child.stderr?.on('data', (chunk) => {
        read += chunk;
        for (const [, what] of read.matchAll(/"level":40.*"check":"([^"]+)"/g)) warnings.add(what ?? '');
        if (warnings.size === 3) resolve();
      });
    });
    expect(await serving(child)).toBeGreaterThan(0);
    await warned;
    expect([...warnings].sort()).toEqual(['idp', 'secret pg-prod', 'upstream pg-prod']);
  });

  test('survives kill -9: what was recorded stays, the session is closed as broken, the chain is whole', async () => {
    await run('init', '--dir', folder, '--host', 'localhost');
    const [idp, upstream] = [await Idp.start(), await echo()];
    const config = {
      name: 'shop',
      listen: { host: '127.0.0.1', port: 0 },
      publicHost: 'localhost',
      data: './data',
      idp: { issuer: idp.issuer, clientId: 'hoop' },
      connections: { echo: { protocol: 'tcp', host: '127.0.0.1', port: upstream.port, tls: { mode: 'disable' } } },
      roles: { dba: { groups: ['dba'], connect: ['*'] }, auditor: { groups: ['dba'] } },
    };
    writeFileSync(file(), stringify(config));
    const child = start('serve', '--config', file());
    const ca = readFileSync(join(folder, 'data/ca/ca.pem'), 'utf8');
    const laptop = new Laptop(await serving(child), ca, keyPair());
    await laptop.login(idp, ALICE);
    const link = await laptop.open(flowHead('echo', upstream.port));
    link.channel.send(Buffer.from('hello'), true);
    await link.until((it) => it.text === 'hello');
    const dead = finished(child);
    child.kill('SIGKILL');
    await dead;
    expect(verifyRecord(join(folder, 'data/record')).broken).toBeUndefined();

    const second = start('serve', '--config', file());
    const again = new Laptop(await serving(second), ca, laptop.pair);
    again.issued = laptop.issued;
    expect(await again.api().sessions({})).toMatchObject([{ connection: 'echo', end: 'broken' }]);
    const live = await again.open(flowHead('echo', upstream.port));
    live.channel.send(Buffer.from('x'), true);
    await live.until((it) => it.text === 'x');
    const listed = await run('sessions', 'ls', '--json', '--config', file());
    expect(JSON.parse(listed.out)).toHaveLength(2);
    expect(await run('users', 'disable', ALICE.email, '--config', file())).toMatchObject({
      code: 0,
      out: `disabled ${ALICE.email}; 1 flow ended\n`,
    });
    await live.until((it) => it.closed?.code === 'identity-disabled');
    const ended = finished(second);
    second.kill('SIGTERM');
    expect((await ended).code).toBe(0);
    const verified = await run('audit', 'verify', '--config', file());
    expect(verified).toMatchObject({ code: 0, out: expect.stringMatching(/^unbroken: \d+ entries/) });
    expect(await run('users', 'enable', ALICE.email, '--config', file())).toMatchObject({ code: 0 });
    expect((await run('audit', 'verify', '--config', file())).code).toBe(0);
    idp.stop();
    for (const socket of upstream.sockets) socket.destroy();
    upstream.server.close();
  });

  test.runIf(process.getuid?.() === 0)("root leaves nothing of its own in another user's data folder", async () => {
    const NOBODY = 65534;
    await run('init', '--dir', folder, '--host', 'localhost');
    const data = join(folder, 'data');
    const all = () => [data, ...readdirSync(data, { recursive: true }).map((name) => join(data, String(name)))];
    for (const path of all()) chownSync(path, NOBODY, NOBODY);
    for (const path of [folder, join(folder, '..')]) chmodSync(path, 0o755);
    expect((await run('users', 'enable', ALICE.email, '--config', file())).code).toBe(1);
    expect((await run('sessions', 'ls', '--config', file())).code).toBe(0);
    expect(all().filter((path) => statSync(path).uid !== NOBODY)).toEqual([]);
    expect((await run('audit', 'verify', '--config', file())).code).toBe(0);
    const served = await run('serve', '--config', file());
    expect([served.code, served.err]).toEqual([1, expect.stringContaining(`belongs to user id ${NOBODY}`)]);

    const cannotRead = async (path: string, ...args: string[]) => {
      const owner = statSync(path);
      chownSync(path, 0, 0);
      chmodSync(path, 0o600);
      const { code, err } = await run(...args, '--config', file());
      chownSync(path, owner.uid, owner.gid);
      expect([code, err]).toEqual([1, expect.stringMatching(/(cannot read|may not be used).*EACCES\n {2}run it as/s)]);
      expect(err).toContain(path);
    };
    await cannotRead(join(data, 'record/head.json'), 'audit', 'verify');
    await cannotRead(join(data, 'record/00000001.jsonl'), 'audit', 'verify');
    await cannotRead(join(data, 'record/00000001.jsonl'), 'users', 'ls');
    await cannotRead(join(data, 'store.db'), 'users', 'ls');
    await cannotRead(join(data, 'record.key'), 'users', 'ls');
  });
});
