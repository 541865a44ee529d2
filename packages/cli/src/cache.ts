import { mkdirSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

/**
 * Compiled code is kept for the next start (a third of the time of `hoop ls`), in a folder of this user alone: Node's own
 * choice, under /tmp, could be filled by others.
 */
export function keepCompiled({ XDG_CACHE_HOME, HOME }: NodeJS.ProcessEnv): void {
  const own = [XDG_CACHE_HOME, HOME && join(HOME, '.cache')].find((folder) => folder?.startsWith('/'));
  if (own === undefined) return;
  const folder = join(own, 'hoop', 'code');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    enableCompileCache(folder);
  } catch {
    // Slower, no more.
  }
}
