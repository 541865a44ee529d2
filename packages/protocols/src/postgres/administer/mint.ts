import type { Errand, NewRole } from '@hoop/core';
import { type Asking, identifier, literal, unanswered } from '../ask.js';
import { scramVerifier } from '../login/verifier.js';
import { done, type Running, rowsOf, textAt } from './errand.js';

/**
 * Makes roles for one session each, marked from their birth: all is one transaction. Their end is told by the server's own
 * clock. https://www.postgresql.org/docs/current/sql-createrole.html
 */
export function* mint(asking: Asking, { roles, lifetimeMs }: Errand & { do: 'mint' }): Running<undefined> {
  const end = `clock_timestamp() + ${Math.round(lifetimeMs)} * interval '1 ms'`;
  const asked = yield* rowsOf(asking, `select to_char((${end}) at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')`);
  if (!asked.ok) return asked;
  const until = `${textAt(asked.answer[0], 0)}+00`;
  const made = yield* asking.ask(roles.map((role) => making(role, until)).join(''));
  return made.ok ? done(undefined) : { ok: false, refusal: unanswered(made.error) };
}

/**
 * It inherits: SET ROLE NONE, as some tools send it, must not end the work. The login that makes it becomes a member of it:
 * without that it could neither give away what the role owns nor end what it runs.
 */
export function making({ name, password, members, mark }: NewRole, until: string): string {
  const role = identifier(name);
  const [acting] = members;
  return `
create role ${role} login inherit nosuperuser nocreatedb nocreaterole noreplication nobypassrls connection limit 1
  password ${literal(scramVerifier(password))} valid until ${literal(until)}
  in role ${members.map(identifier).join(', ')} role current_user;
comment on role ${role} is ${literal(mark)};
alter role ${role} set role = ${identifier(acting)};`;
}
