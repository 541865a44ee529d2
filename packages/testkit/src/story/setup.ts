import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { found, keyringMissing, keyringVersion } from '../world/index.js';
import type { Stage } from './stage.js';
import { PSQL_MISSING } from './stage.js';
import { Skip, type Step } from './step.js';

/** What the set-up made of this machine. */
export const SETUP: readonly Step<Stage>[] = [
  {
    group: 'Set-up',
    name: 'runtime',
    async run({ root }) {
      const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
        packageManager: string;
      };
      return `Node ${process.versions.node}, ${packageManager.replace('@', ' ')}`;
    },
  },
  {
    group: 'Set-up',
    name: 'packages',
    async run({ root }) {
      const folder = join(root, 'packages');
      const names = readdirSync(folder);
      const built = names.filter((name) => existsSync(join(folder, name, 'dist')));
      const missing = names.filter((name) => !built.includes(name));
      if (missing.length > 0) throw new Error(`not built: ${missing.join(', ')}`);
      return `installed, ${built.length} built`;
    },
    trouble: ({ root }) => ({ next: 'pnpm build', log: join(root, '.tools/build.log') }),
  },
  {
    group: 'Set-up',
    name: 'system',
    async run({ world }) {
      const missing = keyringMissing(world.programs.packages);
      const keyring = missing ? [`keyring: ${missing.why}, so --login-store=memory; ${missing.cure}`] : [];
      const lacking = [...(found('psql') ? [] : [`psql: ${PSQL_MISSING}`]), ...keyring];
      if (lacking.length > 0) throw new Skip(lacking.join('. '));
      return `psql ${psqlVersion()}, gnome-keyring ${keyringVersion()}`;
    },
  },
];

export function psqlVersion(): string {
  const text = execFileSync('psql', ['--version'], { encoding: 'utf8' });
  return /\d+(\.\d+)*/.exec(text)?.[0] ?? text.trim();
}
