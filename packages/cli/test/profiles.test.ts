import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { LocalConnection, ProfileState, State } from '@hoop/contracts/local';
import { HoopError } from '@hoop/core';
import { planPaths } from '@hoop/platform';
import { describe, expect, test } from 'vitest';
import type { Daemon } from '../src/client/daemon.js';
import { namesOf } from '../src/commands/run.js';
import { hoop, login, machineAt, NOW, pg, state } from './stage.js';

const acmeLogin = {
  ...login,
  gateway: 'https://gw.acme.example',
  identity: { ...login.identity, email: 'al@acme.example' },
};
const gatewayOf = (url: string) => ({ url, state: 'online' as const, since: NOW, warm: 1 });
const theirs: LocalConnection = {
  ...pg,
  profile: 'acme',
  hostname: 'pg-prod.acme.hoop',
  address: '127.77.3.9',
  reach: { ...pg.reach, address: '127.77.3.9' },
};
const only: LocalConnection = { ...theirs, name: 'pg-dwh', hostname: 'pg-dwh.acme.hoop', address: '127.77.3.10' };

/** Two profiles; `acme`: what is different about that one. */
function two(acme: Partial<ProfileState> = {}, more: Partial<State> = {}): State {
  const ours = {
    login,
    attempt: null,
    needs: null,
    gateway: gatewayOf('https://gw.example'),
    lastGateway: 'https://gw.example',
  };
  const their = { login: acmeLogin, attempt: null, needs: null, gateway: gatewayOf('https://gw.acme.example') };
  return state({
    ...ours,
    profiles: [
      { name: 'default', isDefault: true, ...ours },
      { name: 'acme', isDefault: false, ...their, lastGateway: 'https://gw.acme.example', ...acme },
    ],
    connections: [{ ...pg, profile: 'default' }, only, theirs],
    ...more,
  });
}
const ended = two({ login: { ...acmeLogin, state: 'expired' } });
const json = async (...args: Parameters<typeof hoop>) => JSON.parse((await hoop(...args)).out);

