import type { Node } from 'libpg-query';
import type { Relation, Routine } from '../catalogue.js';
import type { Names } from '../names.js';
import { as, eachChild, listOf, open, type Part, partsOf, words } from '../nodes.js';
import { parse } from '../parse.js';
import { spend, unlessTooLong } from '../steps.js';
import { answersOf } from './beside.js';
import { fixed } from './known.js';
import { namesIn, ofQuery, queriesIn, resolve, type Source, sourcesIn, type Tables, without } from './sources.js';

/**
 * Where the values of an answer are from: a user's table keeps them; the text or its parameters `list` them; there is `one`; they are
 * those of the query that WITH makes of itself; or they are `numbers` that no table of a user's chose, of which every key may be one.
 */
type Origin = 'kept' | 'list' | 'one' | 'self' | 'numbers';

interface Scope {
  names: Names;
  tables: Tables;
  sources: readonly Source[];
  /** The name that a recursion has inside of itself. */
  self?: string | undefined;
  depth: number;
}

/** Queries inside of one another that are looked through. */
const DEEPEST = 8;

/** The query answers, in that place, numbers that no table of a user's chose: counted ones, or the server's own. */
export const invents = (names: Names, tables: Tables, query: Node | undefined, at = 0): boolean =>
  ofAnswer({ names, tables, sources: [], depth: 0 }, query, at) === 'numbers';

/** So does it in some place, and in none what a table keeps. */
export function inventsAll(names: Names, tables: Tables, query: Node | undefined): boolean {
  const scope: Scope = { names, tables, sources: [], depth: 0 };
  const found = listOf(as(query, 'SelectStmt')?.targetList).map((_, at) => ofAnswer(scope, query, at));
  return found.includes('numbers') && !found.includes('kept');
}

/** So is what is compared: a column of FROM, or a query in its place. */
export const isInvented = (names: Names, tables: Tables, sources: readonly Source[], node: Node | undefined): boolean =>
  ofValue({ names, tables, sources, depth: 0 }, node) === 'numbers';

function ofAnswer(around: Scope, query: Node | undefined, at: number): Origin {
  spend(2);
  const select = as(query, 'SelectStmt');
  if (select === undefined || at < 0 || around.depth > DEEPEST) return 'kept';
  const tables = ofQuery(select.withClause, around.tables);
  const scope = { ...around, tables, depth: around.depth + 1, sources: sourcesIn(listOf(select.fromClause)) };
  if (select.larg !== undefined) return ofBoth(scope, select, at);
  if (select.valuesLists !== undefined || Number(fixed(select.limitCount as Node | undefined)) <= FEW) return 'list';
  const target = as(listOf(select.targetList)[at], 'ResTarget')?.val as Node | undefined;
  const [first] = scope.sources;
  const leading = as(as(listOf(select.targetList)[0], 'ResTarget')?.val, 'ColumnRef');
  if (listOf(leading?.fields).some((field) => as(field, 'A_Star') !== undefined))
    return first === undefined ? 'kept' : ofSource(scope, first, at);
  const name = words(as(target, 'FuncCall')?.funcname).at(-1) ?? '';
  if (SUMS.test(name) && as(target, 'FuncCall')?.over === undefined && select.groupClause === undefined) return 'one';
  return ofTerm(scope, target);
}
/** Rows that are few whatever they are. */
const FEW = 100;
const SUMS = /^(?:count|sum|avg|min|max)$/;

/** Of a recursion's term: over nothing that a table keeps, it counts. */
function ofTerm(scope: Scope, target: Node | undefined): Origin {
  const { self, sources } = scope;
  const origin = ofValue(scope, target);
  if (self === undefined || origin === 'self' || !sources.some(({ part }) => part.relname === self)) return origin;
  const keeps = ({ type, part }: Source): boolean =>
    type === 'RangeSubselect' || (type === 'RangeVar' && part.relname !== self && !isServers(scope.names, part));
  return sources.some(keeps) ? origin : 'numbers';
}

function ofBoth(scope: Scope, select: Part, at: number): Origin {
  const [left, right] = [select.larg, select.rarg].map((side) => ofAnswer(scope, { SelectStmt: side } as Node, at));
  if (select.op === 'SETOP_EXCEPT') return left as Origin;
  const both = [left, right] as Origin[];
  if (select.op === 'SETOP_INTERSECT') return both.find((one) => one !== 'numbers') ?? 'numbers';
  return strongest(both.map((one) => (one === 'one' ? 'list' : one)));
}

const ORDER: readonly Origin[] = ['numbers', 'kept', 'self', 'list', 'one'];
const strongest = (found: readonly Origin[]): Origin => ORDER.find((one) => found.includes(one)) ?? 'one';

