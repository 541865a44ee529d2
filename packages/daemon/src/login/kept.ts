import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_PROFILE, isProfileName, ownFolder, profileFolder, profilesFolder } from '@hoop/platform';
import * as z from 'zod';
import type { KeptProfiles } from '../profiles.js';
import { LIST } from '../sync/last.js';
import { type AboutLogin, loginCredentials } from './index.js';
import { gatewayFile, type KnownGateway, ownFile } from './remembered.js';

const Chosen = z.strictObject({ default: z.string() });
/** A profile is one that somebody has logged in to. */
const FILES = ['login.json', 'gateway.json'];

/** Profiles as folders: `default` is the state folder itself, each other one lies in `profiles`; `profiles.json` has the choice. */
export function profilesIn(about: Omit<AboutLogin, 'profile' | 'rivals'>): KeptProfiles {
  const { stateFolder, uid, log } = about;
  const chosen = ownFile(stateFolder, 'profiles.json', uid, Chosen);
  const folders = () => foldersIn(profilesFolder(stateFolder));
  const rivalsOf = (profile: string) =>
    [DEFAULT_PROFILE, ...folders().filter(isProfileName)]
      .filter((name) => name !== profile)
      .flatMap((name) => knownIn(profileFolder(stateFolder, name), uid).map((known) => ({ ...known, profile: name })));
  return {
    names: () => {
      const found = folders();
      for (const name of found.filter((one) => !isProfileName(one)))
        log('warn', 'a profile has no name that DNS takes: log in to it by another name', { name });
      return found.filter(isProfileName);
    },
    defaultName: () => {
      try {
        return chosen.read()?.default;
      } catch {
        log('warn', 'profiles.json cannot be read', {});
        return undefined;
      }
    },
    setDefault: (name) => (name === DEFAULT_PROFILE ? chosen.remove() : chosen.write({ default: name })),
    open: (profile) => loginCredentials({ ...about, profile, rivals: () => rivalsOf(profile) }),
    rename: (name, to) => {
      const [from, there] = [profileFolder(stateFolder, name), profileFolder(stateFolder, to)];
      for (const folder of [profilesFolder(stateFolder), there]) ownFolder(folder, uid);
      // The login last: whoever is interrupted before it has lost nothing.
      for (const file of [LIST, ...FILES.toReversed()].filter((one) => existsSync(join(from, one))))
        renameSync(join(from, file), join(there, file));
      if (name !== DEFAULT_PROFILE) rmSync(from, { recursive: true, force: true });
    },
    forget: (name) => rmSync(profileFolder(stateFolder, name), { recursive: true, force: true }),
  };
}

function foldersIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((one) => one.isDirectory() && FILES.some((file) => existsSync(join(folder, one.name, file))))
    .map(({ name }) => name);
}

/** None, where the file cannot be read: whoever logs in there next is told, and writes it anew. */
function knownIn(folder: string, uid: number): KnownGateway[] {
  try {
    const known = gatewayFile(folder, uid).read();
    return known === undefined ? [] : [known];
  } catch {
    return [];
  }
}
