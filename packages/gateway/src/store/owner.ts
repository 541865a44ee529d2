import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { UserError } from '@hoop/core';

/** The user and group of a data folder, where root would write for them; else nothing. */
function foreign(data: string): { uid: number; gid: number } | undefined {
  const found = process.getuid?.() === 0 ? statSync(data, { throwIfNoEntry: false }) : undefined;
  return found === undefined || found.uid === 0 ? undefined : found;
}

/** Root becomes whoever owns the data folder, for the rest of this process: what it wrote as root, the gateway could not read. */
export function actAsOwner(data: string): void {
  const owner = foreign(data);
  if (owner === undefined) return;
  process.setgroups?.([owner.gid]);
  process.setgid?.(owner.gid);
  process.setuid?.(owner.uid);
}

/** What serves needs more than its folder, so it is started as its user and does not become it. Throws `UserError` `owner`. */
export function refuseForeign(data: string): void {
  const owner = foreign(data);
  if (owner === undefined) return;
  throw new UserError('owner', `${data} belongs to user id ${owner.uid}, not to root`, {
    hint: 'run it as that user, or chown the folder',
  });
}

/** Throws `EACCES`, with its path, where a file is there and not ours to read and write: some libraries do not say so. */
export function mayUse(path: string): void {
  if (existsSync(path)) accessSync(path, constants.R_OK | constants.W_OK);
}
