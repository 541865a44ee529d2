import type { Node, SelectStmt } from 'libpg-query';
import type { Flow } from './flow.js';
import { as, kindOf, namesOf } from './nodes.js';
import { type Item, itemNamed, type Scope } from './scope.js';

/**
 * Which of these nodes tell no rows apart: columns of a relation whose key is among them, since for each key there is one row. To
 * group by a customer's id and address is to group by the id. `keys`: what they are told apart by in their place.
 */
export function determined(nodes: readonly Node[], scope: Scope): { told: ReadonlySet<Node>; keys: readonly Flow[] } {
  const named = nodes.flatMap((node) => placeOf(node, scope) ?? []);
  const has = (item: Item, column: string) =>
    named.some((one) => one.item === item && (one.column === undefined || one.column === column));
  const items = new Set(named.map(({ item }) => item));
  const keyed = [...items].filter((item) => item.key?.length && item.key.every((column) => has(item, column)));
  return {
    told: new Set(named.filter(({ item }) => keyed.includes(item)).map(({ node }) => node)),
    keys: keyed.flatMap(({ key, shape }) =>
      shape.fields.filter(({ name }) => key?.includes(name)).map(({ flow }) => flow),
    ),
  };
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
  const item = qualifier === undefined ? alone(column, scope) : itemNamed(scope, qualifier, schema);
  return item === undefined || !scope.items.includes(item) ? undefined : { node, item, column };
}

/** The only relation that there is, or that has the column. */
function alone(column: string | undefined, { items }: Scope): Item | undefined {
  const bare = items.filter((item) => item.bare);
  if (bare.some(({ shape }) => shape.open !== undefined)) return undefined;
  const found =
    column === undefined ? bare : bare.filter(({ shape }) => shape.fields.some(({ name }) => name === column));
  return found.length === 1 ? found[0] : undefined;
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
