import { createInterface } from 'node:readline';
import { Client } from 'pg';

/**
 * The client of scripts/bench, run as a laptop's user. Targets are JSON, `[{name, host, port, user, password}]`.
 *   probe.js connect TARGETS ROUNDS     JSON: name -> milliseconds of each connect with its first row, interleaved
 *   probe.js hold TARGET FLOWS          opens that many, says `held`, then a line `NAME ms-since-epoch CODE` for each that ends
 */
interface Target {
  name: string;
  host: string;
  port: number;
  user: string;
  password?: string;
}
const [what = '', where = '[]', count = '1'] = process.argv.slice(2);

function clientOf({ host, port, user, password }: Target): Client {
  return new Client({
    host,
    port,
    user,
    password: password ?? '',
    database: 'shop',
    ssl: { rejectUnauthorized: false },
  });
}

async function firstRow(target: Target): Promise<number> {
  const from = performance.now();
  const client = clientOf(target);
  await client.connect();
  await client.query('select 1');
  const ms = performance.now() - from;
  await client.end();
  // The next one finds everybody at rest again.
  await new Promise((resolve) => setTimeout(resolve, 100));
  return ms;
}

async function connects(targets: readonly Target[], rounds: number): Promise<void> {
  const found: Record<string, number[]> = Object.fromEntries(targets.map(({ name }) => [name, []]));
  for (const target of targets) await firstRow(target);
  for (let round = 0; round < rounds; round++) {
    for (const target of round % 2 === 0 ? targets : targets.toReversed())
      found[target.name]!.push(await firstRow(target));
  }
  process.stdout.write(`${JSON.stringify(found)}\n`);
}

async function hold(target: Target, flows: number): Promise<void> {
  const clients: Client[] = [];
  const open = async () => {
    while (clients.length < flows) {
      const client = clientOf(target);
      clients.push(client);
      let code = 'cut';
      client.on('error', (error: Error & { code?: string }) => {
        if (error.code !== undefined && code === 'cut') code = error.code;
      });
      client.on('end', () => process.stdout.write(`ended ${Date.now()} ${code}\n`));
      await client.connect();
    }
  };
  await Promise.all([open(), open(), open(), open()]);
  process.stdout.write('held\n');
  // The end of stdin lets all go.
  for await (const _ of createInterface({ input: process.stdin }));
  await Promise.allSettled(clients.map((client) => client.end()));
}

if (what === 'connect') await connects(JSON.parse(where) as Target[], Number(count));
else await hold(JSON.parse(where) as Target, Number(count));
