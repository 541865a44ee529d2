import { as, listOf, open, type Part, partsOf } from './nodes.js';
import type { Desk } from './walk.js';

/** What others write to a table is gone without a word, by a rule that does something else in its place. */
export function losesWrites(desk: Desk, { instead, actions, relation }: Part): boolean {
  if (instead !== true || listOf(actions).some((action) => /^(?:Insert|Update|Delete)Stmt$/.test(open(action)[0])))
    return false;
  return wasThere(desk, relation, /^[rp]$/);
}

/** The catalogue has it, so it was there before this transaction. */
const wasThere = ({ names }: Desk, rel: unknown, kinds = /./): boolean => {
  const { schemaname, relname } = (rel ?? {}) as Part;
  return names.relations(schemaname as string | undefined, String(relname)).some(({ kind }) => kinds.test(kind));
};

/**
 * By a change of a table that was there: its rows are gone after a crash; or they go, or change, with a row of a table that was made
 * for that, while all of these may refer to it. With a table that was there too, they go as the two belong together.
 */
export function losesRows(desk: Desk, rel: unknown, subtype: unknown, def: unknown): boolean {
  const constraint = as(def, 'Constraint');
  const added = partsOf(as(def, 'ColumnDef')?.constraints, 'Constraint');
  // A column that is NULL in all rows refers to nothing yet.
  const filled = added.some(({ contype }) => /^CONSTR_(?:DEFAULT|GENERATED|IDENTITY)$/.test(String(contype)));
  const loses =
    subtype === 'AT_SetUnLogged' ||
    (constraint !== undefined && follows(constraint) && !wasThere(desk, constraint.pktable)) ||
    (subtype === 'AT_AddColumn' && filled && added.some(follows));
  return loses && wasThere(desk, rel);
}

/** https://www.postgresql.org/docs/current/catalog-pg-constraint.html: `confdeltype` is `c` CASCADE, `n` SET NULL, `d` SET DEFAULT. */
const follows = ({ contype, fk_del_action, fk_upd_action }: Part): boolean =>
  contype === 'CONSTR_FOREIGN' && /[cnd]/.test(`${fk_del_action}${fk_upd_action}`);
