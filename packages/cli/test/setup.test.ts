import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planPaths } from '@hoop/platform';
import type { Event, Machine } from '@hoop/platform/setup';
import { describe, expect, test } from 'vitest';
import type { Daemon } from '../src/client/daemon.js';
import type { System } from '../src/command.js';
import { eventText } from '../src/report.js';
import { hoop, login, machineAt, pg, type Stage, state } from './stage.js';

const MACHINE: Machine = {
  platform: 'linux',
  person: { uid: 1000, gid: 1000, name: 'alice', home: '/home/alice' },
  systemd: true,
  names: 'resolved',
  networkManager: false,
  polkit: true,
  programs: ['ip', 'nft'],
  files: {},
  active: [],
  roots: 'debian',
  nss: [],
  javas: [],
};
const DONE: Event[] = [
  { event: 'does', step: 'resolver', what: 'systemctl daemon-reload' },
  { event: 'done', step: 'resolver' },
  { event: 'done', step: 'ports' },
  { event: 'done', step: 'service' },
];

interface Given {
  uid?: number;
  machine?: Partial<Machine>;
  events?: readonly Event[];
  code?: number;
  resolves?: string;
  setUp?: boolean;
  sudo?: boolean;
  stage?: Stage;
}

/** `hoop ARGS` on a machine where root's part says these events. `asked` is what root was asked. */
async function setup(args: readonly string[], given: Given = {}) {
  const asked: (readonly string[])[] = [];
  const system: System = {
    machineFor: () => ({ ...MACHINE, ...given.machine }),
    isSetUp: () => given.setUp ?? true,
    canBeRoot: () => given.sudo ?? true,
    askOurs: async ({ port }) => (port === 12 ? '127.9.8.7' : undefined),
    lookUp: async () => given.resolves ?? '127.9.8.7',
    asRoot: async (words, tell) => {
      asked.push(words);
      (given.events ?? DONE).forEach(tell);
      return given.code ?? 0;
    },
  };
  let clock = 0;
  const api = { stop: async () => ({ stopping: true as const }), retry: async () => state() };
  const needs = {
    machine: { ...machineAt(mkdtempSync(join(tmpdir(), 'hoop-cli-'))), uid: given.uid ?? 1000 },
    system: async () => system,
    pause: async () => {},
    now: () => {
      clock += 500;
      return clock;
    },
    ...given.stage?.needs,
  };
  const ran = await hoop(['setup', ...args], { api, ...given.stage, needs });
  return { ...ran, asked, request: asked[0]?.[2] === undefined ? undefined : JSON.parse(asked[0][2]) };
}

