import type { Node } from 'libpg-query';
import { analyzes, commandOf } from './commands.js';

import type { Filled, Made, MadeColumn, ReadingContext, SqlReading } from './context.js';

import { Facts } from './facts.js';
import type { Given } from './given.js';
import { rowOf } from './lineage/flow.js';
import { columnsOf } from './lineage/known.js';
import { answerOf, type Lineage, trace } from './lineage/trace.js';
import { Names } from './names.js';
import { namespaceOf } from './namespace.js';
import { as, type Part, words } from './nodes.js';
import { type Command, type Patience, parse, parseNamed, Unparsable } from './parse.js';
import { spend, TooLong, within } from './steps.js';
import type { Desk } from './walk.js';

/** Views, functions and types that one text may have looked into. */
const BUDGET = 2_000;
/** Steps that were measured to take up to 5 ms. */
const AT_ONCE = 4_000;
/** How often the paths that a text itself sets are taken into account. */
const ROUNDS = 4;

/**
 * What each command of a text does; the parser must be `ready`. Never throws: what cannot be read is one reading of class
 * `unknown`. A text without a command (a comment) gives none.
 */
export function read(text: string, at: ReadingContext, patience: Patience = 'now'): SqlReading[] {
  try {
    const commands = parse(text, patience);
    const readings = within(patience === 'now' ? AT_ONCE : Number.POSITIVE_INFINITY, () => readAll(commands, text, at));
    return isLarge(readings, text) ? [unreadable(text, 'it leads to more than can be judged')] : readings;
  } catch (error) {
    if (error instanceof TooLong) return [{ ...unreadable(text, error.message), long: true }];
    if (error instanceof Unparsable) return [unreadable(text, error.message, error.said)];
    if (error instanceof RangeError) return [unreadable(text, 'it nests too deeply to be read')];
    return [unreadable(text, 'reading it failed')];
  }
}

/** More than a text of that length says by itself: whoever judges it would take longer than its reader. */
function isLarge(readings: readonly SqlReading[], text: string): boolean {
  let size = 0;
  for (const { outputs = [], literals, bound } of readings) {
    size += literals.length + bound.length;
    for (const { columns } of outputs) size += columns.length;
  }
  return size > LARGEST + 2 * text.length;
}
const LARGEST = 20_000;

/** Whether it may change every row with what is given for its parameters, and where that cannot be told. */
export function changesAll(text: string, at: ReadingContext, given: Given): boolean {
  try {
    return parseNamed(text).some(({ node }) => {
      const facts = new Facts();
      const own = { node, text };
      const textsOf: Desk['textsOf'] = (kind, name) => at[kind]?.get(name);
      commandOf({ names: namesOf(at), facts, own, given, depth: 0, budget: { left: BUDGET }, textsOf }, node);
      return facts.hangs;
    });
  } catch {
    namesOf(at).forget();
    return true;
  }
}

/** What an earlier command of the text sets, makes or prepares, a later one may use: all of it counts for all of them. */
function readAll(commands: readonly Command[], text: string, at: ReadingContext): SqlReading[] {
  let around = at;
  let readings: SqlReading[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const earlier: Earlier = new Map();
    readings = commands.map((command) => {
      const reading = readOne(command, text, around, earlier);
      for (const made of reading.makes) {
        const before = earlier.get(made.name);
        if (before === undefined) earlier.set(made.name, [made]);
        else before.push(made);
      }
      return reading;
    });
    const wider = widened(around, readings, commands.length > 1);
    if (wider === undefined) return readings;
    around = wider;
  }
  return readings.map((reading) => ({
    ...reading,
    class: 'unknown',
    unknown: 'it changes the search_path again and again',
  }));
}

/** The context with what the readings add to it; undefined where they add nothing that matters to these commands. */
function widened(at: ReadingContext, readings: readonly SqlReading[], several: boolean): ReadingContext | undefined {
  const steered = at.steered !== true && readings.some((one) => one.steers === true || one.steered === true);
  const filled = fillingOf(at.filled, readings);
  const stays = !several && !steered && filled === undefined;
  if (stays && readings.every(({ setsPath }) => setsPath.length === 0)) return undefined;
  const had = new Set(at.paths.map((path) => JSON.stringify(path)));
  const paths = readings
    .flatMap(({ setsPath }) => (setsPath === 'unknown' ? [] : setsPath))
    .filter((path) => !had.has(JSON.stringify(path)));
  const prepared = several
    ? added(
        at.prepared,
        readings.map(({ prepares }) => prepares),
      )
    : undefined;
  const cursors = several
    ? added(
        at.cursors,
        readings.map(({ declares }) => declares),
      )
    : undefined;
  const known = new Set((at.made ?? []).map(({ what, name }) => `${what} ${name}`));
  const made = several
    ? readings.flatMap(({ makes }) => makes).filter(({ what, name }) => !known.has(`${what} ${name}`))
    : [];
  if (
    paths.length === 0 &&
    prepared === undefined &&
    cursors === undefined &&
    made.length === 0 &&
    !steered &&
    filled === undefined
  )
    return undefined;
  return {
    ...at,
    ...(steered && { steered }),
    ...(filled !== undefined && { filled }),
    paths: [...at.paths, ...paths],
    prepared: prepared ?? at.prepared,
    cursors: cursors ?? at.cursors,
    made: [...(at.made ?? []), ...made],
  };
}

