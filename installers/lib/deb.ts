import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Made, zipped } from './made.ts';
import { byPath, bytesOf, type Entry, file, foldersOf, sizeOf, stage, under } from './tree.ts';

/** A Debian binary package (deb(5)): what dpkg is told of it, what it installs, what its scripts do. */
export interface Deb {
  name: string;
  version: string;
  /** One line, then paragraphs (deb-control(5), Description). */
  description: readonly [summary: string, ...paragraphs: string[]];
  section: string;
  depends: readonly string[];
  suggests?: readonly string[];
  /** Paths from the root, without the leading slash. */
  files: readonly Entry[];
  /** preinst, postinst, prerm, postrm: as they are in `installers/debian/NAME`. */
  scripts: Readonly<Record<string, string>>;
}

/** Debian's names for processors (dpkg-architecture(1)). */
export const ARCHITECTURES: Partial<Record<NodeJS.Architecture, string>> = { x64: 'amd64', arm64: 'arm64' };

/**
 * What Node's binary needs, at the least: glibc 2.28, a libstdc++ of GCC 7, libatomic
 * (https://github.com/nodejs/node/blob/main/BUILDING.md). A test compares them with the binaries.
 */
export const NODE_DEPENDS = [
  'libc6 (>= 2.28)',
  'libstdc++6 (>= 7)',
  'libgcc-s1 (>= 4.2)',
  'libatomic1 (>= 4.8)',
] as const;

const MAINTAINER = 'hoop authors <hoop@localhost>';

/** DEBIAN/control, in deb-control(5)'s words. */
export function control(deb: Deb, architecture: string): string {
  const [summary, ...paragraphs] = deb.description;
  // As dpkg-gencontrol(1) counts: each file in KiB, rounded up; each folder as one.
  const kib = deb.files.reduce((sum, entry) => sum + Math.ceil(sizeOf(entry) / 1024), foldersOf(deb.files).length);
  const lines = [
    `Package: ${deb.name}`,
    `Version: ${deb.version}`,
    `Architecture: ${architecture}`,
    `Maintainer: ${MAINTAINER}`,
    `Installed-Size: ${kib}`,
    `Depends: ${deb.depends.join(', ')}`,
    ...(deb.suggests === undefined ? [] : [`Suggests: ${deb.suggests.join(', ')}`]),
    `Section: ${deb.section}`,
    'Priority: optional',
    `Description: ${summary}`,
    ...paragraphs.flatMap((text, at) => [...(at === 0 ? [] : [' .']), ...folded(text)]),
  ];
  return `${lines.join('\n')}\n`;
}

/** A continuation of the description: each line begins with a space, and is no longer than 79. */
function folded(text: string): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (`${last} ${word}`.length <= 79) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(` ${word}`);
  }
  return lines;
}

/** deb-md5sums(5). */
export const md5sums = (files: readonly Entry[]): string =>
  byPath(files)
    .map((entry) => `${createHash('md5').update(bytesOf(entry)).digest('hex')}  ${entry.path}\n`)
    .join('');

/** debian-changelog(5), which Debian's policy asks for; what changed is in the repository. */
export function changelog(name: string, version: string, epoch: number): string {
  const [day, date, month, year, time] = new Date(epoch * 1000).toUTCString().split(/,? /);
  return `${name} (${version}) stable; urgency=medium

  * Version ${version}.

 -- ${MAINTAINER}  ${day}, ${date} ${month} ${year} ${time} +0000
`;
}

/** What Debian's policy wants beside every program (chapter 12), and the SBOM. */
export function documents({ program: { name }, version, ...made }: Made, epoch: number): Entry[] {
  return [
    file(`usr/share/man/man1/${name}.1.gz`, made.manual),
    file(`usr/share/doc/${name}/copyright`, made.licences),
    file(`usr/share/doc/${name}/changelog.gz`, zipped(changelog(name, version, epoch))),
    file(`usr/share/doc/${name}/sbom.cdx.json`, made.sbom),
  ];
}

/**
 * Writes `NAME_VERSION_ARCH.deb` into `out` and answers its path. dpkg-deb sorts, and takes times from SOURCE_DATE_EPOCH
 * (dpkg-deb(1)), so the same files give the same bytes. Level 6 of xz takes twice as long for 5 % less.
 */
export function writeDeb(deb: Deb, to: { out: string; work: string; architecture: string; epoch: number }): string {
  const folder = join(to.work, `${deb.name}-deb`);
  const about = [
    file('control', control(deb, to.architecture)),
    file('md5sums', md5sums(deb.files)),
    ...Object.entries(deb.scripts).map(([name, text]) => file(name, text, 0o755)),
  ];
  stage(folder, [...under('DEBIAN', about), ...deb.files], to.epoch);
  mkdirSync(to.out, { recursive: true });
  const path = join(to.out, `${deb.name}_${deb.version}_${to.architecture}.deb`);
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zxz', '-z4', '--build', folder, path], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, SOURCE_DATE_EPOCH: String(to.epoch) },
  });
  return path;
}

/** The scripts of `installers/debian/NAME`, by name. */
export const scriptsOf = (root: string, name: string, scripts: readonly string[]): Record<string, string> =>
  Object.fromEntries(scripts.map((one) => [one, readFileSync(join(root, 'installers/debian', name, one), 'utf8')]));