describe('setup', () => {
  test('shows its plan in 80 columns, asks root once, and looks up a name as programs do', async () => {
    const ran = await setup([]);
    expect(ran.code).toBe(0);
    expect(ran.err).toContain('resolver  systemd-resolved asks hoop for *.hoop');
    expect(ran.err).toMatch(/_canary-\w+\.hoop is 127\.9\.8\.7, as every program sees it/);
    expect(ran.err.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(ran.asked).toHaveLength(1);
    expect(ran.request).toMatchObject({
      steps: ['resolver', 'ports', 'service'],
      uid: 1000,
      resolver: { address: '127.77.3.1', port: 12 },
      names: [{ address: '127.77.3.2', hostname: 'pg-prod.hoop' }],
      ports: [5432],
    });
  });

  test('a dry run asks nobody, and starts nothing', async () => {
    const ran = await setup(['--dry-run'], { stage: { running: false } });
    expect([ran.code, ran.asked]).toEqual([0, []]);
    expect(ran.out).toContain('write /etc/systemd/system/hoop.service');
    expect(ran.out).toContain('ca        if you say yes: this machine trusts a CA made on it');
    expect(ran.err).toBe('');
    const ca = await setup(['--dry-run', '--only', 'ca'], { stage: { running: false } });
    expect([ca.code, ca.out]).toEqual([0, expect.stringContaining('write /usr/local/share/ca-certificates/')]);
  });

  test('--json is one document, and nothing else', async () => {
    const ran = await setup(['--json']);
    expect([ran.code, ran.err]).toEqual([0, '']);
    expect(JSON.parse(ran.out)).toMatchObject({
      steps: [
        { step: 'resolver', state: 'done', actions: expect.arrayContaining(['systemctl daemon-reload']) },
        { step: 'ports', state: 'done' },
        { step: 'service', state: 'done' },
      ],
      failed: [],
      verified: { good: true, address: '127.9.8.7' },
    });
  });

  test('--only is one step', async () => {
    expect((await setup(['--only', 'resolver'])).request.steps).toEqual(['resolver']);
    expect((await setup(['--only', 'everything'])).code).toBe(2);
  });

  test('what is in place is not done again', async () => {
    const { out } = await setup(['--json', '--dry-run', '--only', 'service']);
    expect(JSON.parse(out).steps[0].state).toBe('planned');
  });

  test('a step that fails is told with its reason, and the exit says so', async () => {
    const failed: Event = { event: 'failed', step: 'service', code: 'setup-failed', message: 'it did not start' };
    const ran = await setup([], { events: [DONE[1]!, failed], code: 1 });
    expect([ran.code, ran.err]).toEqual([1, expect.stringContaining('service: it did not start')]);
    const { out } = await setup(['--json'], { events: [DONE[1]!, failed], code: 1 });
    expect(JSON.parse(out)).toMatchObject({
      steps: [{ state: 'done' }, { state: 'planned' }, { state: 'failed' }],
      failed: [{ step: 'service' }],
    });
  });

  test('a sudo that says no has done nothing, and that is said', async () => {
    const ran = await setup([], { events: [], code: 1 });
    expect([ran.code, ran.err]).toEqual([1, expect.stringContaining('root’s part did not run')]);
  });

  test('names that go elsewhere are told', async () => {
    const ran = await setup([], { resolves: '10.9.9.9' });
    expect([ran.code, ran.err]).toEqual([1, expect.stringMatching(/resolves to 10\.9\.9\.9, not to hoop/)]);
  });

  test('an answer that is public is nobody’s proof', async () => {
    expect((await setup([], { resolves: '127.77.3.1' })).code).toBe(1);
    // As where somebody else holds that port.
    const args = ['--resolver', '127.77.3.1:5377', '--only', 'resolver'];
    expect((await setup(args, { resolves: '127.77.3.1' })).code).toBe(1);
  });

  test('a hoopd that runs is told of where names are led to by now', async () => {
    let told = 0;
    const retry = async () => {
      told += 1;
      return state();
    };
    await setup(['--only', 'resolver'], { stage: { api: { retry } } });
    expect(told).toBe(1);
  });

  test('a hoopd that a command started makes room for the one that is kept', async () => {
    let stopped = 0;
    const stop = async () => {
      stopped += 1;
      return { stopping: true as const };
    };
    const api = { stop, retry: async () => state() };
    await setup([], { stage: { api } });
    expect(stopped).toBe(1);
    await setup(['--only', 'resolver'], { stage: { api } });
    expect(stopped).toBe(1);
  });

  test('on a machine where nothing can be done it says why', async () => {
    const ran = await setup(['--only', 'service'], { machine: { systemd: false } });
    expect([ran.code, ran.asked, ran.err]).toEqual([1, [], expect.stringContaining('systemd does not run here')]);
    const { code, out, err } = await setup(['--json', '--only', 'service'], { machine: { systemd: false } });
    expect([code, err, JSON.parse(out).steps]).toEqual([1, '', [expect.objectContaining({ state: 'cannot' })]]);
  });

  test('before any login, where only /etc/hosts could know the names, it says that it did nothing', async () => {
    const machine = { names: 'other', systemd: false } as const;
    const ran = await setup([], { machine, stage: { running: false } });
    expect([ran.code, ran.asked, ran.err]).toEqual([
      1,
      [],
      expect.stringMatching(/nothing of this can be done now\n {2}hoop login, then/),
    ]);
  });

  test('at a terminal the plan is shown, and then agreed to or not', async () => {
    const questions: string[] = [];
    const at = (answer: string) => ({
      stage: {
        needs: {
          terminal: { in: true, out: true, err: true },
          ask: async (question: string) => {
            questions.push(question);
            return answer;
          },
        },
      },
    });
    const no = await setup([], at('n'));
    expect([no.code, no.asked, questions]).toEqual([1, [], ['Do this, as root? [Y/n] ']]);
    expect(no.err).toMatch(/^set-up of this machine[\s\S]*nothing was done/);
    expect((await setup([], at(''))).asked).toHaveLength(1);
  });

  test('without sudo it asks nothing, and prints all that root has to type', async () => {
    const ask = () => Promise.reject(new Error('asked'));
    const at = { terminal: { in: true, out: true, err: true }, ask };
    const ran = await setup([], { sudo: false, machine: { names: 'other' }, stage: { needs: at } });
    const words = ['--for', '1000', '--resolver', '127.77.3.1:12', '--names', 'pg-prod.hoop=127.77.3.2'];
    expect([ran.code, ran.asked]).toEqual([1, []]);
    expect(ran.err.replaceAll(/\s+/g, ' ')).toContain(`as root: hoop setup ${words.join(' ')}`);
    const only = await setup(['--only', 'service'], { sudo: false });
    expect(only.err.replaceAll(/\s+/g, ' ')).toContain('hoop setup --for 1000 --resolver 127.77.3.1:12 --only service');
    expect((await setup(['--only', 'ca'], { sudo: false })).err).toContain('install sudo');
    expect((await setup(['--undo'], { sudo: false })).err).toContain('as root: hoop setup --undo');
    const root = await setup(words, { uid: 0, machine: { names: 'other' } });
    expect(root.request).toMatchObject({ uid: 1000, names: [{ hostname: 'pg-prod.hoop', address: '127.77.3.2' }] });
    for (const wrong of ['pg-prod.hoop', 'pg-prod.hoop=10.0.0.1', 'x=127.0.0.1'])
      expect([wrong, (await setup([...words.slice(0, 4), '--names', wrong], { uid: 0 })).code]).toEqual([wrong, 2]);
  });

  test('the resolver is the daemon’s; without one, where it will be; never off this machine', async () => {
    const quiet = { running: false, now: state({ connections: [pg], login }) };
    expect((await setup(['--dry-run', '--only', 'resolver'], { stage: quiet })).code).toBe(0);
    const given = await setup(['--only', 'resolver', '--resolver', '127.77.9.1:5378']);
    expect(given.request.resolver).toEqual({ address: '127.77.9.1', port: 5378 });
    for (const wrong of ['10.0.0.1:53', '127.0.0.1', '127.0.0.1:0', '127.0.0.1:65536', 'x; reboot'])
      expect([wrong, (await setup(['--resolver', wrong])).code]).toEqual([wrong, 2]);
  });

  test('root asks no daemon, and is told whose set-up it is', async () => {
    const whose = await setup([], { uid: 0 });
    expect([whose.code, whose.asked, whose.err]).toEqual([2, [], expect.stringContaining('run it as yourself')]);
    const told = await setup(['--for', '1000', '--resolver', '127.77.9.1:5377', '--only', 'resolver'], { uid: 0 });
    expect(told.request).toMatchObject({ uid: 1000, names: [], variables: {} });
  });

  test('only what a unit can carry of the shell goes along', async () => {
    const variables = {
      HTTPS_PROXY: 'http://proxy:3128',
      https_proxy: 'http://me:secret@proxy',
      PATH: '/x',
      LD_PRELOAD: '/x',
    };
    const ran = await setup([], { stage: { needs: { variables } } });
    expect(ran.request.variables).toEqual({ HTTPS_PROXY: 'http://proxy:3128' });
    expect(JSON.stringify(ran.asked)).not.toContain('secret');
  });
});

describe('the local CA', () => {
  const PARTS = {
    publicKey: `MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE${'A'.repeat(86)}==`,
    serial: `1${'0'.repeat(31)}`,
    notBefore: 1,
    signature: 'A'.repeat(96),
  };
  const api = {
    makeAuthority: async () => PARTS,
    stop: async () => ({ stopping: true as const }),
    retry: async () => state(),
  };
  const at = (out: boolean) => ({ terminal: { in: out, out, err: out } });

  test.each<[string, readonly string[], string, boolean, boolean]>([
    ['asked for', ['--only', 'ca'], '', false, true],
    ['a yes at the terminal', [], 'y', true, true],
    ['anything else at the terminal', [], '', true, false],
    ['a yes that no terminal asked for', [], 'y', false, false],
    ['a script', ['--json'], 'y', true, false],
    ['a dry run', ['--dry-run', '--only', 'ca'], '', true, false],
  ])('%s', async (_, args, input, terminal, made) => {
    let asked = 0;
    const makeAuthority = async () => {
      asked += 1;
      return PARTS;
    };
    const ran = await setup(args, { stage: { api: { ...api, makeAuthority }, input, needs: at(terminal) } });
    expect([asked, ran.request?.authority]).toEqual(made ? [1, PARTS] : [0, undefined]);
    expect((ran.request?.steps ?? []).includes('ca')).toBe(made);
  });
});

describe('undo', () => {
  test('tells what it takes back', async () => {
    const events: Event[] = [
      { event: 'does', step: undefined, what: 'remove /etc/systemd/system/hoop.service' },
      { event: 'undone', entries: 1 },
    ];
    const ran = await setup(['--undo'], { events });
    expect([ran.code, ran.asked, ran.err]).toEqual([
      0,
      [['undo']],
      expect.stringContaining('  remove /etc/systemd/system/hoop.service\nundone\n'),
    ]);
    expect((await setup(['--undo', '--only', 'service'], { events })).asked).toEqual([['undo', 'service']]);
  });

  test('asks nobody where there is nothing to undo', async () => {
    const ran = await setup(['--undo', '--json'], { setUp: false });
    expect([ran.code, ran.asked, JSON.parse(ran.out)]).toEqual([
      0,
      [],
      { undone: false, forgotten: false, failed: [] },
    ]);
  });

  test('without a login hoop’s folders go too; with one, or with one of another profile, they stay', async () => {
    const home = mkdtempSync(join(tmpdir(), 'hoop-forget-'));
    const machine = { ...machineAt(home), uid: 1000 };
    const paths = planPaths(machine);
    const code = join(home, '.cache/hoop/code');
    const make = () => {
      for (const folder of [paths.stateFolder, code, join(home, '.config/hoop')])
        mkdirSync(folder, { recursive: true });
      writeFileSync(paths.stateFile, '{}');
    };
    const undo = async (login: boolean) => {
      let runs = true;
      const daemon = {
        running: async () => (runs ? state(login ? {} : { login: null }) : undefined),
        api: async () => ({
          stop: async () => {
            runs = false;
          },
        }),
      } as unknown as Daemon;
      const needs = {
        machine,
        paths,
        daemon,
        variables: { HOME: home },
        system: async () => ({ isSetUp: () => false }) as never,
      };
      return (await hoop(['setup', '--undo'], { needs: { pause: async () => {}, ...needs } })).err;
    };
    make();
    expect([await undo(true), existsSync(paths.stateFile)]).toEqual([
      expect.stringContaining('after hoop logout'),
      true,
    ]);
    mkdirSync(join(paths.stateFolder, 'profiles/acme'), { recursive: true });
    writeFileSync(join(paths.stateFolder, 'profiles/acme/login.json'), '{}');
    expect([await undo(false), existsSync(paths.stateFile)]).toEqual([expect.stringContaining('folders stay'), true]);
    rmSync(join(paths.stateFolder, 'profiles/acme/login.json'));
    expect([await undo(false), readdirSync(home), readdirSync(join(home, '.config'))]).toEqual([
      `on this machine there is nothing to undo\nhoopd has ended, and ${paths.stateFolder} is removed\n`,
      ['.config'],
      ['hoop'],
    ]);
    rmSync(home, { recursive: true });
  });

  test('what could not be undone is told', async () => {
    const failed: Event = {
      event: 'failed',
      code: 'setup-undo',
      message: 'it is busy',
      hint: 'hoop setup --undo again',
    };
    const ran = await setup(['--undo'], { events: [failed, { event: 'undone', entries: 0 }], code: 1 });
    expect([ran.code, ran.err]).toEqual([1, expect.stringContaining(eventText(failed))]);
  });
});
