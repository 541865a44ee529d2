import { existsSync, readdirSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import type { Environment } from '../environment.js';
import { keychainError } from '../keychain/errors.js';
import { openKeychain } from '../keychain/keychain.js';
import { lockOf } from '../keychain/lock.js';
import { textOf } from '../setup/system.js';

/** Whether this machine speaks IPv6; undefined where that is not told (sysctl net.ipv6, Linux' ip-sysctl). */
export function hasIPv6(platform: NodeJS.Platform, read = textOf): boolean | undefined {
  if (platform !== 'linux') return undefined;
  if (read('/proc/net/if_inet6') === undefined) return false;
  return read('/proc/sys/net/ipv6/conf/all/disable_ipv6')?.trim() !== '1';
}

/** `Debian GNU/Linux 12 (bookworm), 6.1.0` (os-release(5)). */
export function systemName(platform: NodeJS.Platform): string {
  const name = /^PRETTY_NAME="?([^"\n]*)/m.exec(textOf('/etc/os-release') ?? '')?.[1];
  return `${name ?? platform}, ${release()}`;
}

/** Where Firefox keeps its profiles; a snap's and a flatpak's are elsewhere. */
const FIREFOX = [
  '.mozilla/firefox',
  'snap/firefox/common/.mozilla/firefox',
  '.var/app/org.mozilla.firefox/.mozilla/firefox',
  'Library/Application Support/Firefox/Profiles',
];
const CHROMES: Record<string, string> = {
  '.config/google-chrome/Local State': 'Chrome',
  '.config/chromium/Local State': 'Chromium',
  '.config/microsoft-edge/Local State': 'Edge',
  'Library/Application Support/Google/Chrome/Local State': 'Chrome',
};

/**
 * Browsers that ask names over HTTPS of somebody else, and so never the system: Firefox with network.trr.mode 3 (only) or 2
 * (first), Chrome's kind with dns_over_https.mode `secure`. By their own files, of which nothing else is read.
 */
export function secretiveBrowsers(home: string): string[] {
  const prefs = FIREFOX.flatMap((folder) => profilesIn(join(home, folder)));
  const found = prefs.some((path) => /user_pref\("network\.trr\.mode",\s*[23]\)/.test(textOf(path) ?? ''))
    ? ['Firefox']
    : [];
  for (const [path, name] of Object.entries(CHROMES)) {
    if (/"dns_over_https":\{[^}]*"mode":"secure"/.test(textOf(join(home, path)) ?? '')) found.push(name);
  }
  return found;
}

const profilesIn = (folder: string): string[] =>
  existsSync(folder) ? readdirSync(folder).map((profile) => join(folder, profile, 'prefs.js')) : [];

/** What stands between hoop and the keychain; undefined if it works. Never waits for a person, and prompts for nothing. */
export async function keychainTrouble(
  variables: Environment['variables'],
): Promise<{ code: string; message: string } | undefined> {
  const environment = { ...variables };
  const lock = await lockOf(environment, DEADLINE);
  if (lock === 'locked') return keychainError('keychain-locked');
  if (lock === 'no-collection') return keychainError('keychain-no-collection');
  // With what is known to be open, or cannot be asked, one real call tells the rest; nothing is kept under that account.
  const keychain = openKeychain({
    service: 'hoop',
    environment,
    deadlines: { call: DEADLINE, unlock: DEADLINE, look: DEADLINE },
  });
  return keychain.get('doctor').then(
    () => undefined,
    (error: { code: string; message: string }) => error,
  );
}
const DEADLINE = 5_000;
