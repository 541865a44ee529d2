import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Account } from './account.js';
import { said } from './output.js';
import type { Processes } from './processes.js';
import type { Programs } from './programs.js';

/** Why a laptop can have no keyring here, and the cure; undefined if it can. */
export function keyringMissing(packages: string): { why: string; cure: string } | undefined {
  if (process.platform !== 'linux') return { why: 'a keyring of its own needs D-Bus', cure: 'run it on Linux' };
  for (const [program, debian] of [
    ['gnome-keyring-daemon', 'gnome-keyring'],
    ['dbus-daemon', 'dbus-daemon'],
  ] as const)
    if (!found(program)) return { why: `${program} not installed`, cure: `sudo apt install ${debian}` };
  if (!keytarBuilt(packages))
    return { why: 'keytar is not built', cure: 'sudo apt install libsecret-1-dev g++ make python3 pkg-config' };
  return undefined;
}

export function found(program: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(':');
  return folders.map((folder) => join(folder, program)).find((path) => path.startsWith('/') && existsSync(path));
}

/** The folder of keytar as `platform` has it. */
export const keytarFolder = (packages: string) => join(packages, 'platform/node_modules/keytar');
function keytarBuilt(packages: string): boolean {
  const release = join(keytarFolder(packages), 'build/Release');
  return existsSync(release) && readdirSync(release).includes('keytar.node');
}

export interface KeyringOptions {
  person: string;
  runtime: string;
  home: string;
  env: NodeJS.ProcessEnv;
  account: Account | undefined;
  programs: Programs;
  processes: Processes;
  log: string;
}

/** A D-Bus session and in it an unlocked gnome-keyring, both of this laptop alone. Answers the bus's address. */
export async function startKeyring(options: KeyringOptions): Promise<string> {
  const { person, runtime, home, account, processes, log } = options;
  const env = { ...options.env };
  const socket = `unix:path=${join(runtime, 'bus')}`;
  const bus = processes.start({
    name: `${person}-dbus`,
    argv: ['dbus-daemon', '--session', '--nofork', '--print-address=1', `--address=${socket}`],
    ...{ env, account, log, cwd: home },
  });
  bus.stdin?.end();
  const [address] = await said(bus, /unix:\S+/, 'dbus-daemon');
  const keyring = processes.start({
    name: `${person}-keyring`,
    argv: [
      'gnome-keyring-daemon',
      '--foreground',
      '--unlock',
      '--components=secrets',
      `--control-directory=${join(runtime, 'keyring')}`,
    ],
    ...{ env: { ...env, DBUS_SESSION_BUS_ADDRESS: address }, account, log, cwd: home },
  });
  keyring.stdin?.end('laptop-password');
  // Printed once it serves: the environment that a session would take over.
  await said(keyring, /GNOME_KEYRING_CONTROL=|SSH_AUTH_SOCK=|\n/, 'gnome-keyring-daemon').catch(() => {});
  return address;
}

export const keyringVersion = () => {
  const text = execFileSync('gnome-keyring-daemon', ['--version'], { encoding: 'utf8' });
  return /\d+(\.\d+)+/.exec(text)?.[0] ?? '';
};
