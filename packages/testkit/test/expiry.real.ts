import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LOCK, UNLOCK } from '../../platform/test/keyring.js';
import { browse } from '../src/browser/index.js';
import { CLIENT_ID } from '../src/idp/client.js';
import { STAFF } from '../src/idp/people.js';
import { listed, logIn, must } from '../src/story/index.js';
import { askDns } from '../src/witness/index.js';
import { finished, keyringMissing, type Laptop, own, said, World } from '../src/world/index.js';

/** A login that ends, on a laptop with a desktop: what programs are told, what the person is shown, and one login for all. */

const root = join(import.meta.dirname, '../../..');
const at = mkdtempSync(join(tmpdir(), 'he-'));
const [ALICE] = STAFF as [(typeof STAFF)[number]];
let world: World;
let alice: Laptop;
let desktop: ChildProcess;
let notices = '';
let psql: string[];

beforeAll(async () => {
  world = await World.prepare({ root, folder: join(at, '.demo') });
  if (keyringMissing(world.programs.packages) !== undefined) return;
  await world.company.startIdp();
  await world.company.startPostgres();
  await world.company.startGateway();
  await world.setUpLaptops([ALICE]);
  alice = world.laptop('alice');
  await logIn({ root, world, skipped: [] }, 'alice');
  const { reach } = await listed(alice);
  psql = ['psql', `host=${reach.address} port=${reach.port} dbname=shop sslmode=require`, '-Atc', 'select 6 * 7'];
  desktop = alice.spawn(['/usr/bin/python3', placed('notices.py', join(root, 'packages/platform/test/notices.py'))]);
  desktop.stdout?.on('data', (chunk: Buffer) => {
    notices += chunk;
  });
  await said(desktop, /ready/, 'the desktop');
}, 120_000);
afterAll(async () => {
  await world?.end();
  rmSync(at, { recursive: true, force: true });
});

/** A file of alice's. */
function placed(name: string, from: string): string {
  const path = join(alice.home, name);
  copyFileSync(from, path);
  return own(path, alice.record.account);
}
const titles = () =>
  notices
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line).title as string);

interface Status {
  daemon: { pid: number; resolver: { address: string; port: number } };
  login: { state: string; certificateUntil?: number } | null;
  needs: { act: string } | null;
  waiting: number;
}
const status = async () => JSON.parse((await must(alice.hoop('status', '--json'))).stdout) as Status;

/** Until the state has it. */
async function until(wanted: RegExp): Promise<void> {
  const watch = alice.spawn(['hoop', 'status', '--watch', '--json']);
  await said(watch, wanted, `hoop status --watch (${wanted})`);
  watch.kill();
  await once(watch, 'close');
}

async function restart(): Promise<void> {
  await must(alice.hoop('daemon', 'restart'));
  world.processes.adopt('alice-hoopd', (await status()).daemon.pid);
}

/** The IdP takes back what it has granted (RFC 7009). */
async function revoke(): Promise<void> {
  const token = world.company.issued().findLast(({ refresh_token }) => refresh_token !== undefined)?.refresh_token;
  const body = new URLSearchParams({ client_id: CLIENT_ID, token: token ?? '' }).toString();
  const asked = request(new URL('/token/revocation', world.company.issuer), {
    method: 'POST',
    ca: world.company.authority.certificate,
    agent: false,
    headers: { 'content-type': 'application/x-www-form-urlencoded', 'content-length': Buffer.byteLength(body) },
  });
  asked.end(body);
  const [answer] = await once(asked, 'response');
  expect(answer.resume().statusCode).toBe(200);
}

/** A browser that opens the page, and in which nobody does anything. */
function idleBrowser(): { pages(): string[]; BROWSER: string } {
  const path = join(alice.home, 'idle-browser');
  const file = join(alice.home, 'pages');
  writeFileSync(path, `#!/bin/sh\necho "$1" >> '${file}'\n`);
  chmodSync(path, 0o755);
  own(path, alice.record.account);
  const pages = () => readFileSync(file, 'utf8').trim().split('\n');
  return { pages, BROWSER: path };
}
const hears = (child: ChildProcess, wanted: RegExp) =>
  new Promise<void>((resolve) => {
    let text = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      text += chunk;
      if (wanted.test(text)) resolve();
    });
  });

