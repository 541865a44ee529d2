import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { build, onBareDebian, onLaptop, place, ROOT, run, secondCheckout } from './built.ts';
import { asked, compare } from './elf.ts';

/** The packages as people get them: built twice, installed on a bare machine, used, removed. */

const folder = place();
const out = join(folder, 'out');
let sums: Map<string, string>;
beforeAll(async () => {
  sums = await build(ROOT, out);
}, 600_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const skip = process.getuid?.() === 0 ? undefined : 'machines of its own take root';

test('another checkout of the same sources gives the same bytes', async () => {
  const second = join(folder, 'elsewhere', 'second');
  secondCheckout(second);
  expect(await build(second, join(folder, 'second'))).toEqual(sums);
});

/** Debian's packages of what the binaries may ask for, and the newest symbols that the versions in Depends have. */
const LIBRARIES: Record<string, string> = {
  'libc.so.6': 'libc6',
  'libdl.so.2': 'libc6',
  'libm.so.6': 'libc6',
  'libpthread.so.0': 'libc6',
  'ld-linux-x86-64.so.2': 'libc6',
  'ld-linux-aarch64.so.1': 'libc6',
  'libstdc++.so.6': 'libstdc++6',
  'libgcc_s.so.1': 'libgcc-s1',
  'libatomic.so.1': 'libatomic1',
  'libsecret-1.so.0': 'libsecret-1-0',
  'libglib-2.0.so.0': 'libglib2.0-0',
};
/** glibc by its own number; GCC 7 has GLIBCXX_3.4.24 and CXXABI_1.3.11 (libstdc++ manual, ABI policy). */
const NEWEST: Record<string, string> = {
  GLIBC: '2.28',
  GLIBCXX: '3.4.24',
  CXXABI: '1.3.11',
  GCC: '4.2.0',
  LIBATOMIC: '1.0',
};

describe.each([
  ['hoop', ['bin/node', 'node_modules/keytar/build/Release/keytar.node']],
  ['hoop-gateway', ['bin/node']],
] as const)('%s', (name, binaries) => {
  test('depends on all that its binaries ask for, in versions that have it', () => {
    const deb = join(out, [...sums.keys()].find((one) => one.startsWith(`${name}_`)) ?? '');
    const files = join(folder, `${name}-files`);
    execFileSync('dpkg-deb', ['-x', deb, files]);
    const depends = execFileSync('dpkg-deb', ['-f', deb, 'Depends'], { encoding: 'utf8' });
    const names = depends.split(',').map((one) => one.trim().split(' ')[0]);
    for (const binary of binaries) {
      const { libraries, symbols } = asked(join(files, 'usr/lib', name, binary));
      expect(libraries.filter((one) => !names.includes(LIBRARIES[one] ?? one))).toEqual([]);
      expect([...symbols].filter(([family, version]) => compare(version, NEWEST[family] ?? '0') > 0)).toEqual([]);
    }
  });
});

test.skipIf(skip)('hoop: installed, used, upgraded, removed, purged: nothing is left', async () => {
  expect(await onBareDebian(out, 'hoop', 'laptop-life.sh')).toEqual([
    'install: 0',
    `version: {"version":"0.1.0","node":"${process.versions.node}"}`,
    'help: Usage: hoop [options] [command]',
    'keytar: function',
    'ls, logged out: exit 4',
    'daemon: daemon    hoopd 0.1.0',
    'resolver: "resolver":{"address":"127.77',
    'running: 1',
    'completion: -F _hoop hoop',
    'dpkg --verify: 0 differ',
    'upgrade: 0, running: 1',
    'remove: 0, running: 0',
    'again: 0',
    'purge: 0, 0 warnings',
    'left: 0',
  ]);
});

test.skipIf(skip)('the tarball: installed by a person and by root, over an older one, and taken back', async () => {
  const installed = `installed hoop 0.1.0 (Node ${process.versions.node})`;
  const home = '/home/alice/.local';
  expect(await onBareDebian(out, 'hoop', 'tarball-life.sh')).toEqual([
    `${installed} in ${home}; to take it back: ${home}/lib/hoop/uninstall.sh`,
    `      ${home}/bin is not in PATH`,
    'next: hoop setup',
    `as alice: hoop 0.1.0 (Node ${process.versions.node})`,
    'daemon       hoopd 0.1.0',
    `again: ${installed} in ${home}; to take it back: ${home}/lib/hoop/uninstall.sh`,
    'manual: .TH HOOP',
    `removed hoop from ${home}`,
    "left of alice's: 0",
    'running: 0',
    `${installed} in /usr/local; to take it back: /usr/local/lib/hoop/uninstall.sh`,
    `as root, for everybody: hoop 0.1.0 (Node ${process.versions.node})`,
    'removed hoop from /usr/local',
    "elsewhere: hoop: not a folder for programs: /opt/of it's",
    "over another's: hoop: /usr/local/lib/hoop is there, and not from this script",
    "left of root's: 0",
    'hoop: this machine cannot run it',
    'without libatomic: 0',
  ]);
});

test('the formula has the sums of the tarballs there are, and is Ruby', async (context) => {
  await run(join(ROOT, 'installers/build'), ['--out', out, '--url', 'https://releases.example.com', 'formula']);
  const path = join(out, 'hoop.rb');
  const tarball = [...sums].find(([name]) => name.endsWith('.tar.gz'));
  expect(readFileSync(path, 'utf8')).toContain(
    `url "https://releases.example.com/${tarball?.[0]}"\n      sha256 "${tarball?.[1]}"`,
  );
  if (spawnSync('which', ['ruby']).status !== 0) context.skip('ruby: not installed');
  expect(await run('ruby', ['-wc', path])).toBe('Syntax OK\n');
});

const RIG = ['mmdebstrap', 'mksquashfs', 'systemd-nspawn', 'ip'];
const lacking = RIG.filter((tool) => spawnSync('which', [tool]).status !== 0);

test.skipIf(skip || lacking.length > 0)(
  'hoop-gateway: a service of its own user, and nothing of it when purged',
  async () => {
    expect(await onLaptop(out, 'gateway-life.sh')).toEqual([
      'install: 0',
      "user: hoop-gateway:hoop's gateway:/var/lib/hoop-gateway:/usr/sbin/nologin",
      'without a configuration: inactive',
      'init: 0',
      'serving: active, 1 listening',
      // CAP_NET_BIND_SERVICE (capabilities(7)).
      'process: /usr/lib/hoop-gateway/bin/node as hoop-gateway, capabilities 0000000000000400',
      "socket, a command of root's: PERSON",
      "not the gateway's own: 0",
      'discovery: 200',
      'a debugger of SIGUSR1: 0, the same process: yes',
      'reload: 1',
      'after kill -9: active',
      'exposure: 1.4',
      'verify: 0',
      'upgrade: 0, active',
      'stopped: success, record intact',
      'remove: 0, environment gateway.yaml kept, 0 running',
      'purge: 0',
      'left: 0',
    ]);
  },
);
