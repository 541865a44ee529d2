import type { State } from '@hoop/contracts/local';
import { findProgram, type HostName, ownFolder, type PrivateNames, privateNames } from '@hoop/platform';
import { type Command, type Needs, words } from '../command.js';
import { longHostname, shownName } from '../profile.js';
import { readyOrLogIn } from '../settle.js';
import { plain } from '../table.js';

export const run: Command = {
  name: 'run',
  summary: 'run a command in which *.hoop names resolve; needs no DNS, no root',
  arguments: [['<COMMAND...>', 'after --, with its arguments']],
  passThrough: true,
  examples: ['hoop run -- psql -h pg-prod.hoop', 'hoop run -- dbeaver'],
  run: async (needs, input) => {
    const given = words(input, 0);
    const [command = '', ...args] = given[0] === '--' ? given.slice(1) : given;
    const state = await readyOrLogIn(needs);
    const program = findProgram(command, needs.variables.PATH);
    // What starts it would find out later, behind two other programs whose words say nothing to a person.
    if (typeof program === 'number') {
      const why = program === 127 ? 'no such command' : 'this cannot be run';
      needs.err(`hoop: ${why}: ${plain(command)}\n`);
      return program;
    }
    for (const one of state.connections.filter(({ reach }) => !reach.byName)) {
      needs.err(`hoop: ${plain(shownName(one))} has no name here: hoop connect ${plain(shownName(one))}\n`);
    }
    ownFolder(needs.paths.runtimeFolder, needs.machine.uid);
    const names = privateNames(needs.machine, needs.paths.runtimeFolder, namesOf(state));
    const over = new AbortController();
    void follow(needs, names, over.signal);
    try {
      return await names.run(command, args);
    } finally {
      over.abort();
      names.close();
    }
  },
};

/** Only what is reached by name and its own port: a name that leads to another port would mislead. */
export const namesOf = ({ connections }: State): HostName[] =>
  connections
    .filter(({ reach }) => reach.byName)
    .flatMap((one) =>
      [...new Set([one.hostname, longHostname(one) ?? one.hostname])].map((hostname) => ({
        hostname,
        address: one.reach.address,
      })),
    );

/** Milliseconds between two looks for a daemon that has ended: it may be started again, and by anybody. */
const LOOK = 1_000;

/** Keeps the names as the daemon's list is, as long as the command runs; while no daemon runs, there are none. */
export async function follow(
  { daemon, pause }: Pick<Needs, 'daemon' | 'pause'>,
  names: Pick<PrivateNames, 'set'>,
  over: AbortSignal,
): Promise<void> {
  while (!over.aborted) {
    try {
      if ((await daemon.running()) !== undefined) {
        for await (const state of daemon.watch()) {
          if (over.aborted) return;
          names.set(namesOf(state));
        }
      }
    } catch {
      // One that is silent, or that ends while it answers, is looked for again.
    }
    if (over.aborted) return;
    names.set([]);
    await pause(LOOK);
  }
}
