import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Upstream } from '../../src/index.js';
import { ALLOWED, type Allowed } from './evasion/allowed.js';
import type { Attack } from './evasion/attack.js';
import { leakIn } from './evasion/canary.js';
import { CODE } from './evasion/code.js';
import { controlsFor } from './evasion/controls.js';
import { LEXICAL } from './evasion/lexical.js';
import { INFERENCE, MASKING, MESSAGES } from './evasion/masking.js';
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
  for (const name of ['victim', 'mirror']) {
    await server.admin.query(`CREATE DATABASE ${name}`);
    await server.cluster.sql(SCHEMA, name);
  }
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
  await server.admin.query('CREATE DATABASE victim TEMPLATE mirror');
  watcher = new Client(server.cluster.config({ database: 'victim' }));
  await watcher.connect();
  state = await stateNow();
}

async function said(steps: Attack['steps'], mode: Mode): Promise<{ session: Session; last: Message[] }> {
  const session = new Session(upstream, controlsFor());
  const greeting = await session.open();
  if (greeting.at(-1)?.type !== 'Z') throw new Error(`it did not open: ${greeting.map(({ body }) => body)}`);
  let last: Message[] = [];
  for (const step of steps) last = await session.run(step, mode);
  await session.close();
  expect(session.bugs).toEqual([]);
  return { session, last };
}

/** How an attack came through; undefined if it did not. */
async function escapeOf({ steps, wants, row }: Attack, mode: Mode): Promise<string | undefined> {
  const { session, last } = await said(steps, mode);
  const leak = leakIn(session.heard, row === 'A23');
  if (leak !== undefined) return `${mode}: shows ${JSON.stringify(leak)}`;
  if (wants === 'refused' && !last.some(({ type }) => type === 'E')) return `${mode}: was answered`;
  if ((await stateNow()) === state) return undefined;
  await renew();
  return `${mode}: the state has changed`;
}

const ATTACKS = [...LEXICAL, ...CODE, ...NAMES, ...SETTINGS, ...MASKING, ...INFERENCE, ...MESSAGES];

describe('attacks', () => {
  test.each(['A19', 'A20', 'A21', 'A22', 'A23', 'A24', 'A25'] as const)(
    '%s: nothing comes through',
    async (row) => {
      const escapes: string[] = [];
      for (const attack of ATTACKS.filter((one) => one.row === row)) {
        for (const mode of MODES) {
          const escape = await escapeOf(attack, mode).catch((error: Error) => `${mode}: ${error.message}`);
          if (escape !== undefined)
            escapes.push(`${attack.steps.map(({ text }) => text.slice(0, 200)).join(' ⏎ ')} → ${escape}`);
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
void cellsOf;
void fieldOf;

export type { Allowed };
