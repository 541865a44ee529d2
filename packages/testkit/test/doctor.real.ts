import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { STAFF } from '../src/idp/people.js';
import { listed, logIn, must } from '../src/story/index.js';
import { finished, keyringMissing, type Laptop, type Leaf, newAuthority, said, World } from '../src/world/index.js';

/** Machines that are broken for real, one thing each; `hoop doctor` names that thing first, and what mends it. */

const root = join(import.meta.dirname, '../../..');
const at = mkdtempSync(join(tmpdir(), 'hd-'));
let world: World;
let alice: Laptop;

beforeAll(async () => {
  world = await World.prepare({ root, folder: join(at, '.demo') });
  await world.company.startIdp();
  await world.company.startPostgres();
  await world.company.startGateway();
  await world.setUpLaptops(STAFF.slice(0, 1));
  alice = world.laptop('alice');
  await logIn({ root, world, skipped: [] }, 'alice');
}, 120_000);
afterAll(async () => {
  await world?.end();
  rmSync(at, { recursive: true, force: true });
});

interface Finding {
  check: string;
  state: string;
  says: string;
  mend?: string;
}

async function doctor(child: ChildProcess = alice.spawn(DOCTOR)) {
  child.stdin?.end();
  const { code, stdout, stderr } = await finished(child);
  if (stdout === '') throw new Error(`exit ${code}: ${stderr}`);
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  const fail = findings.find(({ state }) => state === 'fail');
  return { code, findings, first: fail === undefined ? '' : `${fail.check}: ${fail.says} → ${fail.mend}` };
}
const DOCTOR = ['hoop', 'doctor', '--json'];

/** The doctor in a mount namespace of its own, in which `path` has another text. Takes root. */
function whereFileIs(path: string, text: string): ChildProcess {
  const stand = join(alice.record.folder, 'stand-in');
  writeFileSync(stand, text);
  const { account, env } = alice.record;
  const drop = account === undefined ? '' : `setpriv --reuid=${account.uid} --regid=${account.gid} --clear-groups`;
  const script = `mount --bind '${stand}' '${path}' && exec ${drop} ${DOCTOR.join(' ')}`;
  return spawn('unshare', ['--mount', 'sh', '-c', script], { env, cwd: alice.home, stdio: ['pipe', 'pipe', 'pipe'] });
}

/** Until hoopd and the gateway have found each other again. Without a keyring no login outlives hoopd. */
async function online(): Promise<void> {
  if (!alice.record.keyring) await logIn({ root, world, skipped: [] }, 'alice');
  const watch = alice.spawn(['hoop', 'status', '--watch', '--json']);
  await said(watch, /"state":"online"/, 'hoop status --watch');
  watch.kill();
}
const pidOf = (stdout: string) => Number(/"pid":(\d+)/.exec(stdout)?.[1]);
const daemonPid = async () => pidOf((await must(alice.hoop('daemon', 'status', '--json'))).stdout);

test('a machine that is well: nothing fails, and what is not set up is said', async () => {
  const { code, first, findings } = await doctor();
  expect({ code, first }).toEqual({ code: 0, first: '' });
  const line = (check: string) => findings.find((one) => one.check === check);
  expect(line('tls')?.says).toMatch(/^certificate issued by “Shop Ltd root”/);
  expect(line('clock')?.says).toBe("as the gateway's");
  expect(line('listener pg-prod')?.says).toMatch(/^127\.77\.\d+\.\d+:5432$/);
  expect(line('names')).toMatchObject({ state: 'warn', mend: 'hoop setup' });
});

