import type { Node } from 'libpg-query';
import type { Names } from '../names.js';
import { as, listOf, open, type Part, partsOf, words } from '../nodes.js';
import { spend } from '../steps.js';
import { fixed } from './known.js';
import { momentOf } from './moments.js';
import { namesIn, ofQuery, type Source, sourcesIn, type Tables } from './sources.js';

/** What a value of another source is: a constant or a parameter as the text has it, what a table keeps, or what is made of that. */
export type End = Node | 'kept' | 'made';

/** Queries inside of one another that are looked through. */
const DEEPEST = 6;

/** What names stand for in a query. */
interface Scope {
  names: Names;
  tables: Tables;
  sources: readonly Source[];
  depth: number;
}

/** Of a column of a query's answer, or of a list of values: each that it may be. Undefined for a table's. */
export function endsOf(
  names: Names,
  tables: Tables,
  source: Source,
  column: string,
  depth = 0,
): readonly End[] | undefined {
  spend(2);
  const { type, part } = source;
  const own = words((part.alias as Part | undefined)?.colnames);
  if (type === 'RangeSubselect') return ofColumn(names, tables, part.subquery as Node, own, column, depth);
  if (type === 'RangeFunction') return ['made'];
  const table = type === 'RangeVar' && part.schemaname === undefined ? tables.of(String(part.relname)) : undefined;
  if (table === undefined) return type === 'RangeVar' ? undefined : ['made'];
  const given = own.length > 0 ? own : words(table.aliascolnames);
  return ofColumn(names, tables, table.ctequery as Node, given, column, depth);
}

function ofColumn(
  names: Names,
  tables: Tables,
  query: Node,
  given: readonly string[],
  column: string,
  depth: number,
): readonly End[] {
  const select = as(query, 'SelectStmt');
  if (select === undefined || depth > DEEPEST) return ['made'];
  const answers = [...given, ...answersOf(select).slice(given.length)];
  return answersAt(names, tables, select, answers.indexOf(column), depth);
}

/** `min(id) as keep`: the column of which a query answers the least or the greatest by that name. */
export function extremeAt(tables: Tables, { type, part }: Source, answer: string): string | undefined {
  const table = type === 'RangeVar' && part.schemaname === undefined ? tables.of(String(part.relname)) : undefined;
  const select = as(type === 'RangeSubselect' ? part.subquery : table?.ctequery, 'SelectStmt') ?? {};
  const target = partsOf(select.targetList, 'ResTarget').find(
    ({ name, val }) => (name ?? words(as(val, 'FuncCall')?.funcname).at(-1)) === answer,
  );
  const call = as(target?.val, 'FuncCall');
  if (!/^(?:min|max)$/.test(words(call?.funcname).at(-1) ?? '')) return undefined;
  return words(as(listOf(call?.args)[0], 'ColumnRef')?.fields).at(-1);
}

/** Names of what a query answers. */
export function answersOf(select: Part): string[] {
  if (select.larg !== undefined) return answersOf(select.larg as Part);
  const lists = listOf(select.valuesLists);
  if (lists.length > 0) return listOf(as(lists[0], 'List')?.items).map((_, at) => `column${at + 1}`);
  return listOf(select.targetList).map((node) => {
    const { name, val } = as(node, 'ResTarget') ?? {};
    return String(
      name ?? words(as(val, 'ColumnRef')?.fields).at(-1) ?? words(as(val, 'FuncCall')?.funcname).at(-1) ?? '',
    );
  });
}

/** Of what a query answers in that place. */
export function answersAt(names: Names, around: Tables, select: Part, at: number, depth = 0): readonly End[] {
  const tables = ofQuery(select.withClause, around);
  if (at < 0) return ['made'];
  if (select.larg !== undefined)
    return [select.larg, select.rarg].flatMap((side) => answersAt(names, tables, side as Part, at, depth));
  const lists = listOf(select.valuesLists);
  const values =
    lists.length > 0
      ? lists.map((list) => listOf(as(list, 'List')?.items)[at])
      : [as(listOf(select.targetList)[at], 'ResTarget')?.val as Node | undefined];
  const scope = { names, tables, sources: sourcesIn(listOf(select.fromClause)), depth };
  return values.flatMap((value) => endsIn(scope, value));
}

/** Of a value as a query makes it. */
function endsIn(scope: Scope, node: Node | undefined): readonly End[] {
  const [type, part] = open(node);
  if (node === undefined || fixed(node) !== undefined || momentOf(node) !== undefined || type === 'ParamRef')
    return [node ?? 'made'];
  if (type === 'ColumnRef') return ofReference(scope, words(part.fields));
  if (type === 'TypeCast') return endsIn(scope, part.arg as Node);
  if (type === 'CoalesceExpr') return listOf(part.args).flatMap((one) => endsIn(scope, one));
  if (type === 'FuncCall') return ofCall(scope, part);
  if (type !== 'A_Expr' || words(part.name).at(-1) !== '*') return ['made'];
  const factors = [part.lexpr, part.rexpr].map((one) => fixed(one as Node));
  const by = Number(factors.find((factor) => factor !== undefined) ?? Number.NaN);
  return by >= LITTLE ? endsIn(scope, (factors[0] === undefined ? part.lexpr : part.rexpr) as Node) : ['made'];
}
/** What is left of a value that says something yet. */
const LITTLE = 0.1;

function ofCall(scope: Scope, { funcname, args }: Part): readonly End[] {
  const name = words(funcname).at(-1) ?? '';
  const [first] = listOf(args);
  if (/^percentile_(?:cont|disc)$/.test(name)) {
    const share = Number(fixed(first) ?? Number.NaN);
    return [share >= LITTLE && share <= 1 - LITTLE ? 'kept' : 'made'];
  }
  return /^(?:min|max|avg|round|floor|ceil|trunc|date_trunc)$/.test(name)
    ? listOf(args)
        .slice(name === 'date_trunc' ? 1 : 0, name === 'date_trunc' ? 2 : 1)
        .flatMap((one) => endsIn(scope, one))
    : ['made'];
}

function ofReference({ names, tables, sources, depth }: Scope, fields: readonly string[]): readonly End[] {
  const name = fields.at(-1) ?? '';
  const found = sources.filter(({ alias, type, part }) =>
    fields.length > 1
      ? alias === fields.at(-2)
      : sources.length === 1 || namesIn(names, [{ [type]: part } as unknown as Node], tables).includes(name),
  );
  return found.length === 0
    ? ['kept']
    : found.flatMap((source) => endsOf(names, tables, source, name, depth + 1) ?? ['kept']);
}
