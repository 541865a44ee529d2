import type {
  Constraint,
  CreateFunctionStmt,
  CreateStatsStmt,
  CreateTrigStmt,
  IndexElem,
  IndexStmt,
  Node,
  RangeVar,
  TypeName,
} from 'libpg-query';
import { besidesRows, madeBody } from './bodies.js';
import { evaluate } from './expression.js';
import type { Asks, Facts } from './facts.js';
import { type Flow, FREE, mix } from './flow.js';
import { relationItem } from './from.js';
import { routines } from './functions.js';
import { columnsOf } from './known.js';
import { as, itemsOf, namesOf } from './nodes.js';
import { operatorName } from './operators.js';
import { condition } from './predicates.js';
import { candidates } from './relations.js';
import { below, type Item, type Scope } from './scope.js';

/**
 * What a definition is held against the rows for, or keeps of them, tells as a condition would: whether it fails, how large it
 * grows, what the statistics say of it.
 */

export function tableOf(table: RangeVar | undefined, scope: Scope): { item: Item; inner: Scope } {
  const inner = below(scope);
  const item = relationItem(table ?? {}, inner, 'write');
  inner.items.push(item);
  return { item, inner };
}

/** https://www.postgresql.org/docs/current/sql-createindex.html */
export function indexed(body: IndexStmt, scope: Scope): void {
  const { item, inner } = tableOf(body.relation, scope);
  for (const node of body.indexParams ?? []) kept(as(node, 'IndexElem')?.expr, inner);
  const keys = [...(body.indexParams ?? []), ...(body.indexIncludingParams ?? [])];
  if (body.accessMethod === 'btree')
    sorted(
      keys.map((node) => keyed(as(node, 'IndexElem'), item, inner)),
      scope,
    );
  if (body.whereClause !== undefined) condition(body.whereClause, inner);
}

export function measured(body: CreateStatsStmt, scope: Scope): void {
  const [table] = body.relations ?? [];
  const { inner } = tableOf(as(table, 'RangeVar'), scope);
  for (const node of body.exprs ?? []) kept(as(node, 'StatsElem')?.expr, inner);
}

/** Sorted by an index, rows come in the order of its columns. */
export function clustered(table: RangeVar | undefined, scope: Scope): void {
  if (table !== undefined) scope.facts.ask(whole(tableOf(table, scope).item), 'order');
}

export const whole = (item: Item): Flow => mix(item.shape.fields.map((field) => field.flow));

/**
 * Out of an index alone the server gives rows in the order of its keys, so what stands behind one, or is only included, shows how its
 * values are ordered. What stands before it, or the column by itself, does not.
 */
function sorted(keys: readonly Flow[], scope: Scope): void {
  for (const flow of keys.slice(0, -1)) scope.facts.ask(flow, 'order');
}

const keyed = ({ name, expr }: IndexElem = {}, item: Item | undefined, scope: Scope): Flow =>
  expr === undefined ? mix(flowsOf(item, [name ?? ''])) : evaluate(expr, scope);

/** A column by itself tells no more than its own statistics. */
function kept(expression: Node | undefined, scope: Scope): void {
  if (expression === undefined) return;
  const flow = evaluate(expression, scope);
  if (!flow.exact && !isFolded(expression, scope)) scope.facts.ask(flow, 'function');
}

/** Functions that give a text back in another form, whatever it is. */
const FOLDS: ReadonlySet<string> = new Set(['lower', 'upper', 'btrim', 'ltrim', 'rtrim', 'md5']);

