import type { FuncCall, Node } from 'libpg-query';
import { type Routine, takesSoMany } from '../catalogue.js';
import { isSchema } from '../names.js';
import { arrayType, meant, UNKNOWN } from '../overloads.js';
import { spend } from '../steps.js';
import { defaultsOf, givenBy, plainType, wholeOf } from './bodies.js';
import { madeByCall } from './calls.js';
import { aggregated, evaluate, sortValue } from './expression.js';
import { changed, type Field, type Flow, FREE, mix, opaque, type Shape } from './flow.js';
import { meaning } from './meanings.js';
import { outputName } from './names.js';
import { as, childrenOf, namesOf } from './nodes.js';
import { isForeign } from './operators.js';
import { isConstant } from './predicates.js';
import { pathsOf } from './relations.js';
import type { Scope } from './scope.js';
import { madeSo, partial } from './total.js';
import { rowFields, rowOfType, typesNamed } from './types.js';

/** They hand on rows, or arrays of rows, as they are. */
const KEEPERS: ReadonlySet<string> = new Set(
  'array_agg unnest lag lead first_value last_value nth_value any_value array_append array_prepend array_cat array_remove array_reverse array_sort array_shuffle array_sample trim_array json_populate_record json_populate_recordset jsonb_populate_record jsonb_populate_recordset max min'.split(
    ' ',
  ),
);

export const call = (body: FuncCall, scope: Scope): Flow => called(body, scope).flow;

/** A call with what it is of. */
interface Called {
  flow: Flow;
  args: readonly Flow[];
  found: readonly Routine[];
}

function called(body: FuncCall, scope: Scope): Called {
  spend(3);
  const args = (body.args ?? []).map((arg) => evaluate(arg, scope));
  const within = body.agg_within_group === true ? (body.agg_order ?? []).map((node) => sortValue(node, scope)) : [];
  for (const flow of within) scope.facts.ask(flow, 'order');
  const { agg_order, ...rest } = body;
  aggregated(
    body.agg_within_group === true ? rest : { ...rest, ...(agg_order === undefined ? {} : { agg_order }) },
    scope,
  );
  const all = [...args, ...within];
  scope.facts.meet(all);
  const found = routines(namesOf(body.funcname), all, scope, body.args);
  scope.facts.mean(body, found);
  attempted(body.args ?? [], found, scope);
  return { flow: scope.facts.widen(result(body, all, found, scope)), args: all, found };
}

/** `x.f` is `f(x)`. https://www.postgresql.org/docs/current/xfunc-sql.html#XFUNC-SQL-COMPOSITE-FUNCTIONS */
export function attribute(name: string, row: Flow, scope: Scope): Flow {
  const found = routines([name], [row], scope);
  for (const routine of found) unasked(routine, scope);
  if (found.length === 0) {
    if (row.opaque === undefined) scope.facts.missing.add(name);
    return changed(row);
  }
  return result({ funcname: [{ String: { sval: name } }] }, [row], found, scope);
}

function result(body: FuncCall, args: readonly Flow[], found: readonly Routine[], scope: Scope): Flow {
  const names = namesOf(body.funcname);
  const name = names.at(-1) ?? '';
  const [first] = args;
  if (found.length === 0 && names.length === 1 && args.length === 1 && first !== undefined) {
    // Functional notation, of a column or of a cast.
    const field = first.row?.find((one) => one.name === name);
    if (field !== undefined) return field.flow;
    if (typesNamed(names, scope).length > 0) return madeSo(first, partial(args, scope));
  }
  if (found.length === 0 || found.some((routine) => routine.volatility === 'volatile'))
    for (const flow of args) scope.facts.store(flow, NONE);
  // Who says of a function of theirs that it changes nothing is not believed where values are not followed.
  else if (!found.every(({ builtin, extension }) => builtin || extension))
    for (const flow of args) if (flow.holds !== undefined) scope.facts.store({ ...FREE, columns: flow.holds }, NONE);
  if (found.some((routine) => routine.returnsSet)) rowsAsked(name, args, scope);
  // How many rows have the column at all; of an expression it would tell what the expression tests, and DISTINCT which are alike.
  const counts =
    name === 'count' && body.agg_distinct !== true && found.length > 0 && found.every((routine) => routine.builtin);
  if (counts && args.every((flow) => flow.exact || flow.row !== undefined)) return { ...FREE, type: BIGINT };
  const all = mix([...args, ...added(names, body, args.length, found, scope)]);
  const value = madeSo(all, madeByCall(body, args, found, scope));
  const row = rowOfResult(name, found, args, value, scope);
  return { ...value, row, type: typeOfResult(found, args, scope) };
}

