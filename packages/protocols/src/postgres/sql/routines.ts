import type { Node } from 'libpg-query';
import { shape } from './bounds/values.js';
import { type Deed, deedOf, deedUnread } from './builtins.js';
import { type Arguments, givenTo, ofRows } from './called.js';
import { type Routine, takesSoMany } from './catalogue.js';
import { commandOf } from './commands.js';
import { Facts } from './facts.js';
import { Holds, NO_CHOICE, NO_VARIABLES } from './holds.js';
import { as, constant, listOf, open, type Part, word, words } from './nodes.js';
import type { Overload } from './overloads.js';
import { readPlPgSql } from './plpgsql.js';
import { remember } from './remember.js';
import { judgeSetting, splitPath } from './settings.js';
import { commands, knowing, runText } from './texts.js';
import { doubtTaken, makeTaken, touchOid } from './types.js';
import { oneOfMany } from './unnamed.js';
import { declaredIn } from './variables.js';
import { type Desk, schemaOf, walk } from './walk.js';

/** Calls every function that the name may stand for with so many arguments; undefined where that is not known. */
export function callNamed(
  desk: Desk,
  name: readonly string[],
  args: readonly Node[] | undefined,
  told?: ReadonlySet<Overload>,
  location?: unknown,
): void {
  const last = name.at(-1);
  if (last === undefined) return;
  if (desk.names.madeOther(last)) desk.facts.doubt(`${last} was made just now`);
  const found = desk.names.routines(schemaOf(desk, name.at(-2)), last);
  const meant = found.filter(
    (routine) => (told?.has(routine) ?? true) && (args === undefined || takesSoMany(routine, args.length)),
  );
  if (meant.length === 0 && !desk.names.madeOther(last)) missing(desk, name, args, location);
  for (const routine of meant) callRoutine(desk, routine, args);
}

/** `f(x)` is also `x.f`, a column, and `t(x)` a cast to the type t. */
function missing(desk: Desk, name: readonly string[], args: readonly Node[] | undefined, location: unknown): void {
  if (args?.length === 1 && name.length === 1 && isField(args[0]) && desk.names.isColumn(name[0] as string)) return;
  const types = args?.length === 1 ? desk.names.types(name.at(-2), name.at(-1) as string) : [];
  if (types.length === 0) desk.facts.miss(name.join('.'), 'function', location);
  for (const { oid } of types) touchOid(desk, oid);
}
const isField = (arg: Node | undefined): boolean =>
  as(arg, 'ColumnRef') !== undefined || as(arg, 'A_Indirection') !== undefined;

/** Of what it is given, nothing is known where `args` are not. */
export function callOid(desk: Desk, oid: number, args?: readonly Node[]): void {
  const routine = desk.names.catalogue.routineByOid.get(oid);
  if (routine === undefined) desk.facts.doubt('it calls a function that is not known');
  else callRoutine(desk, routine, routine.takes.length === args?.length ? args : undefined);
}

export function callRoutine(desk: Desk, routine: Routine, args: readonly Node[] | undefined | 'attribute'): void {
  desk.facts.functions.add(`${routine.schema}.${routine.name}`);
  // A plan is made with what functions that are not volatile give; the others wait for its execution.
  if (desk.plans === true && routine.volatility === 'volatile') return;
  if (routine.builtin) return dead(desk, deedOf(routine), routine, args);
  const deed = deedUnread(routine);
  if (deed !== undefined) {
    if (routine.language === 'internal') touchOid(desk, routine.returns);
    doubtTaken(desk, routine.takes);
    makeTaken(desk, routine.takes);
    return dead(desk, deed, routine, args);
  }
  const facts = remember({ ...desk, written: false }, `call ${routine.oid}`, (inner) => body(inner, routine));
  desk.facts.add(facts);
  if (routine.takes.length > 0 && !facts.unbounded && WRITES.some((kind) => facts.runs.has(kind)))
    callWith(desk, routine, Array.isArray(args) ? args : routine.takes.map(() => oneOfMany));
}
const WRITES = ['update', 'delete', 'merge', 'insert'];

/** Which rows it changes may hang on what it is given, and for how many rows it is called. */
function callWith(desk: Desk, routine: Routine, args: readonly Node[]): void {
  if (desk.depth > NESTED || desk.budget.left-- <= 0) return;
  const facts = new Facts();
  const values = args.map((arg) => desk.holds?.valuesOf(arg) ?? [arg]);
  const query = desk.query && (desk.holds?.fill(desk.query, NO_CHOICE) ?? desk.query);
  const { args: once, loops } = ofRows(values, query, desk.loops, desk.names);
  const outer = desk.calling?.get(routine.oid);
  const called = outer === undefined ? once : againWith(once, outer);
  if (called === outer) return;
  const calling = new Map(desk.calling).set(routine.oid, called);
  const inner = { ...desk, written: false, facts, called, calling, loops, query: undefined, depth: desk.depth + 1 };
  body(inner, routine);
  desk.facts.unbounded ||= facts.unbounded;
  desk.facts.hangs ||= facts.hangs;
}

/** What a function that calls itself is given then: of its own arguments it may make one after the other; a query's rows are what they are. */
function againWith(args: Arguments, outer: Arguments): Arguments {
  const same = args.map((arg, at) => shape(arg) === shape(outer[at]));
  if (!same.includes(false)) return outer;
  const isOfRows = (node: Node) => as(node, 'SubLink') !== undefined || as(node, 'ColumnRef') !== undefined;
  return args.map((arg, at) => (same[at] === true || arg.every(isOfRows) ? arg : [oneOfMany]));
}
/** Calls in calls that are followed with what they are given. */
const NESTED = 4;

