import { describe, expect, test } from 'vitest';
import { hostsFile, namespaceCommand, nsswitchFile } from '../src/names/plan.js';

describe('the private hosts file', () => {
  test('is the machine’s own with our names behind it', () => {
    const names = [{ address: '127.77.0.3', hostname: 'pg-prod.hoop' }];
    expect(hostsFile('127.0.0.1 localhost', names)).toBe('127.0.0.1 localhost\n127.77.0.3 pg-prod.hoop # hoop\n');
    expect(hostsFile('', [])).toBe('');
  });

  test('takes no name that would be a line of its own', () => {
    const names = [
      { address: '127.77.0.3', hostname: 'a\n6.6.6.6 bank.example' },
      { address: '1.2.3.4 x\n', hostname: 'b' },
    ];
    expect(hostsFile('', names)).toBe('');
  });
});

describe('nsswitch.conf', () => {
  test.each([
    ['hosts: files dns', undefined],
    ['hosts: files resolve [!UNAVAIL=return] dns', undefined],
    [
      'hosts: mymachines resolve [!UNAVAIL=return] files myhostname dns',
      'hosts: files mymachines resolve [!UNAVAIL=return] myhostname dns',
    ],
    ['hosts: files [NOTFOUND=return] dns', 'hosts: files dns'],
    ['hosts: dns files # both', 'hosts: files dns # both'],
    ['passwd: files', undefined],
    ['', undefined],
  ])('%s', (before, after) => {
    expect(nsswitchFile(`passwd: files\n${before}\nnetworks: files\n`)).toBe(
      after === undefined ? undefined : `passwd: files\n${after}\nnetworks: files\n`,
    );
  });
});

test('the command line: two user namespaces for a person, none for root', () => {
  const binds = [{ from: '/r/hosts', over: '/etc/hosts' }];
  const person = namespaceCommand({ uid: 1000, gid: 100, privileged: false }, binds, ['psql', '-h', 'pg-prod.hoop']);
  expect(person.program).toBe('unshare');
  expect(person.args).toEqual([
    ...['--user', '--map-root-user', '--mount', '--', 'sh', '-c'],
    'mount --bind "$1" "$2" && shift 2 && exec unshare --user --map-user=1000 --map-group=100 -- "$@"',
    ...['hoop', '/r/hosts', '/etc/hosts', 'psql', '-h', 'pg-prod.hoop'],
  ]);
  const root = namespaceCommand({ uid: 0, gid: 0, privileged: true }, binds, ['id']);
  expect(root.args).toEqual([
    '--mount',
    '--',
    'sh',
    '-c',
    'mount --bind "$1" "$2" && shift 2 && exec "$@"',
    'hoop',
    '/r/hosts',
    '/etc/hosts',
    'id',
  ]);
});
