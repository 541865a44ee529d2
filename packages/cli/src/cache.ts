import { mkdirSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

/**
 * Compiled code is kept for the next start (a third of the time of `hoop ls`), in a folder of this user alone: Node's own
 * choice, under /tmp, could be filled by others. Must be imported before everything else.
 */
const { XDG_CACHE_HOME, HOME } = process.env;
const base = XDG_CACHE_HOME?.startsWith('/')
  ? XDG_CACHE_HOME
  : HOME?.startsWith('/')
    ? join(HOME, '.cache')
    : undefined;
if (base !== undefined) {
  const folder = join(base, 'hoop', 'code');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    enableCompileCache(folder);
  } catch {
    // Slower, no more.
  }
}
