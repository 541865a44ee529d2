import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { finished, said as line } from '../src/world/index.js';
import { type CompanyLine, logIn, makeAlice } from './rig/person.js';
import { Rig, ROOT, rigMissing, said } from './rig/rig.js';
import { changes, TRACES } from './rig/traces.js';

/** The package on a laptop with systemd: installed, set up, broken and mended as `hoop doctor` says, purged. */

const missing = rigMissing();
const title = `the package on a laptop with systemd${missing === undefined ? '' : ` (${missing})`}`;

interface Finding {
  check: string;
  state: string;
  says: string;
  mend?: string;
}

describe.skipIf(missing !== undefined)(title, () => {
  let rig: Rig;
  let folder: string;
  let before = '';
  let company: CompanyLine;

  beforeAll(async () => {
    mkdirSync(join(ROOT, '.tools'), { recursive: true });
    // Where the laptop sees it, too.
    folder = mkdtempSync(join(ROOT, '.tools/installed-'));
    const build = spawn(join(ROOT, 'installers/build'), ['--out', folder, 'deb'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    said(await finished(build, 300_000), 'installers/build');
    rig = await Rig.boot();
    await makeAlice(rig);
    // Not ours: where everything of hers keeps its state, and apt its lists.
    await rig.sh(
      'install -d -o alice -g alice -m 700 /home/alice/.local /home/alice/.local/state; install -d -o _apt /var/lib/apt/lists/auxfiles',
    );
    before = await rig.sh(TRACES);
  }, 400_000);
  afterAll(async () => {
    await rig?.end();
    rmSync(folder, { recursive: true, force: true });
  }, 120_000);

  const deb = () => readdirSync(folder).find((name) => name.endsWith('.deb')) ?? '';
  const psql = () =>
    rig.as('alice', `psql 'host=pg-prod.hoop connect_timeout=10' -Atc 'select count(*) from customers'`);
  const works = async () => {
    for (let tries = 0; tries < 40; tries++) if ((await psql()).stdout === '10000\n') return;
    throw new Error((await psql()).stderr);
  };
  const findings = async () =>
    (JSON.parse((await rig.as('alice', 'hoop doctor --json')).stdout) as { findings: Finding[] }).findings;
  const names = async () => (await findings()).find(({ check }) => check === 'names');

  const login = async () => said(await logIn(rig, company, readFileSync(company.caFile, 'utf8')), 'hoop login');
  /** What set-up leaves where nothing of hoop's was before: one hoopd, the unit's, in folders of hers alone. */
  const keptByItsUnit = async () => {
    expect(await rig.sh('pgrep -x hoopd')).toBe(await rig.sh('systemctl show -P MainPID hoop.service'));
    expect(await rig.sh('systemctl show -P NRestarts hoop.service')).toBe('0\n');
    expect(await rig.sh('stat -c "%U %a" /home/alice/.local/state/hoop')).toBe('alice 700\n');
  };

  test('apt install, setup before all else as it says, login, psql by name; the doctor finds nothing', async () => {
    const installed = await rig.sh(`apt-get install -qq ${join(folder, deb())} 2>&1`);
    expect(installed).toMatch(/^next, as yourself, not as root: hoop setup\r?$/m);
    // Nothing is done to the machine by the package alone.
    expect(await rig.sh('systemctl list-unit-files --no-legend hoop*; ls -d /var/lib/hoop 2>&1 || true')).not.toContain(
      'enabled',
    );
    const held = rig.beside('laptop', [
      process.execPath,
      join(ROOT, 'packages/testkit/dist/company.js'),
      ROOT,
      join(folder, 'world'),
    ]);
    const [json] = await line(held, /\{.*\}/, 'the company', 60_000);
    company = JSON.parse(json) as CompanyLine;
    said(await rig.as('alice', 'hoop setup'), 'hoop setup');
    await keptByItsUnit();
    said(await rig.as('alice', 'hoop daemon restart'), 'hoop daemon restart');
    await keptByItsUnit();
    await login();
    await works();
    expect((await findings()).filter(({ state }) => state !== 'ok')).toEqual([]);
    expect(await rig.sh('systemctl show -P ExecStart hoop.service')).toContain('/usr/lib/hoop/bin/node');
  }, 120_000);

  test('undone without a login, which takes the folders too, and set up again', async () => {
    said(await rig.as('alice', 'hoop logout && hoop setup --undo'), 'hoop setup --undo');
    expect((await rig.in('test', '-e', '/home/alice/.local/state/hoop')).code).toBe(1);
    said(await rig.as('alice', 'hoop setup'), 'hoop setup');
    await keptByItsUnit();
    await login();
    await works();
  }, 60_000);

  test('installed again, as by an upgrade: hoopd is the new one, and still set up', async () => {
    const pid = await rig.sh('systemctl show -P MainPID hoop.service');
    const again = await rig.sh(`apt-get install -qq --reinstall ${join(folder, deb())} 2>&1`);
    expect(again).not.toContain('hoop setup');
    expect(await rig.sh('systemctl show -P MainPID hoop.service')).not.toBe(pid);
    await works();
  });

  /** What breaks the names, what the doctor says of it, and that what it says mends them. */
  test.each<[string, string, RegExp]>([
    ['the link to hoopd is gone', 'ip link del hoop0', /^the link hoop0, which leads to hoopd, is gone$/],
    [
      'a VPN claims our domain',
      'ip link add vpn0 type bridge; ip addr add 10.99.0.1/24 dev vpn0; ip link set vpn0 up; resolvectl dns vpn0 10.99.0.2; resolvectl domain vpn0 "~hoop"; ip link set hoop0 down',
      /^the link vpn0 takes \*\.hoop for itself$/,
    ],
    [
      'a VPN writes resolv.conf',
      `sed -i '/^hosts:/s/resolve \\[[^]]*\\]//' /etc/nsswitch.conf; rm /etc/resolv.conf; printf '# Generated by vpnc\\nnameserver 10.77.1.2\\n' >/etc/resolv.conf`,
      /^\/etc\/resolv\.conf \(“Generated by vpnc”\) goes past systemd-resolved, to 10\.77\.1\.2: a VPN, it seems$/,
    ],
  ])('%s', async (_, breaks, says) => {
    await rig.sh(`cp -P /etc/resolv.conf /etc/nsswitch.conf /run/; ${breaks}`);
    const found = await names();
    expect(found?.says).toMatch(says);
    await rig.sh(
      `${(found?.mend ?? 'false').replace(/^sudo /, '')}; ip link set hoop0 up; ip link del vpn0 2>/dev/null || true`,
    );
    expect(await names()).toMatchObject({ state: 'ok' });
    await works();
    await rig.sh(
      'rm /etc/resolv.conf; cp -P /run/resolv.conf /run/nsswitch.conf /etc/; rm /run/resolv.conf /run/nsswitch.conf',
    );
  });

  test('purged while it is set up and runs: nothing is left', async () => {
    await rig.sh('apt-get purge -qq hoop 2>&1');
    expect(await rig.sh('pgrep -x hoopd || true')).toBe('');
    await rig.sh('rm -rf /home/alice/ca.pem /home/alice/password /home/alice/browser');
    expect(changes(before, await rig.sh(TRACES))).toEqual([]);
  });
});