describe('two profiles', () => {
  test('ls shows the names of all, or of the one that is asked for: flag before environment', async () => {
    expect((await hoop(['ls'], { now: two() })).out).toMatchInlineSnapshot(`
      "pg-prod       postgres  127.77.3.2:5432  ready
      pg-dwh.acme   postgres  127.77.3.9:5432  ready
      pg-prod.acme  postgres  127.77.3.9:5432  ready
      "
    `);
    const shown = async (args: string[], HOOP_PROFILE?: string) =>
      (await json(['ls', '--json', ...args], { now: two(), needs: { variables: { HOOP_PROFILE } } })).map(
        ({ hostname }: LocalConnection) => hostname,
      );
    expect(await shown(['--profile', 'acme'])).toEqual(['pg-dwh.acme.hoop', 'pg-prod.acme.hoop']);
    expect(await shown([], 'acme')).toEqual(['pg-dwh.acme.hoop', 'pg-prod.acme.hoop']);
    expect(await shown(['--profile', 'default'], 'acme')).toEqual(['pg-prod.hoop']);
    expect(await shown([], '')).toHaveLength(3);
  });

  test('status: each login under its profile; problems say whose they are', async () => {
    const problems = [
      { code: 'x', message: 'the laptop’s' },
      { code: 'y', message: 'theirs', profile: 'acme' },
    ];
    const { out } = await hoop(['status'], { now: two({}, { problems }) });
    expect(out).toMatchInlineSnapshot(`
      "daemon       hoopd 0.1.0, pid 4711, up 90 s
      resolver     127.77.3.1:5377, 2 names answered

      profile      default: NAME.hoop, NAME.default.hoop
      login        alice@shop.example, active, in keychain
                   certificate for 10 min, lease until 2026-01-02 04:04:05 UTC
      gateway      https://gw.example, online
      connections  1, with 0 sessions open

      profile      acme: NAME.acme.hoop
      login        al@acme.example, active, in keychain
                   certificate for 10 min, lease until 2026-01-02 04:04:05 UTC
      gateway      https://gw.acme.example, online
      connections  2, with 0 sessions open

      problem      the laptop’s
      problem      profile acme: theirs
      "
    `);
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    const own = (await hoop(['status', '--profile', 'default'], { now: two({}, { problems }) })).out;
    expect(own).toContain('the laptop’s');
    expect(own).not.toContain('acme');
  });

  test.each([
    ['pg-prod', undefined, '127.77.3.2'],
    ['pg-prod.default', undefined, '127.77.3.2'],
    ['pg-prod.acme', undefined, '127.77.3.9'],
    ['pg-prod.acme.hoop', undefined, '127.77.3.9'],
    ['pg-prod.hoop', undefined, '127.77.3.2'],
    ['pg-prod', 'acme', '127.77.3.9'],
    ['pg-prod.acme', 'acme', '127.77.3.9'],
  ])('%s, with profile %s, is at %s', async (name, profile, address) => {
    const args = ['show', name, '--json', ...(profile === undefined ? [] : ['--profile', profile])];
    expect((await json(args, { now: two() })).address).toBe(address);
  });

  test('a short name is the default profile’s or nobody’s: who has it is said, and none is guessed', async () => {
    const ran = await hoop(['connect', 'pg-dwh'], { now: two() });
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toContain('you see no connection called "pg-dwh"');
    expect(ran.err).toContain('there is pg-dwh.acme');
    expect((await hoop(['show', 'pg-dwh', '--profile', 'default'], { now: two() })).code).toBe(1);
    const all = 'you see: pg-prod, pg-dwh.acme, pg-prod.acme';
    expect((await hoop(['show', 'pg-prod.nope'], { now: two() })).err).toContain(all);
    expect((await hoop(['show', 'nope.acme'], { now: two() })).err).toContain('you see: pg-dwh.acme, pg-prod.acme');
  });

  test('a login that has ended keeps nobody from the other gateway, and its hint says whose it is', async () => {
    const ls = await hoop(['ls'], { now: ended });
    expect(ls).toMatchObject({ code: 0 });
    expect(ls.err).toBe('profile acme: your login has ended\n  hoop login --profile acme\n');
    expect((await hoop(['show', 'pg-prod'], { now: ended })).code).toBe(0);
    for (const name of ['pg-prod.acme', 'gone.acme'])
      expect(await hoop(['show', name], { now: ended })).toMatchObject({
        code: 4,
        err: expect.stringContaining('hoop login --profile acme'),
      });
    expect(await hoop(['ls', '--profile', 'acme'], { now: ended })).toMatchObject({ code: 4 });
  });

  test('connect takes the profile before the name or right behind it, and leaves the rest to the client', async () => {
    const now = two({}, { connections: two().connections.map((one) => ({ ...one, protocol: 'tcp' as const })) });
    const own = ['--profile', 'acme'];
    for (const args of [
      [...own, 'pg-prod'],
      ['pg-prod', ...own, '--', '-c', 'x'],
      ['pg-prod', '--profile=acme', '-c'],
    ])
      expect((await hoop(['connect', ...args], { now })).out).toContain('127.77.3.9');
    expect((await hoop(['connect', 'pg-prod', '--', ...own], { now })).out).toContain('127.77.3.2');
    expect((await hoop(['connect', 'pg-prod', '--profile'], { now })).code).toBe(2);
  });

  test('calls for a connection go to its own gateway', async () => {
    const asked: unknown[] = [];
    const api = {
      controls: async (input: unknown) => {
        asked.push(input);
        return { guardrails: [], masks: [] };
      },
      sessions: async (input: unknown) => {
        asked.push(input);
        return [];
      },
    };
    await hoop(['show', 'pg-prod.acme'], { now: two(), api });
    await hoop(['show', 'pg-prod'], { now: two(), api });
    await hoop(['sessions', 'ls', '--connection', 'pg-prod.acme'], { now: two(), api });
    await hoop(['sessions', 'ls', '--connection', 'PG-prod.acme.hoop'], { now: two(), api });
    await hoop(['sessions', 'ls', '--profile', 'acme'], { now: two(), api });
    expect(asked).toEqual([
      { name: 'pg-prod', query: { profile: 'acme' } },
      { name: 'pg-prod', query: { profile: 'default' } },
      { query: { connection: 'pg-prod', profile: 'acme' } },
      { query: { connection: 'pg-prod', profile: 'acme' } },
      { query: { profile: 'acme' } },
    ]);
  });

  test('names for a hosts file: the short ones, and the long ones that stay', () => {
    expect(namesOf(two()).map(({ hostname, address }) => `${address} ${hostname}`)).toEqual([
      '127.77.3.2 pg-prod.hoop',
      '127.77.3.2 pg-prod.default.hoop',
      '127.77.3.9 pg-dwh.acme.hoop',
      '127.77.3.9 pg-prod.acme.hoop',
    ]);
  });
});

