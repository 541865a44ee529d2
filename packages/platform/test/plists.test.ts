import { spawnSync } from 'node:child_process';
import { parse } from 'plist';
import { expect, test } from 'vitest';
import { planSetup, type Request } from '../src/setup/index.js';
import type { Machine } from '../src/setup/machine.js';

/** What launchd reads (launchd.plist(5)) of what we write, and of which type. `plutil -lint` knows no more. */
const KEYS: Record<string, string> = {
  Label: 'string',
  ProgramArguments: 'array',
  EnvironmentVariables: 'dictionary',
  LimitLoadToSessionType: 'string',
  RunAtLoad: 'boolean',
  KeepAlive: 'dictionary',
  ThrottleInterval: 'integer',
  ProcessType: 'string',
  StandardErrorPath: 'string',
  HardResourceLimits: 'dictionary',
  SoftResourceLimits: 'dictionary',
  Umask: 'integer',
};
const typeOf = (value: unknown): string => {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'object') return 'dictionary';
  return Number.isInteger(value) ? 'integer' : typeof value;
};

const MAC: Machine = {
  ...{ platform: 'darwin', systemd: false, names: 'macos', networkManager: false, polkit: false },
  person: { uid: 501, gid: 20, name: 'alice', home: '/Users/alice & Co <1>' },
  ...{ programs: [], files: {}, active: [], roots: 'macos', nss: [], javas: [] },
};
const REQUEST: Request = {
  steps: ['service', 'ports'],
  uid: 501,
  resolver: { address: '127.77.4.1', port: 5377 },
  program: { node: '/opt/hoop/node', main: '/opt/hoop/main.js' },
  ...{ variables: { NO_PROXY: 'a,<b>&c' }, names: [], ports: [] },
};

const plists = planSetup(MAC, REQUEST).flatMap((plan) =>
  plan.can ? plan.actions.flatMap((one) => (one.do === 'write' && one.path.endsWith('.plist') ? [one] : [])) : [],
);

test('there is one of the person and one of root', () => {
  expect(plists.map(({ path }) => path.split('/')[2])).toEqual(['LaunchAgents', 'LaunchDaemons']);
});

test.each(plists.map(({ path, text }) => [path, text] as const))(
  '%s is a property list of keys that launchd knows',
  (path, text) => {
    const read = parse(text) as Record<string, unknown>;
    for (const [key, value] of Object.entries(read)) expect([key, typeOf(value)]).toEqual([key, KEYS[key]]);
    expect(path).toContain(`/${String(read.Label)}.plist`);
    for (const word of read.ProgramArguments as unknown[]) expect(typeof word).toBe('string');
  },
);

test('what a person’s names hold is text in it, and nothing else', () => {
  const agent = parse(plists[0]!.text) as { StandardErrorPath: string; EnvironmentVariables: object };
  expect(agent.StandardErrorPath).toBe('/Users/alice & Co <1>/Library/Logs/hoopd.log');
  expect(agent.EnvironmentVariables).toMatchObject({ NO_PROXY: 'a,<b>&c' });
});

test('their shell is shell; the agent is nothing, and ends well, for anybody but its person', () => {
  const [agent, job] = plists.map(({ text }) => (parse(text) as { ProgramArguments: string[] }).ProgramArguments);
  for (const words of [agent, job]) expect(spawnSync('sh', ['-n', '-c', words![2]!]).status).toBe(0);
  const mine = agent![2]!.replace('= 501', `= ${process.getuid?.()}`);
  expect(spawnSync('sh', ['-c', agent![2]!, 'false']).status).toBe(0);
  expect(spawnSync('sh', ['-c', mine, 'false']).status).toBe(1);
});
