import { join } from 'node:path';
import { create } from 'tar';
import { completionFiles, type Made } from './made.ts';
import { byPath, copy, type Entry, file, foldersOf, stage, under } from './tree.ts';

/** The folder that people unpack: the program, what shells and man(1) read, and the scripts that install and remove it. */
export function tarballFiles(root: string, made: Made): Entry[] {
  const script = (name: string) => copy(name, join(root, 'installers/tarball', name), 0o755);
  return [
    ...under('lib/hoop', made.entries),
    ...completionFiles(made, 'share/zsh/site-functions'),
    file('share/man/man1/hoop.1.gz', made.manual),
    file('LICENSES', made.licences),
    file('sbom.cdx.json', made.sbom),
    script('install.sh'),
    script('uninstall.sh'),
  ];
}

/**
 * Writes `NAME.tar.gz`, with one folder NAME in it, and answers its path. Sorted, with no owner and one time for all, so
 * the same files give the same bytes; Node's own zlib writes no time.
 */
export function writeTarball(
  name: string,
  files: readonly Entry[],
  to: { out: string; work: string; epoch: number },
): string {
  const entries = under(name, files);
  stage(join(to.work, 'tarball'), entries, to.epoch);
  const path = join(to.out, `${name}.tar.gz`);
  create(
    {
      ...{ sync: true, file: path, cwd: join(to.work, 'tarball'), gzip: { level: 9 } },
      ...{ portable: true, noDirRecurse: true, mtime: new Date(to.epoch * 1000) },
    },
    [...foldersOf(entries), ...byPath(entries).map((entry) => entry.path)],
  );
  return path;
}