/** Called for row after row, what tells of one value tells of many, and what puts one somewhere puts many there. */
function attempted(args: readonly Node[], found: readonly Routine[], scope: Scope): void {
  for (const routine of found) {
    if (routine.builtin) continue;
    const { attempts, puts } = givenBy(routine, scope).facts;
    const steady = args.length > 0 && args.every((arg) => isConstant(arg, scope));
    const once = steady || (isOfNoRows(scope) && !args.some((arg) => givesRows(arg, scope)));
    if (once) scope.facts.attemptRows({ columns: attempts }, [`${routine.oid} ${JSON.stringify(args)}`]);
    else scope.facts.repeated(attempts);
    if (once) scope.facts.put(puts);
    else scope.facts.load(puts);
  }
}

/** The same of what nobody calls by its name: it may be called for any number of rows. */
function unasked(routine: Routine, scope: Scope): void {
  if (routine.builtin) return;
  const { attempts, puts } = givenBy(routine, scope).facts;
  scope.facts.repeated(attempts);
  scope.facts.load(puts);
}

/** Nothing stands in FROM around it. The outermost scope holds a body's variables. */
const isOfNoRows = ({ up, items }: Scope): boolean => up === undefined || (items.length === 0 && isOfNoRows(up));

/** A function that gives a set makes as many rows of one; what a subquery gives is one value. */
export function givesRows(node: Node, scope: Scope): boolean {
  const call = as(node, 'FuncCall');
  if (as(node, 'SubLink') !== undefined) return false;
  if (call !== undefined) {
    const given = (call.args ?? []).map(() => FREE);
    if (routines(namesOf(call.funcname), given, scope).some((routine) => routine.returnsSet)) return true;
  }
  const operation = as(node, 'A_Expr');
  return (
    (operation !== undefined && isForeign(operation.name, scope)) ||
    childrenOf(node).some((one) => givesRows(one, scope))
  );
}

/** How many rows come back is an answer too: a value has as many as it has parts. How many rows an array has is none of a column's. */
export function rowsAsked(name: string, args: readonly Flow[], scope: Scope): void {
  for (const flow of args) if (name !== 'unnest' || flow.row === undefined) scope.facts.ask(flow, 'rows');
}

const NONE: ReadonlySet<string> = new Set();

/** What an answer holds besides the arguments. */
function added(
  names: readonly string[],
  body: FuncCall,
  given: number,
  found: readonly Routine[],
  scope: Scope,
): Flow[] {
  const clause = doubt(names, body, found, scope);
  scope.facts.foreign ??= clause;
  const flows = found.flatMap((routine) => [besides(routine, scope), ...leftOut(routine, given, scope)]);
  return clause === undefined ? flows : [...flows, opaque(clause)];
}

/** What a function answers besides its arguments; what its body does is done by the command too. */
export function besides(routine: Routine, scope: Scope): Flow {
  const given = givenBy(routine, scope);
  scope.facts.foreign ??= given.clause;
  scope.facts.include(given.facts);
  return wholeOf(given);
}

/** What stands for arguments that a call leaves out; which they are is not asked. */
function leftOut(routine: Routine, given: number, scope: Scope): Flow[] {
  if (routine.defaults === 0 || (given >= routine.takes.length && !routine.variadic)) return [];
  const { facts, flow } = defaultsOf(routine, scope);
  scope.facts.foreign ??= flow.opaque;
  scope.facts.include(facts);
  return [flow];
}

/** Why what a name calls may answer with anything. */
function doubt(names: readonly string[], body: FuncCall, found: readonly Routine[], scope: Scope): string | undefined {
  const name = names.at(-1);
  if (scope.at.made?.some((one) => one.what === 'other' && one.name === name))
    return `it calls ${name}, which was made just now`;
  if (found.length === 0) return `it calls ${names.join('.')}, which is not known`;
  if (name === 'current_setting' && !isPlainSetting(body.args?.[0])) scope.facts.showsSettings = true;
  return undefined;
}

/** Settings with a dot in their names are anybody's to make, and to keep values in. */
function isPlainSetting(node: Node | undefined): boolean {
  const name = as(node, 'A_Const')?.sval?.sval;
  return name !== undefined && !name.includes('.');
}

/** Oid of the pseudo-type anyarray: an array of whatever. */
export const ARRAY = 2277;
const ARRAYS: ReadonlySet<number> = new Set([ARRAY, 5078]);

/** What is polymorphic is of the type of the arguments that are. */
function typeOfResult(found: readonly Routine[], args: readonly Flow[], scope: Scope): number | undefined {
  const [first] = found;
  if (first === undefined || found.some((one) => one.returns !== first.returns)) return;
  const isArrays = ARRAYS.has(first.returns);
  if (!isArrays && !POLYMORPHIC.has(first.returns)) return first.returns;
  const given = found.length === 1 ? elementGiven(first, args, scope) : undefined;
  return isArrays ? (args.find((_, i) => ARRAYS.has(first.takes[i] ?? 0))?.type ?? arrayOf(given, scope)) : given;
}

