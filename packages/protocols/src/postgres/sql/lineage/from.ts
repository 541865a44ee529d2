import type {
  Alias,
  JoinExpr,
  JsonTable,
  JsonTableColumn,
  Node,
  RangeFunction,
  RangeSubselect,
  RangeTableFunc,
  RangeVar,
} from 'libpg-query';
import { spend } from '../steps.js';
import { evaluate } from './expression.js';
import { changed, type Field, type Flow, FREE, mix, opaque, renamed, type Shape } from './flow.js';
import { type Defined, rowsOf } from './functions.js';
import { as, childrenOf, itemsOf, kindOf, namesOf } from './nodes.js';
import { compares } from './operators.js';
import { condition } from './predicates.js';
import { candidates, shapeOf } from './relations.js';
import { beside, cteOf, type Item, joined, type Scope } from './scope.js';
import { command } from './select.js';
import { typeWritten } from './types.js';

/** Oids of int4 and int8. */
const INT = 23;
const BIGINT = 20;

/** Adds what FROM names to the scope, left to right: what is LATERAL sees what stands before it. */
export function fromItems(nodes: readonly Node[], scope: Scope): void {
  for (const node of nodes) scope.items.push(...fromItem(node, scope));
}

export function fromItem(node: Node, scope: Scope): readonly Item[] {
  const table = as(node, 'RangeVar');
  if (table !== undefined) return [relationItem(table, scope, 'read')];
  const sub = as(node, 'RangeSubselect');
  if (sub !== undefined) return [subselect(sub, scope)];
  const join = as(node, 'JoinExpr');
  if (join !== undefined) return joinItems(join, scope);
  const rows = as(node, 'RangeFunction');
  if (rows !== undefined) return [functionItem(rows, scope)];
  const xml = as(node, 'RangeTableFunc');
  if (xml !== undefined) return [xmlTable(xml, scope)];
  const json = as(node, 'JsonTable');
  if (json !== undefined) return [jsonTable(json, scope)];
  const sample = as(node, 'RangeTableSample');
  if (sample === undefined)
    return [aliased(undefined, undefined, { fields: [], open: `${kindOf(node)} in FROM is not understood` })];
  for (const arg of [...(sample.args ?? []), ...(sample.repeatable === undefined ? [] : [sample.repeatable])])
    scope.facts.ask(evaluate(arg, scope), 'function');
  return fromItem(sample.relation as Node, scope);
}

/** What an alias, or the name that stands without one, is given to. */
function aliased(alias: Alias | undefined, name: string | undefined, shape: Shape): Item {
  return {
    name: alias?.aliasname ?? name,
    schemas: [],
    shape: renamed(shape, namesOf(alias?.colnames)),
    system: false,
    bare: true,
  };
}

export function relationItem(table: RangeVar, scope: Scope, does: 'read' | 'write'): Item {
  const cte = table.schemaname === undefined && does === 'read' ? cteOf(scope, table.relname ?? '') : undefined;
  if (cte !== undefined) return keyed(aliased(table.alias, table.relname, cte));
  const found = candidates(table, scope.at);
  const item = aliased(table.alias, table.relname, shapeOf(table, found, scope, does));
  const { relations, fresh, unknown } = found;
  const [only, ...others] = relations;
  const isOne = others.length === 0 && fresh.length === 0 && !unknown && table.alias?.colnames === undefined;
  const key = isOne ? only?.key : undefined;
  if (table.alias !== undefined) return { ...item, key, system: true };
  return { ...item, key, system: true, schemas: relations.map((relation) => relation.schema) };
}

/** A query has the key of its rows, unless its columns got other names. */
const keyed = (item: Item): Item => ({ ...item, key: item.shape.key });

function subselect(sub: RangeSubselect, scope: Scope): Item {
  const inner = sub.lateral === true ? scope : beside(scope, []);
  return keyed(aliased(sub.alias, undefined, command(sub.subquery as Node, inner)));
}

function joinItems(join: JoinExpr, scope: Scope): readonly Item[] {
  const left = fromItem(join.larg as Node, scope);
  spend(4 + (scope.items.length + left.length) / 8);
  const right = fromItem(join.rarg as Node, beside(scope, [...scope.items, ...left]));
  const shapes = [bareShape(left), bareShape(right)] as const;
  const using = join.isNatural === true ? common(...shapes) : namesOf(join.usingClause);
  const pairs = using.map((name): Field => ({ name, flow: pairOf(name, shapes, join, scope) }));
  if (join.quals !== undefined) condition(join.quals, beside(scope, [...left, ...right]));
  const names = new Set(using);
  const rest = shapes.map(({ fields, open }) => ({ fields: fields.filter(({ name }) => !names.has(name)), open }));
  const open =
    join.isNatural === true && rest.some((shape) => shape.open !== undefined)
      ? 'what a NATURAL JOIN joins by is not known'
      : undefined;
  const shape = joined([{ fields: pairs, open }, ...rest]);
  if (join.alias !== undefined) return [aliased(join.alias, undefined, shape)];
  if (using.length === 0 && open === undefined) return [...left, ...right];
  const hidden = [...left, ...right].map((item) => ({ ...item, bare: false }));
  const named = join.join_using_alias;
  if (named !== undefined) hidden.push({ ...aliased(named, undefined, { fields: pairs }), bare: false });
  return [...hidden, aliased(undefined, undefined, shape)];
}

