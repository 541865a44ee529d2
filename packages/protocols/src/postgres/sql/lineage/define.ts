import type {
  AlterDomainStmt,
  AlterTableStmt,
  ColumnDef,
  CreateStmt,
  Node,
  PartitionBoundSpec,
  RangeVar,
  RuleStmt,
} from 'libpg-query';
import { clustered, constrained, isFolded, isRoomy, rowsOf, tableOf, whole } from './constraints.js';
import { evaluate } from './expression.js';
import { columnFlow, either, type Flow, FREE, mix, rowOf, type Shape } from './flow.js';
import { relationItem } from './from.js';
import { canonical, columnsOf } from './known.js';
import { as, itemsOf, namesOf, stringOf } from './nodes.js';
import { condition } from './predicates.js';
import { candidates } from './relations.js';
import { below, type Item, type Scope } from './scope.js';
import { command } from './select.js';
import { rowOfType, typesNamed } from './types.js';

export type Named = Pick<RangeVar, 'schemaname' | 'relname'>;

/** A relation that is made of a query's rows, or shows them: they may be read under its name. */
export function defined(name: Named | undefined, shape: Shape, scope: Scope): Shape {
  const relname = name?.relname ?? '';
  scope.facts.relation(name?.schemaname === undefined ? relname : `${name.schemaname}.${relname}`, 'define');
  for (const field of shape.fields) scope.facts.store(field.flow, NONE);
  return { fields: [] };
}

/** What gives values another name, as a table that becomes part of another does, or is held against the rows that are there. */
export function altered(body: AlterTableStmt, scope: Scope): void {
  const { item, inner } = tableOf(body.relation, scope);
  for (const node of body.cmds ?? []) {
    const change = as(node, 'AlterTableCmd') ?? {};
    const constraint = as(change.def, 'Constraint');
    if (constraint !== undefined) constrained(constraint, undefined, item, inner);
    const column = as(change.def, 'ColumnDef');
    if (column !== undefined && change.subtype === 'AT_AlterColumnType') retyped(change.name, column, item, inner);
    else if (column !== undefined) columnAltered(change.name ?? column.colname, column, item, inner);
    const { name: partition, bound } = as(change.def, 'PartitionCmd') ?? {};
    bounded(bound, scope);
    if (change.subtype === 'AT_AttachPartition')
      scope.facts.store(whole(relationItem(partition ?? {}, scope, 'read')), NONE);
    if (change.subtype === 'AT_DetachPartition') parted(partition, scope);
    if (change.subtype === 'AT_DropInherit') parted(body.relation, scope);
    if (change.subtype === 'AT_AddInherit') scope.facts.store(whole(item), NONE);
    if (change.subtype === 'AT_ClusterOn') clustered(body.relation, scope);
    if (PUTS.has(change.subtype ?? '') && change.def !== undefined)
      putInto(change.name, evaluate(change.def, inner), item, scope);
  }
}

const NONE: ReadonlySet<string> = new Set();
const PUTS: ReadonlySet<string> = new Set(['AT_SetExpression', 'AT_ColumnDefault']);

/** What is no longer part of a family is not known by the family's names any more. */
function parted(table: RangeVar | undefined, scope: Scope): void {
  const own = candidates(table ?? {}, scope.at).relations.flatMap((relation) =>
    relation.columns.map((column) => `${canonical(relation)}.${column.name}`),
  );
  scope.facts.store(whole(tableOf({ ...table, inh: true }, scope).item), new Set(own));
}

/** The catalogue keeps what the bounds of a partition are worked out to, and shows it. */
function bounded(bound: PartitionBoundSpec | undefined, scope: Scope): void {
  const { listdatums = [], lowerdatums = [], upperdatums = [] } = bound ?? {};
  // MINVALUE and MAXVALUE stand there as columns would.
  for (const node of [...listdatums, ...lowerdatums, ...upperdatums])
    if (as(node, 'ColumnRef') === undefined) scope.facts.store(evaluate(node, scope), NONE);
}

function columnAltered(name: string | undefined, column: ColumnDef, item: Item | undefined, scope: Scope): void {
  const constraints = (column.constraints ?? []).flatMap((node) => as(node, 'Constraint') ?? []);
  const generated = constraints.flatMap(({ contype, raw_expr }) =>
    contype === 'CONSTR_CHECK' ? [] : (raw_expr ?? []),
  );
  for (const expression of [column.raw_default, ...generated])
    if (expression !== undefined) putInto(name, evaluate(expression, scope), item, scope);
  for (const constraint of constraints) constrained(constraint, name, item, scope);
}

/** A value that the new type does not take makes it fail. What a row held is known by the column's own name alone from then on. */
function retyped(name: string | undefined, { typeName, raw_default }: ColumnDef, item: Item, scope: Scope): void {
  const own = item.shape.fields.find((field) => field.name === name)?.flow;
  const flow = raw_default === undefined ? own : evaluate(raw_default, scope);
  const fits = isRoomy(typeName) && (raw_default === undefined || isFolded(raw_default, scope));
  if (flow !== undefined && !fits) scope.facts.ask(flow, 'function');
  const row = own?.type === undefined ? undefined : rowOfType(own.type, scope.at);
  if (flow === undefined || (raw_default === undefined && row === undefined)) return;
  const within = row === undefined ? NONE : rowOf(row).columns;
  scope.facts.store(flow, new Set([...(own?.columns ?? [])].filter((column) => !within.has(column))));
}

