import { must } from '../../story/index.js';
import { compared, OURS, type Row } from '../row.js';
import { client, type Stand } from '../stand.js';
import { interleaved } from '../stats.js';

const MODES = ['simple', 'extended', 'prepared'];
const CLIENTS = [1, 8];

/** pgbench's select-only script: the shortest statement there is, so what a path adds to each weighs most. */
export async function tps(stand: Stand): Promise<Row[]> {
  const rows: Row[] = [];
  for (const clients of CLIENTS)
    for (const mode of MODES) {
      stand.tell(`pgbench -S -M ${mode} -c ${clients}`);
      const flags = ['-M', mode, '-c', String(clients), '-j', clients === 1 ? '1' : '2'];
      const samples = await measured(stand, ['direct', 'stunnel', 'pump', OURS], flags);
      const name = `pgbench -S, ${clients} ${clients === 1 ? 'client' : 'clients'}, ${mode}`;
      rows.push(compared({ name, peer: 'stunnel', target: 0.75, more: true, measured: 'tps' }, samples));
    }
  return rows;
}

/** A connection for each transaction. */
export async function connections(stand: Stand): Promise<Row[]> {
  stand.tell('pgbench -S -C');
  const samples = await measured(stand, ['direct', 'stunnel', 'ssh', 'pump', OURS], ['-C', '-c', '1']);
  const aim = { name: 'pgbench -S -C', more: true, measured: 'tps' };
  const peers = ['stunnel', 'ssh'].filter((peer) => samples[peer] !== undefined);
  return peers.map((peer) => compared({ ...aim, name: `${aim.name}, against ${peer}`, peer, target: 0.9 }, samples));
}

function measured(stand: Stand, wanted: readonly string[], flags: readonly string[]) {
  const names = wanted.filter((name) => stand.paths.some((path) => path.name === name));
  const { seconds, rounds } = stand.quick ? { seconds: 1, rounds: 2 } : { seconds: 3, rounds: 3 };
  return interleaved(names, rounds, async (name) => {
    const argv = [stand.pgbench, '-n', '-S', '-T', String(seconds), ...flags];
    const { stdout } = await must(client(stand, name, argv));
    const found = /^tps = ([\d.]+)/m.exec(stdout)?.[1];
    if (found === undefined) throw new Error(`pgbench printed no tps on ${name}`);
    return Number(found);
  });
}
