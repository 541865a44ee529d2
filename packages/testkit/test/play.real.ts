import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type PlayOptions, withWorld } from '../src/play/run.js';
import { marked, recorded, runs } from '../src/world/processes.js';
import { usersOf } from '../src/world/users.js';

let options: PlayOptions;
beforeEach(() => {
  const folder = join(mkdtempSync(join(tmpdir(), 'hp-')), '.demo');
  options = { root: join(import.meta.dirname, '../../..'), folder, keep: false, system: false };
});
afterEach(() => rmSync(join(options.folder, '..'), { recursive: true, force: true }));

test('Ctrl-C ends all, and waits for what was under way, which can start nothing more', async () => {
  let settled = false;
  let refused: unknown;
  const code = await withWorld(options, async ({ world }, signal) => {
    await world.company.startIdp();
    process.emit('SIGINT', 'SIGINT');
    await new Promise<void>((resolve) => {
      const [idp] = recorded(join(options.folder, 'processes'));
      const look = setInterval(() => {
        if (idp && runs(idp)) return;
        clearInterval(look);
        resolve();
      }, 10);
    });
    refused = await world.company.startIdp().catch((error: unknown) => error);
    settled = signal.aborted;
    return 0;
  });
  expect([code, settled]).toEqual([130, true]);
  expect(refused).toMatchObject({ message: expect.stringContaining('not started') });
  expect([existsSync(options.folder), marked(options.folder), usersOf(options.folder)]).toEqual([false, [], []]);
});

test('what is kept is kept without processes and users', async () => {
  const code = await withWorld({ ...options, keep: true }, async ({ world }) => {
    await world.company.startIdp();
    return 0;
  });
  expect(code).toBe(0);
  expect([existsSync(join(options.folder, 'company/idp.log')), marked(options.folder)]).toEqual([true, []]);
  expect(usersOf(options.folder)).toEqual([]);
});
