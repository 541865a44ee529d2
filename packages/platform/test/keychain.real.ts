import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { callKeychain } from '../src/keychain/call.js';
import { openKeychain } from '../src/keychain/keychain.js';
import { lockOf } from '../src/keychain/lock.js';
import { LOCK, UNLOCK } from './keyring.js';

/** keytar in its child against a real gnome-keyring on a D-Bus of its own, and against what goes wrong with one. */
const missing = ['dbus-daemon', 'dbus-send', 'gnome-keyring-daemon', 'dbus-test-tool'].filter(
  (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0,
);
if (missing.length > 0 && process.env.CI === 'true') throw new Error(`not installed: ${missing.join(', ')}`);
if (missing.length > 0) console.warn(`skip keychain: not installed: ${missing.join(', ')}`);

let home: string;
let environment: NodeJS.ProcessEnv;
const running: ChildProcess[] = [];

/** A session bus of its own that starts nothing by itself: the machine's services are not on it. */
const BUS = (socket: string) => `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=${socket}</listen>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>`;

async function startBus(): Promise<void> {
  const config = join(home, 'bus.conf');
  writeFileSync(config, BUS(join(home, 'bus')));
  const bus = spawn('dbus-daemon', ['--nofork', '--nosyslog', '--print-address=1', `--config-file=${config}`], {
    env: environment,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  running.push(bus);
  await once(bus.stdout!, 'data');
  environment.DBUS_SESSION_BUS_ADDRESS = `unix:path=${join(home, 'bus')}`;
}

async function startKeyring(): Promise<void> {
  const keyring = spawn('gnome-keyring-daemon', ['--unlock', '--components=secrets', '--foreground'], {
    env: environment,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  running.push(keyring);
  keyring.stdin?.end('the password');
  await owned();
}

/** Waits until somebody has the Secret Service's name, by the bus's own signal or because it is so already. */
async function owned(): Promise<void> {
  const watch = spawn('dbus-monitor', ['--session', "type='signal',member='NameOwnerChanged'"], {
    env: environment,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  running.push(watch);
  let seen = '';
  for await (const chunk of watch.stdout!) {
    seen += chunk;
    if (seen.includes('org.freedesktop.secrets') || isOwned()) break;
  }
  watch.kill();
}

function isOwned(): boolean {
  const args = ['--session', '--print-reply', '--dest=org.freedesktop.DBus', '/', 'org.freedesktop.DBus.NameHasOwner'];
  const answer = spawnSync('dbus-send', [...args, 'string:org.freedesktop.secrets'], { env: environment });
  return String(answer.stdout).includes('boolean true');
}

const lock = () => execFileSync(LOCK[0], LOCK.slice(1), { env: environment });
const unlock = async () =>
  void execFileSync(process.execPath, [UNLOCK, join(home, 'keyring/control'), 'the password'], { env: environment });

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'hoop-keychain-'));
  environment = {
    PATH: process.env.PATH,
    LD_LIBRARY_PATH: process.env.LD_LIBRARY_PATH,
    HOME: home,
    XDG_RUNTIME_DIR: home,
  };
});
afterEach(async () => {
  await Promise.all(
    running.splice(0).map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }),
  );
  rmSync(home, { recursive: true, force: true });
});

const quick = { call: 5_000, unlock: 3_000, look: 50 };
const open = (waiting: (is: boolean) => void = () => {}) =>
  openKeychain({ service: 'hoop-test', environment, waiting, deadlines: quick });
const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: { code?: string }) => error.code,
  );

