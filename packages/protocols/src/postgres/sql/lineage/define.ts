import type { AlterTableStmt, ColumnDef, Node, RangeVar, RuleStmt } from 'libpg-query';
import { evaluate } from './expression.js';
import { type Flow, mix, type Shape } from './flow.js';
import { relationItem } from './from.js';
import { canonical, columnsOf } from './known.js';
import { as, stringOf } from './nodes.js';
import { condition } from './predicates.js';
import { below, type Item, type Scope } from './scope.js';
import { command } from './select.js';

export type Named = Pick<RangeVar, 'schemaname' | 'relname'>;

/** A relation that is made of a query's rows, or shows them: they may be read under its name. */
export function defined(name: Named | undefined, shape: Shape, scope: Scope): Shape {
  const relname = name?.relname ?? '';
  scope.facts.relation(name?.schemaname === undefined ? relname : `${name.schemaname}.${relname}`, 'define');
  for (const field of shape.fields) scope.facts.store(field.flow, new Set());
  return { fields: [] };
}

function tableOf(table: RangeVar | undefined, scope: Scope): { item: Item; inner: Scope } {
  const inner = below(scope);
  const item = relationItem(table ?? {}, inner, 'write');
  inner.items.push(item);
  return { item, inner };
}

const whole = (item: Item): Flow => mix(item.shape.fields.map((field) => field.flow));

/** What gives values another name: a generated column, a type made USING another column, a table that becomes part of another. */
export function altered(body: AlterTableStmt, scope: Scope): void {
  const { item, inner } = tableOf(body.relation, scope);
  for (const node of body.cmds ?? []) {
    const change = as(node, 'AlterTableCmd');
    const column = as(change?.def, 'ColumnDef');
    if (column !== undefined) columnAltered(change?.name, column, item, inner);
    const partition = as(change?.def, 'PartitionCmd')?.name;
    if (change?.subtype === 'AT_AttachPartition')
      scope.facts.store(whole(relationItem(partition ?? {}, scope, 'read')), new Set());
    if (change?.subtype === 'AT_AddInherit') scope.facts.store(whole(item), new Set());
    if (change?.subtype === 'AT_SetExpression' && change.def !== undefined)
      putInto(change.name, evaluate(change.def, inner), item, scope);
  }
}

function columnAltered(name: string | undefined, column: ColumnDef, item: Item, scope: Scope): void {
  const generated = (column.constraints ?? []).flatMap((node) => as(node, 'Constraint')?.raw_expr ?? []);
  for (const expression of [column.raw_default, ...generated])
    if (expression !== undefined) putInto(name, evaluate(expression, scope), item, scope);
}

function putInto(name: string | undefined, flow: Flow, item: Item, scope: Scope): void {
  const own = item.shape.fields.find((field) => field.name === name)?.flow.columns;
  scope.facts.store(flow, own ?? new Set());
}

/** A relation, a column or a schema gets another name. */
export function moved(
  table: RangeVar | undefined,
  what: string | undefined,
  column: string | undefined,
  scope: Scope,
): void {
  if (what === 'OBJECT_SCHEMA') {
    const { catalogue } = scope.at;
    for (const relation of catalogue.relations.get(column ?? '')?.values() ?? []) {
      scope.facts.relation(canonical(relation), 'define');
      scope.facts.store(mix(columnsOf(relation, scope.at).fields.map((field) => field.flow)), new Set());
    }
    return;
  }
  if (table === undefined) return;
  const { item } = tableOf(table, scope);
  const found =
    what === 'OBJECT_COLUMN' ? item.shape.fields.filter((field) => field.name === column) : item.shape.fields;
  if (MOVED.has(what ?? '')) scope.facts.store(mix(found.map((field) => field.flow)), new Set());
}

const MOVED: ReadonlySet<string> = new Set([
  'OBJECT_COLUMN',
  'OBJECT_TABLE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_FOREIGN_TABLE',
]);

/** What a rule does runs with later commands; its rows are the table's under the names `old` and `new`. */
export function ruled(body: RuleStmt, scope: Scope): void {
  const { item, inner } = tableOf(body.relation, scope);
  inner.items.push(
    { ...item, name: 'old', schemas: [], bare: false },
    { ...item, name: 'new', schemas: [], bare: false },
  );
  if (body.whereClause !== undefined) condition(body.whereClause, inner);
  for (const action of body.actions ?? [])
    if (stringOf(action) === undefined && Object.keys(action).length > 0) ruledAction(action, inner);
}

function ruledAction(action: Node, scope: Scope): void {
  for (const field of command(action, scope).fields) scope.facts.store(field.flow, new Set());
}
