import type { Node } from 'libpg-query';
import type { Names } from './names.js';
import { as, listOf, open, type Part, partsOf, words } from './nodes.js';

/** What stands for the parameters of a body, as the command that calls it has them. */
export interface Inputs {
  numbers: readonly (Node | undefined)[];
  names: ReadonlyMap<string, Node>;
}

/** Each parameter of a function's by its number and, qualified by the function or alone, its name. */
export function givenTo(made: Part, args: readonly Node[]): Inputs {
  const inputs = partsOf(made.parameters, 'FunctionParameter').filter(
    ({ mode }) => mode !== 'FUNC_PARAM_OUT' && mode !== 'FUNC_PARAM_TABLE',
  );
  const byName = new Map(partsOf(args, 'NamedArgExpr').map(({ name, arg }) => [String(name), arg as Node]));
  const plain = args.filter((arg) => as(arg, 'NamedArgExpr') === undefined);
  const numbers = inputs.map(({ name, mode, defexpr }, at) => {
    if (mode === 'FUNC_PARAM_VARIADIC') return { A_ArrayExpr: { elements: plain.slice(at) } } as Node;
    return plain[at] ?? byName.get(String(name)) ?? (defexpr as Node | undefined);
  });
  const whose = words(made.funcname).at(-1) ?? '';
  const names = inputs.flatMap(({ name }, at): [string, Node][] => {
    const value = numbers[at];
    if (typeof name !== 'string' || value === undefined) return [];
    return [
      [name, value],
      [`${whose}.${name}`, value],
    ];
  });
  return { numbers, names: new Map(names) };
}

/** The same with each parameter's place taken by what is given for it; `own`: names that are something else here. */
export function filled<T>(node: T, given: Inputs | undefined, own: ReadonlySet<string> = new Set()): T {
  if (given === undefined || typeof node !== 'object' || node === null) return node;
  if (Array.isArray(node)) return node.map((one) => filled(one, given, own)) as T;
  const number = as(node, 'ParamRef')?.number;
  const name = words(as(node, 'ColumnRef')?.fields).join('.');
  const value =
    typeof number === 'number' ? given.numbers[number - 1] : own.has(name) ? undefined : given.names.get(name);
  if (value !== undefined) return value as T;
  return Object.fromEntries(Object.entries(node).map(([key, child]) => [key, filled(child, given, own)])) as T;
}

/** What no text names. */
const ROW = 'a row of the caller';
const MANY = 'one of many';

/**
 * Arguments as a body meets them that is run for each row of a query: what is of the row has a name of its own there, which
 * `loops` then says the rows of.
 */
export function ofRows(
  args: readonly Node[],
  query: Part | undefined,
  loops: ReadonlyMap<string, Node | 'numbers'> | undefined,
  names: Names,
): { args: readonly Node[]; loops: ReadonlyMap<string, Node | 'numbers'> } {
  const all = new Map(loops);
  const hasRows = listOf(query?.fromClause).length > 0;
  const loopOver = (name: string, rows: Node | 'numbers') => all.set(name, rows).set('', 'numbers');
  if (hasRows) loopOver(ROW, { SelectStmt: query } as unknown as Node);
  const moved = (node: unknown): unknown => {
    if (typeof node !== 'object' || node === null) return node;
    if (Array.isArray(node)) return node.map(moved);
    if (as(node, 'SubLink') !== undefined) return node;
    const fields = words(as(node, 'ColumnRef')?.fields);
    if (fields.length > 0) return named(nameIn(fields, all, hasRows), fields.at(-1) as string);
    if (givesMany(as(node, 'FuncCall'), names)) {
      loopOver(MANY, 'numbers');
      return named(MANY, 'n');
    }
    return Object.fromEntries(Object.entries(node).map(([key, child]) => [key, moved(child)]));
  };
  return { args: args.map((arg) => moved(arg) as Node), loops: all };
}

/** A loop's variable keeps its rows, under a name that no column has. */
function nameIn(fields: readonly string[], all: Map<string, Node | 'numbers'>, hasRows: boolean): string {
  const [first = ''] = fields;
  const rows = all.get(first);
  if (first === ROW || first === MANY || rows === undefined)
    return hasRows || first === ROW ? ROW : MANY === first ? MANY : '';
  const name = `${first} of the caller`;
  all.set(name, rows);
  return name;
}

const named = (...fields: readonly string[]): Node =>
  ({ ColumnRef: { fields: fields.map((sval) => ({ String: { sval } })) } }) as Node;

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

/** A query by its rows: of a command that returns what it changed, those. */
export const queryOf = (node: Node | undefined): Node | undefined => {
  const [type, part] = open(node);
  if (type === 'SelectStmt' || part.relation === undefined) return node;
  return { SelectStmt: rowsOf(part) } as unknown as Node;
};
