import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, constants, mkdirSync, mkdtempSync, openSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findProgram } from '../src/process/find.js';
import { unreadWatch } from '../src/process/reader.js';
import { hoopdCommand } from '../src/service/command.js';

test('a signal opens no debugger in hoopd', async () => {
  const program = join(mkdtempSync(join(tmpdir(), 'hoop-signal-')), 'waits.mjs');
  writeFileSync(
    program,
    `process.stdout.write(process.argv.slice(2).join(' ')); process.stdin.once('data', () => process.exit(3)).resume();`,
  );
  const [node = '', ...args] = hoopdCommand(process.execPath, program);
  const child = spawn(node, args);
  let err = '';
  child.stderr.on('data', (text) => (err += text));
  expect(String(await once(child.stdout, 'data'))).toBe('daemon run');
  child.kill('SIGUSR1');
  child.stdin.write('end');
  expect([await once(child, 'close'), err]).toEqual([[3, null], '']);
});

test('a program is found as execvp finds it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hoop-find-'));
  for (const [name, mode] of [
    ['plain', 0o644],
    ['runs', 0o755],
  ] as const) {
    writeFileSync(join(folder, name), '');
    chmodSync(join(folder, name), mode);
  }
  mkdirSync(join(folder, 'folder'));
  const path = `/nonexistent:${folder}`;
  expect(findProgram('runs', path)).toBe(join(folder, 'runs'));
  expect(findProgram(join(folder, 'runs'), undefined)).toBe(join(folder, 'runs'));
  expect(findProgram('plain', path)).toBe(126);
  expect(findProgram('folder', path)).toBe(127);
  expect(findProgram('missing', path)).toBe(127);
  expect(findProgram('', path)).toBe(127);
});

test.skipIf(process.platform !== 'linux')('a pipe without a reader is known to have none', () => {
  const path = join(mkdtempSync(join(tmpdir(), 'hoop-pipe-')), 'pipe');
  expect(spawnSync('mkfifo', [path]).status).toBe(0);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY);
  const isUnread = unreadWatch(writer);
  expect([isUnread(), isUnread()]).toEqual([false, false]);
  closeSync(reader);
  expect(isUnread()).toBe(true);
  closeSync(writer);
});
