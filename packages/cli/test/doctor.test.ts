import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planPaths } from '@hoop/platform';
import { describe, expect, test } from 'vitest';
import { linesOf } from '../src/commands/doctor.js';
import type { Facts, Names, Sight, Way } from '../src/doctor/facts.js';
import { diagnose } from '../src/doctor/index.js';
import { reportText } from '../src/doctor/report.js';
import { blocked, hoop, login, machineAt, NOW, pg, state } from './stage.js';

const WAY: Way = {
  gateway: 'https://gw.example',
  addresses: ['192.0.2.1'],
  certificate: { issuer: 'Example CA', root: 'Example CA', until: NOW + 86_400_000 },
  ahead: 400,
};
const OURS = { address: '127.77.3.1', port: 12 };
const ANSWER = '127.9.8.7';
const NAMES: Names = {
  setUp: true,
  route: OURS,
  troubles: [],
  ours: OURS,
  canary: { name: '_canary-1.hoop', seen: ANSWER, own: ANSWER },
  each: [{ hostname: 'pg-prod.hoop', address: '127.77.3.2', seen: '127.77.3.2', hosts: [] }],
  resolvConf: { servers: ['127.0.0.53'], signed: undefined },
  local: undefined,
  routed: [{ link: 'hoop0', domains: ['~hoop'] }],
};
const well = state({ connections: [pg] });
const facts = (more: Partial<Facts> = {}): Facts => ({
  ...{
    now: NOW,
    platform: 'linux',
    uid: 1000,
    version: '0.1.0',
    keeper: undefined,
    daemon: well,
    way: WAY,
    otherWays: {},
  },
  listeners: [{ connection: pg, holder: { pid: 4711, program: 'hoopd', address: pg.address, uid: 1000 } }],
  ...{ names: NAMES, ipv6: true, secretive: [], keychain: undefined },
  ...more,
});
const wrong = (more: Partial<Facts>) =>
  diagnose(facts(more))
    .filter(({ state }) => state !== 'ok')
    .map(({ state, check, says, mend }) => `${state} ${check}: ${says} → ${mend}`);

test('a machine that is well has nothing but ok', () => {
  expect(wrong({})).toEqual([]);
  expect(diagnose(facts()).map(({ check }) => check)).toEqual([
    ...['daemon', 'login', 'certificate', 'clock', 'gateway', 'tls', 'listener pg-prod', 'names', 'ipv6', 'keychain'],
  ]);
});

test('other profiles: their logins and gateways too, by their names', () => {
  const { login: _, ...ours } = well;
  const acme = { ...login, gateway: 'https://gw.acme.example', state: 'expired' as const };
  const daemon = {
    ...state({ connections: [pg] }),
    profiles: [
      { name: 'default', isDefault: true, login, attempt: null, gateway: ours.gateway, needs: null },
      { name: 'acme', isDefault: false, login: acme, attempt: null, gateway: null, needs: null },
      { name: 'old', isDefault: false, login: null, attempt: null, gateway: null, needs: null },
    ],
  };
  const ended = { at: 'connection', code: 'ECONNREFUSED' } as const;
  expect(wrong({ daemon, otherWays: { acme: { gateway: 'https://gw.acme.example', addresses: [], ended } } })).toEqual([
    'fail login acme: the login of alice@shop.example has ended → hoop login https://gw.acme.example --profile acme',
    'fail gateway acme: https://gw.acme.example cannot be reached: nothing listens there → ask whoever runs gw.acme.example',
  ]);
  const text = reportText({ versions: '', lines: '', facts: facts({ daemon }), logFile: '/nowhere' });
  for (const secret of ['alice', 'dba']) expect(text).not.toContain(secret);
});

