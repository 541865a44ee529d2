import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Finished } from '../../src/world/index.js';
import { found, keytarFolder } from '../../src/world/index.js';
import { type Rig, ROOT, said } from './rig.js';

/** As root: alice, who may use sudo; her keyring opens by itself when her service manager starts, in place of a desktop's login. */
const ALICE = `
useradd -m -s /bin/bash -u 1000 alice; useradd -m -s /bin/bash -u 1001 mallory
echo 'alice ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/alice
D=/home/alice/.config/systemd/user
install -d -o alice -g alice /home/alice/.local /home/alice/.local/share /home/alice/.config /home/alice/.config/systemd $D $D/gnome-keyring-daemon.service.d $D/default.target.wants
printf secret >/home/alice/.keyring-password; chown alice /home/alice/.keyring-password; chmod 600 /home/alice/.keyring-password
printf '[Service]\\nStandardInput=file:%%h/.keyring-password\\nExecStart=\\nExecStart=/usr/bin/gnome-keyring-daemon --foreground --unlock --components=secrets --control-directory=%%t/keyring\\n' >$D/gnome-keyring-daemon.service.d/unlock.conf
ln -sf /usr/lib/systemd/user/gnome-keyring-daemon.service $D/default.target.wants/
runuser -u alice -- sh -c 'mkdir -p ~/.pki/nssdb && certutil -N -d sql:$HOME/.pki/nssdb --empty-password'
loginctl enable-linger alice`;

/** The built hoop where a package would put it: Node, the bundle, keytar. */
const INSTALL = `
mkdir -p /opt/hoop/cli /opt/hoop/node_modules
cp "$1" /opt/hoop/node
cp -r "$2"/packages/cli/dist /opt/hoop/cli/
cp "$2"/packages/cli/package.json /opt/hoop/cli/
cp -rL "$3" /opt/hoop/node_modules/keytar
printf '#!/bin/sh\\nexec /opt/hoop/node --disable-sigusr1 /opt/hoop/cli/dist/main.js "$@"\\n' >/usr/local/bin/hoop
chmod 755 /usr/local/bin/hoop`;

export async function installHoop(rig: Rig): Promise<void> {
  const keytar = realpathSync(keytarFolder(join(ROOT, 'packages')));
  said(await rig.in('sh', '-ec', INSTALL, 'sh', process.execPath, ROOT, keytar), 'installing hoop');
}

export const makeAlice = (rig: Rig): Promise<string> => rig.sh(ALICE);

/** The company as its one line of JSON tells. */
export interface CompanyLine {
  gateway: string;
  caFile: string;
  people: { name: string; password: string }[];
}

/** alice's `hoop login`, by a browser that signs in for her. */
export async function logIn(rig: Rig, company: CompanyLine, ca: string): Promise<Finished> {
  const alice = company.people.find(({ name }) => name === 'alice')!;
  const browser = `exec ${process.execPath} ${ROOT}/packages/testkit/dist/browser.js /home/alice/ca.pem alice /home/alice/password "$@"`;
  await rig.sh(
    `cd /home/alice; echo '${ca}' >ca.pem; echo '${alice.password}' >password; printf '%s\\n' '#!/bin/sh' '${browser}' >browser
     chmod 755 browser; chmod 644 ca.pem password`,
  );
  return rig.as('alice', `hoop login ${company.gateway} --ca-file ca.pem`, { BROWSER: '/home/alice/browser' });
}

export { found };
