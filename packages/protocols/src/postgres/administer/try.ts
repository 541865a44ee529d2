import type { Lack } from '@hoop/core';
import { type Asking, identifier, literal } from '../ask.js';
import { done, type Running, rowsOf, textAt } from './errand.js';
import { making } from './mint.js';

/** From here on CREATEROLE reaches only what one administers, and a membership says what it is good for. */
const GRANT_OPTIONS = 160000;

/** What this login needs in order to mint, and does not have; where nothing is missing in the catalogue, all is tried and undone. */
export function* lacking(asking: Asking, roles: readonly string[]): Running<readonly Lack[]> {
  const asked = yield* rowsOf(
    asking,
    `select current_user, rolsuper or rolcreaterole, rolinherit, current_setting('server_version_num')
     from pg_roles where rolname = current_user`,
  );
  if (!asked.ok) return asked;
  const [row] = asked.answer;
  const login = identifier(textAt(row, 0));
  const lacks: Lack[] = [];
  if (textAt(row, 1) !== 't') lacks.push({ message: 'may not create roles', cure: `alter role ${login} createrole` });
  if (textAt(row, 2) !== 't') lacks.push({ message: 'does not inherit', cure: `alter role ${login} inherit` });
  for (const role of roles) {
    const lack = yield* memberOf(asking, login, role, Number(textAt(row, 3)));
    if (!lack.ok) return lack;
    if (lack.answer !== undefined) lacks.push(lack.answer);
  }
  return lacks.length > 0 ? done(lacks) : yield* rehearsed(asking, roles);
}

/** A role that is there, that this login may grant, act as, and use the rights of. */
function* memberOf(asking: Asking, login: string, role: string, version: number): Running<Lack | undefined> {
  const wanted = version < GRANT_OPTIONS ? ['USAGE'] : ['USAGE', 'SET', 'MEMBER WITH ADMIN OPTION'];
  const has = wanted.map((each) => `pg_has_role(current_user, oid, '${each}')`).join(' and ');
  const rows = yield* rowsOf(asking, `select ${has}, rolsuper from pg_roles where rolname = ${literal(role)}`);
  if (!rows.ok) return rows;
  const [row] = rows.answer;
  const name = identifier(role);
  if (row === undefined) return done({ message: `${role} does not exist`, cure: `create role ${name} nologin` });
  if (textAt(row, 1) === 't')
    return done({ message: `${role} is a superuser`, cure: `alter role ${name} nosuperuser` });
  if (textAt(row, 0) === 't') return done(undefined);
  const options = version < GRANT_OPTIONS ? 'admin option' : 'admin true, inherit true, set true';
  return done({ message: `may not grant ${role}`, cure: `grant ${name} to ${login} with ${options}` });
}

/** Mints a role, gives away what it owns and drops it, in a transaction that is undone. */
function* rehearsed(asking: Asking, roles: readonly string[]): Running<readonly Lack[]> {
  for (const role of roles) {
    const name = 'hoop_rehearsal';
    const minted = making(
      { name, password: 'a rehearsal', members: [role], mark: 'a rehearsal' },
      '2000-01-01 00:00+00',
    );
    const asked = yield* asking.ask(
      `begin; ${minted} reassign owned by ${name} to ${identifier(role)}; drop owned by ${name}`,
    );
    yield* asking.ask('rollback');
    if (!asked.ok) return done([{ message: `cannot mint for ${role}: ${asked.error.message}` }]);
  }
  return done([]);
}
