import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { showNotice } from '../src/index.js';

/** Notices through the real notify-send and its two stand-ins, on a D-Bus session of the test's own. */
const missing = ['dbus-daemon', 'dbus-send', 'notify-send', 'gdbus', 'busctl'].filter(
  (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0,
);
if (missing.length > 0 && process.env.CI === 'true') throw new Error(`not installed: ${missing.join(', ')}`);
if (missing.length > 0) console.warn(`skip notices: not installed: ${missing.join(', ')}`);

const SERVER = join(import.meta.dirname, 'notices.py');
const NOTICE = { title: 'hoop: your login has ended', body: 'Log in again: hoop login' };
let folder: string;
let address: string;
let running: ChildProcess[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'hoop-notice-'));
  running = [];
  const bus = start('dbus-daemon', ['--session', '--nofork', '--print-address=1', `--address=unix:path=${folder}/bus`]);
  address = (await line(bus)).split(',')[0] ?? '';
});
afterEach(async () => {
  for (const child of running.reverse()) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill();
    await once(child, 'exit');
  }
  rmSync(folder, { recursive: true });
});

function start(program: string, args: string[]): ChildProcess {
  const env = { PATH: process.env.PATH, DBUS_SESSION_BUS_ADDRESS: address };
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  running.push(child);
  return child;
}
const line = async (child: ChildProcess) => String((await once(child.stdout!, 'data'))[0]).split('\n')[0] ?? '';

/** A desktop's notification server; says what it is told to show. */
async function desktop(): Promise<ChildProcess> {
  const server = start('/usr/bin/python3', [SERVER]);
  expect(await line(server)).toBe('ready');
  return server;
}

/** The machine of hoopd as a unit of the system: the person's bus, and no display. */
const machine = (variables: Record<string, string> = {}) => ({
  ...{ platform: process.platform, home: '/', uid: process.getuid?.() ?? 0 },
  variables: { PATH: process.env.PATH ?? '', DBUS_SESSION_BUS_ADDRESS: address, XDG_RUNTIME_DIR: folder, ...variables },
});

/** A PATH with these programs alone. */
function only(...programs: string[]): { PATH: string } {
  const place = join(folder, programs.join('-'));
  mkdirSync(place);
  for (const program of programs) symlinkSync(`/usr/bin/${program}`, join(place, program));
  return { PATH: place };
}

describe.skipIf(missing.length > 0)('a notice', () => {
  test.each([
    ['dbus-send', 'notify-send'],
    ['gdbus', 'gdbus'],
    ['busctl', 'busctl'],
  ])('is shown where %s finds who shows it and %s is there', async (asks, shows) => {
    const server = await desktop();
    const said = line(server);
    expect(await showNotice(machine(only(...new Set([asks, shows]))), NOTICE)).toBe(true);
    const { app, title, body, actions } = JSON.parse(await said);
    expect({ app, title, body, actions }).toEqual({ app: 'hoop', ...NOTICE, actions: [] });
  });

  test('is shown as it is, whatever is in it', async () => {
    const server = await desktop();
    const said = line(server);
    const odd = { title: '--help "it\'s" $(id)', body: "-1 [] {} 'q' `id`" };
    expect(await showNotice(machine(), odd)).toBe(true);
    expect(JSON.parse(await said)).toMatchObject(odd);
  });

  test('is not shown where nobody shows any: a bus alone is no desktop; nor without a bus', async () => {
    expect(await showNotice(machine(), NOTICE)).toBe(false);
    const nowhere = { DBUS_SESSION_BUS_ADDRESS: `unix:path=${folder}/none` };
    expect(await showNotice(machine(nowhere), NOTICE)).toBe(false);
    expect(await showNotice(machine({ ...nowhere, DISPLAY: ':0' }), NOTICE)).toBe(false);
    expect(await showNotice(machine({ PATH: folder }), NOTICE)).toBe(false);
  });
});
