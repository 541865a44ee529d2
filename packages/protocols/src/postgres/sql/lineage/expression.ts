import type { A_Indirection, BoolExpr, CaseExpr, Node, RowExpr, SubLink, WindowDef } from 'libpg-query';
import type { ReadingContext } from '../context.js';
import { GIVEN, UNKNOWN } from '../overloads.js';
import { plainType } from './bodies.js';
import { madeByCast, madeByOperator } from './computed.js';
import { Held } from './facts.js';
import {
  changed,
  constantAt,
  either,
  type Field,
  type Flow,
  FREE,
  mix,
  opaque,
  parameterOf,
  RISKY,
  rowOf,
  type Shape,
  unplaced,
} from './flow.js';
import { ARRAY, arrayOf, attribute, besides, call, elementOf, subscripted } from './functions.js';
import { as, type Body, childrenOf, itemsOf, type Kind, kindOf, namesOf, stringOf } from './nodes.js';
import { compares, operated, operatorName } from './operators.js';
import { asked, condition, isConstant, tested } from './predicates.js';
import { columnOf, type Scope, starOf } from './scope.js';
import { command, spread } from './select.js';
import { isChosen, isMixed, isRisky, isTainted, madeSo, nearest, partial, RECORD } from './total.js';
import { castFlow, rowOfType } from './types.js';

type Readers = { readonly [K in Kind]?: (body: Body<K>, scope: Scope) => Flow };

/** What the value of an expression may carry. What it depends on is noted; so are conditions of queries in it. */
export function evaluate(node: Node, scope: Scope): Flow {
  const kind = kindOf(node);
  if (kind === undefined) return FREE;
  scope.facts.spend();
  const read = READERS[kind] as ((body: unknown, scope: Scope) => Flow) | undefined;
  const flow = read === undefined ? unknown(kind, node, scope) : read(as(node, kind), scope);
  return scope.facts.touch(flow.exact || IS_THERE.has(kind) ? flow : scope.facts.widen(flow));
}

/** What makes nothing new of a value. */
const IS_THERE: ReadonlySet<string> = new Set(
  'ColumnRef A_Const ParamRef SetToDefault TypeName String SQLValueFunction ResTarget RowExpr NullTest'.split(' '),
);

function all(nodes: readonly (Node | undefined)[] | undefined, scope: Scope): Flow[] {
  return (nodes ?? []).flatMap((node) => (node === undefined ? [] : [evaluate(node, scope)]));
}

/** A value made of several, which are told of one another. */
function made(flows: readonly Flow[], scope: Scope): Flow {
  scope.facts.meet(flows);
  return changed(mix(flows));
}

const isArrayFlow = ({ type }: Flow, scope: Scope): boolean =>
  type !== undefined && (type === ARRAY || elementOf(type, scope) !== undefined);

/** True, false or NULL, by what these are. */
const truth = (flow: Flow): Flow => ({ ...changed(flow), type: BOOL });

const children = (body: unknown, scope: Scope): Flow => made(all(childrenOf(body), scope), scope);
const free = (): Flow => FREE;
const NULL: Flow = { ...FREE, type: UNKNOWN };

/** As large as it is long. */
function literal(constant: Body<'A_Const'>): Flow {
  const { location, sval } = constant;
  const flow = constantAt(location ?? 0, typeOf(constant));
  const length = sval?.sval?.length ?? 0;
  return length > 64 ? { ...flow, size: 1 + length / 64 } : flow;
}

/** What the grammar reads as syntax was a call of a function of that name in servers that are older than it. */
function named(name: string, body: unknown, scope: Scope): Flow {
  const own = (scope.at.catalogue.functions.get(name) ?? []).filter((routine) => !routine.builtin);
  return made([children(body, scope), ...own.map((routine) => besides(routine, scope))], scope);
}

function unknown(kind: Kind, node: Node, scope: Scope): Flow {
  return mix([children(as(node, kind), scope), opaque(`it holds a ${kind}, which is not understood`)]);
}

