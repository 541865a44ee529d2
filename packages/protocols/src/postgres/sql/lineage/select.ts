import type { Node, SelectStmt, WithClause } from 'libpg-query';
import { UNKNOWN } from '../overloads.js';
import { change } from './change.js';
import { withClause } from './ctes.js';
import { determined, groupedBy, keyIn } from './determined.js';
import { commonType, evaluate, scalar, windowOf } from './expression.js';
import { either, type Field, type Flow, FREE, mix, opaque, type Shape } from './flow.js';
import { fromItems } from './from.js';
import { attribute } from './functions.js';
import { outputName } from './names.js';
import { as, itemsOf, kindOf, namesOf } from './nodes.js';
import { condition } from './predicates.js';
import { below, columnNamed, columnOf, joined, type Scope, starOf } from './scope.js';
import { narrowed } from './statistics.js';
import { rowFields } from './types.js';

/** What a command that may answer with rows answers with. `up`: what it may refer to. */
export function command(node: Node, up: Scope): Shape {
  const select = as(node, 'SelectStmt');
  if (select !== undefined) return selected(select, up);
  const changed = change(node, up);
  return changed ?? { fields: [], open: `what ${kindOf(node) ?? 'nothing'} answers is not understood` };
}

export function selected(stmt: SelectStmt, up: Scope): Shape {
  up.facts.spend();
  const scope = below(up);
  withClause(stmt.withClause as WithClause | undefined, scope);
  if (stmt.op !== undefined && stmt.op !== 'SETOP_NONE') return combined(stmt, scope);
  if (stmt.valuesLists !== undefined) return ordered(stmt, values(stmt.valuesLists, scope), below(scope));
  fromItems(stmt.fromClause ?? [], scope);
  scope.items.splice(0, Number.POSITIVE_INFINITY, ...narrowed(scope.items, stmt.whereClause, scope));
  if (stmt.whereClause !== undefined) condition(stmt.whereClause, scope);
  const shape = targets(stmt.targetList ?? [], scope);
  const nodes = groupedBy(stmt);
  const { told, asked } = determined(nodes, scope);
  for (const flow of asked) scope.facts.group(flow);
  for (const node of nodes) if (!told.has(node)) grouped(node, shape, scope);
  if (stmt.havingClause !== undefined) condition(stmt.havingClause, scope);
  for (const node of stmt.windowClause ?? []) windowOf(as(node, 'WindowDef'), scope);
  distinct(stmt, shape, scope);
  const key = keyIn(stmt, scope);
  return ordered(stmt, key === undefined ? shape : { ...shape, key }, scope);
}

/** UNION, INTERSECT, EXCEPT: by position, under the names of the left side. */
function combined(stmt: SelectStmt, scope: Scope): Shape {
  const left = selected(stmt.larg ?? {}, scope);
  const right = selected(stmt.rarg ?? {}, scope);
  const shape = unionOf(left, right);
  left.fields.forEach((field, i) => {
    const flows = [field.flow, right.fields[i]?.flow ?? FREE];
    scope.facts.meet(flows);
    if (stmt.op !== 'SETOP_UNION') for (const flow of flows) scope.facts.ask(flow, 'join');
    else if (stmt.all !== true) for (const flow of flows) scope.facts.group(flow);
  });
  return ordered(stmt, shape, below(scope));
}

export function unionOf(left: Shape, right: Shape): Shape {
  const fields = left.fields.map((field, i) => ({
    name: field.name,
    flow: either([field.flow, right.fields[i]?.flow ?? FREE]),
  }));
  const open = left.open ?? right.open;
  if (open !== undefined) return { fields: [...fields, ...right.fields], open };
  return left.fields.length === right.fields.length ? { fields } : { fields, open: 'its two sides differ' };
}

function values(lists: readonly Node[], scope: Scope): Shape {
  const columns: Flow[][] = [];
  for (const list of lists)
    itemsOf(list).forEach((item, i) => {
      const flow = evaluate(item, scope);
      const column = columns[i];
      if (column === undefined) columns.push([flow]);
      else column.push(flow);
    });
  const fields = columns.map((flows, i) => ({
    name: `column${i + 1}`,
    flow: flows.length === 1 ? settled(flows[0] as Flow) : { ...mix(flows), type: commonType(flows) },
  }));
  return { fields };
}

/** A target list, stars spread. A column that is only passed on is not yet depended on. */
export function targets(list: readonly Node[], scope: Scope): Shape {
  const shapes: Shape[] = [];
  let star: Shape | undefined;
  for (const node of list) {
    const target = as(node, 'ResTarget');
    if (target?.val === undefined) continue;
    const all = isStar(target.val) ? (star ?? spread(target.val, scope)) : undefined;
    star ??= all;
    shapes.push(all ?? spread(target.val, scope) ?? { fields: [single(target.val, target.name, scope)] });
  }
  const columns = shapes.reduce((sum, { fields }) => sum + fields.length, 0);
  return columns <= COLUMNS_MOST ? joined(shapes) : tooWide(shapes, columns);
}

