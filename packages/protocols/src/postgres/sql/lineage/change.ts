import type {
  DeleteStmt,
  InsertStmt,
  MergeStmt,
  MergeWhenClause,
  Node,
  OnConflictClause,
  ResTarget,
  ReturningClause,
  UpdateStmt,
} from 'libpg-query';
import { withClause } from './ctes.js';
import { evaluate } from './expression.js';
import { changed, type Field, type Flow, FREE, mix, opaque, rowOf, type Shape } from './flow.js';
import { fromItem, fromItems, relationItem } from './from.js';
import { givesRows } from './functions.js';
import { canonical } from './known.js';
import { as, namesOf } from './nodes.js';
import { operatorName } from './operators.js';
import { condition, isConstant } from './predicates.js';
import { candidates } from './relations.js';
import { below, type Item, type Scope } from './scope.js';
import { command, targets } from './select.js';
import { isTainted, nearOf } from './total.js';
import { type Changes, changesOf } from './triggers.js';

/** What is put into the columns of a relation, by their names. */
type Puts = Map<string, Flow[]>;

/** What a command that changes rows answers with: its RETURNING. Undefined where the node is no such command. */
export function change(node: Node, up: Scope): Shape | undefined {
  const insert = as(node, 'InsertStmt');
  if (insert !== undefined) return inserted(insert, up);
  const update = as(node, 'UpdateStmt');
  if (update !== undefined) return updated(update, up);
  const remove = as(node, 'DeleteStmt');
  if (remove !== undefined) return deleted(remove, up);
  const merge = as(node, 'MergeStmt');
  return merge === undefined ? undefined : mergedInto(merge, up);
}

function inserted(stmt: InsertStmt, up: Scope): Shape {
  const scope = below(up);
  withClause(stmt.withClause, scope);
  const target = targetOf(stmt, scope);
  const names = stmt.cols === undefined ? target.shape.fields.map((field) => field.name) : namesOfTargets(stmt.cols);
  const puts: Puts = new Map();
  const source = stmt.selectStmt === undefined ? { fields: [] } : command(stmt.selectStmt, scope);
  for (const [i, field] of source.fields.entries()) put(names[i] ?? '', field.flow, target, puts, scope);
  if (source.open !== undefined) for (const name of names) put(name, opaque(source.open), target, puts, scope);
  scope.items.push(target);
  if (!isFew(stmt.selectStmt, scope)) scope.facts.load(columnsOf([...puts.keys()], target));
  if (stmt.onConflictClause !== undefined) conflict(stmt, stmt.onConflictClause, target, puts, scope);
  return returning(stmt.returningClause, target, puts, stmt.relation, scope);
}

const namesOfTargets = (nodes: readonly Node[]): string[] => nodes.map((node) => as(node, 'ResTarget')?.name ?? '');

function targetOf(stmt: { relation?: InsertStmt['relation'] }, scope: Scope): Item {
  return relationItem(stmt.relation ?? {}, scope, 'write');
}

/**
 * A value goes into a column: it may be read under that name, and its constants are what the column holds. What is made of a column
 * may be too much for it, or not what a constraint wants: then the command fails, unless more of it is put behind what is there.
 */
function put(name: string, given: Flow, target: Item, puts: Puts, scope: Scope, appended = false): void {
  const columns = columnsNamed(target, name);
  const own = target.shape.fields.find((field) => field.name === name)?.flow;
  const flow = scope.facts.converted(given, own?.type);
  // What goes into a row may go into any field of it.
  const isRow = target.shape.fields.some((field) => field.name === name && field.flow.row !== undefined);
  scope.facts.store(flow, isRow ? new Set() : columns);
  if (isTainted(flow) && nearOf(flow) !== 0 && !appended) scope.facts.ask(flow, 'fails');
  scope.facts.put(columns);
  for (const column of columns) scope.facts.tell(column, flow);
  puts.set(name, [...(puts.get(name) ?? []), flow]);
}

const columnsOf = (names: readonly string[], target: Item): string[] =>
  names.flatMap((name) => [...columnsNamed(target, name)]);

function columnsNamed(target: Item, name: string): ReadonlySet<string> {
  return mix(target.shape.fields.filter((field) => field.name === name).map((field) => field.flow)).columns;
}

