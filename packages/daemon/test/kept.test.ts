import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { profilesIn } from '../src/login/kept.js';
import type { Profile } from '../src/profile.js';
import { Profiles } from '../src/profiles.js';
import { TestProfiles } from './support/laptop.js';

describe('profiles on disk', () => {
  let folder: string;
  const warned: string[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hoop-kept-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const kept = () =>
    profilesIn({
      stateFolder: folder,
      uid: process.getuid!(),
      environment: {},
      door: { admits: () => true, refused: () => {} },
      log: (_, message) => warned.push(message),
    });
  const KNOWN = { gateway: 'https://gw.acme.example' };
  const make = (name: string, file = 'gateway.json') => {
    mkdirSync(join(folder, 'profiles', name), { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, 'profiles', name, file), JSON.stringify(KNOWN), { mode: 0o600 });
  };

  test('what one login without profiles left is the profile default, as it lies', () => {
    writeFileSync(join(folder, 'gateway.json'), JSON.stringify(KNOWN), { mode: 0o600 });
    expect(kept().names()).toEqual([]);
    expect(kept().defaultName()).toBeUndefined();
    expect(kept().open('default').state()).toMatchObject({ login: null, lastGateway: 'https://gw.acme.example' });
    expect(readdirSync(folder)).toEqual(['gateway.json']);
  });

  test('a folder with a login, or with where it was; no link, nothing else, no name that DNS does not take', () => {
    make('acme');
    make('work', 'login.json');
    make('odd_One');
    make('empty', 'hoopd.log');
    symlinkSync(join(folder, 'profiles/acme'), join(folder, 'profiles/link'));
    expect(kept().names().sort()).toEqual(['acme', 'work']);
    expect(warned).toEqual([expect.stringContaining('no name that DNS takes')]);
    expect(kept().open('acme').state().lastGateway).toBe('https://gw.acme.example');
    expect(() => kept().open('../acme')).toThrow(/not a profile's name/);
  });

  test('the default outlives the daemon, and leaves no file where it is the usual one', () => {
    kept().setDefault('acme');
    expect(kept().defaultName()).toBe('acme');
    kept().setDefault('default');
    expect(readdirSync(folder)).toEqual([]);
    writeFileSync(join(folder, 'profiles.json'), '{', { mode: 0o600 });
    expect(kept().defaultName()).toBeUndefined();
  });

  test('renamed: all of it lies where the other name has it, whichever of the two is the usual one', () => {
    make('acme');
    make('acme', 'connections.json');
    kept().rename('acme', 'work');
    expect(kept().names()).toEqual(['work']);
    expect(readdirSync(join(folder, 'profiles/work')).sort()).toEqual(['connections.json', 'gateway.json']);
    writeFileSync(join(folder, 'gateway.json'), JSON.stringify({ gateway: 'https://gw.example' }), { mode: 0o600 });
    writeFileSync(join(folder, 'state.json'), '{}');
    kept().rename('default', 'first');
    expect(readdirSync(folder).sort()).toEqual(['profiles', 'state.json']);
    expect(kept().open('first').state().lastGateway).toBe('https://gw.example');
    expect(kept().open('default').state().lastGateway).toBeUndefined();
    expect(() => kept().rename('work', '../x')).toThrow(/not a profile's name/);
  });

  test('forgotten: its folder is gone, and no other one', () => {
    make('acme');
    make('work');
    kept().forget('acme');
    expect(existsSync(join(folder, 'profiles/acme'))).toBe(false);
    expect(kept().names()).toEqual(['work']);
    expect(() => kept().forget('..')).toThrow(/not a profile's name/);
  });
});

describe('a profile that no login came of', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const failed = { id: '1', phase: 'failed' as const, error: { code: 'x', message: 'no gateway there' } };
  function profiles() {
    const kept = new TestProfiles();
    const all = new Profiles({
      kept,
      make: (name, credentials) =>
        ({ name, credentials, problems: [], start: () => {}, close: () => {} }) as unknown as Profile,
      removed: async () => {},
      renamed: async () => {},
      changed: () => {},
    });
    all.start();
    return { all, kept };
  }
  const names = (all: Profiles) => all.all.map(({ name }) => name);

  test('is there until it has been read why, then it is none', () => {
    const { all, kept } = profiles();
    all.ensure('typo');
    const login = kept.open('typo');
    login.standing = { login: null, attempt: { id: '1', phase: 'discovering' } };
    login.set(undefined);
    vi.advanceTimersByTime(60_000);
    expect(names(all)).toEqual(['default', 'typo']);
    login.standing = { login: null, attempt: failed };
    login.set(undefined);
    vi.advanceTimersByTime(4_000);
    expect(names(all)).toEqual(['default', 'typo']);
    vi.advanceTimersByTime(2_000);
    expect(names(all)).toEqual(['default']);
  });

  test('made for a login that did not even begin, it is none either', () => {
    const { all } = profiles();
    all.ensure('typo');
    vi.advanceTimersByTime(6_000);
    expect(names(all)).toEqual(['default']);
  });

  test('tried again meanwhile, or logged in to before, it stays', () => {
    const { all, kept } = profiles();
    all.ensure('again');
    const login = kept.open('again');
    login.standing = { login: null, attempt: failed };
    login.set(undefined);
    vi.advanceTimersByTime(3_000);
    login.standing = { login: null, attempt: { id: '2', phase: 'browser' } };
    login.set(undefined);
    vi.advanceTimersByTime(60_000);
    expect(names(all)).toEqual(['default', 'again']);
    login.standing = { login: null, attempt: failed, lastGateway: 'https://gw.example' };
    login.set(undefined);
    vi.advanceTimersByTime(60_000);
    expect(names(all)).toEqual(['default', 'again']);
  });
});
