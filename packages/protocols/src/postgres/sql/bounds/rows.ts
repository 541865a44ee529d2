import type { Node } from 'libpg-query';
import type { Column, Relation } from '../catalogue.js';
import type { Names } from '../names.js';
import { as, eachChild, listOf, open, type Part, partsOf, words } from '../nodes.js';
import { spend } from '../steps.js';
import { MANY, UNTOLD } from '../unnamed.js';
import { type End, endsOf, extremeAt } from './beside.js';
import { bounds } from './condition.js';
import { answersOfCalls, hasSeries, invents, isInvented } from './invented.js';
import { fixed } from './known.js';
import { isOfPast } from './past.js';
import {
  aliasOf,
  alonesIn,
  ancestorsOf,
  isSystem,
  namesIn,
  ofQuery,
  queriesIn,
  resolve,
  type Source,
  sourcesIn,
  type Tables,
  tablesUnder,
  without,
} from './sources.js';
import { type Subject, subjectOf } from './subject.js';
import { hasParameter, written } from './values.js';

/**
 * What rows of another source say of the target's: `all`: every row may meet one of them; `referred`: every row does by the
 * foreign key that it has to the source; `some`: what the source's rows are is not the target's own doing; `untold`: that is for
 * whoever runs the command to say.
 */
export type Coverage = 'all' | 'referred' | 'some' | 'untold';

interface Of {
  names: Names;
  alias: string;
  relations: readonly Relation[];
  /** The tables that the rows are in, under the views. */
  tables: ReadonlySet<Relation>;
  with: Tables;
  /** Names without a table before them may be of others. */
  qualified?: boolean | undefined;
  /** The command is run again and again. */
  loops?: boolean | undefined;
  /** What a parameter stands for leaves rows out. */
  trusts?: boolean | undefined;
  /** Whose query these rows are in: a name that they do not have is of its rows. */
  outer?: Rows | undefined;
  /** Columns that names inside of a query stand for first. */
  hidden?: ReadonlySet<string> | undefined;
}

/** What another name's rows are, and the columns by which they are `referred`. */
interface Other {
  coverage: Coverage;
  keys: readonly string[];
  /** Where FROM has it. */
  source?: Source | undefined;
  /** A column of it is asked to be one of these rows' own. */
  tied?: boolean;
}

/** Rows of one relation (a target's, or a source's own), as a condition sees them. */
export class Rows {
  readonly #of: Of;
  readonly #others = new Map<string, Other>();
  readonly #differing = new Map<string, boolean>();

  constructor(of: Of) {
    this.#of = of;
  }

  static of(names: Names, rel: Part, tables: Tables, how: Pick<Of, 'loops' | 'trusts'> = {}): Rows {
    const relations = resolve(names, rel);
    const alias = aliasOf(rel) ?? String(rel.relname ?? '');
    const under = new Set(relations.flatMap((one) => [...tablesUnder(names, one)]));
    return new Rows({ names, alias, relations, tables: under, with: tables, ...how });
  }

  /** Rows of another relation, of which parameters say as much. */
  #other(rel: Part): Rows {
    return Rows.of(this.#of.names, rel, this.#of.with, { trusts: this.trusts });
  }

  get alias(): string {
    return this.#of.alias;
  }

  get loops(): boolean {
    return this.#of.loops === true;
  }

  get trusts(): boolean {
    return this.#of.trusts === true;
  }

  get names(): Names {
    return this.#of.names;
  }

  get with(): Tables {
    return this.#of.with;
  }

