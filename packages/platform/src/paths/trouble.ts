import { closeSync, existsSync, statfsSync } from 'node:fs';
import { UserError } from '@hoop/core';
import { appendOwn, ownFolder } from './apply.js';
import type { Paths } from './plan.js';

/** What hoopd writes at once, and some more; on less it does not start. Bytes. */
const ROOM = 64 * 1024;

/** What keeps hoopd from working in its folders, if anything does: whose they are, what may be written, whether there is room. */
export function folderTrouble({ stateFolder, runtimeFolder, logFile }: Paths, uid: number): UserError | undefined {
  try {
    for (const folder of [stateFolder, runtimeFolder].filter((path) => existsSync(path))) ownFolder(folder, uid);
    if (existsSync(logFile)) closeSync(appendOwn(logFile, uid));
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  return [stateFolder, runtimeFolder].map(fullness).find((found) => found !== undefined);
}

function fullness(folder: string): UserError | undefined {
  if (!existsSync(folder)) return undefined;
  const { blocks, bavail, bsize } = statfsSync(folder);
  if (blocks === 0 || bavail * bsize >= ROOM) return undefined;
  return new UserError('disk-full', `the disk of ${folder} is full`, {
    hint: 'make room there, then: hoop daemon restart',
  });
}