/** It is a column in another form that never fails: equal for equal values and hardly ever for others. */
export function isFolded(node: Node, scope: Scope): boolean {
  if (as(node, 'ColumnRef') !== undefined) return true;
  const cast = as(node, 'TypeCast');
  if (cast !== undefined) return isRoomy(cast.typeName) && isFolded(cast.arg as Node, scope);
  const collated = as(node, 'CollateClause')?.arg;
  if (collated !== undefined) return isFolded(collated, scope);
  const call = as(node, 'FuncCall');
  const [arg, more] = call?.args ?? [];
  const names = namesOf(call?.funcname);
  if (arg === undefined || more !== undefined || !FOLDS.has(names.at(-1) ?? '')) return false;
  const found = routines(names, [evaluate(arg, scope)], scope);
  return found.length > 0 && found.every((routine) => routine.builtin) && isFolded(arg, scope);
}

/** A shorter text would tell by failing how long the values are. */
const ROOM = 64;
const TEXTS: ReadonlySet<string> = new Set(['text', 'varchar', 'citext']);

/** A type that takes any text as it is. */
export function isRoomy(type: TypeName | undefined): boolean {
  if (type?.arrayBounds !== undefined || !TEXTS.has(namesOf(type?.names).at(-1) ?? '')) return false;
  const [length] = type?.typmods ?? [];
  return length === undefined || (as(length, 'A_Const')?.ival?.ival ?? 0) >= ROOM;
}

/** `scope` holds the table's columns; `own` is the one that the constraint stands at. */
export function constrained(
  constraint: Constraint,
  own: string | undefined,
  item: Item | undefined,
  scope: Scope,
): void {
  if (constraint.contype === 'CONSTR_CHECK' && constraint.raw_expr !== undefined)
    condition(constraint.raw_expr, scope, ofAllRows(scope.facts));
  if (constraint.contype === 'CONSTR_EXCLUSION') excluded(constraint, item, scope);
  const keys = [...namesOf(constraint.keys), ...namesOf(constraint.including)];
  sorted(
    keys.map((name) => mix(flowsOf(item, [name]))),
    scope,
  );
  if (constraint.contype !== 'CONSTR_FOREIGN') return;
  const referring = constraint.fk_attrs === undefined ? [own ?? ''] : namesOf(constraint.fk_attrs);
  // That each value is met by one of another table is what a join asks.
  for (const flow of [...flowsOf(item, referring), ...referred(constraint, scope)]) scope.facts.ask(flow, 'join');
}

/** A check asks all rows at once, and again with each that comes: an equality in it is none of one value. */
const ofAllRows = (facts: Facts): Asks => ({
  ask: (flow, how) => facts.ask(flow, how),
  askEqual: (flow) => facts.ask(flow, 'range'),
});

function referred({ pktable, pk_attrs }: Constraint, scope: Scope): Flow[] {
  const item = relationItem({ ...pktable, inh: true }, scope, 'read');
  const keys = candidates(pktable ?? {}, scope.at).relations.flatMap(({ key }) => key);
  return flowsOf(item, pk_attrs === undefined ? keys : namesOf(pk_attrs));
}

const flowsOf = (item: Item | undefined, names: readonly string[]): Flow[] =>
  (item?.shape.fields ?? []).filter((field) => names.includes(field.name)).map((field) => field.flow);

function excluded({ exclusions, where_clause }: Constraint, item: Item | undefined, scope: Scope): void {
  const elements = (exclusions ?? []).map((node) => as(itemsOf(node)[0], 'IndexElem'));
  sorted(
    elements.map((element) => keyed(element, item, scope)),
    scope,
  );
  for (const node of exclusions ?? []) {
    const [of, operator] = itemsOf(node);
    const element: IndexElem = as(of, 'IndexElem') ?? {};
    kept(element.expr, scope);
    const equals = namesOf(as(operator, 'List')?.items).at(-1) === '=';
    if (!equals) for (const flow of flowsOf(item, [element.name ?? ''])) scope.facts.ask(flow, 'range');
  }
  if (where_clause !== undefined) condition(where_clause, scope);
}

/**
 * https://www.postgresql.org/docs/current/sql-createtrigger.html: WHEN is a condition on the row as it was and as it will be. A function
 * that somebody made is given the whole row, and may put it anywhere.
 */
