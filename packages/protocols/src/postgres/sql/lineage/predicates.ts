import { ANY_COLUMN, type Predicate } from '@hoop/core';
import type { A_Expr, Node, SubLink, TypeName } from 'libpg-query';
import { madeByOperator } from './computed.js';
import { constants, elementsOf } from './elements.js';
import { evaluate, everything, isStrict } from './expression.js';
import type { Asks } from './facts.js';
import { changed, type Flow, FREE, mix, RISKY } from './flow.js';
import { routines } from './functions.js';
import { as, childrenOf, itemsOf, kindOf, namesOf } from './nodes.js';
import { compares, isForeign, operated, operatorName } from './operators.js';
import type { Scope } from './scope.js';
import { command } from './select.js';
import { isTainted, madeSo } from './total.js';
import { typesNamed } from './types.js';

type How = Predicate['how'];

/** Notes what a condition asks of each column in it, and answers what its value carries. */
export function condition(node: Node, scope: Scope, asks: Asks = scope.facts): Flow {
  const bool = as(node, 'BoolExpr');
  if (bool !== undefined) return mix((bool.args ?? []).map((arg) => condition(arg, scope, asks)));
  const expression = as(node, 'A_Expr');
  if (expression !== undefined) return compared(expression, scope, asks);
  const test = as(node, 'NullTest');
  if (test?.arg !== undefined) return tested(evaluate(test.arg, scope), scope, asks);
  const link = as(node, 'SubLink');
  if (link !== undefined && link.testexpr !== undefined) return linked(link, scope, asks);
  const boolean = as(node, 'BooleanTest')?.arg;
  if (boolean !== undefined && as(boolean, 'ColumnRef') === undefined) return condition(boolean, scope, asks);
  return asked(evaluate(boolean ?? node, scope), 'equality', asks);
}

/** A plain column is asked about so; what is made of one, by a function. */
export function asked(flow: Flow, how: How, asks: Asks): Flow {
  asks.ask(flow, flow.exact || (how === 'null-test' && isOfColumns(flow)) ? how : 'function');
  return changed(flow);
}

/** Whether a column has a value is no part of the value: that it has one is asked wherever it stands, and may be shown. */
export function tested(flow: Flow, scope: Scope, asks: Asks): Flow {
  if (!isOfColumns(flow) || flow.opaque !== undefined) return asked(flow, 'null-test', asks);
  scope.facts.ask(flow, 'null-test');
  return { ...FREE, type: BOOL, ...(flow.risky === true ? { risky: true } : {}) };
}
/** Oid of boolean. */
const BOOL = 16;

/** A column, or a row of columns. */
const isOfColumns = (flow: Flow): boolean =>
  flow.exact || (flow.row?.every((field) => isOfColumns(field.flow) || !isTainted(field.flow)) ?? false);

function linked(link: SubLink, scope: Scope, asks: Asks): Flow {
  const test = evaluate(link.testexpr as Node, scope);
  const tests = test.row?.map((field) => field.flow) ?? [test];
  const shape = command(link.subselect as Node, scope);
  const found = shape.fields.map((field) => field.flow);
  for (const flow of [...tests, ...found]) asked(flow, 'join', asks);
  for (const [i, flow] of tests.entries()) scope.facts.meet([flow, found[i] ?? FREE]);
  const by = link.operName === undefined ? ['='] : namesOf(link.operName);
  return mix([test, everything(shape, scope), ...compares(link, by, tests, found, scope), RISKY]);
}

export function compared(body: A_Expr, scope: Scope, asks: Asks): Flow {
  const rows = [body.lexpr, body.rexpr].map((side) => (side === undefined ? undefined : as(side, 'RowExpr')?.args));
  const [left, right] = rows;
  if (body.kind === 'AEXPR_OP' && left !== undefined && right !== undefined && left.length === right.length)
    return byField(
      body,
      left.map((arg, i) => ({ ...body, lexpr: arg, rexpr: right[i] as Node })),
      scope,
      asks,
    );
  if (body.kind === 'AEXPR_IN' && left !== undefined) {
    const items = itemsOf(body.rexpr).map((item) => as(item, 'RowExpr')?.args);
    const at = (i: number) => ({ List: { items: items.map((item) => item?.[i] as Node) } });
    if (items.every((item) => item?.length === left.length))
      return byField(
        body,
        left.map((arg, i) => ({ ...body, lexpr: arg, rexpr: at(i) })),
        scope,
        asks,
      );
  }
  return sides(body, scope, asks);
}