function conflict(stmt: InsertStmt, clause: OnConflictClause, target: Item, puts: Puts, scope: Scope): void {
  const rows = isFew(stmt.selectStmt, scope) ? rowsIn(stmt.selectStmt).map((row) => JSON.stringify(row)) : undefined;
  for (const flow of arbiters(clause, target, puts, scope)) scope.facts.attemptRows(flow, rows);
  if (clause.infer?.whereClause !== undefined) condition(clause.infer.whereClause, scope);
  const proposed = target.shape.fields.map(
    (field): Field => ({ name: field.name, flow: { ...mix(puts.get(field.name) ?? []), type: field.flow.type } }),
  );
  const excluded: Item = {
    ...target,
    name: 'excluded',
    schemas: [],
    bare: false,
    shape: { ...target.shape, fields: proposed },
  };
  const inner = { ...scope, items: [...scope.items, excluded] };
  assign(clause.targetList, target, puts, inner);
  if (clause.whereClause !== undefined) condition(clause.whereClause, inner);
}

/**
 * What ON CONFLICT compares of each row with those that are there, which it tells row by row: by their number, by RETURNING, by what
 * stands there afterwards. Where it does not say, any column that values are put into may be under a unique index.
 *
 * Without it a command of many rows is done or fails as a whole, and its error names no value, so rows may be loaded; how often that
 * may fail is for the controls.
 */
function arbiters({ infer }: OnConflictClause, target: Item, puts: Puts, scope: Scope): Flow[] {
  if (infer?.indexElems === undefined) return [...puts.keys()].map((name) => fieldNamed(target, name));
  return infer.indexElems.map((node) => {
    const element = as(node, 'IndexElem');
    return element?.expr === undefined ? fieldNamed(target, element?.name ?? '') : evaluate(element.expr, scope);
  });
}

/** So many rows may be compared with those that are there, and still each is an equality. */
const FEW = 10;

/** An INSERT that writes its rows out, and a few. */
function isFew(source: Node | undefined, scope: Scope): boolean {
  const rows = rowsIn(source);
  return rows.length > 0 && rows.length <= FEW && !rows.some((row) => givesRows(row, scope));
}

/** None where they come from elsewhere. */
function rowsIn(source: Node | undefined): readonly Node[] {
  const { valuesLists, targetList, fromClause } = as(source, 'SelectStmt') ?? {};
  if (valuesLists !== undefined || targetList === undefined || fromClause !== undefined) return valuesLists ?? [];
  return [{ List: { items: targetList } }];
}

const fieldNamed = (target: Item, name: string): Flow =>
  target.shape.fields.find((field) => field.name === name)?.flow ?? FREE;

/** SET a = …, (b, c) = (…), d.e = …, f[1] = … */
function assign(list: readonly Node[] | undefined, target: Item, puts: Puts, scope: Scope): void {
  for (const node of list ?? []) {
    const entry = as(node, 'ResTarget');
    if (entry?.val === undefined) continue;
    for (const step of entry.indirection ?? []) {
      const indices = as(step, 'A_Indices');
      for (const index of [indices?.lidx, indices?.uidx])
        if (index !== undefined) put(entry.name ?? '', evaluate(index, scope), target, puts, scope);
    }
    put(entry.name ?? '', assigned(entry.val, scope), target, puts, scope, isAppended(entry, target));
    if (!isConstant(entry.val, scope)) scope.facts.load(columnsNamed(target, entry.name ?? ''));
  }
}

/** `SET notes = notes || 'more'`, of a text, a document or an array, which may be as long as it likes. */
function isAppended({ name, val }: ResTarget, target: Item): boolean {
  const { type } = fieldNamed(target, name ?? '');
  const sum = as(val, 'A_Expr');
  const call = as(val, 'FuncCall');
  const adds =
    operatorName(sum?.name) === '||' ||
    /^(?:jsonb_set|jsonb_insert|array_append)$/.test(namesOf(call?.funcname).join());
  const first = namesOf(as(sum?.lexpr ?? call?.args?.[0], 'ColumnRef')?.fields).at(-1);
  return adds && first === name && !LIMITED.has(type ?? LIMITS);
}
/** varchar, bpchar, and what is not known. */
const LIMITS = 1043;
const LIMITED: ReadonlySet<number> = new Set([LIMITS, 1042]);

/** One column's share of `(a, b) = (SELECT …)` or `= ROW(…)`; else the value. */
function assigned(value: Node, scope: Scope): Flow {
  const multi = as(value, 'MultiAssignRef');
  if (multi?.source === undefined) return evaluate(value, scope);
  const place = (multi.colno ?? 1) - 1;
  const query = as(multi.source, 'SubLink')?.subselect;
  const shape = query === undefined ? undefined : command(query, scope);
  const row = shape === undefined ? evaluate(multi.source, scope) : rowOf(shape);
  const flow = row.row?.[place]?.flow ?? changed(row);
  return scope.facts.touch(flow);
}

