import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { State } from '@hoop/contracts/local';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

/** The built program as hoopd, in folders of its own. */
const PROGRAM = join(import.meta.dirname, '../../cli/dist/main.js');
const root = process.getuid?.() === 0;
let home: string;
let running: ChildProcess[];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'hoop-program-'));
  mkdirSync(join(home, 'run'), { mode: 0o700 });
  running = [];
});
afterEach(async () => {
  for (const child of running) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  rmSync(home, { recursive: true });
});

const socket = () => join(home, 'run/hoop/hoopd.sock');
const stateFile = () => join(home, '.local/state/hoop/state.json');

interface Started {
  child: ChildProcess;
  ended: Promise<{ code: number | null; said: string }>;
}
const start = (...flags: string[]): Started => startBy([], ...flags);

/** `way`: a command that becomes the one behind it. */
function startBy(way: readonly string[], ...flags: string[]): Started {
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    XDG_RUNTIME_DIR: join(home, 'run'),
    LD_LIBRARY_PATH: process.env.LD_LIBRARY_PATH,
  };
  const words = [PROGRAM, 'daemon', 'run', ...(root ? ['--allow-root'] : []), ...flags];
  const [program = '', ...args] = [...way, process.execPath, ...words];
  const child = spawn(program, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  running.push(child);
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  return { child, ended: once(child, 'exit').then(([code]) => ({ code: code as number | null, said })) };
}

function status(): Promise<State> {
  return new Promise((resolve, reject) => {
    const request = http.get({ socketPath: socket(), path: '/v1/status', headers: { host: 'hoopd' } }, (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => {
        text += chunk;
      });
      answer.on('end', () => resolve(State.parse(JSON.parse(text))));
    });
    request.on('error', reject);
  });
}
const up = () =>
  expect
    .poll(
      () =>
        status().then(
          (state) => state.daemon.pid,
          () => 0,
        ),
      { timeout: 15_000 },
    )
    .toBeGreaterThan(0);

describe('hoopd', () => {
  test('runs, is one a runtime folder, and leaves nothing behind when it is ended', async () => {
    const first = start();
    await up();
    expect(readFileSync(`/proc/${first.child.pid}/cmdline`, 'latin1')).toMatch(/^hoopd\0?/);
    expect(statSync(socket()).mode & 0o777).toBe(0o600);
    expect(statSync(join(home, 'run/hoop')).mode & 0o777).toBe(0o700);
    const second = await start().ended;
    expect(second.code).toBe(1);
    expect(second.said).toContain('a daemon already runs');
    expect((await status()).daemon.pid).toBe(first.child.pid);
    first.child.kill('SIGTERM');
    expect((await first.ended).code).toBe(0);
    expect(readdirSync(join(home, 'run/hoop'))).toEqual([]);
  });

  test('killed, it leaves a socket that the next one takes over; its address stays', async () => {
    const first = start();
    await up();
    const before = (await status()).daemon.resolver;
    first.child.kill('SIGKILL');
    await first.ended;
    expect(existsSync(socket())).toBe(true);
    start();
    await up();
    expect((await status()).daemon.resolver).toEqual({ ...before, answered: 0 });
  });

  test.runIf(root)('where all that it could claim is held, it runs, and says so', async () => {
    // A network of its own, all of whose resolvers' addresses are held, and 127.0.0.1's ports beside.
    const held = `
import os, socket, sys
os.system('ip link set lo up')
for at in [('127.77.%d.1' % n, 5377) for n in range(256)] + [('127.0.0.1', p) for p in range(5377, 5577)]:
    s = socket.socket(); s.bind(at); s.listen(1); s.set_inheritable(True)
    u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(at); u.set_inheritable(True)
    keep = [s.detach(), u.detach()]
os.execv(sys.argv[1], sys.argv[1:])`;
    startBy(['unshare', '--net', '/usr/bin/python3', '-c', held]);
    await up();
    const { daemon, problems } = await status();
    expect(daemon.resolver).toBeNull();
    expect(problems.map(({ code }) => code)).toEqual(['addresses-held', 'resolver']);
    expect(problems[1]!.message).toMatch(/UDP and TCP 127\.77\.\d+\.1:5377 is held by .*\(pid \d+\)/);
  });

  test('its memory is no file’s and no other program’s', async () => {
    const { child } = start();
    await up();
    expect(readFileSync(`/proc/${child.pid}/limits`, 'utf8')).toMatch(/Max core file size\s+0\s+0/);
    // A process that may not be dumped belongs to root in /proc (proc(5)).
    expect(statSync(`/proc/${child.pid}/mem`).uid).toBe(0);
  });

  test('a truncated state file is moved aside, and status says so', async () => {
    mkdirSync(join(home, '.local/state/hoop'), { recursive: true, mode: 0o700 });
    writeFileSync(stateFile(), '{"version":1,"subn', { mode: 0o600 });
    start();
    await up();
    expect((await status()).problems).toMatchObject([
      { code: 'state-unreadable', hint: expect.stringContaining('unreadable-') },
    ]);
    expect(JSON.parse(readFileSync(stateFile(), 'utf8'))).toMatchObject({ version: 1 });
  });

  test.each([
    ['the runtime folder', () => symlinkSync(mkdtempSync(join(tmpdir(), 'hoop-elsewhere-')), join(home, 'run/hoop'))],
    [
      'the log',
      () => {
        mkdirSync(join(home, '.local/state/hoop'), { recursive: true, mode: 0o700 });
        writeFileSync(join(home, 'victim'), '');
        symlinkSync(join(home, 'victim'), join(home, '.local/state/hoop/hoopd.log'));
      },
    ],
  ])('a symbolic link in place of %s is refused', async (_, place) => {
    place();
    const { code, said } = await start().ended;
    expect(code).toBe(1);
    expect(said).toMatch(/not a plain folder|symbolic link/);
  });
});
