import { UserError } from '@hoop/core';
import { Laptop, type LaptopRecord, readWorld, runs, type WorldOptions } from '../world/index.js';
import { usage } from './complain.js';

/**
 * A command on somebody's laptop of the running demo; anything but hoop itself runs where the names resolve. Throws
 * `UserError` if there is no demo, person or command.
 */
export async function as(options: WorldOptions, person: string | undefined, argv: readonly string[]): Promise<number> {
  const laptop = new Laptop(recordOf(options, person));
  if (argv.length === 0) throw usage(`what shall ${person} run?`, `./scripts/demo as ${person} hoop ls`);
  const names = argv[0] !== 'hoop' && (await laptop.named('true')).code === 0;
  const child = laptop.spawn([...(names ? ['hoop', 'run', '--'] : []), ...argv], 'inherit', { TERM: process.env.TERM });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(notStarted(argv[0] ?? '', cause)));
    child.once('close', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 137)));
  });
}

function recordOf({ folder }: WorldOptions, person: string | undefined): LaptopRecord {
  const world = readWorld(folder);
  if (!world || !runs(world.owner))
    throw new UserError('no-demo', 'no demo is running', { hint: 'start one, in another terminal: ./scripts/demo' });
  const people = Object.keys(world.laptops);
  if (people.length === 0)
    throw new UserError('no-demo', 'the demo is still starting', { hint: 'try again in a moment' });
  if (person === undefined) throw usage('as whom?', `one of: ${people.join(', ')}`);
  const record = Object.hasOwn(world.laptops, person) ? world.laptops[person] : undefined;
  if (!record) throw usage(`who is ${person}?`, `one of: ${people.join(', ')}`);
  return record;
}

const notStarted = (program: string, cause: NodeJS.ErrnoException) =>
  new UserError('no-program', `${program} cannot be run: ${cause.code ?? cause.message}`, { cause });
