import type { Node } from 'libpg-query';
import { as, constant, eachChild, listOf, open, type Part, words } from './nodes.js';
import { untold } from './unnamed.js';

/** Which of a query's columns: by its place, or by its name. */
export type Which = number | string;

/** What a column of a query's answer may be; `many`: of each of its rows, or else of one. */
export function answersOf(query: Node | undefined, which: Which, many: boolean): readonly Node[] {
  const select = as(query, 'SelectStmt');
  if (select === undefined) return [untold];
  if (select.larg !== undefined)
    return [select.larg, select.rarg].flatMap((side) => answersOf({ SelectStmt: side } as Node, which, many));
  if (select.valuesLists !== undefined)
    return listOf(select.valuesLists).map((list) => listOf(as(list, 'List')?.items)[placeOf(which)] ?? untold);
  const target = targetOf(select, which);
  const value = as(target, 'ResTarget')?.val as Node | undefined;
  if (value !== undefined && isPlain(value, many || listOf(select.fromClause).length > 0)) return [value];
  return [queried(target === undefined ? select : { ...select, targetList: [target] }, many)];
}

/** The value of a query of its own, or one of its values. It is no part of a command that it stands in: `apart`. */
export const queried = (select: Part, many: boolean): Node =>
  ({
    SubLink: {
      subLinkType: many ? 'ARRAY_SUBLINK' : 'EXPR_SUBLINK',
      subselect: { SelectStmt: select },
      apart: true,
    },
  }) as unknown as Node;

/** A field of what is one row. */
export function fieldOf(row: Node, name: string): readonly Node[] {
  const { subLinkType, subselect } = as(row, 'SubLink') ?? {};
  if (subselect !== undefined) return answersOf(subselect as Node, name, subLinkType === 'ARRAY_SUBLINK');
  if (constant(row) === null) return [row];
  return as(row, 'ColumnRef') === undefined ? [untold] : [fieldNamed(row, name)];
}

const fieldNamed = (row: Node, name: string): Node => {
  const ref = as(row, 'ColumnRef') as Part;
  return { ColumnRef: { ...ref, fields: [...listOf(ref.fields), { String: { sval: name } }] } } as Node;
};

/** Columns of VALUES are called column1, column2 … */
const placeOf = (which: Which): number =>
  typeof which === 'number' ? which : Number(/^column(\d+)$/.exec(which)?.[1] ?? 0) - 1;

/** Undefined where a star before it leaves open which it is. */
function targetOf({ targetList }: Part, which: Which): Node | undefined {
  const targets = listOf(targetList);
  const star = targets.findIndex(isStar);
  if (typeof which === 'number') return star >= 0 && star <= which ? undefined : targets[which];
  const found = targets.find((one) => !isStar(one) && nameOf(one) === which);
  return found ?? (star < 0 ? undefined : ({ ResTarget: { val: columnNamed(which) } } as Node));
}
const columnNamed = (name: string): Node => ({ ColumnRef: { fields: [{ String: { sval: name } }] } }) as Node;

const isStar = (target: Node): boolean => {
  const fields = listOf(as(as(target, 'ResTarget')?.val, 'ColumnRef')?.fields);
  return as(fields.at(-1), 'A_Star') !== undefined;
};

function nameOf(target: Node): string {
  const { name, val } = as(target, 'ResTarget') ?? {};
  if (typeof name === 'string') return name;
  const [type, part] = open(val as Node);
  return words(type === 'FuncCall' ? part.funcname : part.fields).at(-1) ?? '?column?';
}

/** It is the same whatever the rows are. `ofRows`: it is worked out for rows, so what a call gives is not. */
function isPlain(value: Node, ofRows: boolean): boolean {
  let plain = true;
  const look = (type: string, part: Part): void => {
    plain &&= !(ofRows && /^(?:ColumnRef|FuncCall|SubLink)$/.test(type));
    if (plain) eachChild(part, look);
  };
  look(...open(value));
  return plain;
}
