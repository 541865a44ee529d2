import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GATEWAY_ROLE, SUPPORT_ROLE } from '../../postgres/index.js';
import { listed, logIn, must } from '../../story/index.js';
import { finished, type Laptop, own, SUPPORT } from '../../world/index.js';
import { absolute, compared, OURS, type Row, rounded } from '../row.js';
import { client, type Stand } from '../stand.js';
import { interleaved, median, quantile } from '../stats.js';

/** What guardrails, masks and detectors cost, on the connection that has them all, for a person who is exempt from none. */
export async function controlled(stand: Stand): Promise<Row[]> {
  const { stage } = stand;
  stand.tell(`carol logs in, for ${SUPPORT}`);
  await logIn(stage, 'carol');
  const laptop = stage.world.laptop('carol');
  await stage.world.company.cluster.sql([
    `grant select on pgbench_accounts, pgbench_branches, pgbench_tellers to ${SUPPORT_ROLE}`,
  ]);
  const free = (await listed(laptop)).reach;
  const guarded = (await listed(laptop, SUPPORT)).reach;
  const on = { stand, laptop, free, guarded };
  return [await repeated(on), await fresh(on), await masked(on)];
}

type Reach = Awaited<ReturnType<typeof listed>>['reach'];
interface On {
  stand: Stand;
  laptop: Laptop;
  free: Reach;
  guarded: Reach;
}

function run({ laptop }: On, { address, port }: Reach, argv: readonly string[]) {
  const env = { PGHOST: address, PGPORT: String(port), PGUSER: GATEWAY_ROLE, PGDATABASE: 'shop', PGSSLMODE: 'require' };
  const child = laptop.spawn(argv, 'pipe', env);
  child.stdin?.end();
  return must(finished(child, 300_000));
}

/** Processor time of the gateway, in µs, for each statement of a prepared one that is run again and again. */
async function repeated(on: On): Promise<Row> {
  const { stand, free, guarded } = on;
  stand.tell('processor time of a repeated statement, with and without controls');
  const pid = stand.stage.world.processes.pid('gateway')!;
  const each = async (reach: Reach): Promise<number> => {
    const argv = [stand.pgbench, '-n', '-S', '-M', 'prepared', '-T', stand.quick ? '3' : '6'];
    const before = microseconds(pid);
    const { stdout } = await run(on, reach, argv);
    return (microseconds(pid) - before) / Number(/actually processed: (\d+)/.exec(stdout)?.[1]);
  };
  const ways: Record<string, Reach> = { free, guarded };
  const samples = await interleaved(['free', 'guarded'], 3, (name) => each(ways[name]!));
  const [without = Number.NaN, withThem = Number.NaN] = ['free', 'guarded'].map((name) => median(samples[name] ?? []));
  return absolute({
    name: 'a repeated statement: processor time that controls add in the gateway',
    value: withThem - without,
    unit: 'µs',
    target: 40,
    paths: { 'without controls': rounded(without), 'with them': rounded(withThem) },
    measured: 'µs',
  });
}

/** User and system time of a process; the kernel counts it in ticks of 10 ms. */
function microseconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

/** Statements that nobody has sent before: each has a text of its own. */
async function fresh(on: On): Promise<Row> {
  const { stand, laptop, free, guarded } = on;
  stand.tell('statements that are new, with and without controls');
  const folder = own(mkdtempSync(join(tmpdir(), 'hb-')), laptop.record.account);
  try {
    const script = join(folder, 'new.sql');
    writeFileSync(
      script,
      '\\set n random(1, 1000000000)\nselect a.abalance + :n as x:n from pgbench_accounts a where a.aid = :n;\n',
    );
    own(script, laptop.record.account);
    const latencies = async (reach: Reach) => {
      const log = join(folder, 'log');
      const argv = [stand.pgbench, '-n', '-f', script, '-t', '2000', '-l', `--log-prefix=${log}`];
      await run(on, reach, argv);
      const found = readdirSync(folder).filter((name) => name.startsWith('log.'));
      const values = found.flatMap((name) => readFileSync(join(folder, name), 'utf8').trim().split('\n'));
      for (const name of found) rmSync(join(folder, name));
      return values.map((line) => Number(line.split(' ')[2]) / 1_000);
    };
    await latencies(guarded);
    const [without, withThem] = [await latencies(free), await latencies(guarded)];
    return absolute({
      name: 'a statement that is new: what controls add, p99',
      value: quantile(withThem, 0.99) - quantile(without, 0.99),
      unit: 'ms',
      target: 1,
      paths: {
        'without controls, p99': rounded(quantile(without, 0.99)),
        'with them, p99': rounded(quantile(withThem, 0.99)),
      },
      measured: 'ms',
    });
  } finally {
    if (existsSync(folder)) rmSync(folder, { recursive: true });
  }
}

const CELL = 99;
/** Ten columns of text, of which `email` is masked; detectors look at the other nine. */
const TEN = `c.email, ${Array.from({ length: 9 }, (_, at) => `x.x as x${at}`).join(', ')}`;
const tenOf = (rows: number) =>
  `copy (select ${TEN} from (select email from public.customers where id = 1) c, (select repeat('x', ${CELL}) as x) x, generate_series(1, ${rows})) to stdout`;

async function masked(on: On): Promise<Row> {
  const { stand, guarded } = on;
  const megabytes = stand.quick ? 100 : 600;
  const name = `${megabytes} MB out, one text column of ten masked`;
  stand.tell(name);
  const command = `psql -X -q -c "${tenOf((megabytes * 1_000_000) / (9 * (CELL + 1) + 20))}" >/dev/null`;
  const argv = ['bash', '-c', command];
  const samples = await interleaved(['stunnel', OURS], stand.quick ? 2 : 3, async (path) => {
    const { ms } = path === OURS ? await run(on, guarded, argv) : await must(client(stand, path, argv));
    return megabytes / (ms / 1_000);
  });
  return compared({ name, peer: 'stunnel', target: 0.6, more: true, measured: 'MB/s' }, samples);
}
