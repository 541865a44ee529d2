import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, type QueryArrayResult } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Assembly } from '../../../protocols/src/postgres/sql/assemble.js';
import type { Catalogue } from '../../../protocols/src/postgres/sql/catalogue.js';
import { type Lineage, trace } from '../../../protocols/src/postgres/sql/lineage/trace.js';
import { parse, ready } from '../../../protocols/src/postgres/sql/parse.js';
import { BEGINNING, OPTIONAL, QUESTIONS, SETTINGS } from '../../../protocols/src/postgres/sql/questions.js';
import { type Canaries, formsOf, plant } from './canaries.js';
import { type Server, startServer } from './server.js';

/**
 * What comes back is held against what was foretold: a column whose cells hold another column's canary, in any form, must have
 * been said to carry that column, and the answer must have the columns that were foretold, by number and name.
 */
let server: Server;
let client: Client;
let canaries: Canaries;
let catalogue: Catalogue;
const file = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8');

beforeAll(async () => {
  await ready();
  server = await startServer();
  await server.admin.query('create database lineage');
  client = new Client({ ...server.cluster.config(), database: 'lineage' });
  await client.connect();
  await client.query(file('lineage-world.sql'));
  canaries = await plant(client);
  await client.query('refresh materialized view m_cards');
  catalogue = await load();
});
afterAll(async () => {
  await client?.end();
  await server?.stop();
});

async function load(): Promise<Catalogue> {
  const assembly = new Assembly();
  for (const question of [BEGINNING, SETTINGS(8), ...QUESTIONS, ...OPTIONAL, 'commit']) {
    const answer = await client.query({ text: question, rowMode: 'array' });
    for (const { rows } of [answer].flat() as QueryArrayResult[]) for (const [row] of rows) assembly.add(String(row));
  }
  return assembly.catalogue();
}

/** Runs it, and leaves no trace of it. */
async function run(text: string): Promise<QueryArrayResult> {
  await client.query("begin; set local statement_timeout = '10s'");
  try {
    return await client.query({ text, rowMode: 'array', types: { getTypeParser: () => (value: string) => value } });
  } finally {
    await client.query('rollback');
  }
}

const foretold = (text: string): Lineage => {
  const [command] = parse(text);
  if (command === undefined) throw new Error('no command');
  return trace(command.node, text, { catalogue, paths: [['public']] });
};

/** Columns whose canary is in a column of the answer. */
function foundIn({ rows }: QueryArrayResult, column: number): string[] {
  const cells = rows
    .map((row) => String(row[column]))
    .join('\n')
    .toLowerCase();
  return [...canaries].flatMap(([name, canary]) =>
    formsOf(canary).some((form) => cells.includes(form)) ? [name] : [],
  );
}

/** A statement a line; `?` before one of which something is not understood. */
const STATEMENTS = file('lineage.sql')
  .split('\n')
  .filter((line) => line !== '');
let seen = 0;

describe('what comes back was foretold', () => {
  test.each(STATEMENTS)('%s', async (line) => {
    const text = line.replace(/^\? /, '');
    const answer = await run(text);
    const { outputs = [], opaque } = foretold(text);
    expect(outputs.map((output) => output.name)).toEqual(answer.fields.map((field) => field.name));
    expect(opaque !== undefined || outputs.some((output) => output.opaque !== undefined)).toBe(line !== text);
    for (const [place, output] of outputs.entries()) {
      const found = foundIn(answer, place);
      seen += found.length;
      if (output.opaque === undefined) expect(output.columns).toEqual(expect.arrayContaining(found));
    }
  });

  test('and much did come back', () => {
    expect(seen).toBeGreaterThan(STATEMENTS.length);
  });
});
