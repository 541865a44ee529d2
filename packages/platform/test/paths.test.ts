import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { appendOwn, checkSocket, type Environment, ownFolder, planPaths, readOwn, replaceOwn } from '../src/index.js';

const machine = (over: Partial<Environment>): Environment => ({
  platform: 'linux',
  home: '/home/bob',
  uid: 1000,
  variables: {},
  ...over,
});

describe('where hoop keeps what', () => {
  test.each([
    ['plain Linux', {}, '/home/bob/.config/hoop', '/home/bob/.local/state/hoop', '/home/bob/.local/state/hoop/run'],
    [
      'XDG',
      { XDG_CONFIG_HOME: '/c', XDG_STATE_HOME: '/s', XDG_RUNTIME_DIR: '/run/user/1000' },
      '/c/hoop',
      '/s/hoop',
      '/run/user/1000/hoop',
    ],
    [
      'relative values are none',
      { XDG_CONFIG_HOME: 'c', XDG_STATE_HOME: '.', XDG_RUNTIME_DIR: '' },
      '/home/bob/.config/hoop',
      '/home/bob/.local/state/hoop',
      '/home/bob/.local/state/hoop/run',
    ],
    ['HOOP_SOCKET', { HOOP_SOCKET: '/x/y.sock' }, '/home/bob/.config/hoop', '/home/bob/.local/state/hoop', '/x'],
  ])('%s', (_, variables, config, state, runtime) => {
    const paths = planPaths(machine({ variables }));
    expect(paths.configFile).toBe(`${config}/config.yaml`);
    expect(paths.stateFolder).toBe(state);
    expect(paths.runtimeFolder).toBe(runtime);
  });

  test('macOS', () => {
    const paths = planPaths(machine({ platform: 'darwin', home: '/Users/bob' }));
    expect(paths.configFile).toBe('/Users/bob/Library/Application Support/hoop/config.yaml');
    expect(paths.socket).toBe('/Users/bob/Library/Application Support/hoop/run/hoopd.sock');
  });

  test('a socket path that no system takes is refused with what to do', () => {
    const variables = { HOOP_SOCKET: `/${'x'.repeat(110)}/s` };
    expect(() => planPaths(machine({ variables }))).toThrow(/longer than 103/);
    expect(() => planPaths(machine({ variables: { HOOP_SOCKET: 'here.sock' } }))).toThrow(/not an absolute path/);
  });
});

describe('files of ours', () => {
  const uid = process.getuid!();
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hoop-paths-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('a folder is made 0700, and closed if it was open', () => {
    const path = join(folder, 'a/b');
    ownFolder(path, uid);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    const open = join(folder, 'hoop');
    mkdirSync(open, { mode: 0o755 });
    ownFolder(open, uid);
    expect(statSync(open).mode & 0o777).toBe(0o700);
  });

  test('an open folder that does not carry our name is refused and left as it is', () => {
    const theirs = join(folder, 'projects');
    mkdirSync(theirs, { mode: 0o755 });
    expect(() => ownFolder(theirs, uid)).toThrow(/open to other users/);
    expect(statSync(theirs).mode & 0o777).toBe(0o755);
  });

  test('a link in place of a folder, and a foreign owner, are refused', () => {
    mkdirSync(join(folder, 'target'));
    symlinkSync('target', join(folder, 'link'));
    expect(() => ownFolder(join(folder, 'link'), uid)).toThrow(/not a plain folder/);
    expect(() => ownFolder(join(folder, 'target'), uid + 1)).toThrow(/belongs to user id/);
  });

  test.skipIf(uid !== 0)(
    'a socket is asked only where it and its folder are one’s own, and nobody else’s is on the way',
    () => {
      const [alice, mallory] = [47_001, 47_002];
      chmodSync(folder, 0o755);
      const made = (path: string, owner: number, mode = 0o700) => {
        mkdirSync(join(folder, path), { mode });
        chmodSync(join(folder, path), mode);
        chownSync(join(folder, path), owner, owner);
      };
      const socket = (path: string, owner: number) => {
        writeFileSync(join(folder, path), '');
        chownSync(join(folder, path), owner, owner);
        return () => checkSocket(join(folder, path), alice);
      };
      for (const [path, owner, mode] of [
        ['alice', alice],
        ['alice/hoop', alice],
        ['mallory', mallory, 0o777],
        ['mallory/hoop', alice],
        ['open', 0, 0o777],
        ['open/hoop', alice],
        ['tmp', 0, 0o1777],
        ['tmp/hoop', alice],
      ] as const)
        made(path, owner, mode);
      expect(socket('alice/hoop/s', alice)).not.toThrow();
      expect(socket('tmp/hoop/s', alice)).not.toThrow();
      expect(socket('alice/hoop/other', mallory)).toThrow(/belongs to user id 47002/);
      expect(socket('mallory/hoop/s', alice)).toThrow(/mallory belongs to user id 47002/);
      expect(socket('open/hoop/s', alice)).toThrow(/everybody may change/);
      expect(() => checkSocket(join(folder, 'alice/hoop/other'), 0)).not.toThrow();
      expect(() => checkSocket(join(folder, 'mallory/none/s'), alice)).toThrow(/belongs to user id 47002/);
      for (const none of ['alice/none/s', 'none/hoop/s'])
        expect(() => checkSocket(join(folder, none), alice)).not.toThrow();
    },
  );

  test('a link in place of a file is neither read nor written', () => {
    const target = join(folder, 'target');
    writeFileSync(target, 'theirs');
    const link = join(folder, 'link');
    symlinkSync('target', link);
    expect(() => readOwn(link, uid)).toThrow(/symbolic link/);
    expect(() => appendOwn(link, uid)).toThrow(/symbolic link/);
    replaceOwn(link, 'ours');
    expect(lstatSync(link).isSymbolicLink()).toBe(false);
    expect(readOwn(target, uid)).toBe('theirs');
  });

  test('a file is replaced whole, 0600', () => {
    const path = join(folder, 'state');
    expect(readOwn(path, uid)).toBeUndefined();
    replaceOwn(path, 'one');
    replaceOwn(path, 'two');
    expect(readOwn(path, uid)).toBe('two');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(() => readOwn(path, uid + 1)).toThrow(/belongs to user id/);
  });
});