  /** A query's or a function's rows, which no relation names. */
  get #isDerived(): boolean {
    return this.#of.relations.length === 0;
  }

  /** What a name besides stands for: a source of the same command, the variable of a loop. */
  meets(alias: string, coverage: Coverage): this {
    this.#others.set(alias, { keys: [], ...this.#others.get(alias), coverage });
    return this;
  }

  /** What another's rows are beside. */
  #beside(of: Rows, but?: string): this {
    for (const [name, other] of of.#others) if (name !== but) this.#others.set(name, other);
    return this;
  }

  /** The rows of FROM, as far as WHERE and the joins between them leave none out. */
  join(from: readonly Node[], where: Node | undefined): this {
    const sources = sourcesIn(from);
    const conditions = [where, ...sources.flatMap(({ on }) => on)];
    for (const source of sources) {
      const coverage = this.#coverage(source.type, source.part);
      const groups = coverage === 'some' ? this.#keysIn(source) : [];
      this.#others.set(source.alias, {
        coverage: groups.length > 0 ? 'referred' : coverage,
        keys: groups.length > 0 ? groups : keysOf(this.#of.names, source.part),
        source,
        tied: conditions.some((one) => this.#isTie(one, source.alias)),
      });
    }
    for (const alias of alonesIn(from, where)) this.meets(alias, 'some');
    const whole = () =>
      sources.find((one) => this.#others.get(one.alias)?.coverage !== 'some' && this.#isLeftOut(one, sources, where));
    for (let one = whole(); one !== undefined; one = whole()) this.meets(one.alias, 'some');
    return this;
  }

  /** By a condition on the source's own rows. */
  #isLeftOut({ alias, type, part, on }: Source, sources: readonly Source[], where: Node | undefined): boolean {
    const own = this.#other(type === 'RangeVar' && !this.#isTable(part) ? part : {}).#of;
    const inner = new Rows({ ...own, alias, outer: this, qualified: own.relations.length === 0 && sources.length > 1 });
    inner.#beside(this, alias).meets(this.alias, 'all');
    return [where, ...on].some((one) => bounds(inner, one, false));
  }

  /** `own = other's`, beside which nothing else need hold. */
  #isTie(node: Node | undefined, alias: string): boolean {
    const [type, part] = open(node);
    if (type === 'BoolExpr')
      return part.boolop === 'AND_EXPR' && listOf(part.args).some((one) => this.#isTie(one, alias));
    if (type !== 'A_Expr' || part.kind !== 'AEXPR_OP' || words(part.name).at(-1) !== '=') return false;
    const [left, right] = [part.lexpr, part.rexpr] as Node[];
    const isOf = (one: Node | undefined) => words(as(one, 'ColumnRef')?.fields).at(-2) === alias;
    return (isOf(left) && this.column(right) !== undefined) || (isOf(right) && this.column(left) !== undefined);
  }

  /** What FROM has that the reference is to; undefined for a variable. */
  #otherAt(node: Node | undefined): Other | undefined {
    const fields = words(as(node, 'ColumnRef')?.fields);
    if (fields.length > 1) return this.#others.get(fields.at(-2) ?? '');
    const has = ({ source }: Other): boolean =>
      source !== undefined &&
      namesIn(this.names, [{ [source.type]: source.part } as unknown as Node], this.with).includes(fields[0] ?? '');
    return [...this.#others.values()].find(has);
  }

  /** What another source's column may be, where it is none that a table keeps. */
  endsOf(node: Node | undefined): readonly End[] | undefined {
    const source = this.#otherAt(node)?.source;
    return source && endsOf(this.names, this.with, source, words(as(node, 'ColumnRef')?.fields).at(-1) ?? '');
  }

  /** Of a query that groups these rows again: what it groups by, or the least or greatest of that column. */
  isOfTwins(node: Node | undefined, column: string): boolean {
    const { coverage, source } = this.#otherAt(node) ?? {};
    if (coverage !== 'referred' || source === undefined) return false;
    if (this.coverageOf(node as Node) === 'referred') return true;
    return extremeAt(this.with, source, words(as(node, 'ColumnRef')?.fields).at(-1) ?? '') === column;
  }

  /** The key is to be one of numbers that no table of a user's chose. */
  invents(column: string, query: Node | undefined, at = 0): boolean {
    return this.#isNumbered(column) && invents(this.names, this.with, query, at);
  }

  /** So is the value of another source. */
  isInvented(column: string, node: Node | undefined): boolean {
    const sources = [...this.#others.values()].flatMap(({ source }) => source ?? []);
    return this.#isNumbered(column) && isInvented(this.names, this.with, sources, node);
  }

  /** A key that is counted; what the server numbers is not. */
  #isNumbered(column: string): boolean {
    return !this.#isDerived && this.isKey(column) && this.typeOf(column) !== OID;
  }

  /** Another source's column, or a variable, says where a range ends: of a table, its row has to belong to these, or to be its only one. */
  measures(node: Node, { column, kind }: Subject): boolean {
    const other = this.#otherAt(node);
    if (this.isKey(column)) return false;
    if (other?.source === undefined || other.tied === true || kind === 'moment') return true;
    return resolve(this.names, other.source.part).some(({ rows }) => rows === 1);
  }

  #isTable = ({ schemaname, relname }: Part): boolean =>
    schemaname === undefined && this.#of.with.of(String(relname)) !== undefined;

  #coverage(type: string, part: Part): Coverage {
    if (type === 'RangeSubselect') return this.readsAll(part.subquery as Node) ? 'all' : 'some';
    if (type === 'RangeFunction') return this.#generates(part) ? 'all' : 'some';
    if (type !== 'RangeVar') return 'some';
    if (this.#isTable(part)) return this.#readsTable(this.#of.with.of(String(part.relname)) as Part) ? 'all' : 'some';
    if (this.#holdsAll(part)) return 'all';
    return this.#isReferred(part) ? 'referred' : 'some';
  }

  /** A WITH's query, or what a command of it returns. */
  #readsTable(table: Part): boolean {
    const query = table.ctequery as Node | undefined;
    if (as(query, 'SelectStmt') !== undefined) return this.readsAll(query, String(table.ctename));
    const [, part] = open(query);
    if (part.relation === undefined || !this.#holdsAll(part.relation as Part)) return false;
    const where = part.whereClause as Node | undefined;
    const from = [...listOf(part.usingClause), ...listOf(part.fromClause)];
    return !bounds(this.#other(part.relation as Part).join(from, where), where, false);
  }

  /** What the query answers, put into a table, has a row for each of these; what only counts or sums them up has not. */
  isFilledBy(query: Node): boolean {
    const select = as(query, 'SelectStmt') ?? {};
    const targets = partsOf(select.targetList, 'ResTarget');
    const isSummed =
      targets.length > 0 && targets.every(({ val }) => SUMS.test(words(as(val, 'FuncCall')?.funcname).at(-1) ?? ''));
    if (isSummed && select.groupClause === undefined) return false;
    return this.readsAll(query) || (isOneOfEach(this, select) && this.#groups(select).length > 0);
  }

  /** The session has put all of these rows into it. */
  #isFilled({ relname }: Part): boolean {
    const filled = this.names.filledWith(String(relname));
    return filled.length > 0 && (filled.includes(0) || [...this.#of.tables].some(({ oid }) => filled.includes(oid)));
  }

  /** The same table, its parent, a view that has all of its rows, or what they were put into. */
  #holdsAll(rel: Part): boolean {
    if (this.#isFilled(rel)) return true;
    return resolve(this.#of.names, rel).some((one) => this.#holds(one, 0));
  }

  #holds(one: Relation, depth: number): boolean {
    for (const own of this.#of.tables) if (own === one || ancestorsOf(this.#of.names, own).has(one.oid)) return true;
    if (one.definition === undefined || depth > 8)
      return one.kind === 'v' && !one.builtin && one.definition === undefined;
    return queriesIn(one).some((query) => this.readsAll(query));
  }

  #isReferred(rel: Part): boolean {
    const own = new Set([...this.#of.tables].map(({ oid }) => oid));
    return resolve(this.#of.names, rel).some(({ referencing }) => referencing.some((oid) => own.has(oid)));
  }

  /** Numbers one after the other are every key; what a client lists is what it lists. */
  #generates(part: Part): boolean {
    const isSeries = /"sval":"generate_series"/.test(written(part));
    if (isSeries && !hasSeries(part)) return this.#readsInside(part);
    return !/"sval":"(?:unnest|jsonb?_\w+|string_to_table|regexp_\w+)"/.test(written(part)) &&
      isBuiltin(this.#of.names, part)
      ? true
      : this.#readsInside(part) || this.#isAnswered(part);
  }

  /** A user's function answers with all of them; one that calls itself says no more than it has said. */
  #isAnswered(part: Part): boolean {
    const queries = answersOfCalls(this.names, part).filter((query) => !looked.has(query));
    return queries.some((query) => {
      looked.add(query);
      try {
        return this.readsAll(query);
      } finally {
        looked.delete(query);
      }
    });
  }

  #readsInside(part: Part): boolean {
    let found = false;
    eachChild(part, (type, child) => {
      found ||= type === 'SelectStmt' ? this.readsAll({ SelectStmt: child } as Node) : this.#readsInside(child);
    });
    return found;
  }

  /**
   * A query whose rows are all of the target's again: FROM has them, and nothing leaves one out. `of`: the name that WITH gives it;
   * `column`: the one that its answers are compared with.
   */
  readsAll(node: Node | undefined, of?: string, column?: string): boolean {
    spend(4);
    const select = as(node, 'SelectStmt');
    if (select === undefined) return true;
    const tables = ofQuery(select.withClause, of === undefined ? this.#of.with : without(this.#of.with, of));
    if (select.larg !== undefined) return this.#readsEither(select, tables, of, column);
    if (isLimited(this, select) || select.valuesLists !== undefined) return false;
    if (hasSeries(select.targetList)) return true;
    if (isOneOfEach(this, select)) return column !== undefined && this.#groups(select).length > 0;
    const from = listOf(select.fromClause);
    const sources = sourcesIn(from);
    // A recursion over nothing but itself counts.
    if (of !== undefined && sources.length > 0 && sources.every(({ part }) => part.relname === of)) return true;
    const inner = this.#under(tables).join(from, select.whereClause as Node | undefined);
    return sources.some(
      ({ alias, part }) =>
        (inner.#others.get(alias)?.coverage === 'all' && (this.#isFilled(part) || !isOtherColumn(select, column))) ||
        inner.#tellsKey(alias, select),
    );
  }

  /** Answers of a query in FROM of which every row has one: by what it groups, or by the foreign key. */
  #keysIn({ type, part }: Source): readonly string[] {
    const own = this.#isTable(part) ? this.#of.with.of(String(part.relname)) : undefined;
    const select = as(type === 'RangeSubselect' ? part.subquery : own?.ctequery, 'SelectStmt');
    if (select === undefined || select.larg !== undefined || isLimited(this, select)) return [];
    if (isOneOfEach(this, select)) return this.#groups(select);
    const tables = ofQuery(
      select.withClause,
      own === undefined ? this.#of.with : without(this.#of.with, String(own.ctename)),
    );
    const inner = this.#under(tables).join(listOf(select.fromClause), select.whereClause as Node | undefined);
    return partsOf(select.targetList, 'ResTarget').flatMap(({ name, val }) =>
      inner.coverageOf(val as Node) === 'referred' ? [String(name ?? words(as(val, 'ColumnRef')?.fields).at(-1))] : [],
    );
  }

  /** Answers of a query that has each of a column's values once: every row has one of them. */
  #groups({ targetList, fromClause, whereClause, groupClause, havingClause }: Part): readonly string[] {
    const [from, ...others] = listOf(fromClause);
    const table = as(from, 'RangeVar');
    if (table === undefined || others.length > 0 || this.#isTable(table) || !this.#holdsAll(table)) return [];
    const rows = this.#other(table);
    if ([whereClause, havingClause].some((one) => bounds(rows, one as Node | undefined, false))) return [];
    const by = new Set(groupedBy({ targetList, groupClause }));
    return partsOf(targetList, 'ResTarget').flatMap(({ name, val }) => {
      const column = words(as(extremeOf(val), 'ColumnRef')?.fields).at(-1);
      return column !== undefined && by.has(column) ? [String(name ?? column)] : [];
    });
  }

  #tellsKey(alias: string, select: Part): boolean {
    const value = as(listOf(select.targetList)[0], 'ResTarget')?.val;
    const name = words(as(value, 'ColumnRef')?.fields).at(-1);
    const { coverage, keys = [] } = this.#others.get(alias) ?? {};
    return name !== undefined && coverage === 'referred' && keys.includes(name);
  }

  #readsEither(select: Part, tables: Tables, of: string | undefined, column: string | undefined): boolean {
    const inner = this.#under(tables);
    const [left, right] = [select.larg, select.rarg].map((side) => ({ SelectStmt: side }) as Node);
    const sides = [left, right].map((side) => inner.readsAll(side, of, column));
    if (select.op === 'SETOP_UNION') return sides.includes(true);
    if (select.op === 'SETOP_INTERSECT') return !sides.includes(false);
    return sides[0] === true && listOf(as(right, 'SelectStmt')?.fromClause).length === 0;
  }

  /** The same rows, seen from a query inside. */
  #under(tables: Tables): Rows {
    const inner = new Rows({ ...this.#of, with: tables });
    return inner.#beside(this);
  }

  /** The same rows, seen from a condition of a query that has FROM, and its own WITH. */
  hiding(from: readonly Node[], clause?: unknown): Rows {
    const tables = ofQuery(clause, this.with);
    const own = namesIn(this.names, from, tables);
    const inner = new Rows({ ...this.#of, with: tables, hidden: new Set([...(this.#of.hidden ?? []), ...own]) });
    return inner.#beside(this);
  }

  /** The column of the rows that it is; undefined for what is none of theirs. */
  column(node: Node | undefined): string | undefined {
    const ref = as(node, 'ColumnRef');
    const fields = words(ref?.fields);
    const name = fields.at(-1);
    if (name === undefined || fields.length < listOf(ref?.fields).length) return undefined;
    if (fields.length > 1) return fields.at(-2) === this.alias ? name : undefined;
    if (this.#of.qualified === true || this.#of.hidden?.has(name) === true) return undefined;
    if (this.#isDerived) return name;
    return isSystem(name) || this.#has(name) ? name : undefined;
  }

  #has = (name: string): boolean =>
    this.#of.relations.some((one) => one.columns.some((column) => column.name === name) && this.#differs(one, name));

  /** Of a view it may be the same for every row: `1 as one`, `id * 0 as none`. */
  #differs(relation: Relation, name: string): boolean {
    const key = `${relation.oid} ${name}`;
    const had = this.#differing.get(key);
    if (had !== undefined) return had;
    const queries = relation.kind === 'v' ? queriesIn(relation) : [];
    const found = queries.every((node) => {
      const { targetList, fromClause } = as(node, 'SelectStmt') ?? {};
      const [from, ...others] = listOf(fromClause);
      const table = as(from, 'RangeVar');
      const given = listOf(targetList).map((one) => as(one, 'ResTarget'));
      const value = given.find((one) => one?.name === name)?.val;
      if (table === undefined || others.length > 0 || value === undefined) return true;
      return subjectOf(this.#other(table), value as Node) !== undefined;
    });
    this.#differing.set(key, found);
    return found;
  }

  /** What the rows of another name say of these; of `referred` ones only the key does. */
  coverageOf(node: Node): Coverage {
    const fields = words(as(node, 'ColumnRef')?.fields);
    const { outer } = this.#of;
    if (fields[0] === UNTOLD) return 'untold';
    if (fields[0] === MANY) return 'all';
    if (fields.length === 1 && outer !== undefined && !outer.#isDerived && outer.column(node) !== undefined)
      return 'all';
    const other =
      this.#others.get(fields.at(-2) ?? fields[0] ?? '') ?? (fields.length === 1 ? this.#otherAt(node) : undefined);
    const { coverage = 'some', keys = [] } = other ?? {};
    return coverage === 'referred' && !keys.includes(fields.at(-1) ?? '') ? 'some' : coverage;
  }

  /** As many rows as may be meant where nothing but their number says which: fewer than there are, where that is known, or a batch. */
  get limit(): number {
    const known = [...this.#of.tables].map(({ rows }) => rows).filter((rows) => rows > 0);
    return Math.max(FEW, known.length > 0 ? Math.min(...known) - 1 : BATCH);
  }

  /** The primary key, whether of the relation or of the table under the view; of a query's columns any may be. */
  isKey = (column: string): boolean =>
    column === 'ctid' ||
    this.#isDerived ||
    [...this.#of.tables].some(({ key }) => key.length === 1 && key[0] === column);

  /** Null in some row, as far as the catalogue forbids it not. */
  mayBeNull(column: string): boolean {
    if (isSystem(column)) return false;
    const of = [...this.#of.relations, ...this.#of.tables];
    return of.every(({ columns }) => columns.find(({ name }) => name === column)?.notNull !== true);
  }

  columnOf(column: string): Column | undefined {
    for (const { columns } of this.#of.relations) for (const one of columns) if (one.name === column) return one;
    return undefined;
  }

  /** Names of the columns, in their order. */
  get columns(): readonly string[] {
    return this.#of.relations[0]?.columns.map(({ name }) => name) ?? [];
  }

  /** The oid of its type. */
  typeOf = (column: string): number | undefined => this.columnOf(column)?.type;

  /** It holds when something happened, as its default or its name says. */
  isPast(column: string): boolean {
    const kept = [...this.#of.relations, ...this.#of.tables].flatMap(({ columns }) =>
      columns.filter(({ name }) => name === column),
    );
    return kept.some(isOfPast);
  }
}

/** Queries of functions that are being looked through. */
const looked = new Set<Node>();

/** Aggregates that make one row of many. */
const SUMS = /^(?:count|sum|avg|min|max|bool_and|bool_or|every)$/;

/** As many are meant however small the table is. */
const FEW = 100;
const BATCH = 10_000;

/** `pg_type.oid` of oid. */
const OID = 26;

/** By the names that FROM gives them. */
function keysOf(names: Names, rel: Part): readonly string[] {
  const given = words((rel.alias as Part | undefined)?.colnames);
  return resolve(names, rel).flatMap(({ key, columns }) => {
    const [name] = key;
    if (name === undefined || key.length > 1) return [];
    return [given[columns.findIndex((column) => column.name === name)] ?? name];
  });
}

/** So many rows at most that they are meant; a parameter is somebody's number. */
function isLimited(rows: Rows, { limitCount, limitOption, sortClause }: Part): boolean {
  // Again and again, it comes to all.
  if (rows.loops) return false;
  if (limitCount === undefined || (limitOption === 'LIMIT_OPTION_WITH_TIES' && !isByKey(rows, sortClause)))
    return false;
  const value = fixed(limitCount as Node);
  if (typeof value === 'string') return Number(value) <= rows.limit;
  return value === undefined && rows.trusts && hasParameter(limitCount);
}

/** Rows in this order are never alike. */
const isByKey = (rows: Rows, sortClause: unknown): boolean =>
  partsOf(sortClause, 'SortBy').some(({ node }) => {
    const name = words(as(node, 'ColumnRef')?.fields).at(-1);
    return name !== undefined && rows.isKey(name);
  });

/** Columns of GROUP BY and DISTINCT ON, which may say them by their place; undefined for what is none. */
const groupedBy = ({ targetList, groupClause, distinctClause }: Part): readonly (string | undefined)[] =>
  [...listOf(groupClause), ...listOf(distinctClause)].map((node) => {
    const target = as(node, 'A_Const')?.ival === undefined ? undefined : listOf(targetList)[Number(fixed(node)) - 1];
    return words(as(as(target, 'ResTarget')?.val ?? node, 'ColumnRef')?.fields).at(-1);
  });

/** The least or the greatest of values that are all the same is each of them. */
function extremeOf(value: unknown): unknown {
  const call = as(value, 'FuncCall');
  return /^(?:min|max|any_value)$/.test(words(call?.funcname).at(-1) ?? '') ? listOf(call?.args)[0] : value;
}

/** GROUP BY and DISTINCT ON of columns that are no key: one row of each. */
function isOneOfEach(rows: Rows, select: Part): boolean {
  if (rows.loops && select.havingClause === undefined) return false;
  const columns = groupedBy(select);
  return columns.length > 0 && columns.every((name) => name !== undefined && !rows.isKey(name));
}

/** The query answers another column of the table than the one that it is compared with. */
function isOtherColumn({ targetList, fromClause }: Part, column: string | undefined): boolean {
  const name = words(as(as(listOf(targetList)[0], 'ResTarget')?.val, 'ColumnRef')?.fields).at(-1);
  return (
    column !== undefined &&
    name !== undefined &&
    name !== column &&
    listOf(fromClause).every((node) => open(node)[0] === 'RangeVar')
  );
}

function isBuiltin(names: Names, part: Part): boolean {
  let builtin = true;
  const look = (type: string, child: Part): void => {
    if (type === 'FuncCall') {
      const name = words(child.funcname);
      builtin &&= names.routines(name.at(-2), name.at(-1) ?? '').every((one) => one.builtin);
    }
    eachChild(child, look);
  };
  eachChild(part, look);
  return builtin;
}
