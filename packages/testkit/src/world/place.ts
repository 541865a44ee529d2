import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { passable } from './passable.js';

/** Where a world is: `folder` is ./.demo, `place` the same or, where that cannot serve, a folder in /tmp that it links to. */
export interface Place {
  folder: string;
  place: string;
}

/** Room for `/laptops/alice/run/hoop/hoopd.sock` and the like within sun_path's 104 bytes. */
const LONGEST = 56;

export function makePlace(folder: string, foreign: boolean): Place {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
  const good = folder.length <= LONGEST && (!foreign || passable(folder));
  if (good) return { folder, place: folder };
  const place = mkdtempSync('/tmp/hoop-demo-');
  chmodSync(place, 0o755);
  symlinkSync(place, join(folder, 'place'));
  // So that what people are told of ./.demo holds wherever the world is.
  for (const name of ['company', 'laptops']) symlinkSync(join(place, name), join(folder, name));
  return { folder, place };
}

/** The place that an earlier run left, if any. Followed only if it is a folder in /tmp that we made. */
export function findPlace(folder: string): Place | undefined {
  if (!existsSync(folder)) return undefined;
  const link = join(folder, 'place');
  if (!lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink()) return { folder, place: folder };
  const place = readlinkSync(link);
  const owner = lstatSync(place, { throwIfNoEntry: false });
  const ours = /^\/tmp\/hoop-demo-\w+$/.test(place) && owner?.isDirectory() && owner.uid === process.getuid?.();
  return { folder, place: ours ? place : folder };
}

export function removePlace({ folder, place }: Place): void {
  for (const path of new Set([place, folder])) rmSync(path, { recursive: true, force: true, maxRetries: 3 });
}
