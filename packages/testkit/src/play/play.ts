import { STAFF } from '../idp/people.js';
import { COMPANY, logIn, type Stage, type Step, tell } from '../story/index.js';
import type { Laptop } from '../world/index.js';
import { INVITATION } from './help.js';
import { columns, endingOf, type PlayOptions, print, withWorld } from './run.js';

/** The demo for people: a world, everybody logged in, a shell on alice's laptop. */
export async function play(options: PlayOptions): Promise<number> {
  const code = await withWorld(options, async (stage, signal) => {
    print('Shop Ltd opens for the day: an identity provider, a database, a gateway,\nand a laptop for each person.\n');
    const tally = await tell([...COMPANY, ...LAPTOPS], stage, { strict: true, print, signal, width: columns() });
    if (tally.FAIL > 0) return 1;
    if (signal.aborted) return 130;
    print(INVITATION);
    return shell(stage.world.laptop('alice'));
  });
  print(`${code > 128 ? '\nInterrupted. ' : '\n'}${endingOf(options, code)}`);
  return code;
}

const LAPTOPS: readonly Step<Stage>[] = STAFF.map(({ name }) => ({
  group: 'Laptops',
  name,
  needs: ['gateway'],
  async run(stage) {
    if (stage.world.laptops.size === 0) await stage.world.setUpLaptops();
    const { login } = await logIn(stage, name);
    return `${login?.identity.email}, by browser (PKCE), in ${login?.store}`;
  },
  trouble: ({ world }) => ({ log: world.laptops.get(name)?.daemonLog ?? world.folder }),
}));

/** A shell in which the names resolve; a plain one where `hoop run` cannot work. */
async function shell(laptop: Laptop): Promise<number> {
  const names = (await laptop.named('true')).code === 0;
  if (!names) print('(hoop run cannot work here, so names do not resolve: use hoop connect pg-prod)\n');
  const argv = [...(names ? ['hoop', 'run', '--'] : []), laptop.record.env.SHELL ?? 'sh', '-i'];
  const child = laptop.spawn(argv, 'inherit');
  await new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', (error) => {
      print(error.message);
      resolve();
    });
  });
  return 0;
}
