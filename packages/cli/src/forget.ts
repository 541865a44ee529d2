import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { profilesFolder } from '@hoop/platform';
import { codeFolder } from './cache.js';
import type { Needs } from './command.js';
import { partsOf } from './profile.js';

/**
 * Removes hoop's own folders from a person's home, where nobody is logged in, in no profile: they then hold
 * nothing that another start would not make again. What the person wrote (config.yaml) stays. False: somebody needs them.
 */
export async function forgetFolders(needs: Needs): Promise<boolean> {
  const { stateFolder, runtimeFolder } = needs.paths;
  const state = await needs.daemon.running().catch(() => undefined);
  const folders = [stateFolder, ...foldersIn(profilesFolder(stateFolder))];
  const isLoggedIn = state !== undefined && partsOf(state).some(({ login }) => login !== null);
  if (isLoggedIn || folders.some((folder) => existsSync(join(folder, 'login.json')))) return false;
  if (state !== undefined) await (await needs.daemon.api()).stop({});
  for (let tries = 0; state !== undefined && tries < 200; tries++) {
    if ((await needs.daemon.running().catch(() => null)) === undefined) break;
    await needs.pause(25);
  }
  const code = codeFolder(needs.variables);
  for (const folder of [runtimeFolder, stateFolder, ...(code === undefined ? [] : [dirname(code)])])
    remove(folder, needs.machine.home);
  return true;
}

const foldersIn = (folder: string): string[] =>
  existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];

/** A folder of ours, and those above it that are empty then, up to the home. */
function remove(folder: string, home: string): void {
  rmSync(folder, { recursive: true, force: true });
  try {
    for (let at = dirname(folder); at.startsWith(`${home}/`); at = dirname(at)) rmdirSync(at);
  } catch {
    // Somebody else's is in it.
  }
}