/** Rows that are written out are compared field by field, each by an operator of its own. */
function byField(body: A_Expr, fields: readonly A_Expr[], scope: Scope, asks: Asks): Flow {
  const flows = fields.map((field) => compared(field, scope, asks));
  for (const field of fields) scope.facts.mean(body, [...(scope.facts.meant.get(field) ?? [])]);
  return mix(flows);
}

function sides(body: A_Expr, scope: Scope, asks: Asks): Flow {
  const left = body.lexpr === undefined ? [] : [body.lexpr];
  const right = itemsOf(body.rexpr);
  const had = scope.facts.isBlock && asksPlainly(body) ? new Set(scope.facts.columns) : undefined;
  const flows = [left, right].map((nodes) => nodes.map((node) => evaluate(node, scope))) as [Flow[], Flow[]];
  scope.facts.meet(flows.flat());
  const { flows: more, foreign } = operated(body, flows[0], flows[1], scope);
  const how = foreign ? 'function' : howOf(body);
  one(flows[0], right, how, body, scope, asks);
  one(flows[1], left, how === 'equality' && /^AEXPR_OP_A/.test(body.kind ?? '') ? 'function' : how, body, scope, asks);
  if (had !== undefined && !foreign && flows[0].every(({ exact }) => exact)) scope.facts.askedOnly(flows[0], had);
  const made = madeByOperator(body, flows.flat(), foreign, scope);
  return madeSo(changed(mix([...flows.flat(), ...more])), made);
}

/** `column = 'constant'`, `column IN ('constant', …)`. */
const asksPlainly = ({ kind, name, lexpr, rexpr }: A_Expr): boolean =>
  (kind === 'AEXPR_OP' || kind === 'AEXPR_IN') &&
  operatorName(name) === '=' &&
  as(lexpr, 'ColumnRef') !== undefined &&
  itemsOf(rexpr).every((item) => as(item, 'A_Const') !== undefined);

/** Notes how the columns of one side are asked about, by what stands on the other. */
function one(
  flows: readonly Flow[],
  others: readonly Node[],
  meant: How,
  body: A_Expr,
  scope: Scope,
  asks: Asks,
): void {
  for (const flow of flows) {
    const how = flow.columns.has(ANY_COLUMN) ? ofCopies(meant, others) : meant;
    if (!flow.exact && !(flow.folded === true && how === 'equality')) asks.ask(flow, 'function');
    else if (how !== 'equality')
      asks.ask(flow, how === 'range' && !others.every((node) => isConstant(node, scope)) ? 'join' : how);
    else {
      const found = /^AEXPR_OP_A/.test(body.kind ?? '') ? elementsOf(others[0], scope) : constants(others, scope);
      if (typeof found === 'object') asks.askEqual(flow, found, others.some(isGiven));
      else asks.ask(flow, found === 'varies' ? 'join' : found === 'many' ? 'range' : 'unknown');
    }
  }
}

/**
 * How copies of values are asked about. Statistics and the texts of queries are no value of a row: a pattern that names a relation of
 * the system is about the statement.
 */
function ofCopies(how: How, others: readonly Node[]): How {
  const [other] = others;
  const text = how === 'pattern' && others.length === 1 ? as(other, 'A_Const')?.sval?.sval : undefined;
  return text !== undefined && OF_SYSTEM.test(text) ? 'equality' : how;
}
/** Words that begin a statement, workers of the server, its own relations: nobody's values. One of them, or a choice. */
const WORDS =
  'autovacuum|vacuum|analyze|select|insert|update|delete|copy|create|alter|drop|refresh|begin|commit|rollback|idle|<idle>|<insufficient privilege>|pg_stat_(?:activity|statements|replication|database)|pg_locks|pg_class|pg_catalog';
