import type { Node } from 'libpg-query';
import { as, constant, eachChild, listOf, open, type Part, partsOf, words } from '../nodes.js';
import { spend } from '../steps.js';
import { Way } from './alternatives.js';
import { compares, isTwins } from './compare.js';
import { fixed } from './known.js';
import { momentOf } from './moments.js';
import { Rows } from './rows.js';
import { conjuncts, sourcesIn } from './sources.js';
import { subjectOf } from './subject.js';
import { mentions, written } from './values.js';

/**
 * True where the condition is known to leave rows out; `not`: where its opposite is. What holds for every row cannot be listed, so
 * what does not is: a column of the rows, compared with something that is not theirs, nor an end that nothing lies beyond.
 */
export const bounds = (rows: Rows, node: Node | undefined, not: boolean): boolean =>
  node !== undefined && new Search(rows).finds([{ node, not }]);

/** A condition that is not to hold, or whose opposite is not to. */
interface Goal {
  node: Node;
  not: boolean;
}

/** Ways that may come to nothing before a condition is taken for one that leaves nothing out. */
const TRIES = 500;

/** Looks for a row that is left out: the conditions that do so together, of which no two let in all rows between them. */
class Search {
  readonly #rows: Rows;
  readonly #way: Way;
  #tries = TRIES;

  constructor(rows: Rows) {
    this.#rows = rows;
    this.#way = new Way(rows);
  }