describe('hoopd and the login', () => {
  const withLogin = (more: Partial<typeof login>, rest: object = {}) => ({
    daemon: state({ connections: [pg], login: { ...login, ...more }, ...rest }),
  });
  const failed = { id: 'renewal', phase: 'failed', error: { code: 'x', message: 'the IdP is away' } } as const;
  test.each<[string, Partial<Facts>, string]>([
    [
      'upgraded',
      { version: '0.2.0' },
      'warn daemon: hoopd is 0.1.0, hoop is 0.2.0: one was upgraded → hoop daemon restart',
    ],
    [
      'kept by systemd, and silent',
      { daemon: 'silent', keeper: 'systemd', names: undefined, listeners: [] },
      'fail daemon: hoopd runs, but does not answer → hoop daemon restart',
    ],
    [
      'kept by nobody, and silent: nobody else’s is ended',
      { daemon: 'silent', names: undefined, listeners: [] },
      'fail daemon: hoopd runs, but does not answer → pkill -KILL -u 1000 -x hoopd; hoop daemon start',
    ],
    [
      'a folder that hoopd cannot use, whether it runs or not',
      { daemon: 'down', folders: { message: 'the disk of /s is full', hint: 'make room there' } },
      'fail daemon: the disk of /s is full → make room there',
    ],
    [
      'asked as root, whose hoopd there is none',
      { daemon: 'down', uid: 0, names: undefined, listeners: [] },
      'fail daemon: hoopd does not run → ask as yourself, not as root: hoop doctor',
    ],
    [
      'a first login under way',
      { daemon: state({ login: null, attempt: { id: '1', phase: 'browser' }, gateway: null }), way: undefined },
      'warn login: a login is under way → finish it in the browser; hoop login shows where',
    ],
    [
      'waiting for the keychain',
      { ...withLogin({ state: 'waiting-for-unlock' }), keychain: { code: 'keychain-locked', message: 'locked' } },
      'fail login: alice@shop.example: hoopd waits for the keychain to be unlocked → unlock the keychain, as at your desktop’s start; hoopd sees it by itself',
    ],
    [
      'a certificate that ended',
      withLogin({ state: 'renewing', certificateUntil: NOW - 300_000 }, { attempt: failed }),
      'fail certificate: it ended 5 min ago, and cannot be renewed: the IdP is away → hoop status --watch',
    ],
    [
      'a certificate that soon ends',
      withLogin({ state: 'renewing' }, { attempt: failed }),
      'warn certificate: for 10 min, and cannot be renewed: the IdP is away → hoop status --watch',
    ],
    [
      'a lease that ended',
      withLogin({ leaseUntil: NOW - 1000 }),
      "warn certificate: for 10 min, but the gateway's lease ended at 2026-01-02 03:04:04 UTC → hoop status --watch",
    ],
  ])('%s', (_, more, says) => {
    expect(wrong(more)[0]).toBe(says);
  });
});

test.each([
  ['a login that ended', { state: 'expired' as const }, undefined, ['fail login']],
  [
    'a locked keychain',
    { state: 'waiting-for-unlock' as const, certificateUntil: NOW - 1 },
    { code: 'keychain-locked', message: 'locked' },
    ['fail login', 'fail keychain'],
  ],
])('%s is no trouble of the gateway’s or of the certificate’s', (_, more, keychain, found) => {
  const gateway = { url: 'https://gw.example', state: 'offline' as const, since: NOW, warm: 0, error: 'no' };
  const daemon = state({ connections: [pg], login: { ...login, ...more }, gateway });
  expect(wrong({ daemon, keychain }).map((line) => line.split(':')[0])).toEqual(found);
});

