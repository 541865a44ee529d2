import { must } from '../../story/index.js';
import { compared, OURS, type Row } from '../row.js';
import { client, type Stand } from '../stand.js';
import { interleaved } from '../stats.js';

const MB = 1_000_000;
/** With its newline a line of 1,000 bytes. */
const LINE = 999;

/** Out by COPY and as rows, in by COPY. The server makes the lines and drops them, so that no disk is measured. */
export async function rate(stand: Stand): Promise<Row[]> {
  const megabytes = stand.quick ? 150 : 600;
  const lines = (megabytes * MB) / (LINE + 1);
  const query = `select repeat('x', ${LINE}) from generate_series(1, ${lines})`;
  const out = `psql -X -q -c "copy (${query}) to stdout" >/dev/null`;
  const rows = `psql -X -q -At -v FETCH_COUNT=10000 -c "${query}" >/dev/null`;
  // Its last command is psql, whose exit counts; the others end by SIGPIPE.
  const into = `yes "$(head -c ${LINE} /dev/zero | tr '\\0' x)" | head -c ${megabytes * MB} | psql -X -q -c 'copy bench_sink from stdin where false'`;
  return [
    await measured(stand, `${megabytes} MB out, COPY`, out, megabytes),
    await measured(stand, `${megabytes} MB out, rows`, rows, megabytes),
    await measured(stand, `${megabytes} MB in, COPY`, into, megabytes),
  ];
}

async function measured(stand: Stand, name: string, command: string, megabytes: number): Promise<Row> {
  stand.tell(name);
  const names = ['direct', 'stunnel', 'pump', OURS].filter((each) => stand.paths.some((path) => path.name === each));
  const samples = await interleaved(names, stand.quick ? 2 : 3, async (path) => {
    const { ms } = await must(client(stand, path, ['bash', '-c', command]));
    return megabytes / (ms / 1_000);
  });
  return compared({ name, peer: 'stunnel', target: 0.8, more: true, measured: 'MB/s' }, samples);
}