function ofValue(scope: Scope, node: Node | undefined): Origin {
  const [type, part] = open(node);
  if (node === undefined) return 'kept';
  if (type === 'ColumnRef') return ofReference(scope, words(part.fields));
  if (type === 'TypeCast') return ofValue(scope, part.arg as Node);
  const found: Origin[] = [];
  const lists = new Set<string>();
  const look = (kind: string, child: Part): void => {
    spend(1);
    const one = ofPart(scope, kind, child);
    if (one === undefined) return eachChild(child, look);
    found.push(one);
    if (one === 'list')
      lists.add(kind === 'ColumnRef' ? (words(child.fields).at(-2) ?? words(child.fields).join()) : '');
  };
  look(type, part);
  // Each of one list with each of another are more than either lists.
  if (lists.size > 1 && !found.includes('kept')) return 'numbers';
  const origin = strongest(found);
  return origin === 'self' && type !== 'FuncCall' ? 'numbers' : origin;
}

/** Undefined for what is as its parts are. */
function ofPart(scope: Scope, type: string, part: Part): Origin | undefined {
  if (type === 'ColumnRef') return ofReference(scope, words(part.fields));
  if (type === 'SubLink') return ofSubquery(scope, part);
  return type === 'FuncCall' ? ofCall(scope, part) : undefined;
}

function ofSubquery(scope: Scope, { subLinkType, subselect }: Part): Origin {
  const origin = ofAnswer(scope, subselect as Node, 0);
  if (subLinkType === 'ARRAY_SUBLINK') return origin;
  const [target] = partsOf(as(subselect, 'SelectStmt')?.targetList, 'ResTarget');
  return /"sval":"array_agg"/.test(JSON.stringify(target ?? {})) || origin !== 'numbers' ? origin : 'one';
}

function ofCall(scope: Scope, part: Part): Origin | undefined {
  const name = words(part.funcname).at(-1) ?? '';
  if (part.over !== undefined && !OF_ANOTHER_ROW.test(name)) return 'numbers';
  if (name === 'count' || name === 'generate_subscripts') return 'numbers';
  if (name === 'generate_series') return isShort(part) ? 'list' : 'numbers';
  const sets = scope.names.routines(words(part.funcname).at(-2), name).filter(({ returnsSet }) => returnsSet);
  const own = sets.filter(({ builtin }) => !builtin);
  if (own.length > 0) return strongest(own.map((one) => ofRoutine(scope, one)));
  if (!SPLITS.test(name)) return sets.length > 0 ? 'numbers' : undefined;
  const given = listOf(part.args).map((arg) => ofValue(scope, arg));
  const origin = strongest(given);
  if (origin !== 'one') return origin;
  return GROWS.test(JSON.stringify(part.args)) ? 'numbers' : 'list';
}
/** What a window gives of some row; all else it counts or sums up. */
const OF_ANOTHER_ROW = /^(?:first_value|last_value|nth_value|lag|lead|min|max)$/;
/** Functions that make rows of what they are given. */
const SPLITS =
  /^(?:unnest|jsonb?_(?:array_elements|each|to_record|populate_record|object_keys|path_query)\w*|string_to_table|regexp_(?:matches|split_to_table))$/;
/** What makes much of little. */
const GROWS = /"sval":"(?:repeat|array_fill|lpad|rpad)"/;

/** Most that a client may write out in place of a series. */
const LISTED = 1_000;

/** A series that is not from the first key on, of as many as somebody may list. */
export function isShort({ args }: Part): boolean {
  const [first, last, ...step] = listOf(args).map((arg) => Number(fixed(arg) ?? Number.NaN));
  return step.length === 0 && first !== undefined && last !== undefined && first > 1 && last - first < LISTED;
}

/** A series is in it that is every key, as likely as not. */
export function hasSeries(node: unknown): boolean {
  if (!/"sval":"generate_series"/.test(JSON.stringify(node) ?? '')) return false;
  let found = false;
  const look = (type: string, part: Part): void => {
    found ||= type === 'FuncCall' && words(part.funcname).at(-1) === 'generate_series' && !isShort(part);
    eachChild(part, look);
  };
  if (Array.isArray(node)) for (const one of node) look(...open(one as Node));
  else look('', node as Part);
  return found;
}

/** By the queries that a routine answers with; what cannot be told may be any numbers. Extensions read from elsewhere. */
function ofRoutine(scope: Scope, routine: Routine): Origin {
  if (routine.extension) return 'kept';
  const queries = answering(routine);
  const inside = { ...scope, sources: [], self: undefined, tables: NONE };
  return queries.length === 0 ? 'numbers' : strongest(queries.map((query) => ofAnswer(inside, query, 0)));
}

const answers = new WeakMap<Routine, readonly Node[]>();

/** The queries that a user's function in FROM answers with. */
export function answersOfCalls(names: Names, { functions }: Part): readonly Node[] {
  return listOf(functions).flatMap((one) => {
    const name = words(as(listOf(as(one, 'List')?.items)[0], 'FuncCall')?.funcname);
    const own = names.routines(name.at(-2), name.at(-1) ?? '').filter(({ builtin }) => !builtin);
    return own.flatMap((routine) => answering(routine));
  });
}

/** The queries that a routine answers with, where its body is text; none where they are not known. */
function answering(routine: Routine): readonly Node[] {
  const known = answers.get(routine);
  if (known !== undefined) return known;
  const found = answeringIn(routine);
  answers.set(routine, found);
  return found;
}