describe('the way to the gateway', () => {
  const ended = (at: 'name' | 'connection' | 'tls', code: string, more: Partial<Way> = {}): Partial<Facts> => ({
    way: { gateway: 'https://gw.example', addresses: [], ended: { at, code }, ...more },
  });
  test.each<[string, Partial<Facts>, string]>([
    [
      'offline',
      ended('name', 'EAI_AGAIN'),
      'fail gateway: https://gw.example cannot be reached: no name server answers: is this machine offline? → connect this machine to a network; hoopd sees it by itself',
    ],
    [
      'IPv6 off, and the gateway has nothing else',
      { ...ended('connection', 'ENETUNREACH', { addresses: ['2001:db8::1'] }), ipv6: false },
      'fail gateway: https://gw.example has IPv6 addresses only, and IPv6 is off → sudo sysctl net.ipv6.conf.all.disable_ipv6=0',
    ],
    [
      'a proxy that says no',
      ended('connection', 'proxy', { proxy: 'proxy.example:3128' }),
      'fail gateway: https://gw.example cannot be reached through the proxy proxy.example:3128: it ends at the connection (proxy) → HTTPS_PROXY= hoop doctor',
    ],
    [
      'a clock ahead',
      { way: { ...WAY, ahead: 180_000 } },
      "fail clock: 3 min ahead of the gateway's → sudo timedatectl set-ntp true",
    ],
    [
      'reached from here, not by hoopd',
      {
        daemon: state({
          connections: [pg],
          gateway: { url: 'https://gw.example', state: 'offline', since: NOW, warm: 0, error: 'no way' },
        }),
      },
      'fail gateway: https://gw.example answers here, but not to hoopd: no way → hoop daemon restart',
    ],
    [
      'an inspecting proxy that the system trusts',
      { way: { ...WAY, proxy: 'px:8080', certificate: { issuer: 'Fortinet, FG100', root: 'Fortinet', until: NOW } } },
      "fail tls: the certificate of gw.example is issued by “Fortinet, FG100”: a proxy that inspects TLS (Fortinet) is in between, and hoop's own certificate cannot pass it → NO_PROXY=gw.example hoop daemon restart",
    ],
  ])('%s', (_, more, says) => {
    expect(wrong(more)[0]).toBe(says);
  });

  test('a certificate out of its time, on a machine whose clock is off: the clock is the cause', () => {
    const certificate = { ...WAY.certificate!, distrusted: 'CERT_HAS_EXPIRED' };
    expect(wrong({ way: { ...WAY, ahead: 9e9, certificate } }).map((line) => line.slice(0, 10))).toEqual([
      'fail clock',
      'warn tls: ',
    ]);
  });
});