/** The type that a polymorphic argument has, or that the elements of one have. */
function elementGiven({ takes }: Routine, args: readonly Flow[], scope: Scope): number | undefined {
  const given = args.flatMap(({ type }, i) => {
    if (ARRAYS.has(takes[i] ?? 0)) return [elementOf(type ?? 0, scope)];
    return POLYMORPHIC.has(takes[i] ?? 0) ? [type] : [];
  });
  const types = new Set(given);
  return types.size === 1 && given[0] !== UNKNOWN ? given[0] : undefined;
}

/** Oid of int8, which count gives. */
const BIGINT = 20;

/** What stands in a name, an int2vector or an oidvector, which are no arrays but are subscripted as if they were. */
const LISTS: ReadonlyMap<number, number> = new Map([
  [19, 18],
  [22, 21],
  [30, 26],
]);

/** The type of what `x[1]` is, of a value of this type. */
export const subscripted = (type: number, scope: Scope): number | undefined =>
  LISTS.get(type) ?? elementOf(type, scope);

/** The type of an array's elements; of no array, unknown. */
export function elementOf(type: number, scope: Scope): number | undefined {
  return isArray(type, scope) ? scope.at.catalogue.typeByOid.get(type)?.base || undefined : undefined;
}

/** The type of arrays of such elements; of arrays it is theirs. An array of whatever, where that is not known. */
export function arrayOf(type: number | undefined, scope: Scope): number {
  if (type === undefined || elementOf(type, scope) !== undefined) return type ?? ARRAY;
  return arrayType(type, scope.at.catalogue) ?? ARRAY;
}

/** The functions that a name may mean with such arguments, in any search path. */
export function routines(
  names: readonly string[],
  args: readonly Flow[],
  scope: Scope,
  nodes: readonly Node[] = [],
): readonly Routine[] {
  // Arguments by name stand in any order.
  const isNamed = nodes.some((node) => as(node, 'NamedArgExpr') !== undefined);
  const types = args.map(({ type }) => (isNamed || type === RECORD ? undefined : type));
  // A list may be long, and each of its lengths is another.
  if (types.length > 8) return routinesGiven(names, types, scope);
  return meaning('function', names, types, scope.at, () => routinesGiven(names, types, scope));
}

function routinesGiven(
  names: readonly string[],
  types: readonly (number | undefined)[],
  scope: Scope,
): readonly Routine[] {
  const [name, schema] = [...names].reverse();
  const paths = pathsOf(scope.at);
  const { catalogue } = scope.at;
  const all = (catalogue.functions.get(name ?? '') ?? []).filter(
    (routine) =>
      takesSoMany(routine, types.length) &&
      (schema === undefined ? paths.some((path) => path.includes(routine.schema)) : isSchema(schema, routine.schema)),
  );
  return meant(all, types, schema === undefined ? paths : undefined, catalogue);
}

function isArray(oid: number, scope: Scope): boolean {
  if (ARRAYS.has(oid)) return true;
  const type = scope.at.catalogue.typeByOid.get(oid);
  return type !== undefined && type.kind === 'b' && type.base !== 0 && type.name.startsWith('_');
}

/** The same of a function by its oid: why what an operator or a cast makes with it may be anything. */
export function besidesOid(oid: number, scope: Scope): Flow {
  const routine = scope.at.catalogue.routineByOid.get(oid);
  if (routine === undefined) return opaque('it calls a function that is not known');
  unasked(routine, scope);
  return besides(routine, scope);
}

function rowOfResult(
  name: string,
  found: readonly Routine[],
  args: readonly Flow[],
  value: Flow,
  scope: Scope,
): readonly Field[] | undefined {
  // Elements of an array are what they were in it.
  if (name === 'unnest' && args.length === 1 && found.every((one) => one.builtin)) return args[0]?.row;
  if (KEEPERS.has(name) || found.every((one) => POLYMORPHIC.has(one.returns)))
    return args.find((flow) => flow.row !== undefined)?.row?.map((field) => ({ name: field.name, flow: value }));
  const [first] = found;
  if (
    first === undefined ||
    found.some((one) => one.outs.length !== first.outs.length || one.returns !== first.returns)
  )
    return;
  if (first.outs.length > 1) return first.outs.map((out) => ({ name: out.name, flow: value }));
  return rowOfType(first.returns, scope.at)?.fields.map((field) => ({ name: field.name, flow: value }));
}

