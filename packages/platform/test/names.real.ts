import { chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { environment, privateNames } from '../src/index.js';

/** Real namespaces, as whoever runs the tests; the demo does it as an OS user without rights. */
const linux = process.platform === 'linux';
const before = linux ? readFileSync('/etc/hosts', 'utf8') : '';
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hoop-names-'));
  chownSync(folder, process.getuid!(), process.getgid!());
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe.runIf(linux)('names for one command', () => {
  test('resolve there, follow changes, keep the uid; the machine’s hosts file is untouched', async () => {
    const out = join(folder, 'out');
    const turn = join(folder, 'turn');
    const names = privateNames(environment(), folder, [{ address: '127.77.0.3', hostname: 'pg-prod.hoop' }]);
    const script = [
      `getent hosts pg-prod.hoop > ${out}`,
      `id -u >> ${out}`,
      `touch ${turn}.1; while [ ! -e ${turn}.2 ]; do sleep 0.02; done`,
      `getent hosts pg-prod.hoop >> ${out}`,
      'exit 7',
    ].join('; ');
    const running = names.run('sh', ['-c', script]);
    await expect.poll(() => exists(`${turn}.1`), { timeout: 10_000 }).toBe(true);
    names.set([{ address: '127.77.0.4', hostname: 'pg-prod.hoop' }]);
    writeFileSync(`${turn}.2`, '');
    expect(await running).toBe(7);
    const lines = readFileSync(out, 'utf8').trim().split('\n');
    expect(lines.map((line) => line.split(/\s+/)[0])).toEqual(['127.77.0.3', String(process.getuid!()), '127.77.0.4']);
    names.close();
    expect(readFileSync('/etc/hosts', 'utf8')).toBe(before);
  });

  test('a command that is not there is 127', async () => {
    const names = privateNames(environment(), folder, []);
    expect(await names.run('no-such-command-here', [])).toBe(127);
    names.close();
  });
});

test('a system without them says so and points to connect', () => {
  const elsewhere = { ...environment(), platform: 'darwin' as const };
  expect(() => privateNames(elsewhere, folder, [])).toThrow(
    expect.objectContaining({ code: 'no-namespaces', exit: 'user' }),
  );
});

function exists(path: string): boolean {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
}
