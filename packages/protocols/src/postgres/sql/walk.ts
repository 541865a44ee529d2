import type { Node } from 'libpg-query';
import { isHarmless } from './builtins.js';
import { type Arguments, argumentsOf, type Loops, rowsOf, withRowsOf } from './called.js';
import type { OperatorClass, Routine } from './catalogue.js';
import type { Made, MadeColumn } from './context.js';
import type { Facts } from './facts.js';
import { type Given, withGiven } from './given.js';
import type { Holds } from './holds.js';
import type { Names } from './names.js';
import { as, constant, eachChild, listOf, open, operatorsOf, type Part, partsOf, words } from './nodes.js';
import { coerces, type Overload } from './overloads.js';
import { changesNew, isOwn, useRelations } from './relations.js';
import { callNamed, callOid, callRoutine, settle } from './routines.js';

import { spend } from './steps.js';
import { doubtTaken, makeTaken, touchType } from './types.js';
import { type Around, changes, filling, merges, type Reach, upserts } from './unbounded.js';

import type { Declared } from './variables.js';

/** What a command is read with. */
export interface Desk {
  names: Names;
  facts: Facts;
  /** In a text that the server wrote out: every name in it is qualified but for the system's own. */
  written?: boolean | undefined;
  /** Which of several overloads a call or an operator means, where the types of what it is given tell. */
  meant?: ReadonlyMap<object, ReadonlySet<Overload>> | undefined;
  /** Texts behind the names of prepared statements and cursors. */
  textsOf(kind: 'prepared' | 'cursors', name: string): readonly string[] | undefined;
  /** What commands before it in its text have made, by name. */
  earlier?: ReadonlyMap<string, readonly Made[]> | undefined;
  /** The client's command, and its text. */
  own: { node: Node; text: string };
  /** Columns of the table that it makes of a query, where it is one that does and where they can be told. */
  answers?: ((into: Part) => readonly MadeColumn[] | undefined) | undefined;
  /** How many views and functions it is inside of. */
  depth: number;
  /** How many views, functions and types may still be looked into. */
  budget: { left: number };
  /** In the body that it stands in. */
  declared?: Declared | undefined;
  /** Inside a trigger's function. */
  trigger?: boolean | undefined;
  /** It is planned and not run: EXPLAIN. */
  plans?: boolean | undefined;
  /** Whether it is run again and again, and the rows of the command that calls the body. */
  loops?: Loops | undefined;
  /** The query, or the write as one, whose rows a call in it is made for. */
  query?: Part | undefined;
  /** What the body that is read next is called with. */
  called?: Arguments | undefined;
  /** What the functions that it stands in were called with, by oid. */
  calling?: ReadonlyMap<number, Arguments> | undefined;
  /** What the variables and parameters of the body that it stands in may hold. */
  holds?: Holds | undefined;
  /** What its parameters stand for, in order. */
  given?: Given | undefined;
  /** What the column `name` is in every row of the query that is being read, where that is pg_settings and it says so. */
  setting?: string | undefined;
}

/** Names that WITH gives, with its queries, innermost first. */
export interface Scope {
  names: ReadonlyMap<string, Part | undefined>;
  up: Scope | undefined;
}

const inScope = (name: string, scope: Scope | undefined): boolean =>
  scope !== undefined && (scope.names.has(name) || inScope(name, scope.up));
const tableIn = (name: string, scope: Scope | undefined): Part | undefined =>
  scope === undefined || scope.names.has(name) ? scope?.names.get(name) : tableIn(name, scope.up);

export function walk(desk: Desk, node: Node | undefined, scope?: Scope): void {
  if (node === undefined) return;
  const [type, part] = open(node);
  visit(desk, type, part, scope);
}

export function visit(desk: Desk, type: string, part: Part, scope: Scope | undefined): void {
  spend(1 / 2);
  for (const name of NEWER[type] ?? []) mayBeCalled(desk, name);
  const special = SPECIAL[type];
  if (special !== undefined) special(desk, part, scope);
  else if (type !== '' && !PLAIN.has(type)) desk.facts.doubt(`it has a part that is not known (${type})`);
  else inside(desk, part, scope);
}

export function inside(desk: Desk, part: Part, scope: Scope | undefined): void {
  eachChild(part, (type, child) => visit(desk, type, child, scope));
}