export function triggered(body: CreateTrigStmt, scope: Scope): void {
  const { item, inner } = tableOf(body.relation, scope);
  const found = routines(namesOf(body.funcname), [], scope);
  const known = found.length > 0 && found.every((one) => one.builtin || (one.extension && one.language === 'c'));
  if (!known) for (const { flow } of item.shape.fields) scope.facts.store(flow, new Set());
  for (const one of known ? [] : found) comesBy(besidesRows(one, scope.at), scope);
  inner.items.push(...rowsOf(item));
  if (body.whenClause !== undefined) when(body.whenClause, inner);
}

/**
 * A function that triggers run already gets another body, and with it their rows; and what runs unasked, whoever writes then, may put
 * what it comes by anywhere.
 */
export function replaced(body: CreateFunctionStmt, scope: Scope): void {
  const isTrigger = namesOf(body.returnType?.names).at(-1) === 'trigger';
  if (isTrigger || runsUnasked(namesOf(body.funcname).at(-1) ?? '', scope)) comesBy(madeBody(body, scope.at), scope);
  if (body.replace !== true) return;
  const oids = new Set(routines(namesOf(body.funcname), [], scope).map(({ oid }) => oid));
  for (const relation of scope.at.catalogue.byOid.values()) {
    if (!relation.triggers.some((oid) => oids.has(oid))) continue;
    for (const { flow } of columnsOf(relation, scope.at).fields) scope.facts.store(flow, new Set());
  }
}

/** A function gets a name that others call already. */
export function functionRenamed(name: readonly string[], to: string, scope: Scope): void {
  if (!runsUnasked(to, scope)) return;
  for (const one of scope.at.catalogue.functions.get(name.at(-1) ?? '') ?? [])
    if (!one.builtin) comesBy(besidesRows(one, scope.at), scope);
}

/** Triggers' functions or the expressions of a write name it, be it made before or after them. */
function runsUnasked(name: string, { at }: Scope): boolean {
  const word = new RegExp(`(?<!\\w)${name.replace(/\W/g, '\\$&')}(?!\\w)`);
  const names = (text: string | undefined): boolean => text !== undefined && word.test(text);
  const { byOid, routineByOid } = at.catalogue;
  const triggers = new Set([...byOid.values()].flatMap((relation) => relation.triggers));
  return (
    [...triggers].some((oid) => names(routineByOid.get(oid)?.source)) ||
    [...byOid.values()].some(
      ({ onWrite, indexed, builtin }) => !builtin && (onWrite.some(names) || indexed.some(({ text }) => names(text))),
    )
  );
}

/** It is done by whoever makes it run. */
function comesBy(facts: Facts, scope: Scope): void {
  scope.facts.include(facts);
  scope.facts.store({ ...FREE, columns: facts.columns }, new Set());
}

export const rowsOf = (item: Item): Item[] =>
  ['old', 'new'].map((name) => ({ ...item, name, schemas: [], bare: false }));

function when(node: Node, scope: Scope): void {
  const both = as(node, 'BoolExpr');
  if (both !== undefined) for (const arg of both.args ?? []) when(arg, scope);
  else if (!isChange(node)) condition(node, scope);
}

/** `old.x IS DISTINCT FROM new.x`, or the whole rows: whether the writer changed it, who knows that. */
function isChange(node: Node): boolean {
  const { lexpr, rexpr, name } = as(node, 'A_Expr') ?? {};
  const [one = [], other = []] = [lexpr, rexpr].map((side) => as(side, 'ColumnRef')?.fields ?? []);
  const rows = [one, other].map((fields) => namesOf(fields)[0]).sort();
  const same = JSON.stringify(one.slice(1)) === JSON.stringify(other.slice(1));
  return same && rows.join() === 'new,old' && EQUALS.has(operatorName(name));
}
const EQUALS: ReadonlySet<string> = new Set(['=', '<>', '!=']);
