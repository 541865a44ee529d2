import type { Node } from 'libpg-query';
import { as, listOf, type Part, partsOf, words } from '../nodes.js';
import { isTied, mayAnswer } from './condition.js';
import { leavesOut } from './ends.js';
import { fixed } from './known.js';
import { Rows } from './rows.js';
import { conjuncts, sourcesIn } from './sources.js';
import { subjectOf } from './subject.js';
import { mentions, otherOf } from './values.js';

/** `(select count(*) from orders o where o.customer_id = c.id) > 100`: what other rows say of each, and so that some are left out. */
export function ofAnswer(rows: Rows, side: Node | undefined, other: Node | undefined, how: string): boolean {
  const query = side && withoutZero(side);
  const link = as(query, 'SubLink');
  const select = as(link?.subselect, 'SelectStmt') ?? {};
  const [target, ...others] = partsOf(select.targetList, 'ResTarget');
  if (link?.subLinkType !== 'EXPR_SUBLINK' || target === undefined || others.length > 0) return false;
  if (select.groupClause !== undefined || !mentions(rows, link.subselect as Node)) return false;
  const value = withoutZero(target.val as Node);
  const call = as(value, 'FuncCall');
  const name = words(call?.funcname).at(-1) ?? '';
  if (name === 'count') return isTied(rows, select) && counts(rows, select, other, how);
  if (!isTied(rows, select) && !isLinked(rows, select)) return false;
  // What no row is found for is as good as zero.
  if ((value !== target.val || query !== side) && isTrue(0, how, numberOf(other)) && !mayAnswer(rows, select))
    return false;
  const kept = AGGREGATES.test(name) ? listOf(call?.args)[0] : value;
  return sourcesIn(listOf(select.fromClause)).some(
    ({ type, part }) => type === 'RangeVar' && ofColumn(rows, part, kept, other, how),
  );
}
const AGGREGATES = /^(?:sum|min|max|avg)$/;

/** `coalesce(sum(x), 0)` */
function withoutZero(node: Node): Node {
  const [first, second] = listOf(as(node, 'CoalesceExpr')?.args);
  return first !== undefined && numberOf(second) === 0 ? first : node;
}
const numberOf = (node: Node | undefined): number => Number(fixed(node) ?? Number.NaN);

/** What the other table keeps there, compared with what is not of these rows. */
function ofColumn(rows: Rows, table: Part, kept: Node | undefined, other: Node | undefined, how: string): boolean {
  const inner = Rows.of(rows.names, table, rows.with, { trusts: rows.trusts });
  const subject = inner.column(kept) === undefined ? undefined : subjectOf(inner, kept);
  const { is } = otherOf(rows, other);
  if (subject === undefined) return false;
  if (is === 'parameter') return rows.trusts || how === '=';
  return (is === 'constant' || is === 'time') && leavesOut(inner, subject, other as Node, how);
}

/** `c.id = orders.customer_id`: each has a row there, not one for all, and not itself. */
function isLinked(rows: Rows, select: Part): boolean {
  const from = listOf(select.fromClause);
  const where = select.whereClause as Node | undefined;
  const inner = rows.hiding(from).join(from, where);
  return conjuncts(where).some((one) => {
    const part = as(one, 'A_Expr');
    const sides = [part?.lexpr, part?.rexpr] as Node[];
    const other = sides.find((side) => as(side, 'ColumnRef') !== undefined && inner.column(side) === undefined);
    return (
      words(part?.name).join() === '=' &&
      other !== undefined &&
      inner.coverageOf(other) !== 'all' &&
      sides.some((side) => inner.column(side) !== undefined)
    );
  });
}

/** Rows that belong to one are not so many. */
const MOST = 100;

/** Some have none, so that what does not hold for none leaves those out. */
function counts(rows: Rows, select: Part, other: Node | undefined, how: string): boolean {
  if (otherOf(rows, other).is === 'parameter') return rows.trusts || how === '=';
  const value = numberOf(other);
  if (Number.isNaN(value)) return false;
  if (!isTrue(0, how, value)) return true;
  const isFew = how === '=' || how === '<=' || how === '<';
  return isFew && value <= MOST && mayAnswer(rows, select);
}

function isTrue(one: number, how: string, value: number): boolean {
  if (how === '=' || how === '<>') return (one === value) === (how === '=');
  const isEqual = how.endsWith('=') && one === value;
  return isEqual || (how.startsWith('<') ? one < value : one > value);
}
