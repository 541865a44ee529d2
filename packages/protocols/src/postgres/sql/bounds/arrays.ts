import type { Node } from 'libpg-query';
import { as, listOf } from '../nodes.js';
import { spend } from '../steps.js';
import { fixed } from './known.js';

/** The items of an array that the text has; undefined where it has none. */
export function itemsOf(node: Node | undefined): readonly Node[] | undefined {
  const inner = as(node, 'TypeCast')?.arg ?? node;
  const array = as(inner, 'A_ArrayExpr');
  if (array !== undefined)
    return listOf(array.elements).flatMap((item) =>
      as(item, 'A_ArrayExpr') === undefined ? item : (itemsOf(item) ?? []),
    );
  const text = fixed(inner as Node);
  return typeof text === 'string' ? itemsIn(text).map(itemOf) : undefined;
}

const itemOf = ({ text, quoted }: Item): Node =>
  ({ A_Const: !quoted && /^null$/i.test(text) ? { isnull: true } : { sval: { sval: text } } }) as Node;

interface Item {
  text: string;
  quoted: boolean;
}

const PARTS = /"((?:[^"\\]|\\.)*)"|[{},]|((?:[^"\\{},]|\\.)+)/gs;

/** Of all its dimensions; bounds are left out. A text that is no array is one item. https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO */
function itemsIn(literal: string): Item[] {
  spend(literal.length / 32);
  const text = literal.trim().replace(/^(?:\[[^\]]*\])+\s*=\s*/, '');
  if (!text.startsWith('{'))
    return text === '' ? [] : text.split(',').map((one) => ({ text: one.trim(), quoted: false }));
  const items: Item[] = [];
  for (const [, quoted, bare] of text.matchAll(PARTS)) {
    if (quoted !== undefined) items.push({ text: unescaped(quoted), quoted: true });
    else if (bare !== undefined && bare.trim() !== '') items.push({ text: unescaped(bare.trim()), quoted: false });
  }
  return items;
}
const unescaped = (text: string): string => text.replace(/\\(.)/gs, '$1');