/** Functions that run a text are read with it where the text is a constant. */
function dead(desk: Desk, deed: Deed, routine: Routine, args: readonly Node[] | undefined | 'attribute'): void {
  desk.facts.mark(...deed.traits);
  if (deed.why === undefined) desk.facts.raise(deed.class);
  else desk.facts.doubt(deed.why);
  const text = Array.isArray(args) ? constant(args[0]) : undefined;
  if (deed.traits.includes('code') && typeof text === 'string' && TAKES_SQL.test(routine.name)) {
    for (const { node } of commands(desk, text, `the text given to ${routine.name}`)) commandOf(desk, node);
  }
}
const TAKES_SQL = /^(?:query_to_xml|ts_stat|crosstab)/;

function body(desk: Desk, routine: Routine): void {
  const name = `${routine.schema}.${routine.name}`;
  for (const type of [...routine.takes, routine.returns]) touchOid(desk, type);
  for (const oid of routine.calls) callOid(desk, oid);
  for (const setting of routine.sets) settleOwn(desk, setting);
  if (routine.kind === 'a') return;
  if (routine.source === undefined || routine.language === 'internal') opaque(desk, routine, name);
  else
    readSource(pathed({ ...desk, plans: false, trigger: routine.returns === TRIGGER }, routine), routine.source, name);
  const moves = desk.facts.anyPath || desk.facts.paths.length > 0;
  if (moves && routine.sets.some((setting) => setting.startsWith('search_path=')))
    desk.facts.doubt(`${name} changes the search_path`);
}
/** `pg_type.oid` of the pseudo-type trigger. */
const TRIGGER = 2279;

function opaque(desk: Desk, { language }: Routine, name: string): void {
  desk.facts.mark('code').doubt(`it calls ${name}, a function in ${language} that cannot be read`);
}

/** A function's own search_path is in force in its body, and gone after it. */
function pathed(desk: Desk, { sets }: Routine): Desk {
  const own = sets.find((setting) => setting.startsWith('search_path='));
  const path = own === undefined ? undefined : splitPath(own.slice('search_path='.length));
  return path === undefined ? desk : { ...desk, names: desk.names.under(path) };
}

/** What a function sets for its own while can change the actor or the language all the same. */
function settleOwn(desk: Desk, setting: string): void {
  const [name = '', value = ''] = [setting.slice(0, setting.indexOf('=')), setting.slice(setting.indexOf('=') + 1)];
  if (name === 'search_path') return;
  const { harmless, steers } = judgeSetting(name, [value], desk.names.catalogue.modules);
  if (!harmless) desk.facts.mark('session');
  desk.facts.steered ||= steers === true;
}

/** A whole CREATE FUNCTION: of the catalogue. */
export function readSource(desk: Desk, source: string, name: string): void {
  for (const { node } of commands(desk, source, name)) {
    const [type, made] = open(node);
    if (type !== 'CreateFunctionStmt') desk.facts.doubt(`the SQL of ${name} could not be read`);
    else readBody(made.sql_body === undefined ? desk : printed(desk), made, source, name);
  }
}

/** The server has written it out for a search_path of pg_catalog alone. */
const printed = (desk: Desk): Desk => ({ ...desk, names: desk.names.under(['pg_catalog']) });

export function readBody(desk: Desk, made: Part, source: string, name: string, usual = 'sql'): void {
  for (const node of listOf(made.parameters)) {
    walk(desk, as(node, 'FunctionParameter')?.defexpr as Node | undefined);
  }
  const options = new Map(listOf(made.options).flatMap((node) => entry(as(node, 'DefElem'))));
  const language = (word(options.get('language')) ?? usual).toLowerCase();
  const given = givenTo(made, desk.called);
  const holds = new Holds(given, { ...NO_VARIABLES, labels: new Set([words(made.funcname).at(-1) ?? '']) });
  const inner = { ...desk, called: undefined, holds, declared: declaredIn(made, undefined, desk.names.catalogue) };
  if (made.sql_body !== undefined) return atomic(inner, made.sql_body as Node);
  const text = word(listOf(as(options.get('as'), 'List')?.items)[0]) ?? word(options.get('as'));
  // Of a function without a body the parser knows nothing, and breaks.
  if (language === 'plpgsql' && text !== undefined) readPlPgSql(inner, made, source, name, given);
  else if (language === 'sql' && text !== undefined) runText(inner, text, name);
  else desk.facts.mark('code').doubt(`it calls ${name}, a function in ${language} that cannot be read`);
}

const entry = (option: Part | undefined): [string, unknown][] =>
  option === undefined ? [] : [[String(option.defname), option.arg]];

function atomic(desk: Desk, node: Node): void {
  const list = as(node, 'List');
  if (list === undefined) commandOf(knowing(desk, node, ''), node);
  else for (const item of listOf(list.items)) atomic(desk, item);
}

/** SET, or `set_config` with these arguments. */
export function settle(desk: Desk, [name, value]: readonly (string | null | undefined)[]): void {
  if (typeof name !== 'string')
    return void desk.facts.mark('session').doubt('it changes a setting whose name is not in the text');
  const one = value === undefined || value === null ? undefined : value;
  const isPath = name.toLowerCase() === 'search_path';
  const words = one === undefined ? undefined : isPath ? splitPath(one) : [one];
  setTo(desk, name, words);
}

export function setTo(desk: Desk, name: string, values: readonly (string | null)[] | undefined): void {
  const { harmless, path, steers } = judgeSetting(name, values, desk.names.catalogue.modules);
  if (!harmless) desk.facts.mark('session');
  if (path !== undefined) desk.facts.setPath(path);
  desk.facts.steers ||= steers === true;
}