describe('names', () => {
  const lost = (more: Partial<Names>): Partial<Facts> => ({
    names: { ...NAMES, canary: { ...NAMES.canary, seen: undefined }, each: [], ...more },
  });
  test.each<[string, Partial<Facts>, string]>([
    ['no resolver', lost({ ours: null }), "fail names: hoopd's resolver does not run → hoop daemon restart"],
    [
      'ours is silent',
      lost({ canary: { name: 'x', seen: undefined, own: undefined } }),
      "fail names: hoopd's resolver does not answer on 127.77.3.1:12 → hoop daemon restart",
    ],
    [
      'held by somebody else, who is named',
      lost({ ours: null, troubles: [{ code: 'resolver', message: 'held by a process of user id 7', hint: 'end it' }] }),
      'fail names: held by a process of user id 7 → end it',
    ],
    [
      'led elsewhere, though the answer comes through',
      { names: { ...NAMES, route: { ...OURS, port: 5377 } } },
      "fail names: *.hoop is asked on 127.77.3.1:5377, but hoopd's resolver is on 127.77.3.1:12 → hoop setup",
    ],
    [
      'led to where anybody may be',
      { names: { ...NAMES, troubles: [{ code: 'resolver-open', message: 'any user can', hint: 'hoop setup' }] } },
      'warn names: any user can → hoop setup',
    ],
    [
      'answered with what everybody knows',
      lost({ canary: { ...NAMES.canary, seen: OURS.address } }),
      'fail names: somebody else answers for *.hoop (127.77.3.1): a VPN, or a resolver that knows every name → hoop setup',
    ],
    [
      'not set up',
      lost({ setUp: false }),
      'warn names: *.hoop is not asked of hoopd: this machine is not set up → hoop setup',
    ],
    [
      'not set up, before any login, where only /etc/hosts could have the names',
      lost({ setUp: false, routed: undefined }),
      'warn names: *.hoop is not asked of hoopd: this machine is not set up → hoop login, then hoop setup',
    ],
    [
      'a VPN wrote resolv.conf',
      lost({ resolvConf: { servers: ['10.8.0.1'], signed: 'Generated by openvpn' } }),
      'fail names: /etc/resolv.conf (“Generated by openvpn”) goes past systemd-resolved, to 10.8.0.1: a VPN, it seems → sudo ln -sf /run/systemd/resolve/stub-resolv.conf /etc/resolv.conf',
    ],
    [
      'DNS over HTTPS of this machine',
      lost({ resolvConf: { servers: ['127.0.2.1'], signed: undefined }, local: 'dnscrypt-proxy on 127.0.2.1' }),
      'fail names: /etc/resolv.conf goes past systemd-resolved, to dnscrypt-proxy on 127.0.2.1: DNS of its own, over HTTPS perhaps → sudo ln -sf /run/systemd/resolve/stub-resolv.conf /etc/resolv.conf',
    ],
    [
      'a link that takes ours',
      lost({ routed: [...NAMES.routed!, { link: 'tun0', domains: ['~.', '~hoop'] }] }),
      "fail names: the link tun0 takes *.hoop for itself → sudo resolvectl domain tun0 ''",
    ],
    [
      'our link is gone',
      lost({ routed: [] }),
      'fail names: the link hoop0, which leads to hoopd, is gone → sudo systemctl restart hoop-resolver',
    ],
    [
      'somebody else answers',
      lost({ canary: { ...NAMES.canary, seen: '203.0.113.9' } }),
      'fail names: somebody else answers for *.hoop (203.0.113.9): a VPN, or a resolver that knows every name → hoop setup',
    ],
    [
      'by /etc/hosts',
      lost({ each: [{ ...NAMES.each[0]!, hosts: [{ line: 9, address: '127.77.3.2' }] }] }),
      'warn names: the names of the set-up are in /etc/hosts; newer ones are not → hoop setup',
    ],
    [
      'one name by somebody else',
      { names: { ...NAMES, each: [{ ...NAMES.each[0]!, seen: '10.0.0.1' }] } },
      'fail name pg-prod.hoop: resolves to 10.0.0.1, not to 127.77.3.2 → resolvectl flush-caches',
    ],
  ])('%s', (_, more, says) => {
    expect(wrong(more)).toEqual([says]);
  });
});

test('a listener of another program is named; hoopd’s own, which hides, is not', () => {
  const held = { pid: undefined, program: undefined, address: '0.0.0.0', uid: 0 };
  expect(wrong({ listeners: [{ connection: pg, holder: { ...held, uid: 1000 } }] })).toEqual([]);
  expect(wrong({ listeners: [{ connection: pg, holder: held }] })).toEqual([
    'fail listener pg-prod: 127.77.3.2:5432 is held by a process of user id 0, not by hoopd → hoop daemon restart',
  ]);
  expect(wrong({ listeners: [{ connection: blocked, holder: undefined }] })[0]).toContain('docker-proxy (pid 812)');
});

const sight = (more: Partial<Sight> = {}): Sight => ({
  askOurs: async () => ANSWER,
  canaryName: () => '_canary-1.hoop',
  hasIPv6: () => false,
  hostsLines: () => [],
  isSetUp: () => true,
  keychainTrouble: async () => undefined,
  lookUp: async (name) => (name === 'pg-prod.hoop' ? '127.77.3.2' : ANSWER),
  resolvConf: () => NAMES.resolvConf,
  routeIn: () => undefined,
  routedDomains: () => NAMES.routed,
  secretiveBrowsers: () => [],
  systemName: () => 'Debian',
  lookAtWay: async () => WAY,
  holderOf: async () => undefined,
  ...more,
});
const machine = { ...machineAt('/nowhere'), uid: 1000 };
const run = (args: string[], more: Partial<Sight> = {}, running = true) =>
  hoop(['doctor', ...args], { now: well, running, needs: { machine, sight: async () => sight(more) } });

