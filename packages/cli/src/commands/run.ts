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
    const following = follow(needs, names);
    try {
      return await names.run(command, args);
    } finally {
      following.abort();
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

/** Keeps the names as the daemon's list is, as long as the command runs. */
function follow(needs: Needs, names: PrivateNames): AbortController {
  const over = new AbortController();
  const watch = async () => {
    for await (const state of needs.daemon.watch()) {
      if (over.signal.aborted) return;
      names.set(namesOf(state));
    }
  };
  // A daemon that ends takes its listeners along; the names it had then lead nowhere, which is the truth.
  watch().catch(() => {});
  return over;
}
