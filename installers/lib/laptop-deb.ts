import { changelog, type Deb, scriptsOf } from './deb.ts';
import { completionFiles, type Made, zipped } from './shared.ts';
import { file, under } from './tree.ts';

/**
 * What the binaries need, at the least. Node's own: glibc 2.28, a libstdc++ of GCC 7, libatomic
 * (https://github.com/nodejs/node/blob/main/BUILDING.md); keytar's: libsecret. A test compares them with the binaries.
 */
export const NODE_DEPENDS = [
  'libc6 (>= 2.28)',
  'libstdc++6 (>= 7)',
  'libgcc-s1 (>= 4.2)',
  'libatomic1 (>= 4.8)',
] as const;
const DEPENDS = [...NODE_DEPENDS, 'libsecret-1-0 (>= 0.18)', 'libglib2.0-0 (>= 2.44) | libglib2.0-0t64'];

/** A keyring, desktop notices, the trust stores of browsers, and ports that another program holds. */
const SUGGESTS = ['gnome-keyring | kwalletmanager', 'libnotify-bin', 'libnss3-tools', 'nftables'];

/** The laptop's package: `apt install ./hoop_….deb`, then `hoop setup`. */
export function laptopDeb(root: string, made: Made, epoch: number): Deb {
  const { version, entries } = made;
  return {
    ...{ name: 'hoop', version, section: 'net', depends: DEPENDS, suggests: SUGGESTS },
    description: [
      made.program.summary,
      'hoop gives each database and server that you may reach a name and an address on your own machine: psql -h pg-prod.hoop, and you are in. A gateway between knows who you are, guards, masks and records.',
      'After the installation, run: hoop setup',
    ],
    files: [
      file('usr/bin/hoop', launcher('/usr/lib/hoop'), 0o755),
      ...under('usr/lib/hoop', entries),
      ...under('usr', completionFiles(made)),
      file('usr/share/man/man1/hoop.1.gz', made.manual),
      file('usr/share/doc/hoop/copyright', made.licences),
      file('usr/share/doc/hoop/changelog.gz', zipped(changelog('hoop', version, epoch))),
      file('usr/share/doc/hoop/sbom.cdx.json', made.sbom),
    ],
    scripts: scriptsOf(root, 'hoop', ['prerm', 'postrm']),
  };
}

/** Starts the program with its own Node, whatever Node the system has. */
export const launcher = (folder: string): string => `#!/bin/sh\nexec ${folder}/bin/node ${folder}/main.js "$@"\n`;
