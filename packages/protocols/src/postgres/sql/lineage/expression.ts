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
import { call } from './functions.js';
import { as, type Body, childrenOf, itemsOf, type Kind, kindOf, stringOf } from './nodes.js';
import { operatorClause } from './operators.js';
import { condition } from './predicates.js';
import { columnOf, type Scope, starOf } from './scope.js';
import { command, spread } from './select.js';
import { castFlow } from './types.js';

type Readers = { readonly [K in Kind]?: (body: Body<K>, scope: Scope) => Flow };

/** What the value of an expression may carry. What it depends on is noted; so are conditions of queries in it. */
export function evaluate(node: Node, scope: Scope): Flow {
  const kind = kindOf(node);
  if (kind === undefined) return FREE;
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

const children = (body: unknown, scope: Scope): Flow => made(all(childrenOf(body), scope), scope);
const free = (): Flow => FREE;

function unknown(kind: Kind, node: Node, scope: Scope): Flow {
  return mix([children(as(node, kind), scope), opaque(`it holds a ${kind}, which is not understood`)]);
}

const READERS: Readers = {
  ColumnRef: (ref, scope) => {
    const star = starOf(ref, scope);
    return star === undefined ? columnOf(ref, scope) : rowOf(star);
  },
  A_Const: (constant) => (constant.isnull === true ? FREE : constantAt(constant.location ?? 0)),
  ParamRef: (parameter) => parameterOf(parameter.number ?? 0),
  A_Expr: (body, scope) => {
    const flows = all([body.lexpr, ...itemsOf(body.rexpr)], scope);
    const clause = operatorClause(body.name, scope);
    return made(clause === undefined ? flows : [...flows, opaque(clause)], scope);
  },
  BoolExpr: (body, scope) => changed(mix(all(body.args, scope))),
  NullTest: (body, scope) => changed(mix(all([body.arg], scope))),
  BooleanTest: (body, scope) => changed(mix(all([body.arg], scope))),
  TypeCast: cast,
  CollateClause: (body, scope) => evaluate(body.arg as Node, scope),
  FuncCall: call,
  SubLink: sublink,
  CaseExpr: caseOf,
  CoalesceExpr: (body, scope) => {
    const flows = all(body.args, scope);
    scope.facts.meet(flows);
    return { ...either(flows), exact: false };
  },
  MinMaxExpr: children,
  A_ArrayExpr: (body, scope) => {
    const flows = all(body.elements, scope);
    scope.facts.meet(flows);
    return { ...either(flows), exact: false };
  },
  RowExpr: rowExpr,
  A_Indirection: indirection,
  NamedArgExpr: (body, scope) => evaluate(body.arg as Node, scope),
  ResTarget: (body, scope) => (body.val === undefined ? FREE : evaluate(body.val, scope)),
  List: children,
  XmlExpr: children,
  XmlSerialize: children,
  JsonObjectConstructor: children,
  JsonArrayConstructor: children,
  JsonArrayQueryConstructor: (body, scope) => everything(command(body.query as Node, scope), scope),
  JsonKeyValue: children,
  JsonValueExpr: children,
  JsonFuncExpr: children,
  JsonArgument: children,
  JsonBehavior: children,
  JsonOutput: free,
  JsonIsPredicate: children,
  JsonParseExpr: children,
  JsonScalarExpr: children,
  JsonSerializeExpr: children,
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

function cast(body: TypeCast, scope: Scope): Flow {
  return castFlow(evaluate(body.arg as Node, scope), body.typeName, scope);
}

function caseOf(body: CaseExpr, scope: Scope): Flow {
  const whens = (body.args ?? []).flatMap((node) => as(node, 'CaseWhen') ?? []);
  const tested = all([body.arg, ...whens.map((when) => when.expr)], scope);
  scope.facts.meet(tested);
  const results = all([...whens.map((when) => when.result), body.defresult], scope);
  return changed(mix([...tested, ...results]));
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
    if (name !== undefined) flow = flow.row?.find((field) => field.name === name)?.flow ?? changed(flow);
    else if (indices !== undefined) {
      const inner = all([indices.lidx, indices.uidx], scope);
      flow = { ...mix([flow, ...inner]), exact: false, row: flow.row };
    }
  }
  return flow;
}

function sublink(body: SubLink, scope: Scope): Flow {
  const shape = command(body.subselect as Node, scope);
  // Whether there are rows is told by the conditions, which are asked about by themselves.
  if (body.subLinkType === 'EXISTS_SUBLINK') return shape.open === undefined ? FREE : opaque(shape.open);
  const [first] = shape.fields;
  const one = shape.open === undefined && first !== undefined ? first.flow : everything(shape, scope);
  if (body.subLinkType === 'EXPR_SUBLINK') return one;
  if (body.subLinkType === 'ARRAY_SUBLINK') return { ...one, exact: false, type: undefined };
  return made([...all([body.testexpr], scope), ...shape.fields.map((field) => field.flow), one], scope);
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
  for (const node of window?.partitionClause ?? []) scope.facts.ask(evaluate(node, scope), 'group');
  for (const node of window?.orderClause ?? []) scope.facts.ask(sortValue(node, scope), 'order');
  for (const node of [window?.startOffset, window?.endOffset])
    if (node !== undefined) scope.facts.ask(evaluate(node, scope), 'function');
}
