import { askDns } from '../witness/index.js';
import { CONNECTION, found, keyringMissing, type Laptop } from '../world/index.js';
import { searchForSecrets } from './secret.js';
import { json, type ListedConnection, listed, must, PSQL_MISSING, type Stage, sqlClient } from './stage.js';
import { Skip, type Step } from './step.js';

const NAME = `${CONNECTION}.hoop`;
const trouble = ({ world }: Stage) => ({
  next: './scripts/demo, and in its shell: hoop status',
  log: world.laptops.get('alice')?.daemonLog ?? world.folder,
});

interface Status {
  daemon: { pid: number; resolver: { address: string; port: number } | null };
  login: { identity: { email: string }; store: string; certificateUntil?: number } | null;
}

/** hoopd is nobody's child: it is taken into the world's books, so that it surely ends with it. */
export async function logIn(stage: Stage, name: string): Promise<Status> {
  const laptop = stage.world.laptop(name);
  await must(laptop.login());
  const status = await json<Status>(laptop.hoop('status', '--json'));
  stage.world.processes.adopt(`${name}-hoopd`, status.daemon.pid);
  return status;
}

/** The bare name needs the connection's own address and port; if another program holds them, say which. */
function reachable(connection: ListedConnection): ListedConnection {
  if (connection.reach.byName) return connection;
  throw new Skip(
    `${connection.port} is held by ${connection.holder ?? 'another program'}`,
    `hoop connect ${CONNECTION} works`,
  );
}

/** `hoop run` needs user namespaces. */
export async function named(laptop: Laptop, argv: readonly string[], code = 0) {
  reachable(await listed(laptop));
  const done = await laptop.named(...argv);
  if (done.code !== code && done.stderr.includes('names cannot be given to a command here'))
    throw new Skip(
      done.stderr.trim().split('\n')[0] ?? 'hoop run cannot work here',
      `hoop connect ${CONNECTION} works`,
    );
  return must(Promise.resolve(done), code);
}

const since = (ms: number) => `${Math.round(ms)} ms`;

export const ALICE: readonly Step<Stage>[] = [
  {
    group: 'Alice',
    name: 'login',
    needs: ['gateway'],
    async run(stage) {
      await stage.world.setUpLaptops();
      const { login } = await logIn(stage, 'alice');
      if (!login) throw new Error('hoop status shows no login');
      const minutes = Math.round(((login.certificateUntil ?? 0) - Date.now()) / 60_000);
      if (minutes < 1 || minutes > 15) throw new Error(`the certificate lasts ${minutes} minutes`);
      const missing = keyringMissing(stage.world.programs.packages);
      const store = missing
        ? `login in hoopd's memory (--login-store=memory: ${missing.why})`
        : 'login in gnome-keyring';
      return `${login.identity.email}, PKCE, ${store}, certificate ${minutes} min`;
    },
    trouble,
  },
  {
    group: 'Alice',
    name: 'ls',
    needs: ['login'],
    async run({ world }) {
      const it = await listed(world.laptop('alice'));
      if (it.reach.byName && it.state !== 'ready') throw new Error(`${CONNECTION} is ${it.state}`);
      const held = it.reach.byName
        ? ''
        : ` at ${it.reach.address}:${it.reach.port}: ${it.port} is held by ${it.holder}`;
      return `${it.name}  ${it.protocol}  ${it.address}:${it.port}  ${it.state}${held}`;
    },
    trouble,
  },
  {
    group: 'Alice',
    name: 'dns',
    needs: ['ls'],
    async run({ world }) {
      const laptop = world.laptop('alice');
      const { address } = reachable(await listed(laptop));
      const { daemon } = await json<Status>(laptop.hoop('status', '--json'));
      if (!daemon.resolver) throw new Error('hoopd has no resolver');
      const [known, unknown, foreign] = await Promise.all(
        [NAME, 'nope.hoop', 'example.com'].map((name) => askDns(daemon.resolver!, name)),
      );
      const got = [known?.addresses.join(), unknown?.rcode, foreign?.rcode].join(' ');
      if (got !== `${address} NXDOMAIN REFUSED`) throw new Error(`the resolver answers ${got}`);
      return `our resolver: ${NAME} A ${address}; nope.hoop NXDOMAIN; example.com REFUSED`;
    },
    trouble,
  },
  {
    group: 'Alice',
    name: 'name',
    needs: ['ls'],
    async run({ world }) {
      const laptop = world.laptop('alice');
      const { address } = await listed(laptop);
      const { stdout } = await named(laptop, ['getent', 'hosts', NAME]);
      if (stdout.trim().split(/\s+/)[0] !== address) throw new Error(`getent says ${stdout.trim()}`);
      return `getent hosts ${NAME} = ${address}`;
    },
    trouble,
  },
  {
    group: 'Alice',
    name: 'psql',
    needs: ['ls'],
    async run(stage) {
      const statement = 'select count(*) from customers';
      const laptop = stage.world.laptop('alice');
      const { stdout, ms } = await named(laptop, sqlClient(stage, NAME, 5432, statement)).catch(async (error) => {
        // Without names, by its address: what comes later in the story looks for this session.
        const { address, port } = (await listed(laptop)).reach;
        await must(laptop.run(sqlClient(stage, address, port, statement)));
        throw error;
      });
      if (stdout.trim() !== '10000') throw new Error(`it counts ${stdout.trim()} customers`);
      if (!found('psql')) throw new Skip(`psql: ${PSQL_MISSING} (the pg client, in its place, counts 10000)`);
      return `psql -h ${NAME} -Atc '${statement}' = 10000     ${since(ms)} with hoop run and psql`;
    },
    trouble,
  },
  {
    group: 'Alice',
    name: 'connect',
    needs: ['ls'],
    async run(stage) {
      const laptop = stage.world.laptop('alice');
      const { reach } = await listed(laptop);
      const statement = 'select current_database()';
      const argv = found('psql')
        ? ['hoop', 'connect', CONNECTION, '--', '-Atc', statement]
        : sqlClient(stage, reach.address, reach.port, statement);
      const { stdout } = await must(laptop.run(argv));
      if (stdout.trim() !== 'shop') throw new Error(`the database is ${stdout.trim()}`);
      if (!found('psql'))
        throw new Skip(`psql: ${PSQL_MISSING} (the pg client, on ${reach.address}:${reach.port}, is in shop)`);
      return `hoop connect ${CONNECTION} -- -Atc '${statement}' = shop`;
    },
    trouble,
  },
  { group: 'Alice', name: 'secret', needs: ['ls'], run: searchForSecrets, trouble },
];