const READERS: Readers = {
  ColumnRef: (ref, scope) => {
    const star = starOf(ref, scope);
    return star === undefined ? columnOf(ref, scope, attribute) : rowOf(star);
  },
  A_Const: (constant) => (constant.isnull === true ? NULL : literal(constant)),
  ParamRef: ({ number = 0 }, { facts, at }) => {
    const given = facts.given[number - 1]?.flow;
    const { parameters } = parameterOf(number);
    if (given !== undefined) return { ...unplaced(given), parameters };
    const taken = facts.takes[number - 1];
    return {
      ...FREE,
      parameters,
      type: taken === undefined && facts.sent ? sentAs(number, facts, at) : plainType(taken, at),
    };
  },
  A_Expr: (body, scope) => {
    const left = all([body.lexpr], scope);
    const right = all(itemsOf(body.rexpr), scope);
    const sides = [...left, ...right];
    const { flows, foreign, type } = operated(body, left, right, scope);
    const value = madeSo(made([...sides, ...flows], scope), madeByOperator(body, sides, foreign, scope));
    // Arrays put together are an array.
    const array = operatorName(body.name) === '||' ? sides.find((side) => isArrayFlow(side, scope)) : undefined;
    return { ...value, type: array === undefined ? type : (type ?? ARRAY) };
  },
  BoolExpr: boolean,
  NullTest: (body, scope) => truth(tested(evaluate(body.arg as Node, scope), scope, new Held())),
  BooleanTest: (body, scope) => truth(mix(all([body.arg], scope))),
  TypeCast: (body, scope) => {
    const flow = evaluate(body.arg as Node, scope);
    const value = castFlow(flow, body.typeName, scope);
    return value === flow ? value : { ...value, ...madeByCast(body, flow, scope), type: value.type };
  },
  CollateClause: (body, scope) => {
    const flow = evaluate(body.arg as Node, scope);
    return isStrict(body) ? flow : { ...changed(flow), type: flow.type };
  },
  FuncCall: call,
  SubLink: sublink,
  CaseExpr: caseOf,
  CoalesceExpr: coalesced,
  MinMaxExpr: (body, scope) => chosenBy(all(body.args, scope), scope),
  A_ArrayExpr: (body, scope) => {
    const flows = all(body.elements, scope);
    scope.facts.meet(flows);
    const type = arrayOf(commonType(flows), scope);
    const value = { ...either(flows), exact: false, type };
    // Arrays of which one is longer than another make no array.
    return flows.some((flow) => isTainted(flow) && isArrayFlow(flow, scope))
      ? madeSo(value, { ...partial(flows, scope), type })
      : value;
  },
  RowExpr: rowExpr,
  A_Indirection: indirection,
  NamedArgExpr: (body, scope) => evaluate(body.arg as Node, scope),
  ResTarget: (body, scope) => (body.val === undefined ? FREE : evaluate(body.val, scope)),
  List: children,
  XmlExpr: (body, scope) => (SAFE_XML.has(body.op ?? '') ? children(body, scope) : failing(body, scope)),
  XmlSerialize: children,
  JsonObjectConstructor: (body, scope) => {
    const value = named('json_object', body, scope);
    const keys = (body.exprs ?? []).flatMap((node) => as(node, 'JsonKeyValue')?.key ?? []);
    return body.unique === true || keys.some((key) => kindOf(key) !== 'A_Const') ? failed(value, scope) : value;
  },
  JsonArrayConstructor: (body, scope) => named('json_array', body, scope),
  JsonArrayQueryConstructor: (body, scope) => everything(command(body.query as Node, scope), scope),
  JsonKeyValue: children,
  JsonValueExpr: children,
  JsonFuncExpr: (body, scope) => failed(named((body.op ?? '').replace(/_OP$/, '').toLowerCase(), body, scope), scope),
  JsonArgument: children,
  JsonBehavior: children,
  JsonOutput: free,
  JsonIsPredicate: children,
  JsonParseExpr: (body, scope) => failed(named('json', body, scope), scope),
  JsonScalarExpr: (body, scope) => named('json_scalar', body, scope),
  JsonSerializeExpr: (body, scope) => named('json_serialize', body, scope),
  JsonTableColumn: children,
  JsonTablePathSpec: children,
  JsonObjectAgg: jsonAggregate,
  JsonArrayAgg: jsonAggregate,
  GroupingFunc: (body, scope) => {
    all(body.args, scope);
    return FREE;
  },
  SQLValueFunction: ({ op }) => ({ ...FREE, type: TYPES[(op ?? '').replace(/^SVFOP_|_N$/g, '')] ?? NAME }),
  SetToDefault: free,
  CurrentOfExpr: free,
  MergeSupportFunc: free,
  TypeName: free,
  String: free,
};

