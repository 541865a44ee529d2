import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { State } from '../../contracts/src/local/index.js';
import { LOCK, UNLOCK } from '../../platform/test/keyring.js';
import { finished, said as line } from '../src/world/index.js';
import type { Target } from './rig/attacker.js';
import { attackedBy } from './rig/browser.js';
import { buildGo } from './rig/go.js';
import { type CompanyLine, installHoop, logIn, makeAlice } from './rig/person.js';
import { Rig, ROOT, rigMissing, said } from './rig/rig.js';
import { changes, TRACES } from './rig/traces.js';

const dist = join(ROOT, 'packages/testkit/dist');
const missing = rigMissing();

/** alice's home, without what holds her passwords, and what her browser is made of. */
const HOME = `find /home/alice -not -path '*/keyrings*' -not -path '*/.pki*' | grep -v -e /ca.pem -e /password -e /browser | sort`;

/** By what came to a port without any defence: each way of a page to send something did send it; so each is refused elsewhere. */
const SENT = [
  /^GET .*\r\nHost: 127\.0\.0\.1:7070\r\n/s,
  /^GET .*\r\nHost: to-127-0-0-1\..*\.rebind\.example:7070\r\n/s,
  /^POST .*\r\n\r\n\0\0\0\x08/s,
  /^POST .*multipart\/form-data/s,
  /^PUT .*\r\nx-canary: /is,
  /^DELETE /,
  /^GET .*\r\nUpgrade: websocket\r\n/s,
  /^GET .*\.png HTTP/,
  // A TLS handshake, TURN's Allocate over TCP (RFC 8656 §18), and a connectivity check behind its length (RFC 4571 §2).
  /^\x16\x03/,
  /^\0\x03/,
  /^\0.\0\x01.{18}.*canary/s,
];

const title = `hoop setup on a laptop with systemd${missing === undefined ? '' : ` (${missing})`}`;

