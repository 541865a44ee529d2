import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Upstream } from '../../src/index.js';
import { ALLOWED, type Allowed } from './evasion/allowed.js';
import type { Attack, Step } from './evasion/attack.js';
import { leakIn } from './evasion/canary.js';
import { CODE } from './evasion/code.js';
import { controlsFor } from './evasion/controls.js';
import { LEXICAL } from './evasion/lexical.js';
import { DERIVED, INFERENCE, MASKING, MESSAGES } from './evasion/masking.js';
import { NAMES, SETTINGS } from './evasion/session.js';
import { cellsOf, fieldOf, type Message, MODES, type Mode, Session } from './evasion/session-run.js';
import { SCHEMA, STATE } from './evasion/shop.js';
import { type Server, startServer } from './server.js';

let server: Server;
let upstream: Upstream;
let watcher: Client;
let state: string;

beforeAll(async () => {
  server = await startServer();
  await server.admin.query('CREATE DATABASE pristine');
  await server.cluster.sql(SCHEMA, 'pristine');
  for (const name of ['victim', 'mirror']) await server.admin.query(`CREATE DATABASE ${name} TEMPLATE pristine`);
  upstream = { ...server.upstream, name: 'pg-support', databases: ['victim'] };
  watcher = new Client(server.cluster.config({ database: 'victim' }));
  await watcher.connect();
  state = await stateNow();
}, 60_000);
afterAll(async () => {
  await watcher?.end();
  await server?.stop();
});

const stateNow = async (): Promise<string> => (await watcher.query(STATE)).rows[0].md5;

async function renew(): Promise<void> {
  await watcher.end();
  await server.admin.query('DROP DATABASE victim WITH (FORCE)');
  await server.admin.query('CREATE DATABASE victim TEMPLATE pristine');
  watcher = new Client(server.cluster.config({ database: 'victim' }));
  await watcher.connect();
  state = await stateNow();
}

interface Said {
  session: Session;
  /** What each step was answered with. */
  answers: Message[][];
}

async function say(steps: readonly Step[], mode: Mode, to: Upstream, as?: Attack['as'] | 'nobody'): Promise<Said> {
  const session = new Session(to, as === 'nobody' ? {} : controlsFor(as));
  const greeting = await session.open();
  if (greeting.at(-1)?.type !== 'Z') throw new Error(`it did not open: ${greeting.map(({ body }) => body)}`);
  const answers: Message[][] = [];
  for (const step of steps) answers.push(await session.run(step, mode));
  await session.close();
  expect(session.bugs).toEqual([]);
  return { session, answers };
}

/** How an attack came through; undefined if it did not. */
async function wayOf({ steps, wants, row, as }: Attack, mode: Mode): Promise<string | undefined> {
  const { session, answers } = await say(steps, mode, upstream, as);
  const last = answers.at(-1) ?? [];
  const leak = leakIn(session.heard, row === 'A23');
  if (leak !== undefined) return `${mode}: shows ${JSON.stringify(leak)}`;
  if (wants === 'refused' && !last.some(({ type }) => type === 'E')) return `${mode}: was answered`;
  if (wants === 'masked' && last.some(saysAnything)) return `${mode}: says something`;
  if ((await stateNow()) === state) return undefined;
  await renew();
  return `${mode}: the state has changed`;
}

const saysAnything = (message: Message): boolean =>
  message.type === 'D' && cellsOf(message).some((cell) => cell !== null && cell.toString() !== '***');

const ATTACKS = [...LEXICAL, ...CODE, ...NAMES, ...SETTINGS, ...MASKING, ...DERIVED, ...INFERENCE, ...MESSAGES];

describe('attacks', () => {
  test.each(['A19', 'A20', 'A21', 'A22', 'A23', 'A24', 'A25'] as const)(
    '%s: nothing comes through',
    async (row) => {
      const escapes: string[] = [];
      for (const attack of ATTACKS.filter((one) => one.row === row)) {
        for (const mode of MODES) {
          const way = await wayOf(attack, mode).catch((error: Error) => `${mode}: ${error.message}`);
          if (way !== undefined)
            escapes.push(`${attack.steps.map(({ text }) => text.slice(0, 200)).join(' ⏎ ')} → ${way}`);
        }
      }
      expect(escapes).toEqual([]);
    },
    600_000,
  );

  test('there are enough of them', () => {
    expect(ATTACKS.length).toBeGreaterThanOrEqual(250);
    expect(ALLOWED.length).toBeGreaterThanOrEqual(60);
  });
});

describe('what people do all day', () => {
  test.each(MODES)(
    'is answered as without hoop, but for what is masked: %s',
    async (mode) => {
      const faults: string[] = [];
      for (const allowed of ALLOWED) {
        const fault = await faultOf(allowed, mode).catch((error: Error) => error.message);
        if (fault !== undefined) faults.push(`${allowed.steps.map(({ text }) => text).join(' ⏎ ')} → ${fault}`);
      }
      await renew();
      await server.admin.query('DROP DATABASE mirror WITH (FORCE)');
      await server.admin.query('CREATE DATABASE mirror TEMPLATE pristine');
      expect(faults).toEqual([]);
    },
    600_000,
  );
});

/** What is wrong with the answer; undefined where it is the server's own. */
async function faultOf({ steps, masked }: Allowed, mode: Mode): Promise<string | undefined> {
  const through = await say(steps, mode, upstream);
  const straight = await say(steps, mode, { ...upstream, databases: ['mirror'] }, 'nobody');
  for (const [at, answer] of through.answers.entries()) {
    const expected = straight.answers[at] ?? [];
    const refused = answer.find(({ type }) => type === 'E');
    if (refused !== undefined && !expected.some(({ type }) => type === 'E')) return fieldOf(refused, 'M');
    if (wordsOf(answer, masked) !== wordsOf(expected, masked))
      return `${wordsOf(answer, [])} in place of ${wordsOf(expected, [])}`;
  }
  const shown = through.answers
    .flat()
    .filter(({ type }) => type === 'D')
    .map(cellsOf);
  const bare = straight.answers
    .flat()
    .filter(({ type }) => type === 'D')
    .map(cellsOf);
  return bare.some((row, at) => masked.some((column) => isBare(row[column], shown[at]?.[column])))
    ? 'a cell is not masked'
    : undefined;
}

const isBare = (own: Buffer | null | undefined, shown: Buffer | null | undefined): boolean =>
  own !== undefined && own !== null && shown !== null && shown !== undefined && own.equals(shown);

/** An answer in one line; masked columns are left out, and what differs between two databases. */
function wordsOf(answer: readonly Message[], masked: readonly number[]): string {
  return answer
    .map((message) => {
      const { type, body } = message;
      if (type === 'T') return `T${body.readUInt16BE(0)}`;
      if (type === 'E') return `E${fieldOf(message, 'C')}`;
      if (type === 'N' || type === 'A' || type === 'S') return '';
      if (type !== 'D') return type + body.toString('latin1');
      return `D${cellsOf(message).map((cell, at) => (masked.includes(at) ? '' : cell?.toString('latin1')))}`;
    })
    .join(' ');
}