const OF_SYSTEM = new RegExp(`^%*\\^?\\s*\\(?(?:${WORDS})(?:\\|(?:${WORDS}))*\\)?:?\\s*%*$`, 'i');

/** It hangs on a parameter. */
const isGiven = (node: Node): boolean => as(node, 'ParamRef') !== undefined || childrenOf(node).some(isGiven);

/** A domain may bring a collation of its own, by which other texts are equal too. */
export const isDomain = (type: TypeName | undefined, scope: Scope): boolean =>
  typesNamed(namesOf(type?.names), scope).some(({ kind }) => kind === 'd');

/** It is the same for every row, known before the first, and equal to itself alone. */
export function isConstant(node: Node, scope: Scope): boolean {
  const cast = as(node, 'TypeCast');
  if (cast?.arg !== undefined) return !isDomain(cast.typeName, scope) && isConstant(cast.arg, scope);
  const collated = as(node, 'CollateClause');
  if (collated?.arg !== undefined) return isStrict(collated) && isConstant(collated.arg, scope);
  const expression = as(node, 'A_Expr');
  if (expression !== undefined)
    return (
      !isForeign(expression.name, scope) &&
      [expression.lexpr, ...itemsOf(expression.rexpr)].every((side) => side === undefined || isConstant(side, scope))
    );
  const first = as(node, 'CoalesceExpr')?.args;
  if (first !== undefined) return first.every((arg) => isConstant(arg, scope));
  const body = as(node, 'FuncCall');
  const parameter = as(node, 'ParamRef');
  if (parameter !== undefined)
    return !scope.facts.loose && (scope.facts.given[(parameter.number ?? 0) - 1]?.constant ?? true);
  if (body === undefined) return ['A_Const', 'SQLValueFunction'].includes(kindOf(node) ?? '');
  const args = body.args ?? [];
  // The command may set it for each row.
  if (namesOf(body.funcname).at(-1) === 'current_setting') return false;
  const found = routines(
    namesOf(body.funcname),
    args.map(() => FREE),
    scope,
  );
  const steady =
    found.length > 0 &&
    found.every((one) => one.builtin && one.volatility !== 'volatile' && !one.returnsSet && one.kind === 'f');
  return steady && args.every((arg) => isConstant(arg, scope));
}

/** To be another than a constant tells as much of a value as to be that. */
const EQUALITIES: ReadonlySet<string> = new Set(['=', '<>', '!=']);
const RANGES: ReadonlySet<string> = new Set(['<', '>', '<=', '>=']);
const PATTERNS: ReadonlySet<string> = new Set([
  '~~',
  '!~~',
  '~~*',
  '!~~*',
  '~',
  '!~',
  '~*',
  '!~*',
  '^@',
  '~<~',
  '~<=~',
  '~>~',
  '~>=~',
]);

/** LIKE or ILIKE a text that is written out and has nothing in it that stands for another: that text, or other letters of it. */
const isWord = ({ name, rexpr }: A_Expr): boolean =>
  /^~~\*?$/.test(operatorName(name)) && /^[^%_\\]+$/.test(as(rexpr, 'A_Const')?.sval?.sval ?? '');

/** How an operator of the server, or of that name in an extension, asks about a plain column. */
function howOf(body: A_Expr): How {
  switch (body.kind) {
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE':
      return isWord(body) ? 'equality' : 'pattern';
    case 'AEXPR_SIMILAR':
      return 'pattern';
    case 'AEXPR_BETWEEN':
    case 'AEXPR_NOT_BETWEEN':
    case 'AEXPR_BETWEEN_SYM':
    case 'AEXPR_NOT_BETWEEN_SYM':
      return 'range';
    case 'AEXPR_DISTINCT':
    case 'AEXPR_NOT_DISTINCT':
      return 'equality';
    case 'AEXPR_NULLIF':
      return 'function';
    case 'AEXPR_OP_ALL':
      return /^(?:<>|!=)$/.test(operatorName(body.name)) ? 'equality' : 'unknown';
    default:
  }
  const name = operatorName(body.name);
  if (EQUALITIES.has(name)) return 'equality';
  if (RANGES.has(name)) return 'range';
  return PATTERNS.has(name) ? 'pattern' : 'function';
}
