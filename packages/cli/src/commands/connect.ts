import type { LocalConnection, State } from '@hoop/contracts/local';
import { runInherited } from '@hoop/platform';
import { type Command, type Input, type Needs, word, words } from '../command.js';
import { find, profileMeant } from '../find.js';
import { inProfile, isOfSeveral, narrowed, ofProfile, PROFILE_OPTION } from '../profile.js';
import { readyOrLogIn } from '../settle.js';
import { stringsOf, whereOf } from '../strings.js';
import { columns } from '../table.js';

const NOT_FOUND = 127;

export const connect: Command = {
  name: 'connect',
  summary: 'open a connection with its own client (psql); needs no DNS',
  arguments: [
    ['NAME', 'as `hoop ls` shows it'],
    ['[ARGS...]', 'for the client'],
  ],
  options: [PROFILE_OPTION],
  passThrough: true,
  examples: ['hoop connect pg-prod', 'hoop connect pg-prod.acme', "hoop connect pg-prod -- -Atc 'select 1'"],
  run: async (needs, given) => {
    const input = withProfile(given);
    const { connection } = find(await loggedInFor(inProfile(needs, input), word(input, 0)), word(input, 0));
    const client = CLIENTS[connection.protocol];
    const code = client === undefined ? NOT_FOUND : await client(connection, passed(words(input, 1)));
    if (code !== NOT_FOUND) return code;
    const { host, port } = whereOf(connection);
    needs.err(`no client for ${connection.protocol} is installed here; it is reached at:\n`);
    needs.out(columns([['address', `${host}:${port}`], ...Object.entries(stringsOf(connection))]));
    return NOT_FOUND;
  },
};

/** The state, where a person may have logged in for the profile that the name is in. */
async function loggedInFor(needs: Needs, name: string): Promise<State> {
  const state = await needs.daemon.state();
  if (!isOfSeveral(state)) return readyOrLogIn(needs);
  await readyOrLogIn(narrowed(needs, profileMeant(state, name), ofProfile));
  return needs.daemon.state();
}

const PROFILE = '--profile';

/** `--profile` right behind the name is hoop's still: no client has such an option. */
function withProfile(input: Input): Input {
  const [first = '', second = '', ...rest] = words(input, 1);
  const isApart = first === PROFILE;
  if (!isApart && !first.startsWith(`${PROFILE}=`)) return input;
  const profile = isApart ? second : first.slice(PROFILE.length + 1);
  return {
    arguments: [word(input, 0), isApart ? rest : words(input, 1).slice(1)],
    options: { ...input.options, profile },
  };
}

/** What stands behind `--`, or simply behind the name. */
const passed = (args: readonly string[]) => (args[0] === '--' ? args.slice(1) : args);

type Client = (connection: LocalConnection, args: readonly string[]) => Promise<number>;
const CLIENTS: Partial<Record<LocalConnection['protocol'], Client>> = {
  postgres: (connection, args) => runInherited('psql', args, { variables: libpq(connection) }),
};

const NO_FILE = '/dev/null/none';

/**
 * Where psql goes, through libpq's environment, so that its own arguments still count (PostgreSQL manual, 34.15). What the
 * person set for other servers does not apply to this one: the far end of this TLS is hoopd, on loopback, and it asks for
 * no password.
 */
function libpq(connection: LocalConnection): Record<string, string | undefined> {
  const { host, port } = whereOf(connection);
  const off = ['PGHOSTADDR', 'PGSERVICE', 'PGSERVICEFILE', 'PGPASSWORD', 'PGREQUIREAUTH', 'PGSSLCERTMODE', 'PGSSLCRL'];
  const more = ['PGTARGETSESSIONATTRS', 'PGLOADBALANCEHOSTS', 'PGSSLNEGOTIATION', 'PGDATABASE', 'PGUSER'];
  return {
    ...Object.fromEntries([...off, ...more].map((name) => [name, undefined])),
    PGHOST: host,
    PGPORT: String(port),
    ...(connection.database === undefined ? {} : { PGDATABASE: connection.database }),
    // With less, libpq asks again without TLS where the gateway refuses, and the person reads the refusal twice.
    PGSSLMODE: 'require',
    // No file: else ~/.postgresql/root.crt, the root of other servers, makes `require` verify (34.19.1).
    PGSSLROOTCERT: NO_FILE,
    PGSSLCERT: NO_FILE,
    PGSSLKEY: NO_FILE,
    PGGSSENCMODE: 'disable',
    PGCHANNELBINDING: 'prefer',
  };
}