describe.skipIf(missing.length > 0)('the keychain', () => {
  test('keeps what it is given, and says surely that there is none', async () => {
    await startBus();
    await startKeyring();
    const keychain = open();
    const secret = JSON.stringify({ key: 'k'.repeat(4_000), text: 'ü "quoted" \n' });
    expect(await keychain.get('default/https://a')).toBeUndefined();
    await keychain.set('default/https://a', secret);
    expect(await keychain.get('default/https://a')).toBe(secret);
    expect(await keychain.get('default/https://b')).toBeUndefined();
    expect(await keychain.delete('default/https://a')).toBe(true);
    expect(await keychain.delete('default/https://a')).toBe(false);
    expect(await keychain.get('default/https://a')).toBeUndefined();
  });

  test('waits while it is locked, and goes on when a person has unlocked it', async () => {
    await startBus();
    await startKeyring();
    await open().set('me', 'secret');
    lock();
    expect(await lockOf(environment, 5_000)).toBe('locked');
    const told: boolean[] = [];
    const { promise: isWaiting, resolve } = Promise.withResolvers<void>();
    const got = open((is) => {
      told.push(is);
      resolve();
    }).get('me');
    await isWaiting;
    await unlock();
    expect(await got).toBe('secret');
    expect(told).toEqual([true, false]);
  });

  test('that stays locked is not taken for empty', async () => {
    await startBus();
    await startKeyring();
    await open().set('me', 'secret');
    lock();
    const keychain = openKeychain({
      service: 'hoop-test',
      environment,
      deadlines: { call: 5_000, unlock: 300, look: 50 },
    });
    expect(await code(keychain.get('me'))).toMatch(/^keychain-(locked|hangs)$/);
    await unlock();
    expect(await keychain.get('me')).toBe('secret');
  });

  test('that does not answer is given up at the deadline', async () => {
    await startBus();
    const hole = spawn('dbus-test-tool', ['black-hole', '--session', '--name=org.freedesktop.secrets'], {
      env: environment,
      stdio: 'ignore',
    });
    running.push(hole);
    await owned();
    const impatient = openKeychain({
      service: 'hoop-test',
      environment,
      deadlines: { call: 300, unlock: 300, look: 50 },
    });
    const began = performance.now();
    expect(await code(impatient.get('me'))).toBe('keychain-hangs');
    expect(performance.now() - began).toBeLessThan(5_000);
    const call = { do: 'get', service: 'hoop-test', account: 'me' } as const;
    expect(await callKeychain(call, { deadline: 300, environment })).toEqual({ end: 'late' });
  });

  test('without a Secret Service, and without a bus, says what to do', async () => {
    const without = { ...environment, DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(home, 'nothing')}` };
    const none = openKeychain({ service: 'hoop-test', environment: without });
    expect(await code(none.get('me'))).toBe('keychain-no-bus');
    expect(await code(open().get('me'))).toBe('keychain-no-bus');
    await startBus();
    const error = await open()
      .set('me', 'secret')
      .catch((one: { code: string; hint: string; message: string }) => one);
    expect(error).toMatchObject({ code: 'keychain-absent', hint: expect.stringContaining('--login-store=memory') });
    expect(JSON.stringify(error)).not.toContain('secret"');
  });

  test('shows no secret in the arguments and the environment of its child', async () => {
    await startBus();
    await startKeyring();
    const spied = join(home, 'spy.mjs');
    writeFileSync(
      spied,
      'process.stdout.write(JSON.stringify({ ok: true, value: JSON.stringify([process.argv, process.env]) }))',
    );
    const call = { do: 'set', service: 'hoop-test', account: 'me', secret: 'the canary' } as const;
    const reply = await callKeychain(call, { deadline: 5_000, environment, program: spied });
    expect(reply.end).toBe('done');
    expect(JSON.stringify(reply)).toContain('spy.mjs');
    expect(JSON.stringify(reply)).not.toContain('canary');
  });
});

test('a child that cannot load keytar, or dies, is told apart', async () => {
  const program = (name: string, text: string) => {
    writeFileSync(join(home, name), text);
    return join(home, name);
  };
  const call = { do: 'get', service: 'hoop-test', account: 'me' } as const;
  const run = (path: string) => callKeychain(call, { deadline: 5_000, environment, program: path });
  expect(await run(program('missing.mjs', "import 'keytar'"))).toEqual({ end: 'missing' });
  expect(await run(program('dies.mjs', 'process.kill(process.pid, "SIGSEGV")'))).toEqual({ end: 'crashed' });
});
