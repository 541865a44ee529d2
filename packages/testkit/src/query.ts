import { createInterface } from 'node:readline';
import { Client, type DatabaseError } from 'pg';

/**
 * What stands in for psql where it is not installed: `query.js HOST PORT [STATEMENT]` runs the statement, or each line of
 * stdin, and prints rows as `psql -At` does; a refusal as psql prints it with VERBOSITY=verbose. Exit 1 for a
 * statement that failed, 2 for a session that did, as psql has it.
 */
const [host = '', port = '5432', statement] = process.argv.slice(2);
const client = new Client({
  host,
  port: Number(port),
  user: process.env.USER ?? 'me',
  ssl: { rejectUnauthorized: false },
});
client.on('error', refuse);

function refuse(error: unknown): never {
  const told = error as DatabaseError;
  process.stderr.write(`${told.severity ?? 'error'}:  ${told.code ?? ''}: ${told.message}\n`);
  if (told.hint) process.stderr.write(`HINT:  ${told.hint}\n`);
  process.exit(told.severity === 'ERROR' ? 1 : 2);
}

async function run(text: string): Promise<void> {
  const { rows } = await client.query({ text, rowMode: 'array' });
  for (const row of rows as unknown[][]) process.stdout.write(`${row.map((cell) => cell ?? '').join('|')}\n`);
}

try {
  await client.connect();
  if (statement !== undefined) await run(statement);
  else for await (const line of createInterface({ input: process.stdin })) await run(line);
  await client.end();
} catch (error) {
  refuse(error);
}
