import type { Cluster } from '@hoop/testkit';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import * as h from './handmade.js';
import { Site } from './site.js';

/**
 * Pipelines at random, right and wrong, sent directly and through hoop: the same bytes come back. HOOP_PIPELINES is how
 * many sessions, HOOP_SEED where they begin.
 */
const SESSIONS = Number(process.env.HOOP_PIPELINES ?? 20);
const SEED = Number(process.env.HOOP_SEED ?? 1);
const BATCHES = 25;

let site: Site;
let cluster: Cluster;
beforeAll(async () => {
  site = await Site.make();
  cluster = await site.cluster({ empty: true });
  await cluster.sql('create table rows (n int check (n < 100)); insert into rows select generate_series(1, 20)');
}, 60_000);
afterEach(async () => expect(await site.closeBridges()).toEqual([]));
afterAll(() => site?.end());

type Random = (below: number) => number;
function randomOf(seed: number): Random {
  let state = (seed * 2_654_435_761) | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const TEXTS = [
  'select n from rows order by n',
  'select $1::int + 1',
  'select 1/0',
  'select n / (n - 3) from rows order by n',
  'selec',
  '',
  'begin',
  'commit',
  'rollback',
  'savepoint s',
  'rollback to s',
  'insert into rows values ($1::int) returning n',
  'insert into rows values (1000)',
  'delete from rows where n > 20',
  "do $$ begin raise notice 'noted'; end $$",
  'deallocate all',
  'deallocate s1',
  'prepare s2 as select 2',
  "set work_mem = '5MB'",
  'listen channel',
  "notify channel, 'x'",
  'declare p2 cursor for select 7',
  'close all',
  'copy rows to stdout',
  'discard all',
] as const;
const NAMES = ['', 's1', 's2'] as const;
/** One session keeps to one kind: to execute a named portal while the unnamed one waits is refused here, and said. */
const PORTALS = [[''], ['p1', 'p2']] as const;

/** One message, or a few that only make sense together. */
function step(random: Random, portals: readonly string[]): Buffer[] {
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  const [name, portal, text] = [pick(NAMES), pick(portals), pick(TEXTS)];
  const values = random(3) === 0 ? [] : [pick(['1', '20', 'x', null])];
  switch (random(16)) {
    case 0:
    case 1:
    case 2:
      return [h.parse(name, text)];
    case 3:
    case 4:
      return [h.bind(portal, name, values, random(2))];
    case 5:
      return [h.describe('S', name)];
    case 6:
      return [h.describe('P', portal)];
    case 7:
    case 8:
    case 9:
      return [h.execute(portal, random(3) * 4)];
    case 10:
      return [random(2) === 0 ? h.close('S', name) : h.close('P', portal)];
    case 11:
      return [h.FLUSH];
    case 12:
      return [h.SYNC];
    case 13:
      return [h.SYNC, h.query(`${text.replace('$1', '5')}; ${pick(TEXTS).replace('$1', '6')}`)];
    case 14:
      return copyIn(random);
    default:
      return [
        h.parse('', text),
        h.bind('', '', text.includes('$1') ? ['7'] : []),
        h.describe('P', ''),
        h.execute(''),
        h.SYNC,
      ];
  }
}

/** A COPY that ends well, badly, or by the client's will; in a Query or in a pipeline. */
function copyIn(random: Random): Buffer[] {
  const ends = [[h.copyData('30\n31\n'), h.COPY_DONE], [h.copyData('x\n'), h.COPY_DONE], [h.copyFail('enough')]];
  const data = ends[random(ends.length)] as Buffer[];
  const text = 'copy rows from stdin';
  if (random(2) === 0) return [h.SYNC, h.query(text), ...data];
  return [h.SYNC, h.parse('', text), h.bind('', ''), h.execute(''), ...data, h.SYNC];
}

/** What a session is told to each batch, up to and with the marker that ends it. */
async function told(port: number, batches: readonly Buffer[][]): Promise<string[][]> {
  const client = await h.Handmade.open({ port, parameters: { user: 'postgres', database: 'shop' } });
  await client.until('Z');
  const answers: string[][] = [];
  for (const [at, frames] of batches.entries()) {
    client.send(...frames, h.SYNC, h.query(`rollback; select 'marker ${at}'`));
    const answer: string[] = [];
    for (let done = false; !done; ) {
      const said = await client.until('Z');
      done = said.length === 0 || said.some(({ body }) => body.includes(`marker ${at}`));
      answer.push(...said.map(({ type, body }) => `${type} ${body.toString('latin1', type === 'A' ? 4 : 0)}`));
    }
    answers.push(answer);
  }
  client.end();
  await client.until('never');
  return answers;
}

test(`${SESSIONS} sessions of ${BATCHES} pipelines`, async () => {
  const bridge = await site.bridge(cluster);
  let messages = 0;
  for (let seed = SEED; seed < SEED + SESSIONS; seed++) {
    const random = randomOf(seed);
    const batches = Array.from({ length: BATCHES }, () =>
      Array.from({ length: 1 + random(12) }, () => step(random, PORTALS[seed % 2]!)).flat(),
    );
    await cluster.sql('truncate rows; insert into rows select generate_series(1, 20)');
    const expected = await told(cluster.port, batches);
    await cluster.sql('truncate rows; insert into rows select generate_series(1, 20)');
    const got = await told(bridge.port, batches);
    for (const [at, answer] of expected.entries()) {
      expect({ seed, at, answer: got[at] }).toEqual({ seed, at, answer });
      messages += answer.length;
    }
  }
  expect(bridge.outcomes).toHaveLength(SESSIONS);
  for (const outcome of bridge.outcomes) expect(await outcome).toMatchObject({ end: 'client' });
  expect(bridge.lines.finished).toHaveLength(bridge.lines.intents.length);
  console.log(`${SESSIONS * BATCHES} pipelines, ${messages} messages of the server's`);
}, 120_000);
