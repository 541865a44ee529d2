import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { HELP, INVITATION } from '../src/play/help.js';
import { demo } from '../src/play/index.js';
import { startOf, World } from '../src/world/index.js';

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'hd-')), '.demo');
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(join(folder, '..'), { recursive: true, force: true });
});

/** What a world leaves on disk for `demo as`. */
function written(owner: { pid: number; since?: string | undefined }, laptops: object): void {
  mkdirSync(folder);
  writeFileSync(join(folder, 'world.json'), JSON.stringify({ owner: { name: 'demo', ...owner }, laptops }));
}
const self = () => ({ pid: process.pid, since: startOf(process.pid) });

async function ran(...args: string[]): Promise<{ code: number; said: string }> {
  const said: string[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(String(text)) > 0);
  return { code: await demo({ root: folder, folder }, args), said: said.join('') };
}

describe('scripts/demo', () => {
  test('without a running demo `as` says so, also when one was kept or died', async () => {
    const none = { code: 1, said: 'demo: no demo is running\n  start one, in another terminal: ./scripts/demo\n' };
    expect(await ran('as', 'bob', 'hoop', 'ls')).toEqual(none);
    written({ pid: process.pid, since: '1' }, { bob: {} });
    expect(await ran('as', 'bob', 'hoop', 'ls')).toEqual(none);
  });

  test('what nobody can run is a usage error', async () => {
    written(self(), { bob: {} });
    expect(await ran('as')).toEqual({ code: 2, said: 'demo: as whom?\n  one of: bob\n' });
    expect(await ran('as', 'dave', 'ls')).toEqual({ code: 2, said: 'demo: who is dave?\n  one of: bob\n' });
    expect(await ran('as', 'toString', 'ls')).toMatchObject({ code: 2 });
    expect(await ran('as', 'bob')).toMatchObject({ code: 2, said: expect.stringContaining('what shall bob run?') });
    expect(await ran('--frobnicate')).toMatchObject({ code: 2, said: expect.stringContaining('--frobnicate') });
  });

  test('a second one is told of the first, and how to join it', async () => {
    written(self(), {});
    for (const args of [[], ['--check']]) {
      const { code, said } = await ran(...args);
      expect(code).toBe(1);
      expect(said).toBe(
        `demo: a demo runs already (pid ${process.pid})\n  end it there with exit, or join it: ./scripts/demo as alice hoop ls\n`,
      );
    }
    await expect(World.prepare({ root: folder, folder })).rejects.toMatchObject({ code: 'running' });
  });

  test('its texts fit 80 columns', () => {
    for (const line of `${HELP}${INVITATION}`.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  });
});
