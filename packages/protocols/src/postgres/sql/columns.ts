import type { Node } from 'libpg-query';
import { deedUnread, isHarmless } from './builtins.js';
import type { Catalogue, Routine, UserType } from './catalogue.js';
import type { MadeColumn } from './context.js';
import { as, listOf, open, type Part, partsOf, words } from './nodes.js';
import { typeWritten } from './types.js';
import type { Desk } from './walk.js';

/** Columns of a table that has none from elsewhere, and none that is made of others or by a user's function. */
export function plainColumns(
  desk: Desk,
  { tableElts, inhRelations, partbound, ofTypename }: Part,
): MadeColumn[] | undefined {
  if ([inhRelations, partbound, ofTypename].some((part) => part !== undefined)) return undefined;
  const columns = listOf(tableElts).filter((node) => as(node, 'Constraint') === undefined);
  const made = columns.map((node) => columnOf(desk, as(node, 'ColumnDef')));
  return made.every((one) => one !== undefined) ? made : undefined;
}

export function columnOf(desk: Desk, part: Part | undefined): MadeColumn | undefined {
  const constraints = partsOf(part?.constraints, 'Constraint');
  const made = constraints.some(
    ({ contype, raw_expr: value }) =>
      contype === 'CONSTR_GENERATED' || (contype === 'CONSTR_DEFAULT' && !isPlain(desk, value as Node)),
  );
  if (made || part?.colname === undefined || !isOfPlainType(desk, part.typeName)) return undefined;
  return { name: String(part.colname), ...typeWritten(desk, (part.typeName ?? {}) as Part) };
}

/** A domain has checks and a default of its own. */
function isOfPlainType({ names }: Desk, type: unknown): boolean {
  const name = words((type as Part | undefined)?.names);
  return names.types(name.at(-2), name.at(-1) ?? '').every((one) => isPlainType(one, names.catalogue));
}

/** Only who installs extensions makes base types; that of arrays comes with each type. */
function isPlainType({ builtin, kind, base }: UserType, catalogue: Catalogue): boolean {
  if (builtin || kind === 'e') return true;
  const element = catalogue.typeByOid.get(base);
  return kind === 'b' && (element === undefined || isPlainType(element, catalogue));
}

/** Constants, and what the server's own functions make of them. */
export function isPlain(desk: Desk, node: Node | undefined): boolean {
  const [type, part] = open(node);
  const { names } = desk;
  const name = words(type === 'FuncCall' ? part.funcname : part.name);
  if (type === 'FuncCall' && !names.routines(name.at(-2), name.at(-1) ?? '').every(isKnown)) return false;
  if (type === 'A_Expr' && names.operators(name.at(-2), name.at(-1) ?? '').length > 0) return false;
  if (type === 'TypeCast' && !isOfPlainType(desk, part.typeName)) return false;
  if (!PLAIN.has(type)) return false;
  return [part.arg, part.lexpr, part.rexpr, ...listOf(part.args), ...listOf(part.elements)].every(
    (one) => one === undefined || isPlain(desk, one as Node),
  );
}
const isKnown = (routine: Routine): boolean =>
  routine.builtin ? isHarmless(routine) : deedUnread(routine)?.class === 'read' && routine.language === 'c';
const PLAIN: ReadonlySet<string> = new Set([
  'A_Const',
  'TypeCast',
  'FuncCall',
  'A_Expr',
  'SQLValueFunction',
  'A_ArrayExpr',
]);