/**
 * What the grammar of PostgreSQL 16 to 18 has words for is to an older server a call of whatever function has that name, and of its
 * own there are none but `json_object`. https://www.postgresql.org/docs/current/functions-json.html#FUNCTIONS-SQLJSON
 */
const NEWER: Readonly<Record<string, readonly string[]>> = {
  JsonParseExpr: ['json'],
  JsonScalarExpr: ['json_scalar'],
  JsonSerializeExpr: ['json_serialize'],
  JsonFuncExpr: ['json_exists', 'json_value', 'json_query'],
  JsonTable: ['json_table'],
  JsonObjectConstructor: ['json_object'],
  JsonArrayConstructor: ['json_array'],
  JsonArrayQueryConstructor: ['json_array'],
  JsonObjectAgg: ['json_objectagg'],
  JsonArrayAgg: ['json_arrayagg'],
  MergeSupportFunc: ['merge_action'],
};

function mayBeCalled({ names, facts }: Desk, name: string): void {
  const isTheirs = names.routines(undefined, name).some(({ builtin }) => !builtin);
  if (isTheirs || names.madeOther(name)) facts.doubt(`${name} may be a function that somebody made`);
}

type Visit = (desk: Desk, part: Part, scope: Scope | undefined) => void;

/** Nodes that do nothing but hold others. */
const PLAIN = new Set(
  `TypeCast A_Const A_Star A_Indices A_ArrayExpr ParamRef BoolExpr NullTest BooleanTest CaseWhen CoalesceExpr MinMaxExpr RowExpr
  SQLValueFunction GroupingFunc GroupingSet SetToDefault MultiAssignRef ResTarget WindowDef List String Integer Float
  Boolean BitString DefElem Alias RangeSubselect RangeFunction RangeTableFunc RangeTableFuncCol OnConflictClause
  InferClause StatsElem ReturningClause ReturningOption WithClause CollateClause CTESearchClause CTECycleClause XmlExpr XmlSerialize
  JsonTable JsonTableColumn JsonTablePathSpec JsonFuncExpr JsonValueExpr JsonOutput JsonReturning JsonFormat JsonBehavior
  JsonArgument JsonKeyValue JsonObjectConstructor JsonArrayConstructor JsonArrayQueryConstructor JsonAggConstructor
  JsonObjectAgg JsonArrayAgg JsonIsPredicate JsonParseExpr JsonScalarExpr JsonSerializeExpr MergeSupportFunc NamedArgExpr
  CurrentOfExpr ReturnStmt RoleSpec ObjectWithArgs AccessPriv PartitionSpec PartitionBoundSpec PartitionCmd
  ColumnDef Constraint TableLikeClause FunctionParameter`.split(/\s+/),
);

const SPECIAL: Readonly<Record<string, Visit>> = {
  SelectStmt: select,
  InsertStmt: (desk, part, scope) => change(desk, part, scope, 'insert'),
  UpdateStmt: (desk, part, scope) => change(desk, part, scope, 'update'),
  DeleteStmt: (desk, part, scope) => change(desk, part, scope, 'delete'),
  MergeStmt: (desk, part, scope) => change(desk, part, scope, 'merge'),
  RangeVar: (desk, part, scope) => {
    if (part.schemaname === undefined && inScope(String(part.relname), scope)) return;
    useRelations(desk, part, 'read');
  },
  RangeTableSample: (desk, part, scope) => {
    callNamed(desk, words(part.method), undefined);
    inside(desk, part, scope);
  },
  FuncCall: call,
  A_Expr: chain,
  SubLink: (desk, part, scope) => {
    if (part.testexpr !== undefined) operate(desk, part.operName === undefined ? ['='] : words(part.operName), part);
    inside(desk, part, scope);
  },
  CaseExpr: (desk, part, scope) => {
    if (part.arg !== undefined) operate(desk, ['='], part);
    inside(desk, part, scope);
  },
  JoinExpr: (desk, part, scope) => {
    if (part.isNatural === true || part.usingClause !== undefined) operate(desk, ['='], part);
    inside(desk, part, scope);
  },
  SortBy: (desk, part, scope) => {
    const name = words(part.useOp);
    operate(desk, name);
    // It is compared by whatever class has the operator.
    if (desk.names.operators(schemaOf(desk, name.at(-2)), name.at(-1) ?? '').length > 0)
      for (const all of desk.names.catalogue.classes.values()) compareBy(desk, all);
    inside(desk, { ...part, useOp: undefined }, scope);
  },
  IndexElem: keyed,
  PartitionElem: keyed,
  // It names the aliases of FROM.
  LockingClause: () => undefined,
  TypeName: (desk, part, scope) => {
    touchType(desk, part);
    inside(desk, { typmods: part.typmods }, scope);
  },
  ColumnRef: (desk, part) => {
    const fields = words(part.fields);
    if (fields.length > 1 && !as(listOf(part.fields).at(-1), 'A_Star')) attribute(desk, fields.at(-1) as string, true);
  },
  A_Indirection: (desk, part, scope) => {
    for (const name of words(part.indirection)) attribute(desk, name, false);
    inside(desk, part, scope);
  },
};