describe('profiles', () => {
  test('ls, with one and with two', async () => {
    expect((await hoop(['profile', 'ls'], { now: two() })).out).toMatchInlineSnapshot(`
      "default  *  https://gw.example       alice@shop.example, active
      acme        https://gw.acme.example  al@acme.example, active
      "
    `);
    expect(await json(['profile', 'ls', '--json'])).toMatchObject([{ name: 'default', isDefault: true, login }]);
  });

  test('rename; a config.yaml that has the old name is told of', async () => {
    const asked: unknown[] = [];
    const api = {
      renameProfile: async (input: { name: string; body: { to: string } }) => {
        asked.push(input);
        return { name: input.body.to };
      },
    };
    const home = mkdtempSync(join(tmpdir(), 'hoop-rename-'));
    const machine = machineAt(home);
    const paths = planPaths(machine);
    mkdirSync(dirname(paths.configFile), { recursive: true });
    writeFileSync(paths.configFile, 'profiles:\n  acme:\n    gateway: https://gw.acme.example\n');
    const ran = await hoop(['profile', 'rename', 'acme', 'work'], { now: two(), api, needs: { machine, paths } });
    expect(ran.err).toBe(
      `the profile acme is now called work, and its names are like pg-prod.work.hoop\nin ${paths.configFile}, what stands below profiles, acme belongs below profiles, work now\n`,
    );
    const first = await hoop(['profile', 'rename', 'default', 'shop'], { now: two(), api, needs: { machine, paths } });
    expect(first.err).not.toContain(paths.configFile);
    writeFileSync(paths.configFile, 'gateway: https://gw.example\n');
    const usual = await hoop(['profile', 'rename', 'default', 'shop'], { now: two(), api, needs: { machine, paths } });
    expect(usual.err).toContain(`in ${paths.configFile}, what stands at the top belongs below profiles, shop now`);
    asked.splice(1);
    const json = await hoop(['profile', 'rename', 'acme', 'work', '--json'], { now: two(), api });
    expect(json.out).toBe('{"renamed":"acme","to":"work"}\n');
    expect(asked).toEqual([1, 2].map(() => ({ name: 'acme', body: { to: 'work' } })));
    for (const wrong of [['nope', 'work'], ['acme', 'A_b'], ['acme']])
      expect((await hoop(['profile', 'rename', ...wrong], { now: two(), api })).code).toBe(2);
  });

  test('use and remove; what there is none of, and what stays, is said', async () => {
    const done: unknown[] = [];
    const api = {
      useProfile: async (input: { name: string }) => {
        done.push(input);
        return input;
      },
      removeProfile: async (input: { name: string }) => {
        done.push(input);
        return { ended: true };
      },
    };
    expect(await hoop(['profile', 'use', 'acme'], { now: two(), api })).toMatchObject({ code: 0 });
    expect((await hoop(['profile', 'remove', 'acme'], { now: two(), api })).err).toContain('acme is forgotten');
    expect(done).toEqual([{ name: 'acme' }, { name: 'acme' }]);
    expect(await json(['profile', 'use', 'acme', '--json'], { now: two(), api })).toEqual({ default: 'acme' });
    expect(await hoop(['profile', 'use', 'other'], { now: two(), api })).toMatchObject({ code: 2 });
    expect(await hoop(['profile', 'remove', 'default'], { now: two(), api })).toMatchObject({ code: 1 });
  });

  test.each(['a.b', 'UPPER', '../x', 'hoop'])('%s is no profile: a usage error, wherever it stands', async (name) => {
    expect(await hoop(['ls', '--profile', name], { now: two() })).toMatchObject({ code: 2 });
    expect(await hoop(['ls'], { now: two(), needs: { variables: { HOOP_PROFILE: name } } })).toMatchObject({ code: 2 });
  });

  test('logout says whose login ended, and whose has not', async () => {
    let now = two();
    const api = {
      logout: async () => {
        now = two({}, { profiles: two().profiles!.map((one) => (one.isDefault ? { ...one, login: null } : one)) });
        return { ended: true };
      },
    };
    const daemon = { state: async () => now, api: async () => api } as unknown as Daemon;
    const told = async (args: string[]) => (await hoop(['logout', ...args], { needs: { daemon } })).err;
    expect(await told([])).toBe('logged out of default; still logged in: acme\n');
    now = two({ login: null });
    expect(await told(['--profile', 'default'])).toBe('logged out of default; still logged in: acme\n');
    expect((await hoop(['logout'], { api: { logout: async () => ({ ended: true }) } })).err).toBe('logged out\n');
  });

  test('logout says who could not be told of it', async () => {
    const api = { logout: async () => ({ ended: true, untold: ['gateway' as const, 'IdP' as const] }) };
    const told = 'logged out\nthe gateway and the IdP could not be told: there the login ends by itself\n';
    expect(await hoop(['logout'], { api })).toMatchObject({ code: 0, err: told });
    expect(await json(['logout', '--json'], { api })).toEqual({ ended: true, untold: ['gateway', 'IdP'] });
    expect(await json(['logout', '--all', '--json'], { api })).toMatchObject({ untold: ['gateway', 'IdP'] });
  });

  test('a login is advised by the name of its profile, default or not', async () => {
    const none = { login: null, gateway: null };
    const now = two({ ...none, isDefault: true }, {});
    now.profiles![0]!.isDefault = false;
    expect((await hoop(['status', '--profile', 'acme'], { now })).out).toContain('none: hoop login --profile acme\n');
  });

  test('one that is not there ends logout as it ends ls', async () => {
    const api = { logout: () => Promise.reject(new HoopError('no-such-profile', 'there is none')) };
    expect((await hoop(['logout', '--profile', 'nope'], { now: two(), api })).code).toBe(2);
  });

  test('logout: one, or all', async () => {
    const asked: unknown[] = [];
    const api = {
      logout: async (input: { query?: { profile?: string | undefined } }) => {
        asked.push(input.query?.profile);
        return { ended: input.query?.profile !== 'acme' };
      },
    };
    await hoop(['logout'], { now: two(), api });
    await hoop(['logout', '--profile', 'acme'], { now: two(), api });
    expect(await json(['logout', '--all', '--json'], { now: two(), api })).toEqual({
      ended: true,
      profiles: ['default'],
    });
    expect(asked).toEqual([undefined, 'acme', 'default', 'acme']);
  });
});