/** With what the readings say that tables are filled with; undefined where all of that is known. */
export function fillingOf(
  had: readonly Filled[] | undefined,
  readings: readonly SqlReading[],
): readonly Filled[] | undefined {
  const known = new Set(had?.map((one) => JSON.stringify(one)));
  const more = readings.flatMap(({ fills = [] }) => fills).filter((one) => !known.has(JSON.stringify(one)));
  return more.length === 0 ? undefined : [...(had ?? []), ...more];
}

type Texts = ReadonlyMap<string, readonly string[]>;
function added(
  had: Texts | undefined,
  more: readonly ({ name: string; text: string } | undefined)[],
): Texts | undefined {
  const all = new Map(had);
  let grown = false;
  for (const one of more) {
    const texts = one === undefined ? [] : (all.get(one.name) ?? []);
    if (one === undefined || texts.includes(one.text)) continue;
    all.set(one.name, [...texts, one.text]);
    grown = true;
  }
  return grown ? all : undefined;
}

type Earlier = Map<string, Made[]>;

function readOne(command: Command, text: string, at: ReadingContext, earlier: Earlier): SqlReading {
  const { node, from, to, at: placeOf } = command;
  spend(10);
  const names = namesOf(at);
  const facts = new Facts();
  const first = trace(node, text, at);
  const desk: Desk = {
    names,
    facts,
    meant: first.meant,
    own: { node, text: text.slice(from, to) },
    depth: 0,
    budget: { left: BUDGET },
    earlier,
    given: at.given,
    textsOf: (kind, name) => at[kind]?.get(name),
    answers: (into) => madeOf(node, into, text, at),
  };
  let kind: string;
  try {
    kind = commandOf(desk, node);
  } catch (error) {
    names.forget();
    throw error;
  }
  doubtMade(facts);
  // What casts answer stands in nothing that names them.
  const casts = facts.casts.size === 0 ? undefined : answerOf(facts.casts, at);
  const traced = casts === undefined ? first : trace(node, text, at, undefined, casts);
  const prepare = as(node, 'PrepareStmt');
  const declare = as(node, 'DeclareCursorStmt');
  const own = text.slice(from, to);
  for (const { name, does } of traced.relations) if (does === 'read') facts.use(name, does);
  return {
    ...EMPTY,
    ...found(facts),
    ...(isPlanned(node, facts, traced) && { planned: true }),
    ...(facts.fails?.at !== undefined && { fails: { ...facts.fails, at: placeOf(facts.fails.at) } }),
    columns: traced.columns,
    told: toldBy(facts, traced.relations, at),
    outputs: traced.outputs,
    predicates: traced.predicates,
    stores: traced.stores,
    ...(traced.loads !== undefined && traced.loads.length > 0 && { loads: traced.loads }),
    ...(traced.lists.length > 0 && { lists: traced.lists }),
    literals: traced.literals,
    bound: traced.bound,
    missing: [...facts.missing, ...traced.missing],
    kind,
    from,
    to,
    ...(prepare === undefined ? {} : { prepares: { name: String(prepare.name), text: own } }),
    ...(declare === undefined ? {} : { declares: { name: String(declare.portalname), text: own } }),
  };
}

/**
 * A plan that tells no more of values than its conditions do: with ANALYZE it counts the rows that they leave, but also says how large
 * those are that are put by. What a function of somebody's gives may stand in it, or in its estimates.
 */
function isPlanned(node: Node, facts: Facts, { measured, predicates }: Lineage): boolean {
  const explain = as(node, 'ExplainStmt');
  if (explain === undefined || facts.unknown !== undefined) return false;
  const isRun = analyzes(explain.options);
  if (isRun && (facts.class !== 'read' || predicates.some(({ column }) => measured.has(column)))) return false;
  return [...facts.functions].every((name) => name.startsWith('pg_catalog.'));
}