const RECORD = 2249;
/** anyelement, anynonarray, anycompatible, anycompatiblenonarray: what comes out is of a kind with what goes in. */
const POLYMORPHIC: ReadonlySet<number> = new Set([2283, 2776, 5077, 5079]);

/** The columns of a function in FROM. https://www.postgresql.org/docs/current/sql-select.html#SQL-FROM */
export function rowsOf(node: Node, defined: readonly Defined[], alias: string | undefined, scope: Scope): Shape {
  const body = as(node, 'FuncCall');
  const unnested = body !== undefined && namesOf(body.funcname).at(-1) === 'unnest' ? (body.args ?? []) : [];
  if (unnested.length > 1) {
    const flows = unnested.map((arg) => evaluate(arg, scope));
    rowsAsked('unnest', flows, scope);
    return { fields: flows.flatMap((flow) => spreadRow(flow, alias ?? 'unnest', scope).fields) };
  }
  if (body !== undefined) return rowsOfCall(body, called(body, scope), defined, alias, scope);
  const flow = evaluate(node, scope);
  if (defined.length > 0) return asDefined(defined, flow);
  return spreadRow(flow, alias ?? outputName(node), scope);
}

/** Columns that all hold what the flow does; of what types where they are known. */
const named = (names: readonly string[], flow: Flow, types: readonly (number | undefined)[] = []): Shape => ({
  fields: names.map((name, i) => ({ name, flow: { ...changed(flow), type: types[i] } })),
});

/** A column that a call in FROM says it answers with. */
export interface Defined {
  name: string;
  type: number | undefined;
}
const asDefined = (defined: readonly Defined[], flow: Flow): Shape =>
  named(
    defined.map(({ name }) => name),
    flow,
    defined.map(({ type }) => type),
  );

function rowsOfCall(
  body: FuncCall,
  call: Called,
  defined: readonly Defined[],
  alias: string | undefined,
  scope: Scope,
): Shape {
  const { flow, found } = call;
  scope.facts.touch(flow);
  const [routine] = found;
  const name = alias ?? routine?.name ?? namesOf(body.funcname).at(-1) ?? '';
  if (defined.length > 0) return asDefined(defined, flow);
  if (routine === undefined)
    return { ...named([name], flow), open: flow.opaque ?? `it calls ${name}, which is not known` };
  if (new Set(found.map(keyOf)).size > 1)
    return { ...named([name], flow), open: `${name} may be any of several functions` };
  const outs = routine.outs.map(({ name: out, type }, i): Defined => {
    const isOne = found.every((one) => one.outs[i]?.type === type);
    return { name: out, type: isOne ? plainType(type, scope.at) : undefined };
  });
  if (outs.length > 0) return placed(outs, routine, call, scope);
  if (POLYMORPHIC.has(routine.returns)) return spreadRow(flow, name, scope);
  const row = isRow(routine.returns, scope) ? rowOfType(routine.returns, scope.at) : undefined;
  if (row !== undefined)
    return placed(
      row.fields.map((field) => ({ name: field.name, type: found.length === 1 ? field.flow.type : undefined })),
      routine,
      call,
      scope,
    );
  if (routine.returns === RECORD) return { ...named([name], flow), open: `the columns of ${name} are not known` };
  const isOne = found.every((one) => one.returns === routine.returns);
  return named([name], flow, [isOne ? plainType(routine.returns, scope.at) : undefined]);
}

/** Each column of a body that can be read by itself; else all of it in any. */
function placed(outs: readonly Defined[], routine: Routine, { flow, args }: Called, scope: Scope): Shape {
  const { shape, clause } = givenBy(routine, scope);
  const apart = routine.language === 'sql' || routine.builtin || routine.extension;
  if (clause !== undefined || shape.fields.length !== outs.length || !apart) return asDefined(outs, flow);
  return {
    fields: outs.map(({ name, type }, i) => ({
      name,
      flow: { ...changed(mix([...args, shape.fields[i]?.flow ?? flow])), type },
    })),
  };
}

const keyOf = (routine: Routine): string =>
  routine.outs.length > 0
    ? routine.outs.map((out) => out.name).join()
    : String(routine.returns === RECORD || POLYMORPHIC.has(routine.returns) ? routine.returns : 0);

const isRow = (oid: number, scope: Scope): boolean => scope.at.catalogue.typeByOid.get(oid)?.kind === 'c';

/** A value as rows: of several columns where it is a row. */
function spreadRow(flow: Flow, name: string, scope: Scope): Shape {
  const row = rowFields(flow, scope);
  return {
    fields: row?.map((field) => ({ name: field.name, flow: field.flow })) ?? [
      { name, flow: { ...changed(flow), type: flow.type } },
    ],
  };
}
