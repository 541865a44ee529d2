import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { UserError } from '@hoop/core';
import type { Command } from './plan.js';
import { trustOn } from './roots.js';
import { type Run, runSystem, textOf } from './system.js';

/** What is known of a machine before it is set up. A plan is made of this alone; a table of machines is its test. */
export interface Machine {
  platform: NodeJS.Platform;
  person: Person;
  /** systemd is the first process (sd_booted(3)). */
  systemd: boolean;
  /** Whom programs ask for names. */
  names: 'resolved' | 'networkmanager' | 'dnsmasq' | 'macos' | 'other';
  /** NetworkManager runs, and would take care of a link of ours. */
  networkManager: boolean;
  /** polkit reads rules in JavaScript (since 0.106). */
  polkit: boolean;
  /** Programs of the system that are there, of those that plans use. */
  programs: readonly string[];
  /** Text of the files at our paths. */
  files: Readonly<Record<string, string>>;
  /** Units of ours that run. */
  active: readonly string[];
  /** How this system keeps the roots that it trusts. */
  roots: 'debian' | 'redhat' | 'suse' | 'arch' | 'macos' | undefined;
  /** Folders of the person's NSS stores (browsers), if certutil is here to write to them. */
  nss: readonly string[];
  /** Javas with a store of their own; `own`: the person's; `foreign`: root would run what somebody else may change. */
  javas: readonly { home: string; own: boolean; foreign?: true }[];
}

export interface Person {
  uid: number;
  gid: number;
  name: string;
  home: string;
}

/** What is looked at. Everything in it may be read by anybody: the person's look and root's see the same. */
export interface Sight {
  platform: NodeJS.Platform;
  run: Run;
  text(path: string): string | undefined;
  exists(path: string): boolean;
  /** Names in a folder; none if it cannot be read. */
  list(path: string): string[];
  /** Where a path leads. */
  real(path: string): string;
}
export const sight = (): Sight => ({
  platform: process.platform,
  run: runSystem,
  text: textOf,
  exists: existsSync,
  list: (path) => (statSync(path, { throwIfNoEntry: false })?.isDirectory() ? readdirSync(path).sort() : []),
  real: (path) => realpathSync(path),
});

export interface Known {
  files: readonly string[];
  units: readonly string[];
  programs: readonly string[];
}

export function lookAt(uid: number, { files, units, programs }: Known, see: Sight = sight()): Machine {
  const linux = see.platform === 'linux';
  const ends = (...command: Command) => see.run(command).code === 0;
  const systemd = linux && see.exists('/run/systemd/system');
  const runs = (unit: string) => systemd && ends('systemctl', 'is-active', '--quiet', unit);
  const networkManager = runs('NetworkManager.service');
  const person = personOf(uid, see);
  return {
    platform: see.platform,
    person,
    ...trustOn(see, person),
    systemd,
    names: see.platform === 'darwin' ? 'macos' : namesOf(see, runs, networkManager),
    networkManager,
    polkit: linux && see.exists('/usr/share/polkit-1/rules.d'),
    programs: programs.filter((name) => FOLDERS.some((folder) => see.exists(`${folder}/${name}`))),
    files: Object.fromEntries(
      files.flatMap((path) => {
        const text = see.text(path);
        return text === undefined ? [] : [[path, text]];
      }),
    ),
    active: units.filter(runs),
  };
}

const FOLDERS = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'];

function namesOf(see: Sight, runs: (unit: string) => boolean, networkManager: boolean): Machine['names'] {
  const resolvConf = see.text('/etc/resolv.conf') ?? '';
  const asked = stubbed(resolvConf) || asksResolve(see.text('/etc/nsswitch.conf') ?? '');
  // To ask it would start it.
  if (asked && runs('systemd-resolved.service')) return 'resolved';
  if (!/^\s*nameserver\s+127\./m.test(resolvConf)) return 'other';
  // NetworkManager.conf(5): with dns=dnsmasq it runs one of its own, which reads snippets of NetworkManager's.
  if (networkManager && /^\s*dns=dnsmasq\b/m.test(see.run(['NetworkManager', '--print-config']).stdout))
    return 'networkmanager';
  return runs('dnsmasq.service') && see.exists('/etc/dnsmasq.d') ? 'dnsmasq' : 'other';
}

/** systemd-resolved(8): its stubs listen on these two. */
const stubbed = (resolvConf: string) => /^\s*nameserver\s+127\.0\.0\.5[34]\b/m.test(resolvConf);
const asksResolve = (nsswitch: string) => /^\s*hosts:.*\bresolve\b/m.test(nsswitch);

/** By the system's own books (getent(1), on macOS id(1) and dscl(1)), which know accounts that no file here has. */
function personOf(uid: number, see: Sight): Person {
  if (see.platform === 'darwin') {
    const name = see.run(['id', '-un', String(uid)]).stdout.trim();
    const home = /^NFSHomeDirectory: (.+)$/m.exec(
      see.run(['dscl', '.', '-read', `/Users/${name}`, 'NFSHomeDirectory']).stdout,
    )?.[1];
    const gid = Number(see.run(['id', '-g', String(uid)]).stdout);
    return known(uid, { uid, gid, name, home: home ?? '' });
  }
  const [name = '', , , gid, , home = ''] = see
    .run(['getent', 'passwd', String(uid)])
    .stdout.trim()
    .split(':');
  return known(uid, { uid, gid: Number(gid), name, home });
}

function known(uid: number, person: Person): Person {
  const plain = /^[\w.@+\\-]+$/.test(person.name) && /^\/[\w .@+/-]*$/.test(person.home);
  if (plain && Number.isInteger(person.gid)) return person;
  throw new UserError('setup-person', `this machine has no account with user id ${uid} that hoop can be set up for`);
}
