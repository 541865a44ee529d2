import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { join, relative } from 'node:path';
import { bundle, described, lockfile, type Packed } from './packed.ts';
import { copy, type Entry, file } from './tree.ts';

/** A program of ours and what it needs to run by itself. */
export interface Program {
  name: 'hoop' | 'hoop-gateway';
  summary: string;
  /** Its package, below `packages`. */
  package: string;
  /** Packages that stay folders of their own, with the files of them that are run; `of`: whose dependency it is. */
  beside: readonly { name: string; of: string; files: RegExp }[];
}

export const hoop: Program = {
  name: 'hoop',
  summary: 'reach databases and servers by name, as yourself',
  package: 'cli',
  beside: [
    { name: 'keytar', of: 'packages/cli', files: /^(package\.json|lib\/keytar\.js|build\/Release\/keytar\.node)$/ },
  ],
};

export const gateway: Program = {
  name: 'hoop-gateway',
  summary: 'the gateway of hoop: who people are, what they may open, the record of it',
  package: 'gateway',
  beside: [
    {
      name: 'libpg-query',
      of: 'packages/protocols',
      files: /^(package\.json|wasm\/(index\.cjs|libpg-query\.(js|wasm)))$/,
    },
    {
      name: '@pgsql/types',
      of: 'packages/protocols/node_modules/libpg-query',
      files: /^(package|index|enums|types)\.js(on)?$/,
    },
  ],
};

/** Where things come from, and which time all of it bears. */
export interface Source {
  root: string;
  /** The Node that is packed: a binary of its npm package. */
  node: string;
  /** Seconds since 1970, SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/). */
  epoch: number;
  /** Answers the path of a copy without symbols, where the system has such. */
  stripped(path: string): string;
}

export interface Payload {
  version: string;
  /** The program's folder: bin/node, the bundle, node_modules. */
  entries: Entry[];
  /** What is inside, by name; the Node runtime first. */
  packed: Packed[];
}

export function payload(program: Program, source: Source): Payload {
  const folder = join(source.root, 'packages', program.package);
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  const { files, folders } = bundle(folder);
  const beside = program.beside.map(({ name, of, files: wanted }) => {
    const from = folderOf(source.root, of, name);
    return { name, from, files: filesIn(from).filter((path) => wanted.test(path)) };
  });
  const locked = lockfile(source.root);
  const own = `${JSON.stringify({ name: program.name, version, type: 'module' })}\n`;
  return {
    version,
    entries: [
      copy('bin/node', source.stripped(source.node), 0o755),
      file('package.json', own),
      ...files.map((path) => copy(path, join(folder, 'dist', path))),
      ...beside.flatMap((one) =>
        one.files.map((path) => {
          const from = join(one.from, path);
          return copy(`node_modules/${one.name}/${path}`, path.endsWith('.node') ? source.stripped(from) : from);
        }),
      ),
    ],
    packed: [
      described(join(source.node, '../..'), locked),
      ...[...folders, ...beside.map(({ from }) => from)]
        .map((at) => described(at, locked))
        .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    ],
  };
}

/** Where a dependency is: below its dependent, or, in pnpm's store, beside it. */
function folderOf(root: string, of: string, name: string): string {
  const dependent = realpathSync(join(root, of));
  const places = [join(dependent, 'node_modules', name), join(dependent, '..', name)];
  return realpathSync(places.find((place) => existsSync(place)) ?? places[0]!);
}

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();

/** What the payload cannot do without on this machine, and how to get it; undefined if all is there. */
export function missing(program: Program, root: string): string | undefined {
  for (const { name, of } of program.beside) {
    if (name === 'keytar' && !existsSync(join(folderOf(root, of, name), 'build/Release/keytar.node')))
      return 'keytar was not built: it needs g++, make, python3, pkg-config and libsecret-1-dev (see .tools/keytar.log)';
  }
  return undefined;
}
