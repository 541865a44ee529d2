import { join } from 'node:path';
import { type Deb, documents, NODE_DEPENDS, scriptsOf } from './deb.ts';
import type { Made } from './made.ts';
import { copy, under } from './tree.ts';

/** The gateway's package: its program, its service, and the user it runs as. */
export function gatewayDeb(root: string, made: Made, epoch: number): Deb {
  const name = 'hoop-gateway';
  const from = (path: string) => join(root, 'installers/debian', name, path);
  return {
    ...{ name, version: made.version, section: 'net' },
    depends: [...NODE_DEPENDS, 'systemd | systemd-standalone-sysusers', 'passwd'],
    description: [
      made.program.summary,
      "A laptop's hoop reaches databases and servers through it: it knows who people are by the company's identity provider, decides what they may open, holds the resources' credentials, guards, masks and records.",
      'After the installation, run: hoop-gateway init --dir /etc/hoop-gateway --data /var/lib/hoop-gateway --host NAME',
    ],
    files: [
      copy('usr/bin/hoop-gateway', from('launcher'), 0o755),
      ...under('usr/lib/hoop-gateway', made.entries),
      copy('usr/lib/systemd/system/hoop-gateway.service', from('hoop-gateway.service')),
      copy('usr/lib/sysusers.d/hoop-gateway.conf', from('sysusers.conf')),
      ...documents(made, epoch),
    ],
    scripts: scriptsOf(root, name, ['postinst', 'prerm', 'postrm']),
  };
}
