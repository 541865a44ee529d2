import { type Deb, documents, NODE_DEPENDS, scriptsOf } from './deb.ts';
import { completionFiles, type Made } from './made.ts';
import { file, under } from './tree.ts';

/** The laptop's package: `apt install ./hoop_….deb`, then `hoop setup`. */
export function laptopDeb(root: string, made: Made, epoch: number): Deb {
  return {
    ...{ name: 'hoop', version: made.version, section: 'net' },
    // The last two for keytar.
    depends: [...NODE_DEPENDS, 'libsecret-1-0 (>= 0.18)', 'libglib2.0-0 (>= 2.44) | libglib2.0-0t64'],
    // A keyring, desktop notices, the trust stores of browsers, and ports that another program holds.
    suggests: ['gnome-keyring | kwalletmanager', 'libnotify-bin', 'libnss3-tools', 'nftables'],
    description: [
      made.program.summary,
      'hoop gives each database and server that you may reach a name and an address on your own machine: psql -h pg-prod.hoop, and you are in. A gateway between knows who you are, guards, masks and records.',
      'After the installation, run: hoop setup',
    ],
    files: [
      file('usr/bin/hoop', launcher('/usr/lib/hoop'), 0o755),
      ...under('usr/lib/hoop', made.entries),
      ...under('usr', completionFiles(made, 'share/zsh/vendor-completions')),
      ...documents(made, epoch),
    ],
    scripts: scriptsOf(root, 'hoop', ['postinst', 'prerm', 'postrm']),
  };
}

/** Starts the program with its own Node, whatever Node the system has. */
export const launcher = (folder: string): string =>
  `#!/bin/sh\nexec ${folder}/bin/node --disable-sigusr1 ${folder}/main.js "$@"\n`;