/** `*`, which stands for the same each time. */
const isStar = (value: Node): boolean =>
  as(value, 'ColumnRef')?.fields?.length === 1 && namesOf(as(value, 'ColumnRef')?.fields).length === 0;

/** More columns than any answer of the server has (MaxTupleAttributeNumber) are not worked out: stars upon stars would double them. */
function tooWide(shapes: readonly Shape[], columns: number): Shape {
  const flow = mix([...new Set(shapes)].flatMap(({ fields }) => fields.map((field) => field.flow)));
  return {
    fields: [{ name: '', flow: { ...flow, size: columns } }],
    open: 'it has more columns than the server gives',
  };
}
const COLUMNS_MOST = 1664;

function single(value: Node, name: string | undefined, scope: Scope): Field {
  const ref = as(value, 'ColumnRef');
  const link = as(value, 'SubLink');
  if (link?.subLinkType === 'EXPR_SUBLINK') {
    const one = scalar(link, scope);
    return { name: name ?? one.name, flow: one.flow };
  }
  const flow = ref === undefined ? evaluate(value, scope) : columnOf(ref, scope, attribute);
  return { name: name ?? outputName(value), flow: settled(flow) };
}

/** A constant that could be of any type is a text where nothing else asks for it: in a column. */
const settled = (flow: Flow): Flow => (flow.type === UNKNOWN ? { ...flow, type: TEXT } : flow);
const TEXT = 25;

/** The columns that a star in a target list becomes: `t.*`, `(t).*`, `(f(x)).*`; undefined where there is none. */
export function spread(value: Node, scope: Scope): Shape | undefined {
  const ref = as(value, 'ColumnRef');
  if (ref !== undefined) return starOf(ref, scope);
  const indirection = as(value, 'A_Indirection');
  const last = indirection?.indirection?.at(-1);
  if (indirection === undefined || last === undefined || kindOf(last) !== 'A_Star') return;
  const steps = indirection.indirection?.slice(0, -1) ?? [];
  const arg = indirection.arg as Node;
  const flow = evaluate(steps.length === 0 ? arg : { A_Indirection: { arg, indirection: steps } }, scope);
  const row = rowFields(flow, scope);
  if (row !== undefined) return { fields: row };
  return { fields: [{ name: '', flow }], open: flow.opaque ?? 'the columns of a row are not known' };
}

function grouped(node: Node, shape: Shape, scope: Scope): void {
  const set = as(node, 'GroupingSet');
  if (set !== undefined) for (const inner of set.content ?? []) grouped(inner, shape, scope);
  else if (as(node, 'RowExpr') !== undefined)
    for (const inner of as(node, 'RowExpr')?.args ?? []) grouped(inner, shape, scope);
  else scope.facts.group(sortedBy(node, shape, scope));
}

function distinct({ distinctClause: clause, targetList = [] }: SelectStmt, shape: Shape, scope: Scope): void {
  if (clause === undefined) return;
  const on = clause.filter((node) => kindOf(node) !== undefined);
  for (const node of on) scope.facts.group(sortedBy(node, shape, scope));
  if (on.length > 0) return;
  const values = targetList.map((node) => as(node, 'ResTarget')?.val ?? node);
  const { told, asked } = determined(values, scope);
  for (const flow of asked) scope.facts.group(flow);
  const rest = targetList.filter((_, place) => !told.has(values[place] as Node));
  for (const field of (told.size === 0 ? shape : targets(rest, scope)).fields) scope.facts.group(field.flow);
}

function ordered(stmt: SelectStmt, shape: Shape, scope: Scope): Shape {
  for (const node of stmt.sortClause ?? []) {
    const by = as(node, 'SortBy')?.node;
    if (by !== undefined) scope.facts.ask(sortedBy(by, shape, scope), 'order');
  }
  for (const limit of [stmt.limitCount, stmt.limitOffset])
    if (limit !== undefined) scope.facts.ask(evaluate(limit, scope), 'function');
  return shape;
}

/** A number is an output's place, a bare name an output's or a column's (either may win: both are meant); else an expression. */
function sortedBy(node: Node, shape: Shape, scope: Scope): Flow {
  const place = as(node, 'A_Const')?.ival?.ival;
  if (place !== undefined) return shape.fields[place - 1]?.flow ?? everything(shape);
  const names = namesOf(as(node, 'ColumnRef')?.fields);
  const named = names.length === 1 ? shape.fields.filter((field) => field.name === names[0]) : [];
  if (named.length === 0) return evaluate(node, scope);
  const flows = named.map((field) => field.flow);
  return either([...flows, ...(columnNamed(names[0] as string, scope) ?? [])]);
}

function everything(shape: Shape): Flow {
  const flows = shape.fields.map((field) => field.flow);
  return mix(shape.open === undefined ? flows : [...flows, opaque(shape.open)]);
}
