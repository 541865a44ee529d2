import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cluster, found } from '@hoop/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Bridge } from './bridge.js';
import * as h from './handmade.js';
import { type Ran, run } from './peers.js';
import { direct, Site, through } from './site.js';
import { ERRORS, SETUP, STATEMENTS, VALUES } from './statements.js';

/** Direct against through hoop: the same bytes to every question. */

let site: Site;
let cluster: Cluster;
let bridge: Bridge;
beforeAll(async () => {
  site = await Site.make();
  cluster = await site.cluster();
  await cluster.sql(SETUP);
}, 60_000);
afterEach(async () => expect(await site.closeBridges()).toEqual([]));
afterAll(() => site?.end());

const noPsql = found('psql') ? '' : ' (skipped: psql is not installed; sudo apt install postgresql-client)';
const ALL = [...STATEMENTS, ...ERRORS];

/** One message as text, without what differs between any two sessions: the process's id, and OIDs of temporary tables. */
function shown({ type, body }: h.Said): string {
  if (type === 'A') return `A ${body.toString('latin1', 4)}`;
  if (type !== 'T') return `${type} ${body.toString('latin1')}`;
  let at = 2;
  const columns = Buffer.from(body);
  for (let left = body.readInt16BE(0); left > 0; left--) {
    at = columns.indexOf(0, at) + 1;
    columns.writeInt32BE(0, at);
    at += 18;
  }
  return `T ${columns.toString('latin1')}`;
}

/** What a session is told, question by question. */
async function told(port: number, questions: readonly (readonly Buffer[])[]): Promise<string[][]> {
  const client = await h.Handmade.open({ port, parameters: { user: 'postgres', database: 'shop' } });
  const hello = (await client.until('Z')).filter(({ type }) => type !== 'K').map(shown);
  const answers = [hello];
  for (const frames of questions) answers.push((await client.ask(frames)).map(shown));
  client.end();
  await client.until('never');
  return answers;
}

/** Asks both, and compares answer by answer; gives the answers. */
async function same(names: readonly string[], questions: readonly (readonly Buffer[])[]): Promise<string[][]> {
  bridge = await site.bridge(cluster);
  const expected = await told(cluster.port, questions);
  const got = await told(bridge.port, questions);
  for (const [at, answer] of expected.entries()) {
    const name = names[at - 1] ?? 'the greeting';
    expect({ name, answer: got[at] }).toEqual({ name, answer });
  }
  return got;
}

const failed = (answers: readonly string[][]) =>
  answers.filter((answer) => answer.some((one) => one.startsWith('E '))).length;

test('there is enough to ask', () => {
  expect(STATEMENTS.length).toBeGreaterThanOrEqual(400);
  expect(new Set(ERRORS).size).toBeGreaterThanOrEqual(40);
});

