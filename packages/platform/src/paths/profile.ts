import { join } from 'node:path';
import { UserError } from '@hoop/core';

/** The profile that is always there; its files lie in the state folder itself. */
export const DEFAULT_PROFILE = 'default';

/** `hoop` and `localhost` mean something behind a dot already. */
const RESERVED = ['hoop', 'localhost', 'local', 'internal'];

/**
 * A profile's name is one label of `pg-prod.acme.hoop` (RFC 1123 §2.1), in lower case, and a folder's name; short enough to
 * leave its connections room on a terminal.
 */
export const isProfileName = (name: string): boolean =>
  /^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/.test(name) && !RESERVED.includes(name);

/** Throws a `UserError` where it is none. */
export function profileName(given: string): string {
  if (isProfileName(given)) return given;
  const why = RESERVED.includes(given)
    ? 'it has a meaning of its own'
    : 'it becomes a part of host names, as in pg-prod.acme.hoop';
  throw new UserError('profile', `${JSON.stringify(given.slice(0, 64))} is not a profile's name: ${why}`, {
    hint: 'up to 32 lower-case letters, digits and inner hyphens, e.g. acme',
    exit: 'usage',
  });
}

/** Where the folders of all profiles but `default` lie. */
export const profilesFolder = (stateFolder: string): string => join(stateFolder, 'profiles');

/** What is kept of one profile. */
export const profileFolder = (stateFolder: string, name: string): string =>
  name === DEFAULT_PROFILE ? stateFolder : join(profilesFolder(stateFolder), profileName(name));
