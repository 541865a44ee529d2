import type { Node, SelectStmt } from 'libpg-query';
import type { Flow } from './flow.js';
import { as, kindOf, namesOf } from './nodes.js';
import { type Item, itemNamed, type Scope } from './scope.js';

/**
 * Which of these nodes tell no rows apart: columns of a relation whose key stands before them, since for each key there is one row. To
 * group by a customer's id and address is to group by the id. The server may sort by them in their order, so what stands before the
 * key does tell: rows come in its order. `asked`: what stands there of a relation that is named as a whole.
 */
export function determined(nodes: readonly Node[], scope: Scope): { told: ReadonlySet<Node>; asked: readonly Flow[] } {
  const seen = new Map<Item, Set<string>>();
  const told = new Set<Node>();
  const asked: Flow[] = [];
  for (const { node, item, column } of nodes.flatMap((one) => placeOf(one, scope) ?? [])) {
    const before = seen.get(item) ?? new Set();
    seen.set(item, before);
    const isTold = () => item.key?.length && item.key.every((name) => before.has(name));
    if (column === undefined && item.shape.open !== undefined) continue;
    if (column === undefined || isTold()) told.add(node);
    if (column !== undefined) before.add(column);
    else
      for (const { name, flow } of item.shape.fields) {
        if (!isTold()) asked.push(flow);
        before.add(name);
      }
  }
  return { told, asked };
}

interface Place {
  node: Node;
  item: Item;
  /** Undefined: all of them. */
  column: string | undefined;
}

/** The relation's column that a plain reference means, or `t.*`. */
function placeOf(node: Node, scope: Scope): Place | undefined {
  const fields = as(node, 'ColumnRef')?.fields;
  if (fields === undefined) return undefined;
  const [column, qualifier, schema] = [...(isStar(node) ? [undefined] : []), ...namesOf(fields).reverse()];
  if (isVariable(qualifier ?? column, scope)) return undefined;
  const item = qualifier === undefined ? alone(column, scope) : itemNamed(scope, qualifier, schema);
  return item === undefined || !scope.items.includes(item) ? undefined : { node, item, column };
}

/** A name of a body's variable, too: the body may say that those win. */
function isVariable(name: string | undefined, scope: Scope): boolean {
  for (let at: Scope | undefined = name === undefined ? undefined : scope; at !== undefined; at = at.up)
    if (at.items.some((item) => item.any !== undefined && item.name === name)) return true;
  return false;
}

/** The only relation that there is, or that has the column. */
function alone(column: string | undefined, { items }: Scope): Item | undefined {
  const bare = items.filter((item) => item.bare);
  if (bare.some(({ shape }) => shape.open !== undefined)) return undefined;
  const found =
    column === undefined ? bare : bare.filter(({ shape }) => shape.fields.some(({ name }) => name === column));
  return found.length === 1 ? found[0] : undefined;
}

/** The key of a relation whose columns are all that a query gives, under the names they get; undefined where it gives others too. */
export function keyIn({ targetList = [], groupClause }: SelectStmt, scope: Scope): readonly string[] | undefined {
  const targets = targetList.map((node) => as(node, 'ResTarget'));
  const places = targets.map((target) => (target?.val === undefined ? undefined : placeOf(target.val, scope)));
  const item = places[0]?.item;
  const key = item?.key ?? [];
  // Sets of what is grouped by leave columns out.
  if (item === undefined || item.shape.open !== undefined || key.length === 0 || groupClause !== undefined) return;
  const columns = item.shape.fields.map(({ name }) => name);
  const given = places.flatMap((place, i) => {
    if (place?.item !== item) return [undefined];
    if (place.column === undefined) return columns.map((name) => ({ name, column: name }));
    const { column } = place;
    return [columns.includes(column) ? { name: targets[i]?.name ?? column, column } : undefined];
  });
  const names = new Set(given.map((one) => one?.name));
  if (names.has(undefined) || names.size < given.length) return;
  const found = key.flatMap((column) => given.find((one) => one?.column === column)?.name ?? []);
  return found.length === key.length ? found : undefined;
}

/** GROUP BY 2 is by the second output; a column in its place says the same. */
export function groupedBy({ groupClause = [], targetList = [] }: SelectStmt): readonly Node[] {
  const values = targetList.map((node) => as(node, 'ResTarget')?.val);
  const isSpread = values.some((value) => value !== undefined && isStar(value));
  return groupClause.map((node) => {
    const place = as(node, 'A_Const')?.ival?.ival;
    const value = place === undefined || isSpread ? undefined : values[place - 1];
    return as(value, 'ColumnRef') === undefined ? node : (value as Node);
  });
}

const isStar = (node: Node): boolean => {
  const last = as(node, 'ColumnRef')?.fields?.at(-1);
  return last !== undefined && kindOf(last) === 'A_Star';
};