/** A key of an index or of partitions, with what it is compared by. */
function keyed(desk: Desk, part: Part, scope: Scope | undefined): void {
  const name = words(part.opclass);
  const last = name.at(-1) ?? '';
  compareBy(desk, desk.names.classes(name.at(-2), last));
  if (desk.names.madeOther(last)) desk.facts.doubt(`the operator class ${last} was made just now`);
  inside(desk, { ...part, opclass: undefined }, scope);
}

function compareBy(desk: Desk, classes: readonly OperatorClass[]): void {
  for (const { calls } of classes) for (const oid of calls) callOid(desk, oid);
}

/** `1 + 1 + 1 …` leans to the left, and is gone down without a call for each. */
function chain(desk: Desk, part: Part, scope: Scope | undefined): void {
  for (let now: Part | undefined = part; now !== undefined; ) {
    for (const name of operatorsOf(now.kind, words(now.name))) operate(desk, name, now);
    walk(desk, now.rexpr as Node | undefined, scope);
    const left: Part | undefined = as(now.lexpr, 'A_Expr');
    if (left === undefined) walk(desk, now.lexpr as Node | undefined, scope);
    now = left;
  }
}

/** WITH's queries, and the scope of what follows it. */
export function within(desk: Desk, clause: unknown, scope: Scope | undefined): Scope | undefined {
  if (clause === undefined) return scope;
  const { ctes, recursive } = clause as Part;
  const tables = partsOf(ctes, 'CommonTableExpr');
  const all: Scope = { names: new Map(tables.map((table) => [String(table.ctename), table])), up: scope };
  let sofar = scope;
  for (const table of tables) {
    inside(desk, table, recursive === true ? all : sofar);
    sofar = { names: new Map([[String(table.ctename), table]]), up: sofar };
  }
  return all;
}

function select(desk: Desk, part: Part, scope: Scope | undefined): void {
  const { withClause, intoClause, ...rest } = part;
  const inner = within(desk, withClause, scope);
  if (intoClause !== undefined) {
    makeInto(desk, intoClause as Part);
    fill(desk, (intoClause as Part).rel as Part | undefined, { SelectStmt: rest } as unknown as Node, inner);
  }
  if (part.lockingClause !== undefined && desk.plans !== true) lockRows(desk, part, inner);
  inside({ ...desk, setting: settingOf(desk, part), query: withRowsOf(part, desk.query) }, rest, inner);
}

/** `SELECT set_config(name, …) FROM pg_settings WHERE name = 'x'` is how pg_dump sets what a server may not have. */
function settingOf({ names }: Desk, { fromClause, whereClause, withClause }: Part): string | undefined {
  const [table, ...more] = listOf(fromClause);
  const rel = as(table, 'RangeVar');
  const where = as(whereClause as Node | undefined, 'A_Expr');
  if (rel?.relname !== 'pg_settings' || more.length > 0 || withClause !== undefined || where === undefined)
    return undefined;
  const found = names.relations(rel.schemaname as string | undefined, 'pg_settings');
  if (found.length !== 1 || found[0]?.builtin !== true || words(where.name).join() !== '=') return undefined;
  return isName(where.lexpr as Node) ? (constant(where.rexpr as Node) ?? undefined) : undefined;
}
const isName = (node: Node | undefined): boolean => words(as(node, 'ColumnRef')?.fields).join() === 'name';