const bareShape = (items: readonly Item[]): Shape =>
  joined(items.filter((item) => item.bare).map((item) => item.shape));

function common(left: Shape, right: Shape): string[] {
  const names = new Set(right.fields.map((field) => field.name));
  return left.fields.map((field) => field.name).filter((name) => names.has(name));
}

/** The one column that USING makes of two. */
function pairOf(name: string, shapes: readonly [Shape, Shape], join: JoinExpr, scope: Scope): Flow {
  const flows = shapes.map(
    (shape) =>
      shape.fields.find((field) => field.name === name)?.flow ??
      opaque(shape.open ?? `the column ${name} is not known`),
  );
  for (const flow of flows) scope.facts.ask(flow, flow.exact ? 'join' : 'function');
  scope.facts.meet(flows);
  const mixed = mix(flows);
  const equals = compares(join, ['='], flows.slice(0, 1), flows.slice(1), scope);
  if (equals.length > 0 || !flows.every((flow) => flow.exact)) return mix([mixed, ...equals]);
  return { ...mixed, exact: true, type: flows[0]?.type === flows[1]?.type ? flows[0]?.type : undefined };
}

/** https://www.postgresql.org/docs/current/queries-table-expressions.html#QUERIES-TABLEFUNCTIONS */
function functionItem(rows: RangeFunction, scope: Scope): Item {
  const alone = rows.functions?.length === 1;
  const shapes = (rows.functions ?? []).map((node) => {
    const [call, listed] = itemsOf(node);
    const defined = [
      ...itemsOf(rows.coldeflist === undefined ? undefined : { List: { items: rows.coldeflist } }),
      ...itemsOf(listed),
    ];
    return rowsOf(call as Node, definitions(defined, scope), alone ? rows.alias?.aliasname : undefined, scope);
  });
  const shape = joined(
    rows.ordinality === true
      ? [...shapes, { fields: [{ name: 'ordinality', flow: { ...FREE, type: BIGINT } }] }]
      : shapes,
  );
  const [first] = itemsOf(rows.functions?.[0]);
  const name = namesOf(as(first, 'FuncCall')?.funcname).at(-1);
  return aliased(rows.alias, name, shape);
}

const definitions = (nodes: readonly Node[], scope: Scope): Defined[] =>
  nodes.flatMap((node) => {
    const { colname, typeName } = as(node, 'ColumnDef') ?? {};
    return colname === undefined ? [] : [{ name: colname, type: typeWritten(typeName, scope) }];
  });

function xmlTable(table: RangeTableFunc, scope: Scope): Item {
  const columns = (table.columns ?? []).flatMap((node) => as(node, 'RangeTableFuncCol') ?? []);
  const inner = columns.flatMap((column) => [column.colexpr, column.coldefexpr]);
  const nodes = [table.docexpr, table.rowexpr, ...(table.namespaces ?? []), ...inner].filter(
    (node) => node !== undefined,
  );
  // How many rows it makes is told by what is in them.
  const flow = changed(mix(nodes.map((node) => evaluate(node, scope))));
  scope.facts.ask(flow, 'rows');
  return aliased(table.alias, undefined, {
    fields: columns.map((column) => ({
      name: column.colname ?? '',
      flow:
        column.for_ordinality === true
          ? { ...FREE, type: INT }
          : { ...flow, type: typeWritten(column.typeName, scope) },
    })),
  });
}

function jsonTable(table: JsonTable, scope: Scope): Item {
  const { columns, ...rest } = table;
  const nested = (node: Node): readonly JsonTableColumn[] => {
    const column = as(node, 'JsonTableColumn');
    if (column === undefined) return [];
    return column.coltype === 'JTC_NESTED' ? (column.columns ?? []).flatMap(nested) : [column];
  };
  const flow = changed(mix(childrenOf({ rest, columns }).map((node) => evaluate(node, scope))));
  scope.facts.ask(flow, 'rows');
  return aliased(table.alias, undefined, {
    fields: (columns ?? []).flatMap(nested).map((column) => ({
      name: column.name ?? '',
      flow: { ...flow, type: column.coltype === 'JTC_REGULAR' ? typeWritten(column.typeName, scope) : undefined },
    })),
  });
}