/** What nobody has given a type is taken for whatever it stands for first. https://www.postgresql.org/docs/current/sql-prepare.html */
function sentAs(number: number, { once }: Scope['facts'], at: ReadingContext): number | undefined {
  if (at.told === undefined) return GIVEN;
  const told = at.told[number - 1] ?? 0;
  if (told !== 0) return plainType(told, at);
  return once.has(number) ? UNKNOWN : GIVEN;
}

/** https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-CONSTANTS */
function typeOf(constant: Body<'A_Const'>): number | undefined {
  if (constant.sval !== undefined) return UNKNOWN;
  if (constant.ival !== undefined) return INT;
  if (constant.boolval !== undefined) return BOOL;
  return constant.fval === undefined ? undefined : /^\d{1,18}$/.test(constant.fval.fval ?? '') ? BIGINT : NUMERIC;
}
const [BOOL, BIGINT, INT, TEXT, NUMERIC] = [16, 20, 23, 25, 1700];

/** Oids of the types of CURRENT_DATE and the like; those of who and where are names. */
const NAME = 19;
const TYPES: Readonly<Record<string, number>> = {
  CURRENT_DATE: 1082,
  CURRENT_TIME: 1266,
  CURRENT_TIMESTAMP: 1184,
  LOCALTIME: 1083,
  LOCALTIMESTAMP: 1114,
};

/** Collations of the server, by which only equal texts are equal. */
const STRICT = /^(?:C|POSIX|default|ucs_basic|unicode|pg_c_utf8|pg_unicode_fast|.*-x-icu|[a-z]{2,3}_[A-Z]{2}.*)$/;

export const isStrict = ({ collname }: Body<'CollateClause'>): boolean => STRICT.test(namesOf(collname).at(-1) ?? '');

/** XML that is made of any values. */
const SAFE_XML: ReadonlySet<string> = new Set(['IS_XMLCONCAT', 'IS_XMLELEMENT', 'IS_XMLFOREST', 'IS_DOCUMENT']);

/** What may fail, by what is in it. */
const failed = (value: Flow, scope: Scope): Flow => madeSo(value, partial([value], scope));
const failing = (body: unknown, scope: Scope): Flow => failed(children(body, scope), scope);

/** One of several values, or none, by what they are. */
function chosenBy(flows: readonly Flow[], scope: Scope): Flow {
  const value = { ...made(flows, scope), type: commonType(flows) };
  if (!isTainted(value)) return value;
  return { ...value, ...(isMixed(flows) ? partial(flows, scope) : {}), chosen: true };
}

/** What stands beside something that may fail, or take its time, decides on whether it does. */
function boolean(body: BoolExpr, scope: Scope): Flow {
  const held = new Held();
  const flows = (body.args ?? []).map((arg) => condition(arg, scope, held));
  if (isRisky(flows)) held.tell(scope.facts);
  return truth(mix(flows));
}

