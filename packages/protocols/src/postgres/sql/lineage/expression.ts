import type { A_Indirection, CaseExpr, Node, RowExpr, SubLink, TypeCast, WindowDef } from 'libpg-query';
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
  rowOf,
  type Shape,
} from './flow.js';
import { ARRAY, attribute, besides, call, elementOf } from './functions.js';
import { as, type Body, childrenOf, itemsOf, type Kind, kindOf, namesOf, stringOf } from './nodes.js';
import { operatorFlows, operatorName } from './operators.js';
import { condition } from './predicates.js';
import { columnOf, type Scope, starOf } from './scope.js';
import { command, spread } from './select.js';
import { castFlow, rowFields } from './types.js';

const DIVIDES: ReadonlySet<string> = new Set(['/', '%']);

type Readers = { readonly [K in Kind]?: (body: Body<K>, scope: Scope) => Flow };

/** What the value of an expression may carry. What it depends on is noted; so are conditions of queries in it. */
export function evaluate(node: Node, scope: Scope): Flow {
  const kind = kindOf(node);
  if (kind === undefined) return FREE;
  scope.facts.spend();
  const read = READERS[kind] as ((body: unknown, scope: Scope) => Flow) | undefined;
  return scope.facts.touch(read === undefined ? unknown(kind, node, scope) : read(as(node, kind), scope));
}

function all(nodes: readonly (Node | undefined)[] | undefined, scope: Scope): Flow[] {
  return (nodes ?? []).flatMap((node) => (node === undefined ? [] : [evaluate(node, scope)]));
}

/** A value made of several, which are told of one another. */
function made(flows: readonly Flow[], scope: Scope): Flow {
  scope.facts.meet(flows);
  return changed(mix(flows));
}

const isArrayFlow = (flow: Flow): boolean => flow.type === ARRAY;

const children = (body: unknown, scope: Scope): Flow => made(all(childrenOf(body), scope), scope);
const free = (): Flow => FREE;

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
  A_Const: (constant) => (constant.isnull === true ? FREE : constantAt(constant.location ?? 0)),
  ParamRef: (parameter) => parameterOf(parameter.number ?? 0),
  A_Expr: (body, scope) => {
    const sides = all([body.lexpr, ...itemsOf(body.rexpr)], scope);
    const flows = [...sides, ...operatorFlows(body.name, scope)];
    // By zero it fails, which shows.
    if (DIVIDES.has(operatorName(body.name))) scope.facts.ask(sides.at(-1) ?? FREE, 'function');
    const value = made(flows, scope);
    // Arrays put together are an array.
    return operatorName(body.name) === '||' && flows.some((flow) => isArrayFlow(flow))
      ? { ...value, type: ARRAY }
      : value;
  },
  BoolExpr: (body, scope) => {
    const before = scope.facts.volatile;
    return guarded(all(body.args, scope), before, scope);
  },
  NullTest: (body, scope) => changed(mix(all([body.arg], scope))),
  BooleanTest: (body, scope) => changed(mix(all([body.arg], scope))),
  TypeCast: cast,
  CollateClause: (body, scope) => {
    const flow = evaluate(body.arg as Node, scope);
    return STRICT.test(namesOf(body.collname).at(-1) ?? '') ? flow : changed(flow);
  },
  FuncCall: call,
  SubLink: sublink,
  CaseExpr: caseOf,
  CoalesceExpr: (body, scope) => {
    const before = scope.facts.volatile;
    const flows = all(body.args, scope);
    guarded(flows, before, scope);
    scope.facts.meet(flows);
    return { ...either(flows), exact: false };
  },
  MinMaxExpr: children,
  A_ArrayExpr: (body, scope) => {
    const flows = all(body.elements, scope);
    scope.facts.meet(flows);
    return { ...either(flows), exact: false, type: ARRAY };
  },
  RowExpr: rowExpr,
  A_Indirection: indirection,
  NamedArgExpr: (body, scope) => evaluate(body.arg as Node, scope),
  ResTarget: (body, scope) => (body.val === undefined ? FREE : evaluate(body.val, scope)),
  List: children,
  XmlExpr: children,
  XmlSerialize: children,
  JsonObjectConstructor: (body, scope) => named('json_object', body, scope),
  JsonArrayConstructor: (body, scope) => named('json_array', body, scope),
  JsonArrayQueryConstructor: (body, scope) => everything(command(body.query as Node, scope), scope),
  JsonKeyValue: children,
  JsonValueExpr: children,
  JsonFuncExpr: (body, scope) => named((body.op ?? '').replace(/_OP$/, '').toLowerCase(), body, scope),
  JsonArgument: children,
  JsonBehavior: children,
  JsonOutput: free,
  JsonIsPredicate: children,
  JsonParseExpr: (body, scope) => named('json', body, scope),
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
  SQLValueFunction: free,
  SetToDefault: free,
  CurrentOfExpr: free,
  MergeSupportFunc: free,
  TypeName: free,
  String: free,
};

