import type { Node } from 'libpg-query';
import { bounds } from './bounds/condition.js';
import { hasSeries, invents, inventsAll } from './bounds/invented.js';
import { Rows } from './bounds/rows.js';
import { resolve, type Tables, tablesUnder } from './bounds/sources.js';
import type { Loops } from './called.js';
import type { Names } from './names.js';
import { as, eachChild, listOf, open, type Part } from './nodes.js';
import { LISTED_ROW } from './unnamed.js';

/** What a write stands in: WITH's queries, and what it is run again and again for. */
export interface Around {
  tables: Tables;
  loops: Loops;
}

/** Which rows a command may change: `some`, `all`, or as many as its parameters let it. */
export type Reach = 'some' | 'all' | 'parameters';

const reachOf = (bounded: (trusts: boolean) => boolean): Reach =>
  bounded(false) ? 'some' : bounded(true) ? 'parameters' : 'all';

/**
 * Whether an UPDATE or DELETE may change every row: it does unless its own WHERE has a condition that leaves rows out for what the
 * catalogue and the text say, whatever the rows are. What holds for all rows only as these happen to be (`status <> 'gone'`, a status
 * that all have) leaves out the others.
 */
export function changes(names: Names, part: Part, around: Around): Reach {
  const where = part.whereClause as Node | undefined;
  const from = [...listOf(part.usingClause), ...listOf(part.fromClause)];
  return reachOf((trusts) => bounds(target(names, part, around, trusts).join(from, where), where, false));
}

/** A MERGE does, where rows that match (or that no row of the source matches) are changed without a condition that leaves any out. */
export const merges = (names: Names, part: Part, around: Around): Reach =>
  reachOf((trusts) => isMergeBounded(target(names, part, around, trusts), part));

function isMergeBounded(into: Rows, { joinCondition, sourceRelation, mergeWhenClauses }: Part): boolean {
  const on = joinCondition as Node | undefined;
  const rows = into.join(sourceRelation === undefined ? [] : listOf([sourceRelation]), on);
  const joined = tiesIn(on).some((one) => bounds(rows, one, false));
  return listOf(mergeWhenClauses).every((node) => {
    const { matchKind, commandType, condition } = as(node, 'MergeWhenClause') ?? {};
    if (commandType !== 'CMD_UPDATE' && commandType !== 'CMD_DELETE') return true;
    return (joined && matchKind === 'MERGE_WHEN_MATCHED') || bounds(rows, condition as Node | undefined, false);
  });
}

/** That a column has a value says nothing of the source's rows. */
function tiesIn(node: Node | undefined): readonly Node[] {
  const part = as(node, 'BoolExpr');
  if (part?.boolop === 'AND_EXPR') return listOf(part.args).flatMap(tiesIn);
  return node === undefined || as(node, 'NullTest') !== undefined ? [] : [node];
}

/** ON CONFLICT DO UPDATE does, where the rows that are put in are those that are there. */
export function upserts(names: Names, part: Part, around: Around): Reach {
  const conflict = part.onConflictClause as Part | undefined;
  if (conflict?.action !== 'ONCONFLICT_UPDATE') return 'some';
  return reachOf((trusts) => {
    const rows = target(names, part, around, trusts);
    const query = part.selectStmt as Node | undefined;
    if (!rows.readsAll(query) && !fills(rows, part, query)) return true;
    return bounds(rows.meets('excluded', 'all'), conflict.whereClause as Node | undefined, false);
  });
}

/** The keys that are put in are numbers that no table of a user's chose. */
function fills(rows: Rows, { cols }: Part, query: Node | undefined): boolean {
  const given = listOf(cols).map((node) => String(as(node, 'ResTarget')?.name));
  return (given.length > 0 ? given : rows.columns).some((name, at) => rows.invents(name, query, at));
}

/** Oids of the tables of whose rows the query's are one each: none leaves them out. 0: numbers, one after the other. */
export function filling(names: Names, query: Node, { tables, loops }: Around): readonly number[] {
  const oids = new Set<number>();
  const look = (type: string, part: Part): void => {
    if (type === 'RangeVar') for (const oid of oidsOf(names, part)) oids.add(oid);
    eachChild(part, look);
  };
  look(...open(query));
  const rows = (rel: Part) => Rows.of(names, rel, tables, { loops: loops.has('') });
  const found = [...oids].filter((oid) => {
    const relation = names.catalogue.byOid.get(oid);
    return (
      relation !== undefined &&
      !relation.builtin &&
      rows({ schemaname: relation.schema, relname: relation.name }).isFilledBy(query)
    );
  });
  const counts = hasSeries(query) && rows({}).isFilledBy(query);
  return counts || invents(names, tables, query) ? [0, ...found] : found;
}

const oidsOf = (names: Names, rel: Part): readonly number[] => [
  ...names.filledWith(String(rel.relname)),
  ...resolve(names, rel).flatMap((one) => [...tablesUnder(names, one)].map(({ oid }) => oid)),
];

function target(names: Names, part: Part, { tables, loops }: Around, trusts: boolean): Rows {
  const rows = Rows.of(names, (part.relation ?? {}) as Part, tables, { loops: loops.has(''), trusts });
  for (const [name, query] of loops) {
    const all = query === 'numbers' || rows.readsAll(query) || inventsAll(names, tables, query);
    rows.meets(name, all ? 'all' : name === LISTED_ROW ? 'untold' : 'some');
  }
  return rows;
}