describe('hoop doctor', () => {
  test('reads in 80 columns, with what mends below what is wrong', async () => {
    const { out, code } = await run([], {
      keychainTrouble: async () => ({ code: 'keychain-hangs', message: 'the keyring does not answer' }),
    });
    expect(code).toBe(1);
    expect(out).toMatchSnapshot();
    expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  test('without hoopd it says so first, looks at the rest, and exits as unreachable', async () => {
    const { out, code } = await run(['--json'], {}, false);
    const { findings } = JSON.parse(out);
    expect(code).toBe(69);
    expect(findings[0]).toEqual({
      check: 'daemon',
      state: 'fail',
      says: 'hoopd does not run',
      mend: 'hoop daemon start',
    });
    expect(findings.map((one: { check: string }) => one.check)).toEqual([
      'daemon',
      'clock',
      'gateway',
      'tls',
      'ipv6',
      'keychain',
    ]);
  });

  test('a name too long for its column, and words that mend, stay in 80 columns', () => {
    const check = `listener pg-${'x'.repeat(30)}.default`;
    const mend = 'unlock the keychain, as at your desktop’s start; hoopd sees it by itself';
    const lines = linesOf([
      { check, state: 'fail', says: 'held', mend },
      { check: 'listener pg-prod.default', state: 'ok', says: '127.77.3.2:5432' },
    ]);
    expect(lines).toBe(
      [
        `fail  ${check}`,
        '                                held',
        '                                → unlock the keychain, as at your desktop’s',
        '                                  start; hoopd sees it by itself',
        'ok    listener pg-prod.default  127.77.3.2:5432\n',
      ].join('\n'),
    );
  });

  test('tells of a config.yaml that a login would refuse', async () => {
    const home = mkdtempSync(join(tmpdir(), 'hoop-doctor-'));
    const own = machineAt(home);
    const paths = { ...planPaths(own), configFile: join(home, 'config.yaml') };
    writeFileSync(paths.configFile, 'gatway: https://x\n');
    const ran = await hoop(['doctor', '--json'], {
      now: well,
      needs: { machine: own, paths, sight: async () => sight() },
    });
    rmSync(home, { recursive: true });
    expect(ran.code).toBe(2);
    const { findings } = JSON.parse(ran.out) as { findings: { check: string }[] };
    expect(findings.find(({ check }) => check === 'config')).toEqual({
      ...{ check: 'config', state: 'fail', says: `${paths.configFile}:1: \`gatway\` is not a key` },
      mend: 'mend or remove the line; known: gateway, caFile, caFingerprint, loginStore, profiles',
    });
  });

  test('refuses a HOOP_PROFILE that there is none of', async () => {
    const needs = { machine, variables: { HOOP_PROFILE: 'nope' }, sight: async () => sight() };
    expect((await hoop(['doctor'], { now: well, needs })).code).toBe(2);
  });

  test('ends with 0 where nothing fails', async () => {
    expect(await run([])).toMatchObject({ code: 0, err: '' });
  });
});

test('a report leaves out who it is and where a login is finished', () => {
  const daemon = state({
    attempt: { id: '1', phase: 'device', url: 'https://idp.example/device?c=1', userCode: 'ABCD-EFGH' },
  });
  const text = reportText({
    versions: 'hoop',
    lines: 'ok login alice@shop.example\n',
    facts: facts({ daemon }),
    logFile: '/nowhere',
  });
  expect(text).toContain('ok login SOMEBODY');
  expect(text).not.toMatch(/alice|ABCD|idp\.example\/device/);
});