describe('login', () => {
  test('to a new profile: its own gateway, whatever the shell or the file say of another’s', async () => {
    const asked: unknown[] = [];
    const api = {
      login: async ({ body }: { body: unknown }) => {
        asked.push(body);
        return { id: '1', phase: 'discovering' as const, joined: false };
      },
    };
    const now = two();
    const run = (args: string[], needs = {}) => hoop(['login', ...args], { now: state(), states: [now], api, needs });
    const ran = await run(['https://gw.acme.example', '--profile', 'acme']);
    expect(asked).toEqual([
      { gateway: 'https://gw.acme.example', flow: 'browser', store: 'keychain', profile: 'acme' },
    ]);
    expect(ran.err).toBe(
      'logged in to https://gw.acme.example as al@acme.example\nits names are like pg-prod.acme.hoop\n',
    );
    const shell = { variables: { HOOP_GATEWAY: 'https://gw.example' } };
    expect(await run(['--profile', 'acme'], shell)).toMatchObject({
      code: 2,
      err: expect.stringContaining('which gateway?'),
    });
    await run([], { variables: { HOOP_GATEWAY: 'https://env.example', HOOP_PROFILE: 'acme' } });
    expect(asked.at(-1)).toMatchObject({ gateway: 'https://env.example', profile: 'acme' });
  });
});