/** The columns of a table that the command makes of a query's answer. */
function madeOf(node: Node, into: Part, text: string, at: ReadingContext): readonly MadeColumn[] | undefined {
  const select = as(node, 'SelectStmt');
  const query = select === undefined ? (as(node, 'CreateTableAsStmt')?.query as Node | undefined) : without(select);
  if (query === undefined || (as(node, 'CreateTableAsStmt')?.into ?? select?.intoClause) !== into) return undefined;
  const given = words(into.colNames);
  const { outputs, types } = trace(query, text, at);
  return outputs?.map(({ name }, index) => ({ name: given[index] ?? name, type: types[index] }));
}
const without = ({ intoClause: _into, ...rest }: Part): Node => ({ SelectStmt: rest }) as Node;

/** A failed constraint shows the row; a body that was not traced may raise what it reads. */
function toldBy(facts: Facts, traced: SqlReading['relations'], at: ReadingContext): string[] {
  const seen = new Set(traced.flatMap(({ name, does }) => (does === 'read' ? [name] : [])));
  const told = new Set(
    [...facts.uses.values()].flatMap(({ name, does }) => (does === 'read' && seen.has(name) ? [] : [name])),
  );
  const columns = [...told].flatMap((name) => {
    const dot = name.indexOf('.');
    const relation = at.catalogue.relations.get(name.slice(0, dot))?.get(name.slice(dot + 1));
    return relation === undefined || relation.builtin ? [] : [...rowOf(columnsOf(relation, at)).columns];
  });
  return [...new Set(columns)];
}

/** A block that makes something and uses it: what it uses then is not what the catalogue has. */
function doubtMade(facts: Facts): void {
  const made = new Set(facts.makes.flatMap(({ what, name }) => (what === 'other' ? [name] : [])));
  if (made.size === 0) return;
  const used = [...facts.uses.values()].flatMap(({ name, does }) => (does === 'define' ? [] : [name]));
  for (const name of [...used, ...facts.functions, ...facts.types]) {
    const bare = name.slice(name.indexOf('.') + 1);
    if (made.has(bare)) facts.doubt(`it makes ${bare} and uses it`);
  }
}

function found(facts: Facts): Partial<SqlReading> {
  return {
    class: facts.class,
    ...(facts.unknown === undefined ? {} : { unknown: facts.unknown }),
    relations: [...facts.uses.values()],
    functions: [...facts.functions],
    runs: [...facts.runs],
    unbounded: facts.unbounded,
    ...(facts.hangs && { hangs: true }),
    traits: facts.anyPath ? [...new Set([...facts.traits, 'session' as const])] : [...facts.traits],
    setsPath: facts.anyPath ? 'unknown' : facts.paths,
    executes: [...facts.executes],
    makes: facts.makes,
    ...(facts.fills.length > 0 && { fills: facts.fills }),
    missing: [...facts.missing],
    ...(facts.own && { own: true }),
    ...(facts.steers && { steers: true }),
    ...(facts.steered && { steered: true }),
    ...(facts.fails !== undefined && { fails: facts.fails }),
  };
}

const EMPTY: Omit<SqlReading, 'kind' | 'from' | 'to'> = {
  class: 'unknown',
  relations: [],
  columns: [],
  functions: [],
  runs: [],
  unbounded: false,
  traits: [],
  outputs: undefined,
  predicates: [],
  stores: [],
  literals: [],
  bound: [],
  setsPath: [],
  executes: [],
  makes: [],
  missing: [],
};

const unreadable = (text: string, why: string, said?: Unparsable['said']): SqlReading => ({
  ...EMPTY,
  kind: 'unparsable',
  unknown: why,
  traits: ['code'],
  setsPath: 'unknown',
  from: 0,
  to: text.length,
  ...(said !== undefined && { fails: { code: '42601', ...said } }),
});

/** Kept as long as the catalogue is; a handful of paths each. */
const kept = new WeakMap<object, Map<number, Names>>();
const KEPT = 8;

function namesOf(at: ReadingContext): Names {
  const { catalogue, paths, made = [], filled } = at;
  const all = kept.get(catalogue) ?? new Map<number, Names>();
  kept.set(catalogue, all);
  const key = namespaceOf(at);
  const found = all.get(key) ?? new Names(catalogue, paths, made, filled);
  all.delete(key);
  all.set(key, found);
  if (all.size > KEPT) all.delete(all.keys().next().value as number);
  return found;
}