  finds(goals: readonly Goal[]): boolean {
    const open = [...goals];
    for (let goal = open.pop(); goal !== undefined; goal = open.pop()) {
      const ways = this.#waysTo(goal);
      if (ways.length > 1) return ways.some((way) => this.#goesOn([...open, ...way]));
      if (ways[0] === undefined) return false;
      open.push(...ways[0]);
    }
    return !this.#way.isEveryRest;
  }

  #goesOn(goals: readonly Goal[]): boolean {
    const { length } = this.#way;
    if (this.#tries === 0) return false;
    if (this.finds(goals)) return true;
    this.#tries -= 1;
    this.#way.back(length);
    return false;
  }

  /** What has to come about in its place, in one way or another; nothing more where it leaves out rows by itself. */
  #waysTo({ node, not }: Goal): readonly (readonly Goal[])[] {
    spend(2);
    const [type, part] = open(node);
    if (type === 'BoolExpr') return this.#ofParts(part, not);
    if (type === 'BooleanTest' && !String(part.booltesttype).endsWith('UNKNOWN')) return this.#ofTest(part, not);
    if (type === 'CaseExpr') return part.arg === undefined ? ofCase(part, not) : [];
    return leavesOut(this.#rows, node, not) && this.#way.takes(node, not) ? [[]] : [];
  }

  #ofParts({ boolop, args }: Part, not: boolean): readonly (readonly Goal[])[] {
    const parts = listOf(args);
    if (boolop === 'NOT_EXPR') return [parts.map((node) => ({ node, not: !not }))];
    const goals = parts.map((node) => ({ node, not }));
    if ((boolop === 'OR_EXPR') !== not) return [goals];
    return !not && isTwins(this.#rows, parts) ? [[]] : goals.map((goal) => [goal]);
  }

  /** NULL is neither true nor false, so nothing that may be NULL for every row tells. */
  #ofTest({ arg, booltesttype }: Part, not: boolean): readonly (readonly Goal[])[] {
    const [node, how] = [arg as Node, String(booltesttype)];
    const passesNull = how.includes('NOT') !== not;
    if (passesNull && mayBeNull(this.#rows, node)) return [];
    return [[{ node, not: (how.includes('NOT') !== how.endsWith('FALSE')) !== not }]];
  }
}

/** A branch is taken, and does not hold. */
function ofCase({ args, defresult }: Part, not: boolean): readonly (readonly Goal[])[] {
  const before: Goal[] = [];
  const ways = partsOf(args, 'CaseWhen').map(({ expr, result }) => {
    const way = [...before, { node: expr as Node, not: true }, { node: result as Node, not }];
    before.push({ node: expr as Node, not: false });
    return way;
  });
  return [...ways, [...before, ...(defresult === undefined ? [] : [{ node: defresult as Node, not }])]];
}

/** A NULL is written in it, or a parameter that may be one. */
function mayBeNull(rows: Rows, node: Node): boolean {
  let found = false;
  const look = (type: string, child: Part): void => {
    found ||= (type === 'A_Const' && child.isnull === true) || (type === 'ParamRef' && !rows.trusts);
    eachChild(child, look);
  };
  look(...open(node));
  return found;
}

function leavesOut(rows: Rows, node: Node, not: boolean): boolean {
  const [type, part] = open(node);
  const value = constant(node);
  if (value !== undefined) return value === null || isTrue(value) === not;
  if (type === 'A_Expr') return compares(rows, part, not);
  if (type === 'NullTest') return nullTest(rows, part, not);
  if (type === 'BooleanTest') return isUnknown(rows, part, not);
  if (type === 'SubLink') return subquery(rows, part, not);
  if (type === 'CoalesceExpr') return rows.column(listOf(part.args)[0]) !== undefined;
  if (type === 'FuncCall') return asked(rows, part, not);
  if (type === 'CurrentOfExpr') return !rows.loops;
  if (type === 'TypeCast') return subjectOf(rows, node)?.kind === 'truth';
  return type === 'ColumnRef' && rows.column(node) !== undefined;
}
const isTrue = (value: string): boolean => /^\s*(?:t|tr|tru|true|y|ye|yes|on|1)\s*$/i.test(value);

/** Functions that are conditions, and the operators that say the same. */
const PREDICATES: ReadonlyMap<string, string> = new Map([
  ['starts_with', '^@'],
  ['regexp_like', '~'],
  ['jsonb_exists', '?'],
  ['jsonb_path_exists', '@?'],
  ['jsonb_path_match', '@@'],
  ['jsonb_contains', '@>'],
]);

function asked(rows: Rows, { funcname, args }: Part, not: boolean): boolean {
  const operator = PREDICATES.get(words(funcname).at(-1) ?? '');
  const [lexpr, rexpr] = listOf(args);
  return (
    operator !== undefined &&
    compares(rows, { kind: 'AEXPR_OP', name: [{ String: { sval: operator } }], lexpr, rexpr }, not)
  );
}

function nullTest(rows: Rows, { arg, nulltesttype }: Part, not: boolean): boolean {
  const isNull = (nulltesttype === 'IS_NULL') !== not;
  const value = fixed(arg as Node);
  if (value !== undefined) return (value === null) !== isNull;
  if (as(as(arg, 'TypeCast')?.arg ?? arg, 'ParamRef') !== undefined) return rows.trusts;
  const select = as(as(arg, 'SubLink')?.subselect, 'SelectStmt');
  if (select !== undefined && isKept(select)) return exists(rows, select, isNull);
  if (isNull) return (subjectOf(rows, orNull(arg as Node))?.via ?? 'function') !== 'function';
  const column = rows.column(arg as Node) ?? partOf(rows, arg as Node);
  return column !== undefined && rows.mayBeNull(column);
}

/** `(select max(x) from t where …)` is null where there are no such rows. */
function isKept({ targetList, groupClause }: Part): boolean {
  const value = as(listOf(targetList)[0], 'ResTarget')?.val as Node | undefined;
  const call = as(value, 'FuncCall');
  const kept = /^(?:sum|min|max|avg)$/.test(words(call?.funcname).at(-1) ?? '') ? listOf(call?.args)[0] : value;
  return groupClause === undefined && as(kept, 'ColumnRef') !== undefined;
}

/** `nullif(name, '')` is null where the name is, or where it is that. */
function orNull(node: Node): Node {
  const part = as(node, 'A_Expr');
  const isKnown = part?.kind === 'AEXPR_NULLIF' && fixed(part.rexpr as Node) !== undefined;
  return isKnown ? (part.lexpr as Node) : node;
}

/** `doc -> 'a'` may be null where `doc` is not. */
function partOf(rows: Rows, node: Node): string | undefined {
  const part = as(node, 'A_Expr');
  return /^(?:->|#>)/.test(words(part?.name)[0] ?? '') ? subjectOf(rows, node)?.column : undefined;
}

/** IS UNKNOWN, IS NOT UNKNOWN. */
function isUnknown(rows: Rows, { arg, booltesttype }: Part, not: boolean): boolean {
  const column = rows.column(arg as Node);
  return column !== undefined && rows.mayBeNull(column) && (booltesttype === 'IS_NOT_UNKNOWN') !== not;
}

function subquery(rows: Rows, part: Part, not: boolean): boolean {
  const select = as(part.subselect, 'SelectStmt');
  if (select === undefined) return false;
  if (part.subLinkType === 'EXISTS_SUBLINK') return exists(rows, select, not);
  if (part.subLinkType !== 'ANY_SUBLINK' && part.subLinkType !== 'ALL_SUBLINK') return false;
  const how = words(part.operName).at(-1) ?? '=';
  const isIn = part.subLinkType === 'ANY_SUBLINK' && how === '=';
  const isOut = part.subLinkType === 'ALL_SUBLINK' && (how === '<>' || how === '!=');
  const subjects = [part.testexpr as Node, ...listOf(as(part.testexpr, 'RowExpr')?.args)];
  const subject = subjects.find((one) => subjectOf(rows, one) !== undefined);
  if (subject === undefined || !(isIn || isOut)) return false;
  // NOT IN is how rows without partners are found; of no rows at all it holds for every one.
  if (isOut !== not) return mayAnswer(rows, select) && !mentions(rows, part.subselect as Node);
  const at = Math.max(0, subjects.indexOf(subject) - 1);
  if (rows.invents(subjectOf(rows, subject)?.column ?? '', part.subselect as Node, at)) return false;
  return isChosen(rows, withoutNulls(select), rows.column(subject));
}

/** What is null is in no list, whether it is left out or not: `where x is not null` of what is listed. */
function withoutNulls(select: Part): Node {
  const listed = words(as(as(listOf(select.targetList)[0], 'ResTarget')?.val, 'ColumnRef')?.fields).at(-1);
  const parts = conjuncts(select.whereClause as Node | undefined);
  const args = parts.filter((one) => {
    const test = as(one, 'NullTest');
    const name = words(as(test?.arg, 'ColumnRef')?.fields).at(-1);
    return test?.nulltesttype !== 'IS_NOT_NULL' || name === undefined || name !== listed;
  });
  if (args.length === parts.length) return { SelectStmt: select } as unknown as Node;
  const { whereClause: _where, ...rest } = select;
  const where = args.length === 0 ? {} : { whereClause: { BoolExpr: { boolop: 'AND_EXPR', args } } };
  return { SelectStmt: { ...rest, ...where } } as unknown as Node;
}

/** `IN (select …)` of rows that are not the same again. */
const isChosen = (rows: Rows, query: Node, column: string | undefined): boolean =>
  !rows.readsAll(query, undefined, column) && (!mentions(rows, query) || isTied(rows, as(query, 'SelectStmt') ?? {}));

/** EXISTS of rows that belong to the row: tied to it, and not the row itself. */
function exists(rows: Rows, select: Part, not: boolean): boolean {
  if (not) return mentions(rows, { SelectStmt: select } as unknown as Node) && mayAnswer(rows, select);
  return isTied(rows, select);
}

export function isTied(rows: Rows, select: Part): boolean {
  const from = listOf(select.fromClause);
  const where = select.whereClause as Node | undefined;
  const inner = rows.hiding(from, select.withClause).join(from, where);
  const conditions = [where, ...from.flatMap(joinedBy)];
  return from.length > 0 && conditions.some((one) => bounds(inner, one, false));
}

/** Conditions of joins without which there is no row: an outer join has rows without them. */
function joinedBy(node: Node): Node[] {
  const { jointype, larg, rarg, quals } = as(node, 'JoinExpr') ?? {};
  const isInner = jointype === 'JOIN_INNER';
  const kept = [
    ...(isInner || jointype === 'JOIN_LEFT' ? [larg] : []),
    ...(isInner || jointype === 'JOIN_RIGHT' ? [rarg] : []),
  ] as Node[];
  return [...(isInner && quals !== undefined ? [quals as Node] : []), ...kept.flatMap(joinedBy)];
}

/** A query of which nothing says that it gives no row. */
export function mayAnswer(rows: Rows, select: Part): boolean {
  if (select.larg !== undefined)
    return select.op === 'SETOP_UNION' && [select.larg, select.rarg].every((side) => mayAnswer(rows, side as Part));
  if (select.valuesLists !== undefined) return true;
  const from = listOf(select.fromClause);
  const counted =
    select.limitCount === undefined || constant(select.limitCount) === null || Number(constant(select.limitCount)) > 0;
  if (!counted || select.limitOffset !== undefined || select.havingClause !== undefined) return false;
  if (from.length === 0 || sourcesIn(from).some(({ type }) => type === 'RangeFunction')) return false;
  const parts = conjuncts(select.whereClause as Node | undefined);
  return parts.every(mayHold) && !(from.length === 1 && parts.some((one) => isNever(rows, from[0] as Node, one)));
}

/** `id < 0`: a column of the one table there, compared with a constant that nothing it holds is like. */
function isNever(rows: Rows, from: Node, node: Node): boolean {
  const table = as(from, 'RangeVar');
  const part = as(node, 'A_Expr') ?? as(node, 'NullTest');
  if (table === undefined || part === undefined) return false;
  const own = Rows.of(rows.names, table, rows.with, { trusts: rows.trusts });
  const [isTest, end] = [part.arg !== undefined, part.rexpr as Node | undefined];
  const isTold = isTest || typeof fixed(end) === 'string' || momentOf(end) !== undefined;
  return isTold && own.column((part.arg ?? part.lexpr) as Node) !== undefined && !bounds(own, node, true);
}

/** It asks about some column, and not whether that is another than itself. */
function mayHold(node: Node): boolean {
  const text = written(node);
  const part = as(node, 'A_Expr');
  const [left, right] = [part?.lexpr, part?.rexpr].map((side) => words(as(side, 'ColumnRef')?.fields).join('.'));
  return (
    (isTrue(constant(node) ?? '') || text.includes('"ColumnRef"')) &&
    !(left !== '' && left !== undefined && left === right)
  );
}
