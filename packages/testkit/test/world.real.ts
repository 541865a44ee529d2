import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { STAFF } from '../src/idp/people.js';
import { clear, found, keyringMissing, keytarFolder, MARK, passable, World } from '../src/world/index.js';
import { marked, recorded, runs, startOf } from '../src/world/processes.js';
import { usersOf } from '../src/world/users.js';

const root = join(import.meta.dirname, '../../..');
const linux = process.platform === 'linux';
let folder: string;
let world: World | undefined;

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'hw-')), '.demo');
});
afterEach(async () => {
  await world?.end();
  world = undefined;
  rmSync(join(folder, '..'), { recursive: true, force: true });
});

const [alice, bob] = STAFF as [(typeof STAFF)[number], (typeof STAFF)[number]];

describe('the demo world', () => {
  test('laptops are apart: own HOME and folders, nothing of the caller; as root, own OS users', async () => {
    world = await World.prepare({ root, folder });
    await world.setUpLaptops([alice, bob]);
    const laptop = world.laptop('alice');
    const { stdout } = await laptop.run(['env']);
    const variables = new Map(stdout.split('\n').map((line) => line.split(/=(.*)/s) as [string, string]));
    for (const name of ['HOME', 'XDG_CONFIG_HOME', 'XDG_STATE_HOME', 'XDG_RUNTIME_DIR'])
      expect(variables.get(name)).toMatch(new RegExp(`^${world.place.place}/laptops/alice/`));
    for (const name of Object.keys(process.env).filter((each) => /^(HOOP_|PG(?!$)|HTTPS?_PROXY|NODE_)/.test(each)))
      expect([MARK, undefined]).toContain(variables.has(name) ? name : undefined);
    expect(`${variables.get('XDG_RUNTIME_DIR')}/hoop/hoopd.sock`.length).toBeLessThan(104);
    const uids = await Promise.all(
      ['alice', 'bob'].map(async (n) => (await world!.laptop(n).run(['id', '-u'])).stdout.trim()),
    );
    expect(new Set(uids).size).toBe(world.separate ? 2 : 1);
    if (!world.separate) return;
    expect(uids).not.toContain('0');
    const closed = (variables.get('PATH') ?? '').split(':').filter((each) => !passable(each));
    expect(closed).toEqual([]);
    expect(usersOf(folder).map((user) => user.name)).toContain(laptop.record.account?.name);
    const peek = await world.laptop('bob').run(['cat', join(laptop.home, '.bashrc')]);
    expect(peek.stderr).toContain('Permission denied');
  });

  test('laptops are told of the company’s gateway, once there is one', async () => {
    world = await World.prepare({ root, folder });
    world.company.publicPort = 8443;
    await world.setUpLaptops([alice]);
    const laptop = world.laptop('alice');
    const { stdout } = await laptop.run(['sh', '-c', 'cat "$XDG_CONFIG_HOME/hoop/config.yaml"']);
    expect(parse(stdout)).toMatchObject({
      gateway: 'https://localhost:8443',
      caFile: join(laptop.home, 'company-ca.pem'),
    });
  });

  test.skipIf(!linux)(
    'a keyring of its own keeps a secret, encrypted, and nobody else’s is touched',
    async (context) => {
      world = await World.prepare({ root, folder });
      const missing = keyringMissing(world.programs.packages);
      if (missing) return context.skip(`${missing.why}; ${missing.cure}`);
      await world.setUpLaptops([alice]);
      const laptop = world.laptop('alice');
      const call = `const k = require(process.argv[1]); k.setPassword('demo', 'it', 'a-canary-to-keep').then(() => k.getPassword('demo', 'it')).then(console.log)`;
      const done = await laptop.run([world.programs.node, '-e', call, keytarFolder(world.programs.packages)]);
      expect(done).toMatchObject({ code: 0, stdout: 'a-canary-to-keep\n' });
      const file = join(laptop.record.folder, 'data/keyrings/login.keyring');
      expect(readFileSync(file).includes('a-canary-to-keep')).toBe(false);
      expect(statSync(file).size).toBeGreaterThan(0);
    },
  );

  test('ends without a trace', async () => {
    world = await World.prepare({ root, folder });
    await world.setUpLaptops([alice]);
    await world.company.startIdp();
    const stray = world.laptop('alice').spawn(['sleep', '600']);
    const ended = new Promise((resolve) => stray.once('exit', (_, signal) => resolve(signal)));
    const { place } = world.place;
    const started = recorded(join(folder, 'processes'));
    expect(started.map(({ name }) => name)).toContain('idp');
    await world.end();
    world = undefined;
    expect(started.filter(runs)).toEqual([]);
    if (!linux) stray.kill();
    expect(await ended).toBe('SIGTERM');
    expect(marked(folder)).toEqual([]);
    expect(usersOf(folder)).toEqual([]);
    expect([existsSync(folder), existsSync(place)]).toEqual([false, false]);
  });

  test.skipIf(!linux)(
    'what a crash left is cleared; a process that took over an old number is not touched',
    async () => {
      world = await World.prepare({ root, folder });
      await world.setUpLaptops([alice]);
      const stray = spawn('sleep', ['600'], {
        env: { ...process.env, [MARK]: folder },
        detached: true,
        stdio: 'ignore',
      });
      const innocent = spawn('sleep', ['600'], { stdio: 'ignore' });
      const other = { name: 'gateway', pid: innocent.pid, since: String(Number(startOf(innocent.pid ?? 0)) - 1) };
      writeFileSync(join(folder, 'processes/gateway.json'), JSON.stringify(other));
      const ended = new Promise((resolve) => stray.once('exit', (_, signal) => resolve(signal)));
      await clear(folder);
      expect(await ended).toBe('SIGTERM');
      expect(innocent.exitCode).toBeNull();
      innocent.kill();
      expect([existsSync(folder), usersOf(folder)]).toEqual([false, []]);
      world = undefined;
    },
  );

  test('two demos in one folder: the second is told of the first', async () => {
    world = await World.prepare({ root, folder });
    await expect(World.prepare({ root, folder })).rejects.toThrow(`a demo runs already (pid ${process.pid})`);
  });

  test('the programs it looks for are on the machine’s PATH', () => {
    expect(found('sh')).toMatch(/^\/.*sh$/);
    expect(found('no-such-program-here')).toBeUndefined();
  });
});