describe('hoopd', () => {
  test('1. does not answer', async () => {
    const pid = await daemonPid();
    process.kill(pid, 'SIGSTOP');
    try {
      const uid = alice.record.account?.uid ?? process.getuid?.();
      const mend = `pkill -KILL -u ${uid} -x hoopd; hoop daemon start`;
      const [{ code, first }, status] = await Promise.all([doctor(), alice.hoop('status')]);
      expect({ code, first }).toEqual({
        code: 69,
        first: `daemon: hoopd runs, but does not answer → ${mend}`,
      });
      expect([status.code, status.stderr]).toEqual([69, `hoop: hoopd runs, but does not answer\n  ${mend}\n`]);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });

  test('2. does not run: the rest is looked at all the same', async () => {
    await must(alice.hoop('daemon', 'stop'));
    const { code, first, findings } = await doctor();
    expect({ code, first }).toEqual({ code: 69, first: 'daemon: hoopd does not run → hoop daemon start' });
    expect(findings.find(({ check }) => check === 'gateway')?.state).toBe('ok');
    // Nobody can look into it by what a developer's shell tells every Node.
    await must(finished(alice.spawn(['hoop', 'daemon', 'start'], 'pipe', { NODE_OPTIONS: '--inspect=127.0.0.1:0' })));
    expect(readFileSync(alice.daemonLog, 'utf8')).not.toContain('Debugger listening');
    await online();
  });

  test('3. cannot listen where a name is: whoever does is named by pid and program', async () => {
    const { address, port } = await listed(alice);
    await must(alice.hoop('daemon', 'stop'));
    const squatter = alice.spawn([
      world.programs.node,
      '-e',
      `require('net').createServer().listen(${port}, '${address}', () => console.log('here'))`,
    ]);
    await said(squatter, /here/, 'the squatter');
    await must(alice.hoop('daemon', 'start'));
    await online();
    const { code, first } = await doctor();
    squatter.kill();
    await once(squatter, 'close');
    expect(code).toBe(1);
    expect(first).toMatch(
      `listener pg-prod: ${address}:${port} is held by node (pid ${squatter.pid}); hoopd listens on 127.0.0.1:`,
    );
    expect(first).toMatch(/→ hoop setup$/);
    await must(alice.hoop('daemon', 'restart'));
    await online();
  });
});

describe('names', () => {
  test('4. /etc/hosts has another address', async (context) => {
    if (process.getuid?.() !== 0) context.skip('another /etc/hosts takes root');
    const { code, first } = await doctor(
      whereFileIs('/etc/hosts', '127.0.0.1 localhost\n\n10.9.8.7 db pg-prod.hoop\n'),
    );
    expect(code).toBe(1);
    expect(first).toMatch(
      /^name pg-prod\.hoop: line 3 of \/etc\/hosts says 10\.9\.8\.7, not 127\.77\..* → sudo sed -i 3d \/etc\/hosts$/,
    );
  });

  test('5. Firefox asks somebody else, over HTTPS', async () => {
    const prefs = join(alice.home, '.mozilla/firefox/abc.default/prefs.js');
    mkdirSync(dirname(prefs), { recursive: true });
    writeFileSync(prefs, 'user_pref("network.trr.mode", 3);\n');
    const { findings } = await doctor();
    rmSync(join(alice.home, '.mozilla'), { recursive: true });
    expect(findings).toContainEqual(expect.objectContaining({ check: 'browser Firefox', state: 'warn' }));
  });
});

test('6. a clock that is off, by how much and which way', async () => {
  const later = 'data:text/javascript,const%20now=Date.now;Date.now=()=>now()-7200000';
  const { code, first } = await doctor(alice.spawn(DOCTOR, 'pipe', { NODE_OPTIONS: `--import=${later}` }));
  expect({ code, first }).toEqual({
    code: 1,
    first: "clock: 2 h behind the gateway's → sudo timedatectl set-ntp true",
  });
});

describe('the keychain', () => {
  const missing = () => keyringMissing(world.programs.packages);
  test('7. is locked', async (context) => {
    if (missing() !== undefined) context.skip(missing()?.why);
    const lock = [
      'dbus-send',
      '--session',
      '--print-reply',
      '--dest=org.freedesktop.secrets',
      '/org/freedesktop/secrets',
    ];
    const login = 'array:objpath:/org/freedesktop/secrets/collection/login';
    await must(alice.run([...lock, 'org.freedesktop.Secret.Service.Lock', login]));
    const { code, first } = await doctor();
    expect(code).toBe(1);
    expect(first).toMatch(/^keychain: the keyring is locked → unlock/);
  });

  test('8. cannot be reached', async (context) => {
    if (missing() !== undefined) context.skip(missing()?.why);
    const { code, first } = await doctor(
      alice.spawn(DOCTOR, 'pipe', { DBUS_SESSION_BUS_ADDRESS: 'unix:path=/nowhere' }),
    );
    expect(code).toBe(1);
    expect(first).toMatch(/^keychain: no D-Bus session is reachable/);
  });
});

describe('in the gateway’s place', () => {
  let server: Server | undefined;
  const sockets = new Set<Socket>();
  const standIn = async ({ key, certificate }: Leaf) => {
    server = createServer({ key, cert: certificate, ALPNProtocols: ['http/1.1'] }, (socket) => socket.end());
    server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => {})));
    server.on('secureConnection', (socket) => socket.on('error', () => {}));
    await once(server.listen(world.company.publicPort, '127.0.0.1'), 'listening');
  };
  const gone = async () => {
    const closed = server && once(server, 'close');
    server?.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };

  test('9. there is nothing', async () => {
    await world.company.killGateway();
    const { code, first } = await doctor();
    expect(code).toBe(69);
    expect(first).toMatch(
      /^gateway: https:\/\/localhost:\d+ cannot be reached: nothing listens there → ask whoever runs localhost:\d+$/,
    );
  });

  test.each([
    [
      '10. a proxy that inspects TLS',
      'Zscaler Intermediate Root CA',
      /^tls: .* is issued by “Zscaler Intermediate Root CA”: a proxy that inspects TLS \(Zscaler\) is in between/,
    ],
    [
      '11. somebody with a CA of their own',
      'Another CA',
      /^tls: .* is issued by “Another CA”, whom this login does not trust/,
    ],
  ])('%s', async (_, name, says) => {
    const authority = await newAuthority(name);
    await standIn(await authority.issue(['localhost', '127.0.0.1']));
    const { code, first } = await doctor();
    await gone();
    expect(code).toBe(69);
    expect(first).toMatch(says);
  });

  test('12. its certificate has expired', async () => {
    const until = new Date(Date.now() - 60_000);
    await standIn(await world.company.authority.issue(['localhost', '127.0.0.1'], { until }));
    const { code, first } = await doctor();
    await gone();
    expect(code).toBe(69);
    expect(first).toMatch(/^tls: the gateway's certificate has expired \(issued by “Shop Ltd root”\)/);
  });

  test('13. its certificate is for another name', async () => {
    await standIn(await world.company.authority.issue(['other.example']));
    const { code, first } = await doctor();
    await gone();
    expect(code).toBe(69);
    expect(first).toMatch(/^tls: the certificate there .* is not for localhost/);
    await world.company.serveGateway();
    await online();
  });
});

