import type { Request } from '../src/setup/index.js';
import type { Machine } from '../src/setup/machine.js';

/** What somebody asks of set-up, and the machine that they ask it of: a Debian with systemd-resolved. */
export const REQUEST: Request = {
  steps: ['resolver', 'service'],
  uid: 1000,
  resolver: { address: '127.77.4.1', port: 5377 },
  program: { node: '/opt/hoop/node', main: '/opt/hoop/cli/main.js' },
  variables: {},
  names: [],
  ports: [],
};
export const LAPTOP: Machine = {
  platform: 'linux',
  person: { uid: 1000, gid: 1000, name: 'alice', home: '/home/alice' },
  systemd: true,
  names: 'resolved',
  networkManager: false,
  polkit: true,
  programs: ['ip'],
  files: {},
  active: [],
  roots: 'debian',
  nss: [],
  javas: [],
};