describe('the bytes of every answer', () => {
  test('simple', async () => {
    const answers = await same(
      ALL,
      ALL.map((text) => [h.query(text)]),
    );
    expect(failed(answers)).toBeGreaterThanOrEqual(ERRORS.length - 12);
    expect(bridge.lines.intents.map(({ action }) => action.text)).toEqual(ALL);
  });

  test.each([
    ['text', 0],
    ['binary', 1],
  ])('extended, %s', async (_, format) => {
    const ask = (text: string) => [
      h.parse('', text),
      h.describe('S', ''),
      h.bind('', '', [], format),
      h.describe('P', ''),
      h.execute(''),
      h.SYNC,
    ];
    expect(failed(await same(ALL, ALL.map(ask)))).toBeGreaterThanOrEqual(ERRORS.length - 12);
  });

  test('extended, in pieces: Flush, named statements and portals, five rows at a time, Close', async () => {
    const ask = (text: string, n: number) => [
      h.parse(`s${n}`, text),
      h.FLUSH,
      h.bind(`p${n}`, `s${n}`, [], n % 2),
      h.describe('P', `p${n}`),
      h.execute(`p${n}`, 5),
      h.execute(`p${n}`, 5),
      h.execute(`p${n}`),
      h.close('P', `p${n}`),
      h.close('S', `s${n}`),
      h.SYNC,
    ];
    await same(ALL, ALL.map(ask));
  });

  test('parameters of every type, text and binary in, text and binary out', async () => {
    const values = Object.entries(VALUES).flatMap(([type, texts]) => texts.map((text) => [type, text] as const));
    const literals = values.map(([type, text]) => [
      h.parse('', `select '${text.replaceAll("'", "''")}'::${type}`),
      h.bind('', '', [], 1),
      h.execute(''),
      h.SYNC,
    ]);
    const client = await h.Handmade.open({ port: cluster.port, parameters: { user: 'postgres', database: 'shop' } });
    await client.until('Z');
    const names: string[] = [];
    const questions: Buffer[][] = [];
    for (const [at, [type, text]] of values.entries()) {
      const row = (await client.ask(literals[at]!)).find((one) => one.type === 'D');
      const binary = row === undefined ? [] : [row.body.subarray(6)];
      for (const value of [text, ...binary, null]) {
        for (const format of [0, 1]) {
          names.push(`${type} ${text} ${value === text ? 'as text' : 'as binary'}, format ${format}`);
          questions.push([
            h.parse('', `select $1::${type} as v, $1 is null as n`),
            h.describe('S', ''),
            h.bind('', '', [value], format),
            h.execute(''),
            h.SYNC,
          ]);
        }
      }
    }
    client.end();
    const answers = await same(names, questions);
    expect(answers.length).toBeGreaterThan(600);
    expect(failed(answers)).toBeLessThan(30);
  });

  test('COPY of every form, both ways, and what goes wrong in it', async () => {
    const out = [
      '',
      '(format csv, header, quote $$"$$, force_quote *)',
      '(format binary)',
      "(delimiter '|', null 'NIL')",
    ];
    const rows = ['1\titem\t1.5\t\\N\t\\N\tsad\t{}\t(1,x)\n', '2\titem 2\t\\N\t{a}\t2026-01-01Z\t\\N\t\\N\t\\N\n'];
    const into = (...frames: Buffer[]) => [h.query('copy into_here from stdin'), ...frames];
    const questions: Buffer[][] = [
      ...out.map((how) => [h.query(`copy items to stdout ${how}`)]),
      ...out.map((how) => [h.query(`copy (select id, name from items where id < 5) to stdout ${how}`)]),
      [h.query('create temp table into_here (like items)')],
      into(...rows.map(h.copyData), h.COPY_DONE),
      into(h.copyData(rows.join('')), h.copyData('\\.\n'), h.COPY_DONE),
      into(h.copyData('not a number\n'), h.COPY_DONE),
      into(h.copyData(rows[0]!), h.copyFail('enough')),
      into(h.COPY_DONE),
      [h.query('table into_here')],
      [h.query('copy into_here from stdin (format csv)'), h.copyData('7,"a, b",,,,,,\n'), h.COPY_DONE],
      [
        h.query('copy into_here (id, name) from stdin; select count(*) from into_here'),
        h.copyData('8\tx\n'),
        h.COPY_DONE,
      ],
      [
        h.parse('', 'copy into_here (id, name) from stdin'),
        h.bind('', ''),
        h.execute(''),
        h.copyData('9\ty\n'),
        h.COPY_DONE,
        h.SYNC,
      ],
      [h.parse('', 'copy into_here to stdout'), h.bind('', ''), h.execute(''), h.SYNC],
      [h.query('copy into_here to program $$cat$$ (nonsense)')],
      [h.query('copy items from $$/nonexistent$$')],
    ];
    const answers = await same([], questions);
    expect(answers.flat().filter((one) => one.startsWith('C COPY')).length).toBeGreaterThanOrEqual(15);
  });
});

describe.skipIf(noPsql)(`psql and pg_dump${noPsql}`, () => {
  test('stdout, stderr and exit code are the same', async () => {
    const file = join(site.scratch, 'all.sql');
    const open = (text: string) => text.includes('unterminated') || text.startsWith('--') || text.includes('-- behind');
    const text = ALL.filter((one) => !open(one)).map((one) => `${one};\n`);
    writeFileSync(file, `\\set VERBOSITY verbose\n${text.join('')}select 'unterminated\n`);
    bridge = await site.bridge(cluster);
    for (const args of [['-a'], ['-e', '-q', '-x'], ['-A', '-t', '-b'], ['-1'], ['-v', 'ON_ERROR_STOP=1']]) {
      const all = ['-X', ...args, '-f', file];
      const expected = await run('psql', all, direct(cluster));
      expect(await run('psql', all, through(bridge))).toEqual(expected);
      if (args[0] === '-a') expect(expected.stderr.match(/ERROR: {2}/g)?.length).toBeGreaterThanOrEqual(40);
    }
  }, 60_000);

  test('pg_dump | psql | pg_dump gives the same bytes', async () => {
    await cluster.sql('create database again', 'postgres');
    bridge = await site.bridge(cluster, { databases: ['shop', 'again'] });
    const dump = (env: Record<string, string>, ...more: string[]): Promise<Ran> =>
      run('pg_dump', ['--no-sync', '--restrict-key=same', ...more], env);
    const expected = await dump(direct(cluster));
    expect(expected).toMatchObject({ code: 0, stderr: '' });
    const pipe = 'set -o pipefail; pg_dump --no-sync -d shop | psql -Xq -v ON_ERROR_STOP=1 -d again >/dev/null';
    expect(await run('bash', ['-c', pipe], through(bridge))).toEqual({ code: 0, stdout: '', stderr: '' });
    for (const database of ['shop', 'again']) {
      const again = await dump(through(bridge, { PGDATABASE: database }));
      expect(again.stdout === expected.stdout, `the dump of ${database}`).toBe(true);
    }
    const inserts = ['--inserts', '--data-only', '--table=items'];
    expect((await dump(through(bridge), ...inserts)).stdout).toBe((await dump(direct(cluster), ...inserts)).stdout);
  }, 60_000);
});
