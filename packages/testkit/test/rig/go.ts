import { execFileSync } from 'node:child_process';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';

/** Builds `resolve.go` into a folder that the laptop sees, without libc; gives the program's path. */
export function buildGo(folder: string): string {
  const program = join(folder, 'resolve');
  chmodSync(folder, 0o755);
  const env = { ...process.env, CGO_ENABLED: '0', GOCACHE: join(folder, 'cache'), GOFLAGS: '-mod=mod' };
  execFileSync('go', ['build', '-o', program, join(import.meta.dirname, 'resolve.go')], { env, stdio: 'inherit' });
  return program;
}
