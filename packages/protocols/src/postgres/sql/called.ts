import type { Node } from 'libpg-query';
import { ofQuery, resolve, type Source, sourcesIn } from './bounds/sources.js';
import { readsTable } from './bounds/values.js';
import type { Given } from './holds.js';
import type { Names } from './names.js';
import { as, listOf, open, type Part, partsOf, words } from './nodes.js';
import { isUnnamed, LISTED_ROW, named, oneOf, oneOfMany, ROW } from './unnamed.js';

/**
 * What may be given for each parameter of a function, by its number and, where it has one, its name. `args`: what each may be; undefined
 * where that is not asked for yet.
 */
export function givenTo(made: Part, args: Arguments | undefined): Given {
  const inputs = partsOf(made.parameters, 'FunctionParameter').filter(
    ({ mode }) => mode !== 'FUNC_PARAM_OUT' && mode !== 'FUNC_PARAM_TABLE',
  );
  const nameOf = (arg: readonly Node[]) => as(arg[0], 'NamedArgExpr')?.name;
  if (args === undefined) return new Map(inputs.flatMap(({ name }, at) => ofParameter(name, at, [numbered(at)])));
  const byName = new Map(args.map((arg) => [nameOf(arg), arg.map((one) => as(one, 'NamedArgExpr')?.arg as Node)]));
  const plain = args.filter((arg) => nameOf(arg) === undefined);
  const given = inputs.flatMap(({ name, mode, defexpr }, at): [string, readonly Node[]][] => {
    const list = mode === 'FUNC_PARAM_VARIADIC' ? (byName.get(LISTED) ?? [listed(plain.slice(at))]) : undefined;
    const value =
      byName.get(name ?? '') ?? list ?? plain[at] ?? (defexpr === undefined ? undefined : [defexpr as Node]);
    return value === undefined ? [] : ofParameter(name, at, value);
  });
  return new Map(given);
}
const ofParameter = (name: unknown, at: number, values: readonly Node[]): [string, readonly Node[]][] => [
  [`$${at + 1}`, values],
  ...(typeof name === 'string' ? [[name, values] satisfies [string, readonly Node[]]] : []),
];
const numbered = (at: number): Node => ({ ParamRef: { number: at + 1 } }) as Node;

/** Of each argument, all that it may be. */
export type Arguments = readonly (readonly Node[])[];
const listed = (args: Arguments): Node =>
  ({ A_ArrayExpr: { elements: args.map((one) => (one.length === 1 ? one[0] : oneOf(one))) } }) as unknown as Node;

/** The name of an argument after VARIADIC, which is all of the list. */
const LISTED = ' variadic';

/** Arguments as they are given; the last of them may be a list's. */
export const argumentsOf = ({ args, func_variadic: isListed }: Part): readonly Node[] => {
  const all = listOf(args);
  const last = all.at(-1);
  if (isListed !== true || last === undefined || as(last, 'NamedArgExpr') !== undefined) return all;
  return [...all.slice(0, -1), { NamedArgExpr: { name: LISTED, arg: last } } as Node];
};

/**
 * Arguments as a body meets them that is run for each row of a query: what is of the row has a name of its own there, which
 * `loops` then says the rows of.
 */
export function ofRows(
  args: Arguments,
  query: Part | undefined,
  loops: Loops | undefined,
  names: Names,
): { args: Arguments; loops: Loops } {
  const all = new Map(loops);
  const hasRows = listOf(query?.fromClause).length > 0;
  if (query !== undefined && hasRows)
    for (const name of [ROW, LISTED_ROW]) all.set(name, { SelectStmt: query } as unknown as Node).set('', 'numbers');
  const moved = (node: unknown): unknown => {
    if (typeof node !== 'object' || node === null) return node;
    if (Array.isArray(node)) return node.map(moved);
    if (as(node, 'SubLink') !== undefined) return node;
    const fields = words(as(node, 'ColumnRef')?.fields);
    if (isUnnamed(fields)) return node;
    if (fields.length > 0) return named(hasRows ? rowOf(query, fields, names) : '', fields.at(-1) as string);
    if (!givesMany(as(node, 'FuncCall'), names))
      return Object.fromEntries(Object.entries(node).map(([key, child]) => [key, moved(child)]));
    all.set('', 'numbers');
    return oneOfMany;
  };
  return { args: args.map((arg) => moved(arg) as readonly Node[]), loops: all };
}

/** A row of tables, or one that the text, or who runs it, lists. */
function rowOf(query: Part | undefined, fields: readonly string[], names: Names): string {
  const of = ofQuery(query?.withClause, { of: () => undefined });
  const whose = sourcesIn(listOf(query?.fromClause)).filter(
    (source) => fields.length < 2 || source.alias === fields.at(-2),
  );
  const isOfTable = ({ type, part }: Source): boolean => {
    const table = type === 'RangeVar' && part.schemaname === undefined ? of.of(String(part.relname)) : undefined;
    if (table !== undefined) return readsTable(table.ctequery as Node);
    if (type !== 'RangeVar') return readsTable({ [type]: part } as unknown as Node);
    const columns = resolve(names, part).flatMap((relation) => relation.columns);
    return fields.length > 1 || columns.length === 0 || columns.some(({ name }) => name === fields[0]);
  };
  return whose.some(isOfTable) ? ROW : LISTED_ROW;
}

/** Whether it is run again and again, under '', and the rows behind names that no text has. */
export type Loops = ReadonlyMap<string, Node | 'numbers'>;

/** As a set, or for each row by its place. */
function givesMany(call: Part | undefined, names: Names): boolean {
  const name = words(call?.funcname);
  if (call?.over !== undefined) return true;
  return call !== undefined && names.routines(name.at(-2), name.at(-1) ?? '').some(({ returnsSet }) => returnsSet);
}

/** A query that stands in another one is asked for each of its rows too. */
export function withRowsOf(part: Part, outer: Part | undefined): Part {
  const around = listOf(outer?.fromClause);
  if (around.length === 0) return part;
  const args = [part.whereClause, outer?.whereClause].filter((one) => one !== undefined);
  const whereClause = args.length < 2 ? args[0] : { BoolExpr: { boolop: 'AND_EXPR', args } };
  const withClause = part.withClause ?? outer?.withClause;
  return { fromClause: [...listOf(part.fromClause), ...around], whereClause, withClause };
}

/** The rows that a write goes through, as a query's. */
export const rowsOf = (part: Part): Part => ({
  fromClause: [{ RangeVar: part.relation }, ...listOf(part.fromClause), ...listOf(part.usingClause)],
  whereClause: part.whereClause,
});

/** A query by its rows: of a command that returns what it changed, those, and what it says of them. */
export const queryOf = (node: Node | undefined): Node | undefined => {
  const [type, part] = open(node);
  if (type === 'SelectStmt' || part.relation === undefined) return node;
  const targetList = (part.returningClause as Part | undefined)?.exprs;
  return { SelectStmt: { ...rowsOf(part), targetList } } as unknown as Node;
};
