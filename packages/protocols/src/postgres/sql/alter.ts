import type { Node } from 'libpg-query';
import { columnOf, isPlain } from './columns.js';
import type { MadeColumn } from './context.js';
import { losesRows } from './losses.js';
import { changed, objectOf } from './makes.js';
import { as, listOf, type Part, partsOf } from './nodes.js';
import { isAbsent, isColumnAbsent, isOwn, rewriteRows } from './relations.js';
import { losesValues } from './retype.js';
import { type Desk, inside } from './walk.js';

const PRIVILEGES =
  /^AT_(?:ChangeOwner|EnableRowSecurity|DisableRowSecurity|ForceRowSecurity|NoForceRowSecurity|(?:Enable|Disable)(?:\w*Trig\w*|\w*Rule))$/;

/** ALTER TABLE and its like. https://www.postgresql.org/docs/current/sql-altertable.html */
export function alterTable(desk: Desk, part: Part): string {
  const rel = (part.relation ?? {}) as Part;
  const kind = String(part.objtype);
  if (part.missing_ok === true && isAbsent(desk, kind, [String(rel.relname), rel.schemaname as string]))
    return `alter ${objectOf(kind)}`;
  for (const node of listOf(part.cmds)) {
    const { subtype, def, behavior, name } = as(node, 'AlterTableCmd') ?? {};
    const drops = (subtype === 'AT_DropColumn' || subtype === 'AT_DropConstraint') && !isMissing(desk, part, node);
    const remakes = subtype === 'AT_AlterColumnType' && losesValues(desk, part.relation, name, def);
    const loses = losesRows(desk, part.relation, subtype, def);
    const own = behavior !== 'DROP_CASCADE' && isOwn(desk, (part.relation ?? {}) as Part);
    if ((drops || remakes || loses) && !own) desk.facts.mark('destroys');
    if (PRIVILEGES.test(String(subtype))) desk.facts.mark('privileges');
    if (REWRITES.has(String(subtype))) rewriteRows(desk, (part.relation ?? {}) as Part);
    for (const name of reachedBy(String(subtype), def))
      desk.facts.makes.push({ what: 'table', name, adds: [], reaches: true });
    inside(desk, { def }, undefined);
  }
  changed(desk, part.relation, 'table', part.objtype === 'OBJECT_TABLE' ? addedColumns(desk, part) : undefined);
  return `alter ${objectOf(part.objtype)}`;
}

/** Tables that a table gives its rows to, or lets its own go with. */
function reachedBy(subtype: string, def: unknown): string[] {
  const node = def as Node | undefined;
  if (subtype === 'AT_AddInherit') return [String(as(node, 'RangeVar')?.relname)];
  const own = as(node, 'Constraint');
  const all = own === undefined ? partsOf(as(node, 'ColumnDef')?.constraints, 'Constraint') : [own];
  return all.flatMap(({ pktable, fk_del_action, fk_upd_action }) =>
    pktable !== undefined && [fk_del_action, fk_upd_action].some((action) => /^[cnd]$/.test(String(action)))
      ? [String((pktable as Part).relname)]
      : [],
  );
}

/** What it drops IF EXISTS is not there. */
function isMissing(desk: Desk, { relation }: Part, node: Node): boolean {
  const { subtype, name, missing_ok } = as(node, 'AlterTableCmd') ?? {};
  if (missing_ok !== true) return false;
  if (subtype === 'AT_DropConstraint') return isAbsent(desk, 'OBJECT_TABCONSTRAINT', [String(name)]);
  return isColumnAbsent(desk, (relation ?? {}) as Part, String(name));
}

/** They go through all rows. */
const REWRITES: ReadonlySet<string> = new Set([
  'AT_AddColumn',
  'AT_AlterColumnType',
  'AT_SetExpression',
  'AT_ValidateConstraint',
  'AT_AttachPartition',
  'AT_AddIndex',
  'AT_AddConstraint',
]);

/** What ALTER TABLE puts behind the columns; undefined where it does more to what they hold. */
function addedColumns(desk: Desk, part: Part): MadeColumn[] | undefined {
  const all = listOf(part.cmds).map((node) => {
    const { subtype, def } = as(node, 'AlterTableCmd') ?? {};
    if (subtype === 'AT_AddColumn') return columnOf(desk, as(def, 'ColumnDef'));
    if (subtype === 'AT_ColumnDefault' && !isPlain(desk, def as Node) && def !== undefined) return undefined;
    return KEEPS.has(String(subtype)) || isMissing(desk, part, node) ? 'none' : undefined;
  });
  return all.every((one) => one !== undefined) ? all.filter((one) => one !== 'none') : undefined;
}
const KEEPS: ReadonlySet<string> = new Set([
  'AT_AddConstraint',
  'AT_AddIndex',
  'AT_ColumnDefault',
  'AT_DropNotNull',
  'AT_SetNotNull',
  'AT_SetStatistics',
  'AT_SetStorage',
  'AT_ValidateConstraint',
  'AT_SetRelOptions',
  'AT_ClusterOn',
  'AT_ReplicaIdentity',
]);
