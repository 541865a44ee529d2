import type { FoundRole } from '@hoop/core';
import { type Asking, literal } from '../ask.js';
import { done, type Running, rowsOf, textAt } from './errand.js';

/**
 * Roles of that prefix that this login is a member of: it made itself one of those it minted. Whether they are the gateway's
 * own, their mark says. Where a role holds something is in pg_shdepend, in whichever database.
 */
export function* list(asking: Asking, prefix: string): Running<readonly FoundRole[]> {
  const rows = yield* rowsOf(
    asking,
    `select r.rolname, shobj_description(r.oid, 'pg_authid'),
       (select json_agg(distinct d.datname) from pg_shdepend s join pg_database d on d.oid = s.dbid
        where s.refclassid = 'pg_authid'::regclass and s.refobjid = r.oid)
     from pg_roles r
     where starts_with(r.rolname, ${literal(prefix)}) and r.rolname <> current_user
       and pg_has_role(current_user, r.oid, 'MEMBER')`,
  );
  return rows.ok ? done(rows.answer.map(found)) : rows;
}

const found = (row: readonly (string | null)[]): FoundRole => ({
  name: textAt(row, 0),
  mark: textAt(row, 1),
  databases: JSON.parse(row[2] ?? '[]') as string[],
});
