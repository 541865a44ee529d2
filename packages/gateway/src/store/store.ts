import { randomBytes } from 'node:crypto';
import type { Identity } from '@hoop/core';
import type { Kysely, OnConflictBuilder } from 'kysely';
import { SessionStore } from './sessions.js';
import type { HeadRow, IdentityRow, LoginRow, Tables } from './tables.js';

/** What a client certificate's names and serial stand for, as the store knows it. */
export interface Standing {
  identity: Identity;
  disabled: boolean;
  ended: boolean;
  revoked: boolean;
  leaseUntil: number;
}

/** Identities, logins, certificates and the chain's head. Times are milliseconds since the epoch. */
export class Store {
  readonly #db: Kysely<Tables>;
  readonly sessions: SessionStore;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
    this.sessions = new SessionStore(db);
  }

  async close(): Promise<void> {
    await this.#db.destroy();
  }

  /** By what the gateway knows the database roles that it has minted; made on first use. */
  async issuer(): Promise<{ id: string; key: Uint8Array }> {
    const found = await this.#db.selectFrom('issuer').selectAll().executeTakeFirst();
    if (found) return { id: found.id, key: Buffer.from(found.key, 'base64') };
    const key = randomBytes(32);
    const id = randomBytes(9).toString('base64url');
    await this.#db
      .insertInto('issuer')
      .values({ id, key: key.toString('base64') })
      .execute();
    return { id, key };
  }

  /**
   * Notes what the IdP said of a person at `at`; an older word does not undo a newer one. Whether they are disabled is
   * ours and stays.
   */
  async seen(identity: Identity, at: number): Promise<void> {
    const row = {
      subject: identity.subject,
      email: identity.email,
      groups: JSON.stringify(identity.groups),
      seen_at: at,
    };
    const { subject: _, ...news } = row;
    const insert = this.#db.insertInto('identities').values({ ...row, disabled_at: null });
    const update = (conflict: OnConflictBuilder<Tables, 'identities'>) =>
      conflict.column('subject').doUpdateSet(news).where('identities.seen_at', '<=', at);
    await insert.onConflict(update).execute();
  }

  async identity(subject: string): Promise<{ identity: Identity; disabled: boolean } | undefined> {
    const row = await this.#db.selectFrom('identities').selectAll().where('subject', '=', subject).executeTakeFirst();
    return row && { identity: identityOf(row), disabled: row.disabled_at !== null };
  }

  async identities(): Promise<(Identity & { disabledAt: number | undefined; seenAt: number })[]> {
    const rows = await this.#db.selectFrom('identities').selectAll().orderBy('email').execute();
    return rows.map((row) => ({ ...identityOf(row), disabledAt: row.disabled_at ?? undefined, seenAt: row.seen_at }));
  }

  /**
   * Disables everyone of that address, ends their logins and revokes their certificates, in one transaction. Answers
   * their subjects; none if nobody has the address.
   */
  async disable(email: string, at: number): Promise<string[]> {
    return this.#db.transaction().execute(async (tx) => {
      const subjects = await subjectsOf(tx, email);
      if (subjects.length === 0) return [];
      const disabling = tx.updateTable('identities').set({ disabled_at: at }).where('subject', 'in', subjects);
      await disabling.where('disabled_at', 'is', null).execute();
      await endLogins(tx, at, (query) => query.where('subject', 'in', subjects));
      return subjects;
    });
  }

  async enable(email: string): Promise<string[]> {
    const subjects = await subjectsOf(this.#db, email);
    if (subjects.length > 0)
      await this.#db.updateTable('identities').set({ disabled_at: null }).where('subject', 'in', subjects).execute();
    return subjects;
  }

  async addLogin(login: Omit<LoginRow, 'ended_at'>): Promise<void> {
    await this.#db
      .insertInto('logins')
      .values({ ...login, ended_at: null })
      .execute();
  }

  async login(id: string): Promise<LoginRow | undefined> {
    return this.#db.selectFrom('logins').selectAll().where('id', '=', id).executeTakeFirst();
  }

  async extendLease(id: string, until: number): Promise<void> {
    await this.#db.updateTable('logins').set({ lease_until: until }).where('id', '=', id).execute();
  }

  /** False if it had ended before. */
  async endLogin(id: string, at: number): Promise<boolean> {
    return this.#db.transaction().execute(async (tx) => (await endLogins(tx, at, (q) => q.where('id', '=', id))) > 0);
  }

  async addCertificate(serial: string, loginId: string, notAfter: number): Promise<void> {
    const row = { serial, login_id: loginId, not_after: notAfter, revoked_at: null };
    await this.#db.insertInto('certificates').values(row).execute();
  }

  /** What stands behind a certificate of ours; nothing if the store does not know it. */
  async standing(serial: string, loginId: string, subject: string): Promise<Standing | undefined> {
    const row = await this.#db
      .selectFrom('certificates as c')
      .innerJoin('logins as l', 'l.id', 'c.login_id')
      .innerJoin('identities as i', 'i.subject', 'l.subject')
      .selectAll('i')
      .select(['c.revoked_at', 'l.ended_at', 'l.lease_until'])
      .where('c.serial', '=', serial)
      .where('l.id', '=', loginId)
      .where('i.subject', '=', subject)
      .executeTakeFirst();
    return (
      row && {
        identity: identityOf(row),
        disabled: row.disabled_at !== null,
        ended: row.ended_at !== null,
        revoked: row.revoked_at !== null,
        leaseUntil: row.lease_until,
      }
    );
  }

  /** True the first time only. Forgets hashes whose time is over. */
  async useIdToken(hash: string, until: number, now: number): Promise<boolean> {
    await this.#db.deleteFrom('id_tokens').where('until', '<', now).execute();
    const insert = this.#db.insertInto('id_tokens').values({ hash, until });
    const { numInsertedOrUpdatedRows = 0n } = await insert
      .onConflict((conflict) => conflict.doNothing())
      .executeTakeFirstOrThrow();
    return numInsertedOrUpdatedRows > 0n;
  }

  /** Forgets certificates that are over anyway. */
  async prune(now: number): Promise<void> {
    await this.#db
      .deleteFrom('certificates')
      .where('not_after', '<', now - 86_400_000)
      .execute();
  }

  async head(): Promise<HeadRow | undefined> {
    return this.#db.selectFrom('chain').selectAll().executeTakeFirst();
  }

  async setHead(head: Omit<HeadRow, 'id'>): Promise<void> {
    const insert = this.#db.insertInto('chain').values({ id: 1, ...head });
    await insert.onConflict((conflict) => conflict.column('id').doUpdateSet(head)).execute();
  }
}

function identityOf(row: Pick<IdentityRow, 'subject' | 'email' | 'groups'>): Identity {
  return { subject: row.subject, email: row.email, groups: JSON.parse(row.groups) as string[] };
}

async function subjectsOf(db: Kysely<Tables>, email: string): Promise<string[]> {
  const rows = await db.selectFrom('identities').select('subject').where('email', '=', email.toLowerCase()).execute();
  return rows.map((row) => row.subject);
}

type Logins = ReturnType<typeof openLogins>;
const openLogins = (db: Kysely<Tables>) => db.selectFrom('logins').select('id').where('ended_at', 'is', null);

/** Ends the chosen logins and revokes their certificates; answers how many there were. */
async function endLogins(db: Kysely<Tables>, at: number, choose: (query: Logins) => Logins): Promise<number> {
  const ids = (await choose(openLogins(db)).execute()).map((row) => row.id);
  if (ids.length === 0) return 0;
  await db.updateTable('logins').set({ ended_at: at }).where('id', 'in', ids).execute();
  const revoking = db.updateTable('certificates').set({ revoked_at: at }).where('login_id', 'in', ids);
  await revoking.where('revoked_at', 'is', null).execute();
  return ids.length;
}
