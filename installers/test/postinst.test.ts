import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';

/** What dpkg runs, on a machine whose systemctl only writes down what it was told (deb-postinst(5)). */
const folder = mkdtempSync(join(tmpdir(), 'hoop-postinst-'));
const told = join(folder, 'told');
writeFileSync(join(folder, 'systemctl'), `#!/bin/sh\necho "$@" >>${told}\nexit 1\n`, { mode: 0o755 });
beforeEach(() => rmSync(told, { force: true }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function postinst(...args: string[]) {
  const script = join(import.meta.dirname, '../debian/hoop/postinst');
  const { status, stdout, stderr } = spawnSync('sh', [script, ...args], {
    encoding: 'utf8',
    env: { PATH: `${folder}:${process.env.PATH}` },
  });
  return { status, said: stdout + stderr, told: existsSync(told) ? readFileSync(told, 'utf8') : '' };
}

describe('the laptop’s postinst', () => {
  test('on a first installation says what is next, and starts nothing', () => {
    expect(postinst('configure', '')).toEqual({
      ...{ status: 0, told: '' },
      said: 'next, as yourself, not as root: hoop setup\n',
    });
  });

  test('on an upgrade says nothing, and where systemd is starts anew what runs, whether there is such a unit or not', () => {
    const restarts = existsSync('/run/systemd/system') ? 'try-restart hoop.service\n' : '';
    expect(postinst('configure', '0.0.9')).toEqual({ status: 0, told: restarts, said: '' });
  });

  test.each([['abort-upgrade'], ['abort-remove'], ['triggered']])('does nothing on %s', (action) => {
    expect(postinst(action, '0.0.9')).toEqual({ status: 0, told: '', said: '' });
  });
});
