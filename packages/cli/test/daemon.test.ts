import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UserError } from '@hoop/core';
import { planPaths } from '@hoop/platform';
import { afterAll, describe, expect, test } from 'vitest';
import type { Daemon } from '../src/client/daemon.js';
import { lineText } from '../src/commands/logs.js';
import { hoop, machineAt, state } from './stage.js';

/** A daemon that runs or not, and whoever keeps it; `said` is what was done. */
function kept(by: 'systemd' | 'nobody', runs: boolean, refuses = false) {
  const said: string[] = [];
  let up = runs;
  const does = (what: string, now: boolean) => {
    said.push(what);
    up = now;
  };
  const supervisor = {
    name: 'systemd (hoop.service)',
    tell: (verb: string) => {
      if (refuses)
        throw new UserError('service', 'not you', { hint: `sudo systemctl ${verb} hoop`, exit: 'unavailable' });
      does(`systemctl ${verb}`, verb !== 'stop');
    },
  };
  const daemon = {
    running: async () => (up ? state() : undefined),
    state: async () => {
      if (!up) does('started', true);
      return state();
    },
    api: async () => ({ stop: async () => does('asked to stop', false) }) as never,
  } as unknown as Daemon;
  return { said, needs: { daemon, pause: async () => {}, supervisor: by === 'systemd' ? supervisor : undefined } };
}

describe('hoop daemon', () => {
  test.each<[string, 'systemd' | 'nobody', boolean, string[]]>([
    ['start', 'nobody', false, ['started']],
    ['start', 'nobody', true, []],
    ['stop', 'nobody', true, ['asked to stop']],
    ['stop', 'nobody', false, []],
    ['stop', 'systemd', true, ['systemctl stop']],
    ['stop', 'systemd', false, ['systemctl stop']],
    ['restart', 'nobody', true, ['asked to stop', 'started']],
    ['restart', 'systemd', true, ['systemctl stop', 'started']],
  ])('%s where %s keeps it, and it runs: %s', async (verb, by, runs, said) => {
    const machine = kept(by, runs);
    expect((await hoop(['daemon', verb], { needs: machine.needs })).code).toBe(0);
    expect(machine.said).toEqual(said);
  });

  test('restart ends a hoopd that a command started before there was who keeps it', async () => {
    const { said, needs } = kept('systemd', true);
    const { tell } = needs.supervisor!;
    const outside = {
      ...needs.supervisor!,
      tell: (verb: string) => (verb === 'stop' ? said.push('in vain') : tell(verb)),
    };
    expect((await hoop(['daemon', 'restart'], { needs: { ...needs, supervisor: outside } })).code).toBe(0);
    expect(said).toEqual(['in vain', 'asked to stop', 'started']);
  });

  test('what only root may do is said with its command', async () => {
    const ran = await hoop(['daemon', 'stop'], { needs: kept('systemd', true, true).needs });
    expect([ran.code, ran.err]).toEqual([69, 'hoop: not you\n  sudo systemctl stop hoop\n']);
  });

  test('status names what keeps it', async () => {
    const { needs } = kept('systemd', true);
    expect((await hoop(['daemon', 'status'], { needs })).out).toContain('kept by   systemd (hoop.service)\n');
    expect(JSON.parse((await hoop(['daemon', 'status', '--json'], { needs })).out).keeper).toBe(
      'systemd (hoop.service)',
    );
  });
});

describe('hoop daemon logs', () => {
  const home = mkdtempSync(join(tmpdir(), 'hoop-logs-'));
  afterAll(() => rmSync(home, { recursive: true }));
  const paths = { ...planPaths(machineAt(home)), logFile: join(home, 'hoopd.log') };
  const line = (msg: string) =>
    `${JSON.stringify({ level: 40, time: '2026-01-02T03:04:05.678Z', pid: 1, msg, code: 'x' })}\n`;

  test('shows the last lines for a person, or as they are', async () => {
    writeFileSync(paths.logFile, `${line('one')}${line('two')}not JSON\u001b[2J\nunfinished`);
    const ran = (...args: string[]) => hoop(['daemon', 'logs', ...args], { needs: { paths } });
    expect((await ran('-n', '2')).out).toBe('2026-01-02 03:04:05 warn  two code=x\nnot JSON\ufffd[2J\n');
    expect((await ran('--json', '-n', '3')).out).toBe(`${line('one')}${line('two')}not JSON\u001b[2J\n`);
    expect([(await ran('-n', '0')).out, (await ran('-n', 'x')).code]).toEqual(['', 2]);
  });

  test('follows, until nobody reads', async () => {
    writeFileSync(paths.logFile, line('old'));
    let over = () => {};
    let looks = 0;
    const pause = async () => {
      looks += 1;
      if (looks === 1) appendFileSync(paths.logFile, line('new'));
      if (looks === 2) writeFileSync(paths.logFile, 'anew\n');
      if (looks === 4) over();
    };
    const onUnread = (then: () => void) => {
      over = then;
      return () => {};
    };
    const ran = await hoop(['daemon', 'logs', '-f', '-n', '0'], { needs: { paths, pause, onUnread } });
    expect(ran.out).toBe('2026-01-02 03:04:05 warn  new code=x\nanew\n');
  });

  test('without a log says where it would be', async () => {
    const ran = await hoop(['daemon', 'logs'], { needs: { paths: { ...paths, logFile: join(home, 'none') } } });
    expect([ran.code, ran.err]).toEqual([1, expect.stringContaining('hoop daemon start')]);
  });

  test('a line has no way to write over others', () => {
    expect(lineText(JSON.stringify({ level: 30, time: 'x', msg: 'a\r\u001b[A', list: [1] }))).toBe(
      'x info  a\ufffd\ufffd[A list=[1]',
    );
  });
});
