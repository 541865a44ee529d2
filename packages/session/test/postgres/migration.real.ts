import knex from 'knex';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Bridge } from './bridge.js';
import { controlsFor } from './evasion/controls.js';
import { SCHEMA } from './evasion/shop.js';
import { Site } from './site.js';

/** An ORM's migrations on a connection that allows DDL, with columns masked: up, used, and down again. */
let site: Site;
let bridge: Bridge;
beforeAll(async () => {
  site = await Site.make();
  const cluster = await site.cluster({ empty: true });
  await cluster.sql('CREATE DATABASE owned', 'postgres');
  await cluster.sql(SCHEMA, 'owned');
  bridge = await site.bridge(cluster, { databases: ['owned'] }, { controls: controlsFor('owner') });
}, 60_000);
afterAll(() => site?.end());

const STEPS: Record<string, knex.Knex.Migration> = {
  '1-tables': {
    up: async (db) => {
      await db.schema.createTable('complaints', (table) => {
        table.increments('id');
        table.integer('customer_id').notNullable().references('id').inTable('customers').onDelete('CASCADE');
        table.string('subject', 200).notNullable().index();
        table.jsonb('details').defaultTo('{}');
        table.timestamps(true, true);
        table.unique(['customer_id', 'subject']);
      });
      await db('complaints').insert({ customer_id: 1, subject: 'hello' });
    },
    down: (db) => db.schema.dropTable('complaints'),
  },
  '2-columns': {
    up: async (db) => {
      await db.schema.alterTable('complaints', (table) => {
        table.enum('state', ['new', 'done']).defaultTo('new');
        table.renameColumn('subject', 'title');
      });
      await db('complaints').where({ title: 'hello' }).update({ state: 'done' });
    },
    down: (db) =>
      db.schema.alterTable('complaints', (table) => {
        table.renameColumn('title', 'subject');
        table.dropColumn('state');
      }),
  },
};

test('knex', async () => {
  const db = knex({
    client: 'pg',
    connection: { host: '127.0.0.1', port: bridge.port, user: 'bob', database: 'owned', ssl: false },
    pool: { min: 0, max: 2 },
  });
  const migrationSource: knex.Knex.MigrationSource<string> = {
    getMigrations: async () => Object.keys(STEPS),
    getMigrationName: (name) => name,
    getMigration: async (name) => STEPS[name] as knex.Knex.Migration,
  };
  try {
    const [, done] = await db.migrate.latest({ migrationSource });
    expect(done).toEqual(['1-tables', '2-columns']);
    const rows = await db('complaints')
      .join('customers', 'customers.id', 'customer_id')
      .select('title', 'state', 'email');
    expect(rows).toEqual([{ title: 'hello', state: 'done', email: '***' }]);
    expect(await db.migrate.status({ migrationSource })).toBe(0);
    await db.migrate.rollback({ migrationSource }, true);
    expect(await db.schema.hasTable('complaints')).toBe(false);
  } finally {
    await db.destroy();
  }
  expect(await site.closeBridges()).toEqual([]);
}, 60_000);