describe('a login that the IdP has ended', () => {
  test('is told by psql, `hoop status` and one notice, each with the command that helps', async (context) => {
    if (alice === undefined) context.skip('no keyring on this machine');
    expect((await must(alice.run(psql))).stdout).toBe('42\n');
    await revoke();
    await restart();
    await until(/"state":"expired"/);
    const refused = await Promise.all(Array.from({ length: 10 }, () => alice.run(psql)));
    for (const { code, stderr } of refused) {
      expect(code).toBe(2);
      expect(stderr).toContain('FATAL:  your login has ended: the login has ended at the IdP\nHINT:  hoop login\n');
    }
    expect(await status()).toMatchObject({ needs: { act: 'log-in', hint: 'hoop login' }, waiting: 0 });
    expect((await must(alice.hoop('status'))).stdout).toContain('login        alice@shop.example, ended: hoop login\n');
    expect(titles()).toEqual(['hoop: your login has ended']);
  });

  test('50 programs wait for one login, with one page, and all are served; nothing is started anew', async (context) => {
    if (alice === undefined) context.skip('no keyring on this machine');
    const before = await status();
    const pagesBefore = world.company.asked();
    const { pages, BROWSER } = idleBrowser();
    const first = alice.spawn(['hoop', 'login'], 'pipe', { BROWSER });
    const firstEnd = finished(first);
    await hears(first, /open in a browser/);
    const second = alice.spawn(['hoop', 'login'], 'pipe', { BROWSER });
    const connect = alice.spawn(['hoop', 'connect', 'pg-prod', '--', '-Atc', 'select 6 * 7'], 'pipe', { BROWSER });
    const ends = [second, connect].map((child) => finished(child));
    await Promise.all([second, connect].map((child) => hears(child, /a login is under way/)));
    const clients = Array.from({ length: 50 }, () => alice.run(psql));
    await until(/"waiting":50/);
    expect((await must(alice.hoop('status'))).stdout).toContain('waiting      50 programs, for the login\n');
    expect(pages()).toHaveLength(1);

    const ca = world.company.authority.certificate;
    const page = await browse(pages()[0] ?? '', { login: 'alice', password: ALICE.password, ca });
    expect(page.html).toContain('You are logged in');
    for (const { code, stdout, stderr } of await Promise.all(clients))
      expect([code, stdout, stderr]).toEqual([0, '42\n', '']);
    const [joined, connected] = await Promise.all(ends);
    expect([(await firstEnd).code, joined?.code, connected?.code, connected?.stdout]).toEqual([0, 0, 0, '42\n']);
    expect(world.company.asked() - pagesBefore).toBe(1);

    const after = await status();
    expect([after.daemon.pid, after.needs, after.waiting]).toEqual([before.daemon.pid, null, 0]);
    const { address } = await listed(alice);
    expect((await askDns(after.daemon.resolver, 'pg-prod.hoop')).addresses).toEqual([address]);
    expect((await must(alice.run(psql))).stdout).toBe('42\n');
  });
});

test.each([
  ['ahead', 2],
  ['behind', -2],
])('a clock that is hours %s ends no login and keeps nobody out', async (_, hours) => {
  if (alice === undefined) return;
  await must(alice.hoop('daemon', 'stop'));
  const off = `data:text/javascript,const%20now=Date.now;Date.now=()=>now()+${hours * 3_600_000}`;
  const hoopd = alice.spawn(['hoop', 'daemon', 'run'], 'pipe', { NODE_OPTIONS: `--import=${off}` });
  await expect.poll(() => existsSync(alice.socket), { timeout: 20_000 }).toBe(true);
  const granted = world.company.issued().length;
  await until(/"state":"active"/);
  const { login } = await status();
  expect(Math.round(((login?.certificateUntil ?? 0) - Date.now()) / 60_000 - hours * 60)).toBe(15);
  expect((await must(alice.run(psql))).stdout).toBe('42\n');
  expect(world.company.issued().length - granted).toBe(1);
  const ended = once(hoopd, 'close');
  await must(alice.hoop('daemon', 'stop'));
  await ended;
  await must(alice.hoop('daemon', 'start'));
  world.processes.adopt('alice-hoopd', (await status()).daemon.pid);
  await until(/"state":"active"/);
});

test('a locked keychain is told as such; once it is open, programs are served', async (context) => {
  if (alice === undefined) context.skip('no keyring on this machine');
  await must(alice.run(LOCK));
  await restart();
  await until(/"state":"waiting-for-unlock"/);
  const told = await alice.run(psql);
  expect(told.stderr).toContain('FATAL:  hoop waits for your keychain to be unlocked\nHINT:  unlock it and try again;');
  expect(await status()).toMatchObject({ needs: { act: 'unlock' } });
  const control = join(alice.record.folder, 'run/keyring/control');
  await must(alice.run([world.programs.node, placed('unlock.ts', UNLOCK), control, 'laptop-password']));
  await until(/"state":"active"/);
  expect((await must(alice.run(psql))).stdout).toBe('42\n');
});

test('somebody who is disabled is told whom to ask before they log in', async (context) => {
  if (alice === undefined) context.skip('no keyring on this machine');
  await must(world.company.gateway('users', 'disable', ALICE.email));
  await until(/"state":"expired"/);
  const { stderr } = await alice.run(psql);
  expect(stderr).toContain(
    'FATAL:  alice@shop.example is disabled on this gateway\nHINT:  ask whoever runs this gateway, then: hoop login\n',
  );
  expect((await must(alice.hoop('status'))).stdout).toContain('ask whoever runs this gateway, then: hoop login\n');
  // Not the third within five minutes of hoopd's.
  expect(titles()).toEqual(['hoop: your login has ended', 'hoop waits for your keychain']);
});
