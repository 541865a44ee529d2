import type { OwnedRole } from '@hoop/core';
import { type Asking, identifier, unanswered } from '../ask.js';
import type { ServerReport } from '../codec/backend.js';
import type { Dialling } from '../login/messages.js';
import { done, type Running, rowsOf, textAt, texts } from './errand.js';

/** How long a backend that was told to end may take. */
const ENDING_MS = 2_000;
const DEPENDENT_OBJECTS_STILL_EXIST = '2BP01';

/**
 * Drops roles, with all that they hold in this database; what they own goes to its owner. All at once where that works, else
 * each by itself, so that one that cannot be dropped holds up no other.
 */
export function* drop(asking: Asking, roles: readonly OwnedRole[]): Running<readonly string[]> {
  const ended = yield* end(asking, roles);
  if (!ended.ok) return ended;
  const { there, busy } = ended.answer;
  if (there.length === 0) return done(busy);
  const all = yield* asking.ask(dropping(there));
  if (all.ok) return done(busy);
  const left = yield* oneByOne(asking, there);
  return left.ok ? done([...busy, ...left.answer]) : left;
}

/** What they hold in this database and nowhere else. */
export function* disown(asking: Asking, roles: readonly OwnedRole[]): Running<undefined> {
  const ended = yield* end(asking, roles);
  if (!ended.ok) return ended;
  for (const role of ended.answer.there) {
    const asked = yield* asking.ask(disowning([role]));
    if (!asked.ok) return { ok: false, refusal: unanswered(asked.error) };
  }
  return done(undefined);
}

/**
 * Those that hold something elsewhere are answered, for whoever can look there; any other failure is the errand's. Whatever
 * was said of one that is gone by now, another has dropped it meanwhile.
 */
function* oneByOne(asking: Asking, roles: readonly OwnedRole[]): Running<readonly string[]> {
  const errors = new Map<string, ServerReport>();
  for (const role of roles) {
    const asked = yield* asking.ask(dropping([role]));
    if (!asked.ok) errors.set(role.name, asked.error);
  }
  if (errors.size === 0) return done([]);
  const rows = yield* rowsOf(asking, `select rolname from pg_roles where rolname = any (${texts([...errors.keys()])})`);
  if (!rows.ok) return rows;
  const left = rows.answer.map((row) => textAt(row, 0));
  const failed = left
    .flatMap((name) => errors.get(name) ?? [])
    .find(({ code }) => code !== DEPENDENT_OBJECTS_STILL_EXIST);
  const all = left.length === roles.length;
  return failed !== undefined && all ? { ok: false, refusal: unanswered(failed) } : done(left);
}

/**
 * Ends what runs as these roles. `there`: roles that exist and are at rest, of those asked for; `busy`: roles of which a
 * backend does not end.
 */
function* end(asking: Asking, roles: readonly OwnedRole[]): Running<{ there: OwnedRole[]; busy: string[] }> {
  const names = texts(roles.map(({ name }) => name));
  const signalled = yield* rowsOf(
    asking,
    `select r.rolname, (select count(pg_terminate_backend(a.pid)) from pg_stat_activity a where a.usesysid = r.oid)
     from pg_roles r where r.rolname = any (${names})`,
  );
  if (!signalled.ok) return signalled;
  const running = signalled.answer.filter((row) => textAt(row, 1) !== '0').map((row) => textAt(row, 0));
  const busy = yield* awaited(asking, running);
  const there = new Set(signalled.answer.map((row) => textAt(row, 0)).filter((name) => !busy.includes(name)));
  return done({ there: roles.filter(({ name }) => there.has(name)), busy });
}

/** Waits until the backends of these roles have gone; answers the roles of those that have not. */
function* awaited(asking: Asking, names: readonly string[]): Dialling<string[]> {
  if (names.length === 0) return [];
  const theirs = `from pg_stat_activity where usename = any (${texts(names)})`;
  yield* asking.ask(`select count(pg_terminate_backend(pid, ${ENDING_MS})) ${theirs}`);
  const left = yield* rowsOf(asking, `select distinct usename ${theirs}`);
  return left.ok ? left.answer.map((row) => textAt(row, 0)) : [...names];
}

function dropping(roles: readonly OwnedRole[]): string {
  return `${disowning(roles)}; drop role ${roles.map(({ name }) => identifier(name)).join(', ')}`;
}

/** What is left after the objects have a new owner is privileges, and what cannot change hands, as a user mapping. */
function disowning(roles: readonly OwnedRole[]): string {
  const owners = Map.groupBy(roles, ({ owner }) => owner);
  const statements = [...owners].map(([owner, theirs]) => {
    const names = theirs.map(({ name }) => identifier(name)).join(', ');
    return `reassign owned by ${names} to ${identifier(owner)}; drop owned by ${names}`;
  });
  return statements.join('; ');
}