describe.skipIf(missing !== undefined)(title, () => {
  let rig: Rig;
  let company: CompanyLine;
  let folder: string;
  let overheard = '';
  /** The first bytes of each connection to the upstream that is no database, a line of JSON each. */
  let reached = '';
  let before = '';
  let home = '';
  let go = '';

  const psql = () =>
    rig.as('alice', `psql 'host=pg-prod.hoop connect_timeout=10' -Atc 'select count(*) from customers'`);
  const hoop = async (args: string) => said(await rig.as('alice', `hoop ${args}`), `hoop ${args}`);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'hoop-setup-'));
    go = buildGo(mkdtempSync(join(ROOT, '.tools/go-')));
    rig = await Rig.boot();
    await makeAlice(rig);
    await installHoop(rig);
    home = await rig.sh(HOME);
    const dns = rig.beside('outside', [process.execPath, join(dist, 'overheard.js'), '10.77.1.2', '53']);
    dns.stdout?.on('data', (text) => (overheard += text));
    await line(dns, /ready/, 'the outside DNS');
    const hearing = join(import.meta.dirname, 'rig/heard.ts');
    const upstream = rig.beside('laptop', [process.execPath, hearing, '127.0.0.1', '7099']);
    upstream.stdout?.on('data', (text) => (reached += text));
    await line(upstream, /ready/, 'the upstream of a connection that is no database');
    const raw = { raw: { protocol: 'tcp', host: '127.0.0.1', port: 7099, listen: 9000, tls: { mode: 'disable' } } };
    const made = [join(dist, 'company.js'), ROOT, join(folder, 'world'), JSON.stringify(raw)];
    const held = rig.beside('laptop', [process.execPath, ...made]);
    const [json] = await line(held, /\{.*\}/, 'the company', 60_000);
    company = JSON.parse(json) as CompanyLine;
  }, 300_000);

  afterAll(async () => {
    await rig?.end();
    for (const one of [folder, dirname(go)]) rmSync(one, { recursive: true, force: true });
  }, 120_000);

  test('before: a login, and names that are asked of the network', async () => {
    await rig.sh('resolvectl dns wan0 10.77.1.2; resolvectl default-route wan0 yes');
    said(await logIn(rig, company, readFileSync(company.caFile, 'utf8')), 'hoop login');
    expect(await hoop('ls')).toContain('pg-prod');
    expect((await rig.as('alice', 'getent ahostsv4 pg-prod.hoop')).stdout).toContain('10.9.9.9');
    expect(overheard).toContain('pg-prod.hoop');
    await hoop('daemon stop');
    before = await rig.sh(TRACES);
  });

  test('a dry run changes nothing', async () => {
    const plan = await rig.as('alice', 'hoop setup --dry-run');
    expect([plan.code, changes(before, await rig.sh(TRACES))]).toEqual([0, []]);
  });

  const PLAN = /Do this, as root\? \[Y\/n\] /;
  const CA = /Make a CA too, .* \[y\/N\] /;
  const wide = (shown: string) =>
    shown.split(/\r?\n/).filter((one) => one.replace(/\u001b\[[\d;]*\w/g, '').length > 80);

  test.each<[string, (readonly [RegExp, string])[], number, RegExp]>([
    ['no', [[PLAN, 'n\r']], 1, /nothing was done/],
    ['no, at length', [[PLAN, 'no thanks\r']], 1, /nothing was done/],
    ['an end of input', [[PLAN, '\u0004']], 1, /nothing was done/],
    ['Ctrl-C', [[PLAN, '\u0003']], 130, /not answered/],
    [
      'yes, then Ctrl-C at the CA',
      [
        [PLAN, 'y\r'],
        [CA, '\u0003'],
      ],
      130,
      /not answered/,
    ],
  ])('its plan is asked about at a terminal; %s changes nothing', async (_, answers, code, says) => {
    const done = await rig.typed('alice', 'hoop setup', answers);
    expect([done.code, done.stdout]).toEqual([code, expect.stringMatching(says)]);
    expect(done.stdout).toContain('systemd-resolved asks hoop for *.hoop');
    expect(wide(done.stdout)).toEqual([]);
    expect(changes(before, await rig.sh(TRACES))).toEqual([]);
  });

  /** psql by name, as soon as it works again; how long that took is printed. */
  const works = async (after: string, from = performance.now()) => {
    for (;;) {
      const ran = await psql();
      const ms = Math.round(performance.now() - from);
      if (ran.stdout === '10000\n') return void console.log(`psql by name after ${after}: ${ms} ms`);
      if (ms > 20_000) throw new Error(`after ${after}: ${ran.stderr}`);
    }
  };
  /** pg-prod, once the gateway has told of it. */
  const listed = async () => {
    for (let tries = 0; tries < 100; tries++) {
      const all = JSON.parse(await hoop('ls --json')) as State['connections'];
      const found = all.find(({ name }) => name === 'pg-prod');
      if (found !== undefined) return found;
    }
    throw new Error('pg-prod is not listed');
  };
  const state = async () => JSON.parse(await hoop('status --json')) as State;
  /** Of databases: elsewhere one begins before the client has said a word. */
  const sessions = async () =>
    (JSON.parse(await hoop('sessions ls --json --limit 1000')) as { connection: string }[]).filter(
      ({ connection }) => connection !== 'raw',
    ).length;
  /** An attacker's page, which does reach a port that takes everything: refused and counted here, and nothing of it upstream. */
  const attacked = async (targets: readonly Target[], refused: (was: State, now: State) => void) => {
    const [was, opened] = [await state(), await sessions()];
    const { canary, rebound, heard } = await attackedBy(rig, targets);
    expect(rebound).toEqual(rebound.map(() => true));
    for (const sent of SENT) expect(heard.filter((one) => sent.test(one))).not.toEqual([]);
    expect(await sessions()).toBe(opened);
    expect(spawnSync('grep', ['-rlF', canary, folder], { encoding: 'utf8' }).stdout).toBe('');
    expect(await rig.sh(`grep -rlF ${canary} /home/alice/.local/state/hoop || true`)).toBe('');
    const now = await state();
    const counts = [was, now].map((one) => JSON.stringify(one.refused)).join(' to ');
    console.log(
      `a page sent ${heard.length} times where all is taken; of ${targets.length} of ours, refused went from ${counts}`,
    );
    refused(was, now);
  };
  const resolves = async (name: string) => (await rig.as('alice', `getent ahostsv4 ${name}`)).stdout.split(/\s+/)[0];

  test('setup: one plan, one sudo, and psql by name', async () => {
    const done = await rig.as('alice', 'hoop setup');
    console.log(done.stderr);
    expect(done.code).toBe(0);
    await works('setup', performance.now() - done.ms);
    expect(await hoop('daemon status')).toContain('systemd (hoop.service)');
    expect(await rig.sh('systemctl is-enabled hoop.service hoop-resolver.service')).toBe('enabled\nenabled\n');
    expect((await rig.sh('resolvectl default-route hoop0')).trim()).toMatch(/: no$/);
  });

  test('every way of asking finds the name, and nothing of it is asked of the network', async () => {
    const { address } = await listed();
    overheard = '';
    expect(await resolves('pg-prod.hoop')).toBe(address);
    const cares = `${process.execPath} -e 'require("dns").resolve4("pg-prod.hoop", (e, a) => console.log(e ? e.code : a[0]))'`;
    expect((await rig.as('alice', cares)).stdout.trim()).toBe(address);
    expect((await rig.as('alice', `GODEBUG=netdns=go ${go} pg-prod.hoop`)).stdout.trim()).toBe(address);
    expect((await rig.as('alice', `GODEBUG=netdns=go ${go} nobody.hoop`)).stdout).toContain('no such host');
    expect(await resolves('nobody.hoop')).toBe('');
    expect(await resolves('www.example.org')).toBe('10.9.9.9');
    expect(overheard).toContain('www.example.org');
    expect(overheard).not.toContain('.hoop');
  });

  test('hoopd as a unit of the system waits for her keyring, says so on her desktop if there is one, and goes on', async () => {
    const parts = join(ROOT, 'packages/platform/test');
    const locked = async () => {
      await rig.as('alice', LOCK.join(' '));
      await rig.sh('systemctl restart hoop.service');
      await rig.as('alice', `timeout 20 hoop status --watch --json | grep -m1 -o '"state":"waiting-for-unlock"'`);
      return (await psql()).stderr;
    };
    expect(await locked()).toContain('FATAL:  hoop waits for your keychain to be unlocked');
    const desktop = `systemd-run --user --quiet --unit=desktop -p StandardOutput=file:/tmp/notices /usr/bin/python3 ${parts}/notices.py`;
    said(await rig.as('alice', `${desktop}; timeout 10 tail -f /tmp/notices | grep -m1 ready`), 'the desktop');
    expect(await locked()).toContain('HINT:  unlock it');
    said(await rig.as('alice', `timeout 10 tail -n +1 -f /tmp/notices | grep -m1 title`), 'the notice');
    await psql();
    expect((await rig.sh('grep title /tmp/notices')).trim()).toMatch(
      /^\{.*"title": "hoop waits for your keychain".*\}$/,
    );
    said(await rig.as('alice', `${process.execPath} ${UNLOCK} /run/user/1000/keyring/control secret`), 'unlocking');
    await works('unlocking the keyring');
    await rig.as('alice', 'systemctl --user stop desktop');
    await rig.sh('rm /tmp/notices');
  });

  test('again: what is in place stays, and what is open stays open', async () => {
    const pid = await rig.sh('systemctl show -P MainPID hoop.service');
    said(await rig.as('alice', 'hoop setup'), 'hoop setup');
    expect(await rig.sh('systemctl show -P MainPID hoop.service')).toBe(pid);
  });

  test('hoopd has one capability and no way to write but its own folders', async () => {
    const pid = (await rig.sh('systemctl show -P MainPID hoop.service')).trim();
    const status = await rig.sh(`cat /proc/${pid}/status`);
    // CAP_NET_BIND_SERVICE is bit 10.
    for (const set of ['CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) expect(status).toContain(`${set}:\t0000000000000400`);
    expect(status).toMatch(/^Uid:\t1000\t1000\t1000\t1000$/m);
    expect(status).toMatch(/^NoNewPrivs:\t1$/m);
    const mounts = (await rig.sh(`cat /proc/${pid}/mountinfo`)).split('\n').map((one) => one.split(' '));
    const writable = mounts.filter(([, , , , , options]) => options?.startsWith('rw')).map(([, , , , where]) => where);
    expect(writable.filter((where) => where?.startsWith('/home'))).toEqual(['/home/alice/.local/state/hoop']);
    console.log(
      (await rig.in('systemd-analyze', 'security', '--no-pager', 'hoop.service')).stdout.trim().split('\n').at(-1),
    );
  });

  test('her signals open no debugger in it, which others could talk to', async () => {
    const pid = await rig.sh('systemctl show -P MainPID hoop.service');
    said(await rig.as('alice', `kill -USR1 ${pid}`), 'kill -USR1');
    await works('SIGUSR1');
    expect(await rig.sh('ss -Hltn "sport = :9229"; systemctl show -P MainPID hoop.service')).toBe(pid);
  });

  test('the person starts and stops it without a password, and nobody else', async () => {
    const stopped = await rig.as('alice', 'hoop daemon stop');
    expect([stopped.code, (await rig.in('systemctl', 'is-active', 'hoop.service')).stdout]).toEqual([0, 'inactive\n']);
    expect((await rig.as('mallory', 'systemctl --no-ask-password start hoop.service')).code).not.toBe(0);
    expect((await rig.as('alice', 'systemctl --no-ask-password restart systemd-resolved')).code).not.toBe(0);
    await hoop('ls');
    expect((await rig.in('systemctl', 'is-active', 'hoop.service')).stdout).toBe('active\n');
    expect((await rig.sh('pgrep -cx hoopd || true')).trim()).toBe('1');
    await works('daemon stop and ls');
  });

  test('while hoop is down, its names are no names, and nobody is asked for them', async () => {
    await hoop('daemon stop');
    overheard = '';
    expect(await resolves('pg-prod.hoop')).toBe('');
    expect(await resolves('other.hoop')).toBe('');
    expect(await resolves('www.example.net')).toBe('10.9.9.9');
    expect(overheard).not.toContain('.hoop');
    await hoop('daemon start');
    await works('daemon start');
  });

  test('kill -9, link down and up, resolved restarted', async () => {
    await rig.sh('kill -9 $(systemctl show -P MainPID hoop.service)');
    await works('kill -9');
    await rig.link('down');
    await works('link down');
    await rig.link('up');
    await works('link up');
    await rig.sh('systemctl restart systemd-resolved');
    await works('resolved restarted');
  });

  const doctor = async () => (await rig.as('alice', 'hoop doctor')).stdout;
  /** What `hoop doctor` says of names, and `getent` of one, while somebody holds the resolver's place; then they leave. */
  const squatted = async (place: string, person: string) => {
    const [address, port] = place.split(':');
    const script = `import socket, time
for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
    s = socket.socket(socket.AF_INET, kind); s.bind(('${address}', ${port})); keep = [s, globals().get('keep')]
open('/tmp/held', 'w').close(); time.sleep(600)`;
    await rig.sh(`systemctl stop hoop.service; rm -f /tmp/held; cat >/tmp/squat.py <<'EOF'\n${script}\nEOF`);
    await rig.sh(`systemd-run -q --unit=squat -p User=${person} /usr/bin/python3 /tmp/squat.py`);
    await rig.sh('until [ -e /tmp/held ] || ! systemctl is-active -q squat; do sleep 0.1; done');
    const held = (await rig.in('test', '-e', '/tmp/held')).code === 0;
    await rig.sh('systemctl start hoop.service');
    await listed();
    const told = { held, names: await doctor(), resolver: (await state()).daemon.resolver };
    await rig.sh('systemctl stop squat || true; rm -f /tmp/held /tmp/squat.py; systemctl reset-failed squat || true');
    await works(`${person} on ${place}`);
    return { ...told, at: (await state()).daemon.resolver };
  };

  test('while hoopd is down nobody else can answer for *.hoop; whoever root lets, is named and waited for', async () => {
    const { address, port } = (await state()).daemon.resolver!;
    const byMallory = await squatted(`${address}:${port}`, 'mallory');
    expect(byMallory).toMatchObject({ held: false, at: { address, port } });
    expect(byMallory.names).toMatch(/^ok +names /m);
    const byRoot = await squatted(`${address}:${port}`, 'root');
    expect(byRoot).toMatchObject({ held: true, resolver: null, at: { address, port } });
    expect(byRoot.names.replace(/\s+/g, ' ')).toContain(
      `fail names names cannot be answered: UDP and TCP ${address}:${port} is held by a process of user id 0`,
    );
  });

  test('a set-up that leads to a port of anybody’s says so, stays where it is, and is led elsewhere by the next', async () => {
    const { address, port } = (await state()).daemon.resolver!;
    const unit = '/etc/systemd/system/hoop-resolver.service';
    await rig.sh(
      `sed -i -e '/^# for user id/d' -e 's/${address}:${port}$/${address}:5377/' ${unit}; systemctl daemon-reload; systemctl restart hoop-resolver hoop`,
    );
    await works('a set-up of old');
    expect((await doctor()).replace(/\s+/g, ' ')).toMatch(
      /warn names any user of this machine can answer .* → hoop setup/,
    );
    const squat = await squatted(`${address}:5377`, 'mallory');
    expect(squat).toMatchObject({ held: true, resolver: null, at: { address, port: 5377 } });
    expect(squat.names.replace(/\s+/g, ' ')).toMatch(/fail names names cannot be answered: .* of user id 1001 on/);
    said(await rig.as('alice', 'hoop setup'), 'hoop setup');
    expect((await state()).daemon.resolver).toMatchObject({ address, port });
    await works('a set-up anew');
    expect(await doctor()).toMatch(/^ok +names /m);
  });

  test('a hoopd by hand beside a set-up says what to do', async () => {
    await rig.sh('systemctl stop hoop.service');
    const byHand = finished(await rig.started('alice', 'exec hoop daemon run'), 60_000);
    await rig.as('alice', 'until hoop daemon status; do sleep 0.2; done');
    expect((await state()).problems).toMatchObject([{ code: 'resolver', hint: 'hoop daemon restart' }]);
    await hoop('daemon restart');
    await byHand;
    await works('a hoopd by hand');
  });

  test('a gateway that stands still: status says so at once, psql within seconds, and all goes on with it', async () => {
    const { port } = new URL(company.gateway);
    const [, pid] = await line(rig.beside('laptop', ['ss', '-Hltnp', `sport = :${port}`]), /pid=(\d+)/, 'ss');
    process.kill(Number(pid), 'SIGSTOP');
    try {
      const asked = await psql();
      expect(asked.stderr).toMatch(/FATAL: {2}the (link to the )?gateway/);
      const told = await rig.as('alice', 'hoop status');
      expect(told.stdout).toMatch(/gateway +https:\S+, (offline|connecting): no answer/);
      console.log(
        `of a gateway that stands still: psql is told in ${Math.round(asked.ms)} ms, status in ${Math.round(told.ms)} ms`,
      );
      expect(asked.ms).toBeLessThan(10_000);
      expect(told.ms).toBeLessThan(10_000);
    } finally {
      process.kill(Number(pid), 'SIGCONT');
    }
    await works('a gateway that stood still');
  });

  test('a VPN that takes all names takes none of ours', async () => {
    await rig.sh(
      'ip link add vpn0 type bridge; ip addr add 10.99.0.1/24 dev vpn0; ip link set vpn0 up; resolvectl dns vpn0 10.77.1.2; resolvectl domain vpn0 "~."; resolvectl default-route vpn0 yes',
    );
    overheard = '';
    await works('a VPN');
    expect(overheard).not.toContain('.hoop');
    await rig.sh('ip link del vpn0');
  });

  test('root’s part is no way to be root, nor somebody else', async () => {
    const root = '/opt/hoop/node /opt/hoop/cli/dist/setup-root.js';
    const request = JSON.stringify({
      ...{ steps: ['service'], uid: 1001, names: [], ports: [], variables: {} },
      resolver: { address: '127.77.4.1', port: 5377 },
      program: { node: '/opt/hoop/node', main: '/opt/hoop/cli/dist/main.js' },
    });
    const was = await rig.sh(TRACES);
    expect((await rig.as('mallory', `${root} undo`)).stdout).toContain('this part of hoop setup is for root');
    expect((await rig.as('alice', `sudo ${root} apply 0 '${request}'`)).stdout).toContain('for themselves only');
    const own = request.replace('1001', '1000');
    expect((await rig.as('alice', `sudo ${root} apply 0 '${own}'`)).stdout).toContain('nothing was done');
    const evil = own.replace('/opt/hoop/node', '/x\\nExecStartPre=+/x');
    expect((await rig.as('alice', `sudo ${root} apply 0 '${evil}'`)).stdout).toContain(
      'cannot use what it was given as program',
    );
    expect(changes(was, await rig.sh(TRACES))).toEqual([]);
  });

  test('a program on port 5432 of every address: the bare name comes back by one rule, for its owner alone', async () => {
    const holder = `${process.execPath} -e 'require("net").createServer((s) => s.end("a stranger")).listen(5432, "0.0.0.0")'`;
    await rig.sh(`systemctl stop hoop.service; systemd-run -q --unit=holder -p User=mallory ${holder}`);
    await rig.sh('until ss -ltn | grep -q 0.0.0.0:5432; do sleep 0.1; done; systemctl start hoop.service');
    const before = await listed();
    expect(before).toMatchObject({ state: 'blocked', reach: { byName: false } });
    // Meanwhile it is on a port of 127.0.0.1, where pages reach it, too.
    const { reach } = before;
    await attacked([{ host: 'localhost', ...reach }], (was, now) => {
      expect(now.refused.protocol - was.refused.protocol).toBeGreaterThanOrEqual(SENT.length);
    });
    const done = await rig.as('alice', 'hoop setup --only ports');
    expect([done.code, done.stderr]).toEqual([0, expect.stringContaining('hoop-ports.service')]);
    await works('the redirection');
    const { address } = before;
    // Not by the port behind it, and not by anybody else.
    const dial = (port: number) => `exec 3<>/dev/tcp/${address}/${port} && printf 'x' >&3 && timeout 5 cat <&3`;
    expect(await rig.as('alice', `bash -c '${dial(5378)}'`)).toMatchObject({
      stdout: '',
      stderr: expect.stringContaining('reset'),
    });
    expect(await rig.as('mallory', `bash -c '${dial(5432)}'`)).toMatchObject({
      stdout: '',
      stderr: expect.stringContaining('reset'),
    });
    expect(JSON.parse(await hoop('status --json')).refused.peers).toBeGreaterThanOrEqual(2);
  });

  test('a page in a real browser, whatever it rebinds to, gets no byte to an upstream by any port of hoop’s', async () => {
    const { connections, daemon } = await state();
    const listeners = connections.map(({ hostname, address, port }) => ({ host: hostname, address, port }));
    const behind = { ...listeners[0]!, host: listeners[0]!.address, port: 5378 };
    const resolver = { host: daemon.resolver!.address, address: daemon.resolver!.address, port: daemon.resolver!.port };
    // Somebody who leads a port to the local API's socket, as for a container.
    const lead = `require('net').createServer((s) => s.on('error', () => {}).pipe(require('net').connect('/run/user/1000/hoop/hoopd.sock')).pipe(s)).listen(7071, '127.0.0.1')`;
    await rig.sh(`systemd-run -q --unit=lead -p User=alice ${process.execPath} -e "${lead}"`);
    const api = { host: 'localhost', address: '127.0.0.1', port: 7071 };
    // A login that is under way has a port of its own.
    const login = await rig.started('alice', 'hoop login --no-browser --ca-file ca.pem 2>&1');
    const [, port] = await line(login, /127\.0\.0\.1%3A(\d+)/, 'hoop login');
    const callback = { host: 'localhost', address: '127.0.0.1', port: Number(port) };
    await attacked([...listeners, behind, resolver, api, callback], (was, now) => {
      expect(now.refused.protocol - was.refused.protocol).toBeGreaterThanOrEqual(SENT.length * listeners.length);
      expect(now.refused.peers - was.refused.peers).toBeGreaterThanOrEqual(SENT.length);
      expect(now.refused.api - was.refused.api).toBeGreaterThanOrEqual(SENT.length);
      expect(now.attempt).toMatchObject({ phase: 'browser' });
      expect(now.daemon.pid).toBe(was.daemon.pid);
    });
    const came = () => reached.split('\n').filter((one) => one.startsWith('"'));
    expect(came()).toEqual([]);
    // What no page can send does come there.
    await rig.as('alice', `bash -c 'exec 3<>/dev/tcp/raw.hoop/9000; echo >&3; timeout 5 cat <&3'`);
    await vi.waitFor(() => expect(came()).toEqual(['"\\n"']));
    await rig.sh(`kill -INT $(pgrep -u alice -f '[m]ain.js login'); systemctl stop lead`);
    await works('a page’s attack');
  });

  test('the redirection stays by whatever is restarted, and goes with its unit', async () => {
    await rig.sh('systemctl restart nftables.service; systemctl daemon-reload');
    await works('nftables restarted');
    await rig.sh('systemctl stop holder');
    await works('the other program’s end');
    await rig.sh('systemctl restart hoop.service');
    await works('a restart without it');
    await rig.sh('systemctl stop hoop-ports.service');
    await works('an end of the redirection');
    await rig.sh('systemctl start hoop-ports.service');
    await works('its beginning');
  });

  test('a CA of the laptop’s own: psql verifies, the machine’s store and browsers believe it, for .hoop alone', async () => {
    const ca = '/home/alice/.local/state/hoop/ca.pem';
    const done = await rig.as('alice', 'hoop setup --only ca');
    console.log(done.stderr);
    expect(done.code).toBe(0);
    const verified = await rig.as(
      'alice',
      `psql 'host=pg-prod.hoop sslmode=verify-full sslrootcert=${ca}' -Atc 'select 1'`,
    );
    expect(verified).toMatchObject({ code: 0, stdout: '1\n' });
    expect(await hoop('show pg-prod')).toContain(`sslrootcert=${ca}`);
    const client = 'openssl s_client -starttls postgres -connect pg-prod.hoop:5432 -verify_return_error -brief';
    const asked = (host: string) => rig.as('alice', `${client} -verify_hostname ${host} </dev/null 2>&1`);
    expect((await asked('pg-prod.hoop')).stdout).toContain('Verification: OK');
    expect((await asked('example.com')).stdout).not.toContain('Verification: OK');
    expect((await rig.as('alice', 'certutil -L -d sql:.pki/nssdb')).stdout).toMatch(/hoop local CA +C,,/);
    expect(await rig.sh('ls -A /home/alice; cat /home/alice/.local/state/hoop/*')).not.toMatch(
      /PRIVATE KEY|\.postgresql/,
    );
  });

  test.each(['reboot', 'crash'] as const)('%s', async (how) => {
    const from = performance.now();
    const ms = await rig[how]();
    console.log(`${how}: ${Math.round(ms)} ms`);
    await works(how, from);
    await rig.sh('resolvectl dns wan0 10.77.1.2; resolvectl default-route wan0 yes');
    overheard = '';
    expect(await resolves('nobody.hoop')).toBe('');
    expect(overheard).not.toContain('.hoop');
  });

  test('an upgrade in place: the new program runs, with what the shell says by now', async () => {
    await rig.sh('mv /opt/hoop/cli /opt/hoop/old; cp -r /opt/hoop/old /opt/hoop/cli; rm -r /opt/hoop/old');
    await hoop('daemon restart');
    await works('an upgrade');
    const again = await rig.as('alice', 'hoop setup --only service', { HOOP_LOG: 'debug' });
    expect([again.code, again.stderr]).toEqual([0, expect.stringContaining('systemctl restart hoop.service')]);
    const pid = (await rig.sh('systemctl show -P MainPID hoop.service')).trim();
    expect(await rig.sh(`systemctl show -P Environment hoop.service; ps -o user= -p ${pid}`)).toMatch(
      /HOOP_LOG=debug.*alice/s,
    );
    await works('a new set-up');
  });

  test('undo leaves nothing, twice', async () => {
    const done = await rig.as('alice', 'hoop setup --undo');
    console.log(done.stderr);
    expect(done.code).toBe(0);
    expect((await rig.as('alice', 'hoop setup --undo')).stderr).toContain('nothing to undo');
    expect(changes(before, await rig.sh(TRACES))).toEqual([]);
  });

  test.each([
    ['yes and the usual', '\r', false],
    ['yes and yes', 'y\r', true],
  ])('%s at the terminal, and undone', async (_, toCa, makes) => {
    const done = await rig.typed('alice', 'hoop setup', [
      [PLAN, '\r'],
      [CA, toCa],
    ]);
    expect([done.code, wide(done.stdout)]).toEqual([0, []]);
    expect((await rig.in('test', '-e', '/home/alice/.local/state/hoop/ca.pem')).code === 0).toBe(makes);
    await works('a set-up at a terminal');
    said(await rig.as('alice', 'hoop setup --undo'), 'undo');
    expect(changes(before, await rig.sh(TRACES))).toEqual([]);
  });

  test.each([
    ['hoop-resolver.service', 'kill'],
    ['hoop.service', 'kill'],
    ['hoop.service', 'crash'],
  ] as const)('a set-up that ends when %s is written (%s) is undone', async (unit, how) => {
    const half = rig.as('alice', 'hoop setup');
    await rig.sh(`until [ -e /etc/systemd/system/${unit} ]; do sleep 0.01; done`);
    if (how === 'crash') await rig.crash();
    else await rig.sh("kill -9 $(pgrep -f '^/opt/hoop/node .*[s]etup-root')");
    await half;
    await rig.sh('resolvectl dns wan0 10.77.1.2; resolvectl default-route wan0 yes');
    expect((await rig.in('ls', '/var/lib/hoop')).stdout).toBe('setup.json\n');
    said(await rig.as('alice', 'hoop setup --undo'), 'undo');
    await hoop('daemon stop');
    expect(changes(before, await rig.sh(TRACES))).toEqual([]);
  });

  /** Other ways in which a machine finds names; `begin` and `end` change it and change it back. */
  test.each<[string, { begin: string; end: string; says: string; leaks?: true }]>([
    [
      'dnsmasq',
      {
        begin: `systemctl mask --runtime --now -q systemd-resolved; rm /etc/systemd/system/dnsmasq.service; systemctl daemon-reload
          printf 'no-resolv\nserver=10.77.1.2\nlisten-address=127.0.0.1\nbind-interfaces\n' >/etc/dnsmasq.d/network.conf
          rm /etc/resolv.conf; echo nameserver 127.0.0.1 >/etc/resolv.conf; systemctl start dnsmasq`,
        end: 'systemctl stop dnsmasq; rm /etc/dnsmasq.d/network.conf; ln -s /dev/null /etc/systemd/system/dnsmasq.service; systemctl daemon-reload',
        says: 'write /etc/dnsmasq.d/hoop.conf',
      },
    ],
    [
      'NetworkManager with a dnsmasq of its own',
      {
        begin: `rm /etc/systemd/system/NetworkManager.service /etc/resolv.conf; touch /etc/resolv.conf; systemctl daemon-reload
          printf '[main]\ndns=dnsmasq\nrc-manager=file\n' >/etc/NetworkManager/conf.d/dns.conf; systemctl start NetworkManager
          nmcli con add type ethernet ifname wan0 con-name wan ipv4.method manual ipv4.addresses 10.77.1.1/24 ipv4.gateway 10.77.1.2 ipv4.dns 10.77.1.2
          nmcli con up wan; until grep -q 127.0 /etc/resolv.conf; do sleep 0.1; done`,
        end: 'systemctl stop NetworkManager; rm /etc/NetworkManager/conf.d/dns.conf /etc/NetworkManager/system-connections/*; ln -s /dev/null /etc/systemd/system/NetworkManager.service; systemctl daemon-reload',
        says: 'write /etc/NetworkManager/dnsmasq.d/hoop.conf',
      },
    ],
    [
      'no resolver that can be told',
      {
        begin: 'rm /etc/resolv.conf; echo nameserver 10.77.1.2 >/etc/resolv.conf',
        end: 'true',
        says: 'mark lines in /etc/hosts',
        leaks: true,
      },
    ],
  ])('%s', async (_, { begin, end, says, leaks }) => {
    await hoop('ls');
    await rig.sh(begin);
    const was = await rig.sh(TRACES);
    const { address } = await listed();
    const done = await rig.as('alice', 'hoop setup');
    expect([done.code, done.stderr]).toEqual([0, expect.stringContaining(says)]);
    await works(says);
    overheard = '';
    expect(await resolves('pg-prod.hoop')).toBe(address);
    expect(await resolves('www.example.com')).toBe('10.9.9.9');
    if (!leaks) {
      await hoop('daemon stop');
      // What was asked before may be remembered for its TTL, 5 s.
      for (const until = Date.now() + 10_000; (await resolves('pg-prod.hoop')) !== ''; )
        expect(Date.now()).toBeLessThan(until);
      expect(await resolves('x.hoop')).toBe('');
      await hoop('ls');
    }
    expect(overheard).not.toContain('pg-prod.hoop');
    expect(overheard.includes('x.hoop')).toBe(false);
    said(await rig.as('alice', 'hoop setup --undo'), 'undo');
    expect(changes(was, await rig.sh(TRACES))).toEqual([]);
    await rig.sh(end);
  });

  test('after a logout and an undo, the home is as it was before hoop', async () => {
    await rig.crash();
    said(await rig.as('alice', 'hoop login --ca-file ca.pem', { BROWSER: '/home/alice/browser' }), 'hoop login');
    said(await rig.as('alice', 'hoop setup'), 'hoop setup');
    expect((await rig.as('alice', 'hoop setup --undo')).stderr).toContain('after hoop logout');
    await hoop('logout');
    expect((await rig.as('alice', 'hoop setup --undo')).code).toBe(0);
    expect(changes(home, await rig.sh(HOME))).toEqual([]);
    expect(await rig.sh('pgrep -x hoopd || true')).toBe('');
  });
});