/** Collations of the server, by which only equal texts are equal. */
const STRICT = /^(?:C|POSIX|default|ucs_basic|unicode|pg_c_utf8|pg_unicode_fast|.*-x-icu|[a-z]{2,3}_[A-Z]{2}.*)$/;

/** Whether a volatile function is called may show what was tested before it. */
function guarded(flows: readonly Flow[], before: number, scope: Scope): Flow {
  const value = changed(mix(flows));
  if (scope.facts.volatile > before) scope.facts.ask(value, 'function');
  return value;
}

function cast(body: TypeCast, scope: Scope): Flow {
  return castFlow(evaluate(body.arg as Node, scope), body.typeName, scope);
}

function caseOf(body: CaseExpr, scope: Scope): Flow {
  const whens = (body.args ?? []).flatMap((node) => as(node, 'CaseWhen') ?? []);
  const results = [...whens.map((when) => when.result), body.defresult];
  // A branch that may fail, or take its time, shows outside of the row which one was taken.
  const shows = results.some((result) => result !== undefined && !isPlain(result));
  const tested =
    shows && body.arg === undefined
      ? whens.map((when) => condition(when.expr as Node, scope))
      : all([body.arg, ...whens.map((when) => when.expr)], scope);
  if (shows && body.arg !== undefined) for (const flow of tested) scope.facts.ask(flow, 'function');
  scope.facts.meet(tested);
  const values = all(results, scope);
  const types = new Set(values.map((flow) => flow.type));
  return { ...changed(mix([...tested, ...values])), type: types.size === 1 ? values[0]?.type : undefined };
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
        exact: false,
        row: flow.row,
        type: slice ? flow.type : elementOf(flow.type ?? 0, scope),
      };
    }
  }
  return flow;
}

/** A row's column; else a function of the row, or a column of one whose columns are not known. */
function fieldOf(flow: Flow, name: string, scope: Scope): Flow {
  const found = flow.row?.find((field) => field.name === name);
  if (found !== undefined) return found.flow;
  const isColumn = rowFields(flow, scope)?.some((field) => field.name === name) === true;
  return isColumn ? changed(flow) : attribute(name, flow, scope);
}

function sublink(body: SubLink, scope: Scope): Flow {
  if (body.subLinkType === 'EXPR_SUBLINK') return scalar(body, scope).flow;
  const shape = command(body.subselect as Node, scope);
  // Whether there are rows is told by the conditions, which are asked about by themselves.
  if (body.subLinkType === 'EXISTS_SUBLINK') return shape.open === undefined ? FREE : opaque(shape.open);
  if (body.subLinkType === 'ARRAY_SUBLINK') return { ...only(shape, scope), exact: false, type: ARRAY };
  const found = shape.fields.map((field) => field.flow);
  return made([...all([body.testexpr], scope), ...found, only(shape, scope)], scope);
}

/** The one column of a query that stands for a value. */
export function scalar(body: SubLink, scope: Scope): Field {
  const shape = command(body.subselect as Node, scope);
  return { name: shape.fields[0]?.name ?? '', flow: only(shape, scope) };
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