/** SELECT INTO and CREATE TABLE AS. A variable's name after INTO in a function's body was taken out by its parser. */
export function makeInto(desk: Desk, into: Part): void {
  const rel = into.rel as Part | undefined;
  if (rel === undefined || desk.plans === true) return;
  desk.facts.raise('define');
  for (const name of desk.names.creations(rel)) desk.facts.use(name, 'define');
  desk.facts.makes.push({ what: 'table', name: String(rel.relname), ...placedAt(desk, rel, desk.answers?.(into)) });
}

/** Notes what a query puts into a table. */
export function fill(desk: Desk, rel: Part | undefined, query: Node | undefined, scope: Scope | undefined): void {
  if (rel === undefined || query === undefined || desk.plans === true) return;
  const found = filling(desk.names, query, {
    tables: { of: (name) => tableIn(name, scope) },
    loops: desk.loops ?? NO_LOOPS,
  });
  if (found.length > 0) desk.facts.fills.push({ name: String(rel.relname), with: found });
}

/** Where something new is, if that is one place, with the columns of a table. */
export function placedAt({ names }: Desk, rel: Part, columns?: readonly MadeColumn[]): Pick<Made, 'as' | 'temporary'> {
  const [only, ...others] = names.creations(rel);
  if (only === undefined || others.length > 0) return {};
  const schema = only.slice(0, -String(rel.relname).length - 1);
  return {
    ...(columns !== undefined && { as: { schema, columns } }),
    ...(schema === 'pg_temp' && { temporary: true }),
  };
}

/** The schema that a name is looked for in; undefined: those of the search path. */
export const schemaOf = ({ written }: Desk, schema: unknown): string | undefined =>
  schema === undefined ? (written === true ? 'pg_catalog' : undefined) : String(schema);

export const nameOf = (rel: Part): string =>
  rel.schemaname === undefined ? String(rel.relname) : `${rel.schemaname}.${rel.relname}`;

/** FOR UPDATE and its like keep others from writing, and need the right to. */
function lockRows(desk: Desk, part: Part, scope: Scope | undefined): void {
  desk.facts.raise('write');
  const lock = (type: string, child: Part): void => {
    if (type === 'RangeVar' && !(child.schemaname === undefined && inScope(String(child.relname), scope))) {
      useRelations(desk, child, 'lock');
    } else if (type === 'JoinExpr') eachChild(child, lock);
  };
  eachChild({ fromClause: part.fromClause }, lock);
}

const CHANGES = { insert: upserts, update: changes, delete: changes, merge: merges };
const NO_LOOPS: Loops = new Map();

function change(desk: Desk, part: Part, scope: Scope | undefined, how: keyof typeof CHANGES): void {
  const { withClause, relation, ...rest } = part;
  const { facts } = desk;
  const inner = within(desk, withClause, scope);
  if (desk.plans !== true) {
    facts.raise('write').runs.add(how);
    const reach = reachOf(desk, part, inner, how);
    if (reach !== 'some' && !isOwn(desk, (relation ?? {}) as Part) && !changesNew(desk, part, how)) {
      facts.hangs ||= reach === 'parameters';
      facts.unbounded ||= reach === 'all' || desk.given !== undefined;
    }
  }
  if (relation !== undefined) useRelations(desk, relation as Part, 'write');
  if (how === 'insert') fill(desk, relation as Part, part.selectStmt as Node | undefined, inner);
  if (how === 'merge') {
    for (const clause of listOf(part.mergeWhenClauses)) inside(desk, as(clause, 'MergeWhenClause') ?? {}, inner);
  }
  const query = how === 'update' || how === 'delete' ? rowsOf(part) : undefined;
  inside({ ...desk, query }, { ...rest, mergeWhenClauses: undefined }, inner);
}

/** Names of the columns of a write's target. */
const columnsOf = ({ names }: Desk, { schemaname, relname }: Part): ReadonlySet<string> =>
  new Set(
    names
      .relations(schemaname as string | undefined, String(relname))
      .flatMap(({ columns }) => columns.map(({ name }) => name)),
  );