/** Those after the first are worked out where those before them are NULL. */
function coalesced(body: Body<'CoalesceExpr'>, scope: Scope): Flow {
  const flows = all(body.args, scope);
  if (isRisky(flows.slice(1))) for (const flow of flows.slice(0, -1)) asked(flow, 'null-test', scope.facts);
  scope.facts.meet(flows);
  const [first = FREE] = flows;
  const folded =
    (first.exact || first.folded === true) && (body.args ?? []).slice(1).every((arg) => isConstant(arg, scope));
  const value = { ...either(flows), exact: false, type: commonType(flows), near: nearest(flows) };
  return folded ? { ...value, folded } : value;
}

/** The one type that all have; what could be of any is of the others', and a text where all could. */
export function commonType(flows: readonly Flow[]): number | undefined {
  if (flows.some((flow) => flow.row !== undefined)) return RECORD;
  const types = new Set(flows.map((flow) => flow.type));
  if (types.size > 1) types.delete(UNKNOWN);
  const [type] = types;
  if (types.size === 1) return type === UNKNOWN ? TEXT : type;
  const widths = [...types].map((one) => NUMBERS.indexOf(one ?? 0));
  return widths.includes(-1) ? undefined : NUMBERS[Math.max(...widths)];
}
/** int2, int4, int8, numeric, float4, float8: each goes into those after it. https://www.postgresql.org/docs/current/typeconv-union-case.html */
const NUMBERS: readonly number[] = [21, 23, 20, 1700, 700, 701];

function caseOf(body: CaseExpr, scope: Scope): Flow {
  const whens = (body.args ?? []).flatMap((node) => as(node, 'CaseWhen') ?? []);
  const results = [...whens.map((when) => when.result), body.defresult].filter((result) => result !== undefined);
  const held = new Held();
  const tested =
    body.arg === undefined
      ? whens.map((when) => condition(when.expr as Node, scope, held))
      : matchedBy(body, body.arg, whens, scope, held);
  scope.facts.meet(tested);
  const values = all(results, scope);
  // A branch that may fail, or take its time, shows outside of the row which one was taken.
  if (isRisky([...tested, ...values]) || !results.every(isPlain)) held.tell(scope.facts);
  return {
    ...changed(mix([...tested, ...values])),
    type: commonType(values),
    near: isChosen(tested) ? undefined : nearest(values),
  };
}

/** `CASE x WHEN 'a'`: whether they are equal. */
function matchedBy(body: CaseExpr, arg: Node, whens: readonly Body<'CaseWhen'>[], scope: Scope, held: Held): Flow[] {
  const [given = FREE, ...others] = all([arg, ...whens.map((when) => when.expr)], scope);
  // A constant of no type is a text here.
  const value = given.type === UNKNOWN ? { ...given, type: TEXT } : given;
  const equals = compares(body, ['='], [value], others, scope);
  const tested = [value, ...others];
  if (isMixed(tested)) partial(tested, scope);
  for (const flow of tested) held.ask(flow, 'function');
  return [...tested.map((flow) => (isTainted(flow) ? { ...changed(flow), chosen: true } : flow)), ...equals];
}

/** It is a column, a constant or another CASE: nothing that could fail. */
function isPlain(node: Node): boolean {
  const arg = as(node, 'TypeCast')?.arg;
  if (arg !== undefined) return as(arg, 'A_Const') !== undefined;
  return ['A_Const', 'ParamRef', 'ColumnRef', 'CaseExpr', 'SQLValueFunction'].includes(kindOf(node) ?? '');
}

function rowExpr(body: RowExpr, scope: Scope): Flow {
  const fields = (body.args ?? []).flatMap((node): readonly Field[] => {
    const star = spread(node, scope);
    return star === undefined ? [{ name: '', flow: evaluate(node, scope) }] : star.fields;
  });
  return rowOf({ fields: fields.map((field, i) => ({ name: `f${i + 1}`, flow: field.flow })) });
}