describe('the login', () => {
  test('14. was ended by the gateway', async () => {
    await world.company.gateway('users', 'disable', 'alice@shop.example');
    const watch = alice.spawn(['hoop', 'status', '--watch', '--json']);
    await said(watch, /"state":"expired"/, 'hoop status --watch');
    watch.kill();
    const { code, first } = await doctor();
    expect(code).toBe(4);
    expect(first).toBe(
      'login: the login of alice@shop.example has ended: alice@shop.example is disabled on this gateway → ask whoever runs this gateway, then: hoop login',
    );
  });

  test('15. is none', async () => {
    // The keychain is locked by now, so its entry stays; the login is over all the same.
    await alice.hoop('logout');
    const { code, first } = await doctor();
    expect({ code, first }).toEqual({ code: 4, first: 'login: nobody is logged in → hoop login' });
  });

  test('a report names nobody and holds no secret', async () => {
    const proxied = alice.spawn(['hoop', 'doctor', '--report'], 'pipe', {
      HTTPS_PROXY: 'http://me:pa55word@proxy.example:3128',
    });
    proxied.stdin?.end();
    const { stdout } = await finished(proxied);
    expect(stdout).toMatch(/^hoop 0\.1\.0, Node 26/);
    expect(stdout).not.toMatch(/pa55word|alice@shop\.example|eyJ|BEGIN/);
    expect(stdout).toContain('the log');
  });
});