function answeringIn({ source, language }: Routine): readonly Node[] {
  try {
    const [made] = parse(source ?? '', 'any');
    const { options } = as(made?.node, 'CreateFunctionStmt') ?? {};
    const text = words(as(partsOf(options, 'DefElem').find(({ defname }) => defname === 'as')?.arg, 'List')?.items)[0];
    if (text === undefined) return [];
    if (language === 'sql')
      return parse(text, 'any')
        .slice(-1)
        .map(({ node }) => node);
    if (/\breturn\s+next\b/i.test(text)) return [];
    return [...text.matchAll(/\breturn\s+query\s+(?!execute\b)([^;]+)/gi)].flatMap(([, query = '']) =>
      parse(query, 'any').map(({ node }) => node),
    );
  } catch (error) {
    unlessTooLong(error);
    return [];
  }
}

function ofReference(scope: Scope, fields: readonly string[]): Origin {
  const column = fields.at(-1) ?? '';
  const { sources, names, tables } = scope;
  const has = ({ type, part }: Source): boolean =>
    namesIn(names, [{ [type]: part } as unknown as Node], tables).includes(column);
  const source =
    fields.length > 1
      ? sources.find(({ alias }) => alias === fields.at(-2))
      : (sources.find((one) => one.alias === column) ??
        sources.find(has) ??
        (sources.length === 1 ? sources[0] : undefined));
  return source === undefined ? 'kept' : ofSource(scope, source, column);
}

/** Of a source's column, by its name or its place. */
function ofSource(scope: Scope, { type, part }: Source, column: string | number): Origin {
  const given = words((part.alias as Part | undefined)?.colnames);
  if (type === 'RangeSubselect') return ofNamed(scope, part.subquery as Node, given, column);
  if (type === 'RangeFunction') return ofFunction(scope, part, given, column);
  if (type !== 'RangeVar') return 'kept';
  const name = String(part.relname);
  if (part.schemaname === undefined && name === scope.self) return 'self';
  const table = part.schemaname === undefined ? scope.tables.of(name) : undefined;
  if (table === undefined) return ofRelations(scope, part, given, column);
  const own = given.length > 0 ? given : words(table.aliascolnames);
  const query = table.ctequery as Node;
  const self = as(query, 'SelectStmt')?.larg === undefined ? undefined : name;
  return ofNamed({ ...scope, self, tables: without(scope.tables, name) }, query, own, column);
}

function ofNamed(scope: Scope, query: Node, given: readonly string[], column: string | number): Origin {
  const select = as(query, 'SelectStmt');
  if (select === undefined) return 'kept';
  const names = [...given, ...answersOf(select).slice(given.length)];
  return ofAnswer(scope, query, typeof column === 'number' ? column : names.indexOf(column));
}

function ofFunction(scope: Scope, part: Part, given: readonly string[], column: string | number): Origin {
  const calls = listOf(part.functions).map((one) => listOf(as(one, 'List')?.items)[0]);
  const origin = strongest(calls.map((call) => ofValue(scope, call)));
  const width = calls.reduce((sum, call) => sum + widthOf(as(call, 'FuncCall')), 0);
  const isPlace = column === 'ordinality' || (given.length > width && column === given.at(-1)) || column === width;
  if (part.ordinality !== true || !isPlace) return origin;
  return origin === 'list' && !/"SubLink"/.test(JSON.stringify(part.functions)) ? 'list' : 'numbers';
}

/** Columns that it gives. */
function widthOf(call: Part | undefined): number {
  const name = words(call?.funcname).at(-1) ?? '';
  return name === 'unnest' ? listOf(call?.args).length : /_each/.test(name) ? 2 : 1;
}

function ofRelations(scope: Scope, part: Part, given: readonly string[], column: string | number): Origin {
  const found = resolve(scope.names, part);
  if (found.length === 0) return 'kept';
  return strongest(found.map((one) => ofRelation(scope, one, given, column)));
}

function ofRelation(scope: Scope, relation: Relation, given: readonly string[], column: string | number): Origin {
  const at = typeof column === 'number' ? column : given.indexOf(column);
  const kept = at < 0 ? relation.columns.find(({ name }) => name === column) : relation.columns[at];
  if (relation.builtin) return kept === undefined || isNumber(scope.names, kept.type) ? 'numbers' : 'kept';
  const [query] = relation.kind === 'v' ? queriesIn(relation) : [];
  return query === undefined || kept === undefined
    ? 'kept'
    : ofAnswer({ ...scope, sources: [], self: undefined, tables: NONE }, query, relation.columns.indexOf(kept));
}
const NONE: Tables = { of: () => undefined };
/** `pg_type.oid` of int8, int2, int4, oid, float4, float8 and numeric. */
const NUMBERS: ReadonlySet<number> = new Set([20, 21, 23, 26, 700, 701, 1700]);

const isNumber = (names: Names, type: number): boolean =>
  NUMBERS.has(type) || NUMBERS.has(names.catalogue.typeByOid.get(type)?.base ?? 0);

const isServers = (names: Names, part: Part): boolean => {
  const found = resolve(names, part);
  return found.length > 0 && found.every(({ builtin }) => builtin);
};