function updated(stmt: UpdateStmt, up: Scope): Shape {
  const scope = below(up);
  withClause(stmt.withClause, scope);
  const target = targetOf(stmt, scope);
  scope.items.push(target);
  fromItems(stmt.fromClause ?? [], scope);
  if (stmt.whereClause !== undefined) condition(stmt.whereClause, scope);
  const puts: Puts = new Map();
  assign(stmt.targetList, target, puts, scope);
  return returning(stmt.returningClause, target, puts, stmt.relation, scope);
}

function deleted(stmt: DeleteStmt, up: Scope): Shape {
  const scope = below(up);
  withClause(stmt.withClause, scope);
  const target = targetOf(stmt, scope);
  scope.items.push(target);
  fromItems(stmt.usingClause ?? [], scope);
  if (stmt.whereClause !== undefined) condition(stmt.whereClause, scope);
  return returning(stmt.returningClause, target, new Map(), stmt.relation, scope);
}

function mergedInto(stmt: MergeStmt, up: Scope): Shape {
  const scope = below(up);
  withClause(stmt.withClause, scope);
  const target = targetOf(stmt, scope);
  const source = fromItem(stmt.sourceRelation as Node, scope);
  // RETURNING * gives the source's columns first.
  scope.items.push(...source, target);
  if (stmt.joinCondition !== undefined) condition(stmt.joinCondition, scope);
  const puts: Puts = new Map();
  for (const node of stmt.mergeWhenClauses ?? []) mergeWhen(as(node, 'MergeWhenClause') ?? {}, target, puts, scope);
  return returning(stmt.returningClause, target, puts, stmt.relation, scope);
}

function mergeWhen(when: MergeWhenClause, target: Item, puts: Puts, scope: Scope): void {
  if (when.condition !== undefined) condition(when.condition, scope);
  if (when.commandType !== 'CMD_INSERT') return assign(when.targetList, target, puts, scope);
  const names =
    when.targetList === undefined ? target.shape.fields.map((field) => field.name) : namesOfTargets(when.targetList);
  for (const [i, value] of (when.values ?? []).entries())
    put(names[i] ?? '', evaluate(value, scope), target, puts, scope);
  scope.facts.load(columnsOf(names, target));
}

/** What RETURNING shows: columns of the target hold what was there, and what was just put there. */
function returning(
  asked: ReturningClause | undefined,
  target: Item,
  puts: Puts,
  relation: InsertStmt['relation'],
  scope: Scope,
): Shape {
  if (asked === undefined) return { fields: [] };
  const given = target.shape.fields.map((field) => holding(field, putInto(field, target, puts)));
  const changes = changedOnTheWay(relation, given, scope);
  const fields = given.map((field) => {
    const others = changes.filter(({ names }) => names === 'all' || names.has(field.name));
    return holding(
      field,
      others.map(({ flow }) => flow),
    );
  });
  const shown: Item = { ...target, shape: { ...target.shape, fields } };
  const items = scope.items.map((item) => (item === target ? shown : item));
  for (const name of rowNames(asked))
    if (!items.some((item) => item.name === name)) items.push({ ...shown, name, schemas: [], bare: false });
  return targets(asked.exprs ?? [], { ...scope, items });
}

/** A column that others were put into is still itself, where these are free of columns. */
function holding(field: Field, others: readonly Flow[]): Field {
  if (others.length === 0) return field;
  const mixed = mix([field.flow, ...others]);
  const free = others.every((flow) => flow.columns.size === 0 && flow.opaque === undefined);
  return { name: field.name, flow: free ? { ...mixed, exact: field.flow.exact, type: field.flow.type } : mixed };
}

/** What was put into the column, or into one that it is generated from. */
function putInto(field: Field, target: Item, puts: Puts): Flow[] {
  return [...puts].flatMap(([name, flows]) => {
    const columns = columnsNamed(target, name);
    return field.name === name || [...columns].some((column) => field.flow.columns.has(column)) ? flows : [];
  });
}

/** `old`, `new`, or what RETURNING WITH calls them. */
function rowNames(clause: ReturningClause): string[] {
  return ['old', 'new', ...(clause.options ?? []).flatMap((node) => as(node, 'ReturningOption')?.value ?? [])];
}

/** Triggers and rules may put other values there than the command does. */
function changedOnTheWay(relation: InsertStmt['relation'], fields: readonly Field[], scope: Scope): readonly Changes[] {
  return candidates(relation ?? {}, scope.at).relations.flatMap((one) => {
    if (one.rules.length === 0) return changesOf(one, fields, scope.at);
    return [{ names: 'all', flow: opaque(`${canonical(one)} has rules, which change what is written`) }];
  });
}
