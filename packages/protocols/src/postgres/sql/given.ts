import type { Node } from 'libpg-query';
import { as, type Part } from './nodes.js';

/** What parameters stand for, in order; undefined where that cannot be read. */
export type Given = readonly (Node | undefined)[];

/** The same with each parameter's place taken by what is given for it. */
export function withGiven<T>(node: T, given: Given): T {
  if (typeof node !== 'object' || node === null) return node;
  if (Array.isArray(node)) return node.map((one) => withGiven(one, given)) as T;
  const number = as(node, 'ParamRef')?.number;
  if (typeof number === 'number') return (given[number - 1] ?? node) as T;
  const fields = Object.entries(node as Part).map(([name, value]) => [name, withGiven(value, given)]);
  return Object.fromEntries(fields) as T;
}

/** A value as the text would have it. */
export const constantOf = (value: string | null): Node =>
  ({ A_Const: value === null ? { isnull: true } : { sval: { sval: value } } }) as Node;
