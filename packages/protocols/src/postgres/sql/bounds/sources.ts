import type { Node } from 'libpg-query';
import type { Relation } from '../catalogue.js';
import type { Names } from '../names.js';
import { as, eachChild, listOf, open, type Part, words } from '../nodes.js';
import { parse } from '../parse.js';
import { unlessTooLong } from '../steps.js';

/** Queries that a name stands for: WITH's, innermost first; a loop's over its rows. */
export interface Tables {
  of(name: string): Part | undefined;
}

const SYSTEM = new Set(['ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid']);
export const isSystem = (column: string): boolean => SYSTEM.has(column);

export interface Source {
  type: string;
  part: Part;
  alias: string;
  /** Conditions of the inner joins around it. */
  on: readonly Node[];
}

/** What FROM names, with the conditions of the joins that leave rows of it out. */
export function sourcesIn(from: readonly Node[]): Source[] {
  return from.flatMap((node) => flattened(node, []));
}

function flattened(node: Node, on: readonly Node[]): Source[] {
  const [type, part] = open(node);
  if (type !== 'JoinExpr') return [{ type, part, alias: aliasOf(part) ?? String(part.relname ?? ''), on }];
  const own = part.quals === undefined ? [] : [part.quals as Node];
  const kind = String(part.jointype);
  const [left, right] = [kind === 'JOIN_INNER' || kind === 'JOIN_RIGHT', kind === 'JOIN_INNER' || kind === 'JOIN_LEFT'];
  return [
    ...flattened(part.larg as Node, left ? [...on, ...own] : on),
    ...flattened(part.rarg as Node, right ? [...on, ...own] : on),
  ];
}

/** Sources whose rows WHERE asks to have no partner, as in `a left join b on b.id = a.b_id where b.id is null`. */
export function alonesIn(from: readonly Node[], where: Node | undefined): readonly string[] {
  return from.flatMap((node) => {
    const { jointype, larg, rarg, quals } = as(node, 'JoinExpr') ?? {};
    if (larg === undefined) return [];
    const inner = alonesIn([larg as Node], where);
    const other = as(rarg, 'RangeVar');
    if (jointype !== 'JOIN_LEFT' || other === undefined) return inner;
    const alias = aliasOf(other) ?? String(other.relname);
    const isAlone = conjuncts(where).some((one) => isNull(one, alias)) && conjuncts(quals as Node).every(isTie);
    return isAlone ? [...inner, ...sourcesIn([larg as Node]).map((one) => one.alias)] : inner;
  });
}

function isNull(node: Node, alias: string): boolean {
  const test = as(node, 'NullTest');
  return test?.nulltesttype === 'IS_NULL' && words(as(test.arg, 'ColumnRef')?.fields).at(-2) === alias;
}

/** Columns of two sources are the same. */
function isTie(node: Node): boolean {
  const part = as(node, 'A_Expr');
  const [left, right] = [part?.lexpr, part?.rexpr].map((side) => words(as(side, 'ColumnRef')?.fields).at(-2));
  return words(part?.name).join() === '=' && left !== undefined && right !== undefined && left !== right;
}

/** The conditions that are to hold all together. */
export const conjuncts = (node: Node | undefined): readonly Node[] => {
  const part = as(node, 'BoolExpr');
  if (node === undefined) return [];
  return part?.boolop === 'AND_EXPR' ? listOf(part.args).flatMap(conjuncts) : [node];
};

export const aliasOf = (part: Part): string | undefined =>
  (part.alias as Part | undefined)?.aliasname as string | undefined;

export const resolve = (names: Names, rel: Part): readonly Relation[] =>
  rel.relname === undefined ? [] : names.relations(rel.schemaname as string | undefined, String(rel.relname));

export function ancestorsOf(names: Names, relation: Relation, found = new Set<number>()): ReadonlySet<number> {
  for (const oid of relation.parents) {
    const parent = found.has(oid) ? undefined : names.catalogue.byOid.get(oid);
    found.add(oid);
    if (parent !== undefined) ancestorsOf(names, parent, found);
  }
  return found;
}

/** A view's tables; a table itself. */
export function tablesUnder(names: Names, relation: Relation, depth = 0): ReadonlySet<Relation> {
  if (relation.kind !== 'v' || relation.definition === undefined || depth > 8) return new Set([relation]);
  const found = new Set<Relation>();
  const look = (type: string, child: Part): void => {
    if (type !== 'RangeVar') return eachChild(child, look);
    for (const one of resolve(names, child)) for (const table of tablesUnder(names, one, depth + 1)) found.add(table);
  };
  for (const query of queriesIn(relation)) eachChild(query as unknown as Part, look);
  return found;
}

const parsed = new WeakMap<Relation, readonly Node[]>();

/** What a view's definition asks; none where it cannot be parsed. */
export function queriesIn(relation: Relation): readonly Node[] {
  const known = parsed.get(relation);
  if (known !== undefined) return known;
  const found = queriesOf(relation);
  parsed.set(relation, found);
  return found;
}

function queriesOf({ definition = '' }: Relation): readonly Node[] {
  try {
    return parse(definition, 'any').map(({ node }) => node);
  } catch (error) {
    unlessTooLong(error);
    return [];
  }
}

/** WITH's queries before those of around it. */
export function ofQuery(clause: unknown, around: Tables): Tables {
  const own = new Map(
    listOf((clause as Part | undefined)?.ctes).map((node) => [
      String(as(node, 'CommonTableExpr')?.ctename),
      as(node, 'CommonTableExpr'),
    ]),
  );
  return own.size === 0 ? around : { of: (name) => own.get(name) ?? around.of(name) };
}
export const without = (tables: Tables, gone: string): Tables => ({
  of: (name) => (name === gone ? undefined : tables.of(name)),
});

/** Names of the columns of what FROM has. */
export function namesIn(names: Names, from: readonly Node[], tables: Tables): string[] {
  return sourcesIn(from).flatMap(({ type, part, alias }) => {
    const given = words((part.alias as Part | undefined)?.colnames);
    if (type === 'RangeFunction') return [alias, ...given];
    if (type !== 'RangeVar') return [...given, ...answersOf(as(part.subquery, 'SelectStmt'))];
    const table = part.schemaname === undefined ? tables.of(String(part.relname)) : undefined;
    if (table !== undefined)
      return [...given, ...words(table.aliascolnames), ...answersOf(as(table.ctequery, 'SelectStmt'))];
    const known = resolve(names, part).flatMap(({ columns }) => columns.map(({ name }) => name));
    return [...SYSTEM, ...given, ...known, ...names.columnsMade(String(part.relname))];
  });
}

/** Names of what a query answers. */
function answersOf(select: Part | undefined): string[] {
  if (select?.larg !== undefined) return answersOf(select.larg as Part);
  return listOf(select?.targetList).map((node) => {
    const target = as(node, 'ResTarget') ?? {};
    return String(target.name ?? words(as(target.val, 'ColumnRef')?.fields).at(-1) ?? '');
  });
}
