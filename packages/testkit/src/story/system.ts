import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { CONNECTION, finished, type Laptop } from '../world/index.js';
import { json, listed, must, type Stage, sqlClient } from './stage.js';
import { Skip, type Step } from './step.js';

const NAME = `${CONNECTION}.hoop`;
interface Status {
  daemon: { resolver: { address: string; port: number; answered: number } | null };
}

/** The resolver's step of `hoop setup`, as root on the machine itself. */
function setup({ world }: Stage, ...args: string[]) {
  const words = ['setup', '--only', 'resolver', ...args];
  return finished(spawn(`${world.programs.bin}/hoop`, words, { stdio: ['ignore', 'pipe', 'pipe'] }));
}

async function resolverOf(laptop: Laptop) {
  const { resolver } = (await json<Status>(laptop.hoop('status', '--json'))).daemon;
  if (!resolver) throw new Error('hoopd has no resolver');
  return resolver;
}

/** The bare name on the machine itself: its resolver, no namespace, no hosts file. Undone whatever happens. */
export const SYSTEM: readonly Step<Stage>[] = [
  {
    group: 'Alice',
    name: 'system-dns',
    needs: ['ls'],
    async run(stage) {
      if (process.getuid?.() !== 0)
        throw new Skip('the machine’s resolver is root’s to change', 'sudo ./scripts/demo --check --system');
      const laptop = stage.world.laptop('alice');
      const { address } = await listed(laptop);
      const hosts = readFileSync('/etc/hosts', 'utf8');
      const before = await resolverOf(laptop);
      const whose = ['--for', String(laptop.record.account?.uid), '--resolver', `${before.address}:${before.port}`];
      const why = /not here: ([^;]*);/.exec((await setup(stage, ...whose, '--dry-run')).stdout)?.[1];
      if (why) throw new Skip(why.replaceAll(/\s+/g, ' '), 'a machine with systemd-resolved');
      await must(setup(stage, ...whose));
      try {
        const { stdout } = await must(laptop.run(sqlClient(stage, NAME, 5432, 'select 40 + 2')));
        if (stdout.trim() !== '42') throw new Error(`psql says ${stdout.trim()}`);
        const asked = (await resolverOf(laptop)).answered - before.answered;
        if (asked < 1) throw new Error('our resolver was not asked');
        if (readFileSync('/etc/hosts', 'utf8') !== hosts || hosts.includes('.hoop'))
          throw new Error('/etc/hosts was changed');
        return `psql -h ${NAME} (${address}) by systemd-resolved: our resolver answered ${asked}, /etc/hosts untouched, undone`;
      } finally {
        await must(setup(stage, '--undo'));
      }
    },
    trouble: () => ({ next: 'sudo ./scripts/hoop setup --undo; resolvectl status' }),
  },
];