/** The most that it may change, whatever its body's variables hold. */
function reachOf(desk: Desk, written: Part, scope: Scope | undefined, how: keyof typeof CHANGES): Reach {
  const { holds } = desk;
  const table = (name: string) => tableIn(name, scope);
  if (holds === undefined) return reachWith(desk, written, table, how);
  const own = columnsOf(desk, written.relation as Part);
  const reaches = holds
    .choices({ ...written, targetList: undefined }, own)
    .map((choice) =>
      reachWith(desk, holds.fill(written, choice, own), (name) => holds.fill(table(name), choice, own), how),
    );
  return (['all', 'parameters'] as const).find((one) => reaches.includes(one)) ?? 'some';
}

/** With what its parameters stand for, where that is known, in their places; `parameters` then if these do not leave rows out. */
function reachWith(
  { names, loops = NO_LOOPS, given }: Desk,
  part: Part,
  table: Around['tables']['of'],
  how: keyof typeof CHANGES,
): Reach {
  const reach = CHANGES[how](names, part, { tables: { of: table }, loops });
  if (reach !== 'parameters' || given === undefined) return reach;
  const known: Around['tables'] = { of: (name) => withGiven(table(name), given) };
  return CHANGES[how](names, withGiven(part, given), { tables: known, loops }) === 'some' ? 'some' : reach;
}

function call(desk: Desk, part: Part, scope: Scope | undefined): void {
  const name = words(part.funcname);
  const args = [...argumentsOf(part), ...(part.agg_within_group === true ? listOf(part.agg_order) : [])];
  if (name.at(-1) === 'set_config')
    settle(
      desk,
      args.map((arg, at) => (at === 0 && desk.setting !== undefined && isName(arg) ? desk.setting : constant(arg))),
    );
  callNamed(desk, name, args, desk.meant?.get(part), part.location);
  // So the grammar writes the bare name, too.
  if (name.join('.') === 'pg_catalog.json_object') mayBeCalled(desk, 'json_object');
  inside(desk, { ...part, funcname: undefined }, scope);
}

/** `x.f` is `f(x)` where x has no such column. https://www.postgresql.org/docs/current/xfunc-sql.html#XFUNC-SQL-COMPOSITE-FUNCTIONS */
function attribute(desk: Desk, name: string, ofRow: boolean): void {
  if (desk.names.madeOther(name)) desk.facts.doubt(`${name} was made just now`);
  for (const routine of desk.names.routines(undefined, name)) {
    const one = routine.takes.length - routine.defaults <= 1 && routine.takes.length > 0;
    // `c.oid`, `p.name`: columns in all but contrived cases, and then it matters to nobody.
    const plain = routine.builtin && isHarmless(routine) && desk.names.isColumn(name);
    if (one && !plain && (!ofRow || routine.builtin || takesRow(desk, routine)))
      callRoutine(desk, routine, 'attribute');
  }
}

const takingRows = new WeakMap<Routine, boolean>();

/** It may be called with the row of a relation. */
function takesRow({ names: { catalogue } }: Desk, routine: Routine): boolean {
  const known = takingRows.get(routine);
  if (known !== undefined) return known;
  const rows = [...catalogue.typeByOid.values()].filter(({ kind }) => kind === 'c');
  const found = rows.some(({ oid }) => coerces(oid, routine.takes[0], catalogue));
  takingRows.set(routine, found);
  return found;
}

/** The system's own operators call functions that are immutable or stable, and none of those that are listed. */
export function operate(desk: Desk, name: readonly string[], part?: Part): void {
  const [last, schema] = [name.at(-1), schemaOf(desk, name.at(-2))];
  if (last === undefined) return;
  if (desk.names.madeOther(last)) desk.facts.doubt(`the operator ${last} was made just now`);
  const meant = part === undefined ? undefined : desk.meant?.get(part);
  const operands =
    part?.kind === 'AEXPR_OP' ? listOf([part.lexpr, part.rexpr].filter((one) => one !== undefined)) : undefined;
  for (const operator of desk.names.operators(schema, last)) {
    doubtTaken(desk, operator.takes);
    if (meant !== undefined && !meant.has(operator)) continue;
    makeTaken(desk, operator.takes);
    for (const oid of operator.calls) callOid(desk, oid, operands);
  }
}
