import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, normalize, resolve } from 'node:path';
import { parse } from 'yaml';

/** A package of npm that is inside what we ship. */
export interface Packed {
  name: string;
  version: string;
  /** As its package.json has it: an SPDX expression. */
  license: string;
  /** Its licence text, where it ships one. */
  text: string | undefined;
  /** Subresource Integrity of its tarball, from the lockfile: `sha512-<base64>`. */
  integrity: string | undefined;
  folder: string;
}

interface Metafile {
  outputs: Record<
    string,
    {
      entryPoint?: string;
      inputs: Record<string, { bytesInOutput: number }>;
      imports: { path: string; external?: boolean }[];
    }
  >;
}

/** Who imports a program imports its index; the program itself does not. */
const INDEX = 'dist/index.js';

/**
 * What a package's bundle is made of, by esbuild's metafile (https://esbuild.github.io/api/#metafile): the files that its
 * programs reach (`main`, and what `main` starts by name), and the packages with at least a byte in them.
 */
export function bundle(folder: string): { files: string[]; folders: string[] } {
  const { outputs } = JSON.parse(readFileSync(join(folder, 'dist/metafile-esm.json'), 'utf8')) as Metafile;
  const files: string[] = [];
  const folders = new Set<string>();
  const reach = (path: string) => {
    const output = outputs[path];
    if (output === undefined || files.includes(path)) return;
    files.push(path);
    for (const [input, { bytesInOutput }] of Object.entries(output.inputs)) {
      const from = packageFolder(input);
      if (bytesInOutput > 0 && from !== undefined) folders.add(resolve(folder, from));
    }
    for (const one of output.imports) if (!one.external) reach(normalize(one.path));
  };
  for (const [path, { entryPoint }] of Object.entries(outputs))
    if (entryPoint !== undefined && path !== INDEX) reach(path);
  return { files: files.map((path) => path.slice('dist/'.length)).sort(), folders: [...folders].sort() };
}

/** `…/node_modules/@scope/name/lib/x.js` → `…/node_modules/@scope/name`; undefined for a file of our own. */
function packageFolder(input: string): string | undefined {
  return /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
}

export const lockfile = (root: string): Map<string, string> => {
  const { packages } = parse(readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8')) as {
    packages: Record<string, { resolution?: { integrity?: string } }>;
  };
  return new Map(Object.entries(packages).map(([id, { resolution }]) => [id, resolution?.integrity ?? '']));
};

/** A package's own words on itself, and the lockfile's. A package that says no licence may not be shipped. */
export function described(folder: string, locked: ReadonlyMap<string, string>): Packed {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
    license?: string;
  };
  if (typeof license !== 'string') throw new Error(`${name} ${version} says no licence`);
  const integrity = locked.get(`${name}@${version}`) || undefined;
  return { name, version, license, text: licenceText(folder), integrity, folder };
}

function licenceText(folder: string): string | undefined {
  const found = existsSync(folder)
    ? readdirSync(folder).find((name) => /^(licen[cs]e|copying)/i.test(name))
    : undefined;
  return found === undefined ? undefined : readFileSync(join(folder, found), 'utf8').trim();
}
