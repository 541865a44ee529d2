import { randomBytes } from 'node:crypto';
import { setImmediate as pause } from 'node:timers/promises';
import { FailedLoads, masksFor, rulesOf } from '@hoop/controls';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Upstream } from '../../src/index.js';
import { cellsOf, MODES, Session } from './evasion/session-run.js';
import { type Server, startServer } from './server.js';

const CARD = '4929003456789015';
const SCHEMA = `
CREATE TABLE parts (id int PRIMARY KEY, label text);
INSERT INTO parts VALUES (1, 'bolt');
CREATE TABLE purses (id int PRIMARY KEY, c1 text, note text);
INSERT INTO purses VALUES (1, '${CARD}', 'kept');
CREATE VIEW seen AS SELECT id, note FROM purses;
`;

let server: Server;
let upstream: Upstream;
let admin: Client;
beforeAll(async () => {
  server = await startServer();
  await server.admin.query('CREATE DATABASE outside TEMPLATE template0');
  upstream = { ...server.upstream, name: 'pg-support', databases: ['outside'] };
  admin = new Client(server.cluster.config({ database: 'outside' }));
  await admin.connect();
}, 60_000);
afterAll(async () => {
  await admin?.end();
  await server?.stop();
});

/** By names of columns alone: nothing looks for cards. */
const RULES = rulesOf('pii', ['*']).map((rule) => ({ ...rule, detectors: [] }));

const MASKED = [[['************9015']], [['***']], [['***']]];

async function withSession(use: (ask: (text: string) => Promise<(string | null)[][]>) => Promise<void>) {
  for (const mode of MODES) {
    await admin.query(`DROP SCHEMA public CASCADE; CREATE SCHEMA public; ${SCHEMA}`);
    const scope = { connection: 'pg-support', groups: [], person: 'bob' };
    const ports = {
      key: randomBytes(32),
      pause: async () => void (await pause()),
      failedLoads: new FailedLoads(Date.now),
    };
    const session = new Session({ ...upstream }, { reads: true, masks: masksFor(RULES, scope, ports) });
    await session.open();
    await use(async (text) => {
      const answer = await session.run({ text }, mode === 'binary' ? 'extended' : mode);
      return answer
        .filter(({ type }) => type === 'D')
        .map((row) => cellsOf(row).map((cell) => cell?.toString() ?? null));
    });
    await session.close();
    expect(session.bugs).toEqual([]);
  }
}

/** The catalogue that the gateway goes by is older than what somebody else does to the database. */
describe('what is changed by others', () => {
  test('a table that is new, replaced or grown is shown at once, and masked where it has to be', async () => {
    await withSession(async (ask) => {
      expect(await ask('SELECT * FROM parts')).toEqual([['1', 'bolt']]);
      expect(await ask('SELECT * FROM later')).toEqual([]);
      await admin.query(`CREATE TABLE later AS SELECT 1 AS id, 'x'::text AS word, '${CARD}'::text AS card`);
      expect(await ask('SELECT * FROM later')).toEqual([['1', 'x', '************9015']]);
      await admin.query(`DROP TABLE parts; CREATE TABLE parts AS SELECT '${CARD}'::text AS card, 'nut'::text AS label`);
      expect(await ask('SELECT * FROM parts')).toEqual([['************9015', 'nut']]);
      expect(await ask('SELECT label FROM parts')).toEqual([['nut']]);
      await admin.query(`ALTER TABLE parts ADD phone text DEFAULT '+49 170 1234567', ADD n int DEFAULT 7`);
      expect(await ask('SELECT * FROM parts')).toEqual([['************9015', 'nut', '+** *** ***4567', '7']]);
      await admin.query('ALTER TABLE parts ADD m int DEFAULT 8');
      expect(await ask('SELECT m, card, label FROM parts')).toEqual([['8', '************9015', 'nut']]);
      await admin.query('ALTER TABLE parts DROP card');
      expect(await ask('TABLE parts')).toEqual([['nut', '+** *** ***4567', '7', '8']]);
    });
  });

  test('a column that is renamed is masked, or shown, by its new name', async () => {
    await withSession(async (ask) => {
      expect(await ask('SELECT * FROM purses')).toEqual([['1', CARD, 'kept']]);
      await admin.query('ALTER TABLE purses RENAME c1 TO card');
      expect(await ask('SELECT * FROM purses')).toEqual([['1', '************9015', 'kept']]);
      await admin.query('ALTER TABLE purses RENAME card TO c2');
      expect(await ask('SELECT * FROM purses')).toEqual([['1', CARD, 'kept']]);
      await admin.query(
        'ALTER TABLE purses RENAME c2 TO x; ALTER TABLE purses RENAME note TO c2; ALTER TABLE purses RENAME x TO card',
      );
      expect(await ask('SELECT p.c2 AS kept, p.card FROM purses p')).toEqual([['kept', '************9015']]);
    });
  });

  test('what is asked of a column that is new is judged', async () => {
    await withSession(async (ask) => {
      expect(await ask('SELECT note FROM seen')).toEqual([['kept']]);
      await admin.query(`ALTER TABLE purses ADD card text DEFAULT '${CARD}'`);
      expect(await ask("SELECT id FROM purses WHERE card LIKE '4%'")).toEqual([]);
      expect(await ask("SELECT p.id FROM purses p WHERE p.card > '4'")).toEqual([]);
      await admin.query('CREATE OR REPLACE VIEW seen AS SELECT id, note, card FROM purses');
      expect(await ask('SELECT * FROM seen')).toEqual([['1', 'kept', '************9015']]);
      expect(await ask("SELECT s.id FROM seen s WHERE s.card LIKE '4%'")).toEqual([]);
    });
  });

  test('what stands behind columns that stay the same is found soon, and at once after a pause', async () => {
    await withSession(async (ask) => {
      await admin.query(`
        CREATE VIEW shown AS SELECT id, note FROM purses;
        CREATE FUNCTION noted(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT label FROM parts WHERE id = $1';
        ALTER TABLE purses ADD card text DEFAULT '${CARD}'`);
      const asked = async () => [
        await ask('SELECT note FROM shown'),
        await ask('SELECT noted(1) AS x'),
        await ask('INSERT INTO parts (id) VALUES (2) ON CONFLICT (id) DO UPDATE SET id = 2 RETURNING label'),
      ];
      expect(await asked()).toEqual([[['kept']], [['bolt']], [[null]]]);
      await admin.query(`
        CREATE OR REPLACE VIEW shown AS SELECT id, card AS note FROM purses;
        CREATE OR REPLACE FUNCTION noted(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT card FROM purses WHERE id = $1';
        CREATE FUNCTION tells() RETURNS trigger LANGUAGE plpgsql AS
          $$ BEGIN NEW.label := (SELECT card FROM purses LIMIT 1); RETURN NEW; END $$;
        CREATE TRIGGER tells BEFORE UPDATE ON parts FOR EACH ROW EXECUTE FUNCTION tells()`);
      await vi.waitFor(async () => expect(await asked()).toEqual(MASKED), { timeout: 5_000, interval: 50 });
    });
  }, 30_000);
});
