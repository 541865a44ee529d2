import { expect, test } from 'vitest';
import { planPaths, profileFolder, profileName } from '../src/paths/index.js';

const at = (variables: Record<string, string>) =>
  planPaths({ platform: 'linux', home: '/h', uid: 1, variables: { XDG_RUNTIME_DIR: '/run/user/1', ...variables } });

test('a profile has a folder of its own in the one state folder; one daemon serves all', () => {
  expect(at({ HOOP_PROFILE: 'work' })).toEqual(at({}));
  expect(profileFolder('/s', 'default')).toBe('/s');
  expect(profileFolder('/s', 'work')).toBe('/s/profiles/work');
});

test.each([
  ...['../x', 'a/b', '.', 'a b', 'x'.repeat(33), '', 'a.b', '-a', 'a-', 'A', 'a_b', 'ä', 'a\nb'],
  ...['hoop', 'localhost'],
])('%j is no profile', (name) => {
  expect(() => profileName(name)).toThrow(/not a profile's name/);
  expect(() => profileFolder('/s', name)).toThrow(/not a profile's name/);
});

test.each(['acme', 'a', '0', 'x'.repeat(32), 'eu-1', 'default'])('%j is one', (name) => {
  expect(profileName(name)).toBe(name);
});
