import { mkdirSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

/**
 * Compiled code is kept for the next start (a third of the time of `hoop ls`), in a folder of this user alone: Node's own
 * choice, under /tmp, could be filled by others.
 */
export function keepCompiled(variables: NodeJS.ProcessEnv): void {
  const folder = codeFolder(variables);
  if (folder === undefined) return;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    enableCompileCache(folder);
  } catch {
    // Slower, no more.
  }
}

export function codeFolder({ XDG_CACHE_HOME, HOME }: Readonly<Record<string, string | undefined>>): string | undefined {
  const own = [XDG_CACHE_HOME, HOME && join(HOME, '.cache')].find((folder) => folder?.startsWith('/'));
  return own === undefined ? undefined : join(own, 'hoop', 'code');
}
