import { expect, test } from 'vitest';
import { planPaths } from '../src/paths/index.js';

const at = (variables: Record<string, string>) =>
  planPaths({ platform: 'linux', home: '/h', uid: 1, variables: { XDG_RUNTIME_DIR: '/run/user/1', ...variables } });

test('a profile has a state and a socket of its own; the config is one', () => {
  const work = at({ HOOP_PROFILE: 'work' });
  expect(work.stateFolder).toBe('/h/.local/state/hoop/profiles/work');
  expect(work.socket).toBe('/run/user/1/hoop/profiles/work/hoopd.sock');
  expect(work.configFile).toBe(at({}).configFile);
  expect(at({ HOOP_PROFILE: 'default' })).toEqual(at({}));
  expect(at({ HOOP_PROFILE: '' })).toEqual(at({}));
});

test.each(['../x', 'a/b', '.', 'a b', 'x'.repeat(33)])('%j is no profile', (name) => {
  expect(() => at({ HOOP_PROFILE: name })).toThrow(/HOOP_PROFILE/);
});
