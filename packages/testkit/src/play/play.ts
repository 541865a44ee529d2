import { STAFF } from '../idp/people.js';
import { COMPANY, logIn, messageOf, type Stage, type Step, tell } from '../story/index.js';
import { Laptop, readWorld, type WorldOptions } from '../world/index.js';
import { type PlayOptions, withWorld } from './run.js';

const print = (line: string) => void process.stdout.write(`${line}\n`);

/** The demo for people: a world, everybody logged in, a shell on alice's laptop. */
export function play(options: PlayOptions): Promise<number> {
  return withWorld(options, async (stage) => {
    print('Shop Ltd opens for the day: an identity provider, a database, a gateway, and a laptop for each person.\n');
    const tally = await tell([...COMPANY, ...LAPTOPS], stage, { strict: true, print });
    if (tally.FAIL > 0) return 1;
    print(INVITATION);
    return shell(stage.world.laptop('alice'));
  });
}

const LAPTOPS: readonly Step<Stage>[] = STAFF.map(({ name }) => ({
  group: 'Laptops',
  name,
  needs: ['gateway'],
  async run(stage) {
    if (stage.world.laptops.size === 0) await stage.world.setUpLaptops();
    const { login } = await logIn(stage, name);
    return `hoop login: ${login?.identity.email}, by browser with PKCE, kept in ${login?.store}`;
  },
  trouble: ({ world }) => ({ log: world.laptops.get(name)?.daemonLog ?? world.folder }),
}));

const INVITATION = `
You are alice, a dba, on her laptop. She has no database password, no VPN, and no root. Try:

  psql -h pg-prod.hoop                             in, as herself
  psql -h pg-prod.hoop -c 'select * from orders limit 3'
  hoop ls                                          what she can reach, and where
  hoop show pg-prod --as jdbc                      the string for DBeaver
  hoop sessions ls                                 what the gateway recorded of her

From another terminal:

  ./scripts/demo as bob psql -h pg-prod.hoop       a developer: told whom to ask
  ./scripts/demo as carol hoop sessions ls --all   the auditor's view, itself audited

exit or Ctrl-D ends it all.
`;

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

/** A command on somebody's laptop of the running demo; anything but hoop itself runs where the names resolve. */
export async function as(options: WorldOptions, person: string | undefined, argv: readonly string[]): Promise<number> {
  const world = readWorld(options.folder);
  if (!world) return complain('no demo is running; start one with ./scripts/demo');
  const record = world.laptops[person ?? ''];
  const people = Object.keys(world.laptops).join(', ');
  if (!record) return complain(`who is ${person ?? 'it'}? One of: ${people || 'nobody yet'}`);
  if (argv.length === 0) return complain(`what shall ${person} run?`);
  const laptop = new Laptop(record);
  const names = argv[0] !== 'hoop' && (await laptop.named('true')).code === 0;
  const child = laptop.spawn([...(names ? ['hoop', 'run', '--'] : []), ...argv], 'inherit', { TERM: process.env.TERM });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(complain(messageOf(error), 127)));
    child.once('close', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 137)));
  });
}

function complain(message: string, code = 1): number {
  process.stderr.write(`demo: ${message}\n`);
  return code;
}