/**
 * A table that is made has no rows yet; its defaults and what it refers to have values of their own, and rows of its parents may
 * be put into it.
 */
export function created(body: CreateStmt, up: Scope): void {
  const scope = below(up);
  bounded(body.partbound, scope);
  for (const node of body.inhRelations ?? []) scope.items.push(relationItem(as(node, 'RangeVar') ?? {}, scope, 'read'));
  for (const node of body.tableElts ?? []) {
    const column = as(node, 'ColumnDef');
    if (column !== undefined) columnAltered(column.colname, column, undefined, scope);
    const constraint = as(node, 'Constraint');
    if (constraint !== undefined) constrained(constraint, undefined, undefined, scope);
  }
}

/** A domain's default goes into columns; its checks are held against those that are of it. */
export function domainMade(constraints: readonly Node[], scope: Scope): void {
  for (const node of constraints) {
    const constraint = as(node, 'Constraint');
    if (constraint?.contype === 'CONSTR_DEFAULT' && constraint.raw_expr !== undefined)
      scope.facts.store(evaluate(constraint.raw_expr, scope), NONE);
    else if (constraint !== undefined) constrained(constraint, undefined, undefined, scope);
  }
}

export function domainAltered({ typeName, def, subtype }: AlterDomainStmt, scope: Scope): void {
  if (def === undefined) return;
  if (subtype === 'T') return domainMade([{ Constraint: { contype: 'CONSTR_DEFAULT', raw_expr: def } }], scope);
  const held = typesNamed(namesOf(typeName), scope).map((type) => heldAs(type.oid, scope));
  const value = { fields: [{ name: 'value', flow: either(held) }] };
  domainMade([def], below(scope, [{ name: undefined, schemas: [], shape: value, system: false, bare: true }]));
}

/** What columns of the type hold, and rows of it. */
function heldAs(type: number, { at }: Scope): Flow {
  const row = rowOfType(type, at);
  if (row !== undefined) return rowOf(row);
  const types = [...at.catalogue.typeByOid.values()].filter((one) => one.base === type || one.oid === type);
  const oids = new Set(types.map((one) => one.oid));
  const columns = [...at.catalogue.byOid.values()].flatMap((relation) =>
    relation.columns.filter((column) => oids.has(column.type)).map((column) => `${canonical(relation)}.${column.name}`),
  );
  return columns.length === 0 ? FREE : columnFlow(columns, type);
}

function putInto(name: string | undefined, flow: Flow, item: Item | undefined, scope: Scope): void {
  const own = item?.shape.fields.find((field) => field.name === name)?.flow.columns;
  scope.facts.store(flow, own ?? NONE);
}

/** A relation, a column, a row type or a schema gets another name. */
export function moved(
  { relation: table, object }: { relation?: RangeVar; object?: Node },
  what: string | undefined,
  column: string | undefined,
  scope: Scope,
): void {
  if (what === 'OBJECT_SCHEMA') {
    const { catalogue } = scope.at;
    for (const relation of catalogue.relations.get(column ?? '')?.values() ?? []) {
      scope.facts.relation(canonical(relation), 'define');
      scope.facts.store(mix(columnsOf(relation, scope.at).fields.map((field) => field.flow)), NONE);
    }
    return;
  }
  if (what === 'OBJECT_TYPE')
    for (const { oid } of typesNamed(namesOf(itemsOf(object)), scope))
      scope.facts.store(rowOf(rowOfType(oid, scope.at) ?? { fields: [] }), NONE);
  if (table === undefined) return;
  const { item } = tableOf(table, scope);
  const found =
    what === 'OBJECT_COLUMN' || what === 'OBJECT_ATTRIBUTE'
      ? item.shape.fields.filter((field) => field.name === column)
      : item.shape.fields;
  if (MOVED.has(what ?? '')) scope.facts.store(mix(found.map((field) => field.flow)), NONE);
}

const MOVED: ReadonlySet<string> = new Set([
  'OBJECT_COLUMN',
  'OBJECT_ATTRIBUTE',
  'OBJECT_TABLE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_FOREIGN_TABLE',
  // ALTER INDEX … RENAME takes any relation.
  'OBJECT_INDEX',
]);

/** What a rule does runs with later commands; its rows are the table's under the names `old` and `new`. */
export function ruled(body: RuleStmt, scope: Scope): void {
  const { item, inner } = tableOf(body.relation, scope);
  inner.items.push(...rowsOf(item));
  if (body.whereClause !== undefined) condition(body.whereClause, inner);
  for (const action of body.actions ?? [])
    if (stringOf(action) === undefined && Object.keys(action).length > 0) ruledAction(action, inner);
}

function ruledAction(action: Node, scope: Scope): void {
  // It is run for each row that is written.
  scope.facts.repeats = true;
  for (const field of command(action, scope).fields) scope.facts.store(field.flow, NONE);
}
