import { describe, expect, test } from 'vitest';
import { openBrowser, planBrowser } from '../src/browser/index.js';
import type { KeychainReply } from '../src/keychain/call.js';
import { keychainErrorOf } from '../src/keychain/errors.js';
import { openKeychain } from '../src/keychain/keychain.js';
import { failureIn, type Lock, lockIn } from '../src/keychain/lock.js';

describe('the lock, as the three programs print it', () => {
  test.each<[string, Lock]>([
    ['method return time=1.2 sender=:1.5\n   variant       boolean true\n', 'locked'],
    ['   variant       boolean false\n', 'unlocked'],
    ['(<true>,)\n', 'locked'],
    ['(<false>,)\n', 'unlocked'],
    ['b true\n', 'locked'],
    ['b false\n', 'unlocked'],
    ['nothing known\n', 'unknown'],
  ])('%j is %s', (out, wanted) => {
    expect(lockIn(out)).toBe(wanted);
  });

  test.each<[string, Lock]>([
    ['Error org.freedesktop.DBus.Error.ServiceUnknown: The name is not provided by any .service files', 'absent'],
    ['Error org.freedesktop.DBus.Error.UnknownMethod: No such interface', 'no-collection'],
    ['Error: GDBus.Error:org.freedesktop.DBus.Error.UnknownObject: x', 'no-collection'],
    ['Failed to open connection to "session" message bus: Unable to autolaunch a dbus-daemon', 'no-bus'],
    ['Error connecting: Could not connect: No such file or directory', 'no-bus'],
    ['Error org.freedesktop.DBus.Error.NoReply: Did not receive a reply', 'hangs'],
  ])('%j is %s', (err, wanted) => {
    expect(failureIn(err)).toBe(wanted);
  });
});

test.each([
  ['Cannot autolaunch D-Bus without X11 $DISPLAY', 'keychain-no-bus'],
  ['Could not connect: No such file or directory', 'keychain-no-bus'],
  ['Cannot create an item in a locked collection', 'keychain-locked'],
  ['Object does not exist at path “/org/freedesktop/secrets/collection/login”', 'keychain-no-collection'],
  ['Timeout was reached', 'keychain-hangs'],
  ['something else', 'keychain-failed'],
])('of keytar, %j is %s, and says how to go on without a keychain', (message, code) => {
  expect(keychainErrorOf(message)).toMatchObject({ code, hint: expect.stringContaining('--login-store=memory') });
});

describe('a locked keychain', () => {
  function stage(locks: Lock[], replies: KeychainReply[]) {
    let clock = 0;
    const deadlines: number[] = [];
    const told: boolean[] = [];
    const keychain = openKeychain({
      ...{ service: 's', environment: {}, deadlines: { call: 5, unlock: 100, look: 10 } },
      waiting: (is) => void told.push(is),
      lock: async () => locks.shift() ?? 'locked',
      call: async (_, { deadline }) => {
        deadlines.push(deadline);
        return replies.shift() ?? { end: 'done', value: null };
      },
      pause: async (ms) => {
        clock += ms;
      },
      now: () => clock,
    });
    return { keychain, deadlines, told };
  }

  test('is asked with the long deadline, then looked at until it is open', async () => {
    const { keychain, deadlines, told } = stage(
      ['locked', 'locked', 'locked', 'unlocked'],
      [
        { end: 'done', value: null },
        { end: 'done', value: 'secret' },
      ],
    );
    expect(await keychain.get('me')).toBe('secret');
    expect(deadlines).toEqual([100, 5]);
    expect(told).toEqual([true, false]);
  });

  test('is given up after the long deadline, and a person is not asked twice', async () => {
    const { keychain, deadlines, told } = stage([], []);
    await expect(keychain.get('me')).rejects.toMatchObject({ code: 'keychain-locked' });
    await expect(keychain.get('me')).rejects.toMatchObject({ code: 'keychain-locked' });
    expect(deadlines).toEqual([100]);
    expect(told).toEqual([true, false]);
  });

  test('that opened and locked again asks again', async () => {
    const { keychain, deadlines } = stage(
      ['locked', 'unlocked', 'unlocked', 'locked', 'unlocked'],
      [
        { end: 'done', value: null },
        { end: 'done', value: 'a' },
        { end: 'done', value: 'b' },
        { end: 'done', value: 'c' },
      ],
    );
    expect([await keychain.get('me'), await keychain.get('me'), await keychain.get('me')]).toEqual(['a', 'b', 'c']);
    expect(deadlines).toEqual([100, 5, 5, 100]);
  });
});

test('BROWSER comes first, then what the desktop has, then nothing', () => {
  const at = (platform: NodeJS.Platform, variables: Record<string, string>) =>
    planBrowser({ platform, home: '/h', uid: 1, variables });
  expect(at('linux', { BROWSER: 'firefox --new-window:w3m', DISPLAY: ':0' })).toEqual([
    ['firefox', '--new-window'],
    ['w3m'],
  ]);
  expect(at('linux', { DISPLAY: ':0' })).toEqual([['xdg-open'], ['sensible-browser']]);
  expect(at('linux', {})).toEqual([]);
  expect(at('darwin', {})).toEqual([['open']]);
});

test.each(['file:///etc/passwd', '--version', 'javascript:alert(1)', ''])('%j is not opened', async (url) => {
  expect(await openBrowser({ platform: 'linux', home: '/h', uid: 1, variables: { BROWSER: 'true' } }, url)).toBe(false);
  expect(await openBrowser({ platform: 'linux', home: '/h', uid: 1, variables: { BROWSER: 'true' } }, 'http://x')).toBe(
    true,
  );
});