/** `(t).ssn`, `a[1]`, `(f(x)).y[2].z`. */
function indirection(body: A_Indirection, scope: Scope): Flow {
  let flow = evaluate(body.arg as Node, scope);
  for (const step of body.indirection ?? []) {
    const name = stringOf(step);
    const indices = as(step, 'A_Indices');
    if (name !== undefined) flow = fieldOf(flow, name, scope);
    else if (indices !== undefined) {
      const inner = all([indices.lidx, indices.uidx], scope);
      const slice = indices.is_slice === true;
      flow = {
        ...mix([flow, ...inner]),
        ...(inner.some(isTainted) ? { chosen: true } : {}),
        exact: false,
        row: flow.row,
        type: slice ? flow.type : subscripted(flow.type ?? 0, scope),
      };
    }
  }
  return flow;
}

/** A row's column; else a function of the row, or a column of one whose columns are not known. */
function fieldOf(flow: Flow, name: string, scope: Scope): Flow {
  const found = flow.row?.find((field) => field.name === name);
  if (found !== undefined) return found.flow;
  const column = rowOfType(flow.type ?? 0, scope.at)?.fields.find((field) => field.name === name);
  return column === undefined ? attribute(name, flow, scope) : { ...changed(flow), type: column.flow.type };
}

function sublink(body: SubLink, scope: Scope): Flow {
  if (body.subLinkType === 'EXPR_SUBLINK') return scalar(body, scope).flow;
  const shape = command(body.subselect as Node, scope);
  // Whether there are rows is told by the conditions, which are asked about by themselves.
  if (body.subLinkType === 'EXISTS_SUBLINK') return truth(shape.open === undefined ? RISKY : opaque(shape.open));
  if (body.subLinkType === 'ARRAY_SUBLINK') {
    const flow = only(shape, scope);
    return { ...flow, exact: false, type: arrayOf(flow.type, scope), risky: true };
  }
  const found = shape.fields.map((field) => field.flow);
  const tests = all([body.testexpr], scope).flatMap((test) => test.row?.map((field) => field.flow) ?? [test]);
  const by = body.operName === undefined ? ['='] : namesOf(body.operName);
  const equals = compares(body, by, tests, found, scope);
  return truth(chosenBy([...tests, ...found, ...equals, only(shape, scope), RISKY], scope));
}

/** The one column of a query that stands for a value. */
export function scalar(body: SubLink, scope: Scope): Field {
  const shape = command(body.subselect as Node, scope);
  return { name: shape.fields[0]?.name ?? '', flow: { ...only(shape, scope), risky: true } };
}

function only(shape: Shape, scope: Scope): Flow {
  const [first] = shape.fields;
  return scope.facts.touch(shape.open === undefined && first !== undefined ? first.flow : everything(shape, scope));
}

/** What any column of a query's rows carries. */
export function everything(shape: Shape, scope: Scope): Flow {
  return scope.facts.touch(changed(rowOf(shape)));
}

function jsonAggregate(body: Body<'JsonObjectAgg'> | Body<'JsonArrayAgg'>, scope: Scope): Flow {
  aggregated(body.constructor, scope);
  return children({ arg: body.arg }, scope);
}

/** The conditions and orders that come with an aggregate. */
export function aggregated(
  body: { agg_filter?: Node; agg_order?: Node[]; over?: WindowDef } | undefined,
  scope: Scope,
): void {
  if (body?.agg_filter !== undefined) condition(body.agg_filter, scope);
  for (const node of body?.agg_order ?? []) scope.facts.ask(sortValue(node, scope), 'order');
  windowOf(body?.over, scope);
}

export function sortValue(node: Node, scope: Scope): Flow {
  return evaluate(as(node, 'SortBy')?.node ?? node, scope);
}

export function windowOf(window: WindowDef | undefined, scope: Scope): void {
  for (const node of window?.partitionClause ?? []) scope.facts.group(evaluate(node, scope));
  for (const node of window?.orderClause ?? []) scope.facts.ask(sortValue(node, scope), 'order');
  for (const node of [window?.startOffset, window?.endOffset])
    if (node !== undefined) scope.facts.ask(evaluate(node, scope), 'function');
}
