import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { finished, found } from '../src/world/index.js';

const root = join(import.meta.dirname, '../../..');
const TOOLS = ['mmdebstrap', 'mksquashfs', 'systemd-nspawn', 'ip'];

/** Runs the demo on a machine with systemd-resolved, then looks for what it left behind there. */
const SCRIPT = `
before=$(cat /etc/hosts /etc/nsswitch.conf | sha256sum; readlink /etc/resolv.conf; resolvectl domain; ls /sys/class/net)
"$1" "$2" --check --system; code=$?
after=$(cat /etc/hosts /etc/nsswitch.conf | sha256sum; readlink /etc/resolv.conf; resolvectl domain; ls /sys/class/net)
[ "$before" = "$after" ] && echo 'machine: as it was' || printf 'machine changed:\\n%s\\n%s\\n' "$before" "$after"
grep -c '^hoop-' /etc/passwd | sed 's/^/users left: /'
exit $code`;

test('on a laptop with systemd, psql -h pg-prod.hoop goes through systemd-resolved and our resolver', async (context) => {
  if (process.getuid?.() !== 0) context.skip('booting a laptop takes root');
  const missing = TOOLS.filter((tool) => !found(tool));
  if (missing.length > 0) context.skip(`${missing.join(', ')}: not installed`);
  const demo = join(root, 'packages/testkit/dist/demo.js');
  expect(existsSync(demo)).toBe(true);
  const rig = join(root, 'packages/testkit/rig/laptop.sh');
  const child = spawn(rig, ['--bind', root, '--', 'sh', '-c', SCRIPT, 'sh', process.execPath, demo], {
    env: { ...process.env, CI: 'true' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { code, stdout, stderr } = await finished(child, 600_000);
  const told = `${stdout}\n${stderr}`;
  expect(told).toMatch(
    /ok system-dns psql -h pg-prod\.hoop .* our resolver answered [1-9]\d*, \/etc\/hosts untouched, undone/,
  );
  expect(told).toContain('0 failed, 0 skipped');
  expect(told).toContain('machine: as it was');
  expect(told).toContain('users left: 0');
  expect(code, told).toBe(0);
});
