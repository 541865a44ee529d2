import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isProfileName, profileFolder, profilesFolder } from '@hoop/platform';
import * as z from 'zod';
import type { KeptProfiles } from '../profiles.js';
import { type AboutLogin, loginCredentials } from './index.js';
import { ownFile } from './remembered.js';

const Chosen = z.strictObject({ default: z.string() });
/** A profile is one that somebody has logged in to. */
const FILES = ['login.json', 'gateway.json'];

/** Profiles as folders: `default` is the state folder itself, each other one lies in `profiles`; `profiles.json` has the choice. */
export function profilesIn(about: Omit<AboutLogin, 'profile'>): KeptProfiles {
  const { stateFolder, uid, log } = about;
  const chosen = ownFile(stateFolder, 'profiles.json', uid, Chosen);
  return {
    names: () => {
      const found = foldersIn(profilesFolder(stateFolder));
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
    setDefault: (name) => chosen.write({ default: name }),
    open: (profile) => loginCredentials({ ...about, profile }),
    forget: (name) => rmSync(profileFolder(stateFolder, name), { recursive: true, force: true }),
  };
}

function foldersIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((one) => one.isDirectory() && FILES.some((file) => existsSync(join(folder, one.name, file))))
    .map(({ name }) => name);
}
