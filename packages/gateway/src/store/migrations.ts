import { type Kysely, sql } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';

/** The store's shape, step by step. A step that has shipped is never changed: add the next. */
const STEPS: Record<string, Migration> = {
  '0001_first': {
    async up(db: Kysely<unknown>) {
      for (const text of FIRST) await sql.raw(text).execute(db);
    },
  },
  '0002_issuer': {
    async up(db: Kysely<unknown>) {
      await sql.raw('create table issuer (id text primary key, key text not null) strict').execute(db);
    },
  },
};

const FIRST = [
  `create table identities (subject text primary key, email text not null, groups text not null, disabled_at integer,
     seen_at integer not null) strict`,
  'create index identities_email on identities (email)',
  `create table logins (id text primary key, subject text not null references identities, spki text not null,
     created_at integer not null, lease_until integer not null, ended_at integer) strict`,
  'create index logins_subject on logins (subject)',
  `create table certificates (serial text primary key, login_id text not null references logins,
     not_after integer not null, revoked_at integer) strict`,
  'create index certificates_login on certificates (login_id)',
  `create table sessions (id text primary key, subject text not null, email text not null, connection text not null,
     protocol text not null, program text, database text, started_at integer not null, ended_at integer, "end" text,
     statements integer not null, rows integer not null, bytes_in integer not null, bytes_out integer not null,
     ms real not null, segment integer not null) strict`,
  'create index sessions_subject on sessions (subject, started_at)',
  'create index sessions_started on sessions (started_at)',
  'create table id_tokens (hash text primary key, until integer not null) strict',
  `create table chain (id integer primary key check (id = 1), segment integer not null, entry integer not null,
     hash text not null, at integer not null) strict`,
];

/** Brings the store to the newest shape. Throws what the failing step threw. */
export async function migrate<T>(db: Kysely<T>): Promise<void> {
  const provider = { getMigrations: async () => STEPS };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error) throw error;
}
