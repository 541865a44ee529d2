import type { Node } from 'libpg-query';
import { as, listOf, open, type Part, partsOf, words } from '../nodes.js';
import { spend } from '../steps.js';
import { fixed } from './known.js';
import { intervalOf } from './moments.js';
import type { Rows } from './rows.js';
import { resolve } from './sources.js';
import { kindOf } from './spans.js';
import { hasParameter, mentions } from './values.js';

/** Where in what a column holds an aggregate of it lies, and what is reckoned with that. */
interface Place {
  /** 0: the least; 1: the greatest; between them an average, a percentile. */
  at: number;
  times: number;
  /** What is added, in numbers or days. */
  by: readonly number[];
}

/**
 * `(select max(id) from t) - 1000`, `(select 2 * avg(total) from t)`: an end inside of what the column itself holds, or, of times, of
 * what another column does, and so that rows are left beyond it.
 */
export function isInside(rows: Rows, side: Node | undefined, node: Node | undefined, how: string): boolean {
  const column = rows.column(side);
  if (column === undefined || !/^[<>]=?$/.test(how)) return false;
  const place = placeOf({ rows, column }, node);
  return place !== undefined && leavesBeyond(place, how.startsWith('>'), LEAST[kindOf(rows, column)]);
}

/** Of what is added to the least, or taken from the greatest, so much says something; of times in days. */
const LEAST: Readonly<Record<string, number>> = { number: 10, moment: 1 };
/** What is left of a value, and what share of the rows, that says something yet. */
const LITTLE = 0.1;

function leavesBeyond({ at, times, by }: Place, isAbove: boolean, least = Number.POSITIVE_INFINITY): boolean {
  // Seen so that what is greater leaves out more.
  const [share, factor] = isAbove ? [at, times] : [1 - at, 1 / times];
  const added = by.map((one) => (isAbove ? one : -one));
  if (!(factor >= LITTLE) || added.some((one) => !(one >= 0))) return false;
  if (share >= LITTLE) return true;
  // The least may be zero, so that no multiple of it says anything.
  return (factor >= 1 && added.reduce((sum, one) => sum + one, 0) >= least) || (!isAbove && factor > 1 + LITTLE);
}

/** The rows that are compared, their column; and the query that the value is in. */
interface Scope {
  rows: Rows;
  column: string;
  select?: Part;
}

function placeOf(scope: Scope, node: Node | undefined): Place | undefined {
  spend(1);
  const [type, part] = open(node);
  if (type === 'TypeCast') return placeOf(scope, part.arg as Node);
  if (type === 'SubLink') return scope.select === undefined ? ofQuery(scope, part) : undefined;
  if (type === 'A_Expr') return part.kind === 'AEXPR_OP' ? ofOperator(scope, part) : undefined;
  if (type !== 'FuncCall') return undefined;
  const name = words(part.funcname).at(-1) ?? '';
  if (name === 'date_trunc') {
    const of = placeOf(scope, listOf(part.args)[1]);
    // It is moved back, by how much is not told.
    return of && { ...of, by: [...of.by, -1] };
  }
  return /^(?:round|floor|ceil|ceiling|trunc)$/.test(name)
    ? placeOf(scope, listOf(part.args)[0])
    : ofAggregate(scope, name, part);
}

/** One value of a whole table, or of some of its rows. */
function ofQuery(scope: Scope, { subLinkType, subselect }: Part): Place | undefined {
  const select = as(subselect, 'SelectStmt');
  const targets = partsOf(select?.targetList, 'ResTarget');
  if (select === undefined || subLinkType !== 'EXPR_SUBLINK' || targets.length !== 1) return undefined;
  const isPlain = ['larg', 'groupClause', 'havingClause', 'withClause'].every((clause) => select[clause] === undefined);
  if (!isPlain || mentions(scope.rows, subselect as Node)) return undefined;
  return placeOf({ ...scope, select }, targets[0]?.val as Node);
}

function ofAggregate(scope: Scope, name: string, part: Part): Place | undefined {
  const [first] = listOf(part.args);
  if (scope.select === undefined || part.agg_filter !== undefined || part.over !== undefined) return undefined;
  const order = partsOf(part.agg_order, 'SortBy')[0];
  const isPercentile = /^percentile_(?:cont|disc)$/.test(name) && order !== undefined;
  if (!holds(scope, isPercentile ? (order.node as Node) : first)) return undefined;
  const share = isPercentile ? Number(fixed(first) ?? Number.NaN) : AT[name];
  if (share === undefined || !(share >= 0 && share <= 1)) return undefined;
  return { at: order?.sortby_dir === 'SORTBY_DESC' ? 1 - share : share, times: 1, by: [] };
}
const AT: Readonly<Record<string, number>> = { min: 0, avg: 0.5, max: 1 };

/** The column itself, as its table keeps it; of times any that a table keeps. */
function holds({ rows, column, select }: Scope, node: Node | undefined): boolean {
  const [from, ...others] = listOf(select?.fromClause);
  const table = as(from, 'RangeVar');
  const name = words(as(node, 'ColumnRef')?.fields).at(-1);
  if (table === undefined || others.length > 0 || name === undefined) return false;
  if (table.schemaname === undefined && rows.with.of(String(table.relname)) !== undefined) return false;
  const own = rows.columnOf(column);
  const isMoment = kindOf(rows, column) === 'moment';
  return resolve(rows.names, table).some(({ kind, columns }) =>
    columns.some((one) => one.name === name && (one === own || (isMoment && kind !== 'v'))),
  );
}

function ofOperator(scope: Scope, { name, lexpr, rexpr }: Part): Place | undefined {
  const how = words(name).at(-1) ?? '';
  const [left, right] = [placeOf(scope, lexpr as Node | undefined), placeOf(scope, rexpr as Node)];
  if (left !== undefined && right !== undefined) return undefined;
  const [of, other] = left !== undefined ? [left, rexpr as Node] : [right, lexpr as Node];
  if (of === undefined || lexpr === undefined) return undefined;
  if (how === '+' || (how === '-' && of === left)) {
    const by = addedBy(scope, other);
    return by === undefined ? undefined : { ...of, by: [...of.by, how === '-' ? -by : by] };
  }
  const times = Number(fixed(other) ?? Number.NaN);
  if (how === '*' && times > 0) return { ...of, times: of.times * times };
  return how === '/' && of === left && times > 0 ? { ...of, times: of.times / times } : undefined;
}

/** How much, as far as that is known: of a deviation, and of a parameter that is trusted, only that it is something. */
function addedBy({ rows }: Scope, node: Node | undefined): number | undefined {
  if (rows.trusts && hasParameter(node)) return Number.POSITIVE_INFINITY;
  const [type, part] = open(node);
  if (isDeviation(node)) return Number.POSITIVE_INFINITY;
  if (type === 'A_Expr' && words(part.name).at(-1) === '*') {
    const sides = [part.lexpr, part.rexpr] as Node[];
    const by = Number(fixed(sides.find((one) => !isDeviation(one))) ?? Number.NaN);
    if (sides.some(isDeviation)) return by > 0 ? Number.POSITIVE_INFINITY : undefined;
  }
  return intervalOf(node);
}

function isDeviation(node: Node | undefined): boolean {
  const select = as(as(node, 'SubLink')?.subselect, 'SelectStmt');
  const call = as(select === undefined ? node : partsOf(select.targetList, 'ResTarget')[0]?.val, 'FuncCall');
  return /^stddev(?:_samp|_pop)?$/.test(words(call?.funcname).at(-1) ?? '');
}
