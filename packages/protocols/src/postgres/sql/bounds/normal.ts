import type { Node } from 'libpg-query';
import { as, listOf, words } from '../nodes.js';
import { fixed } from './known.js';
import { asksFor } from './pattern.js';
import type { Rows } from './rows.js';

/** By what follows the value: it leaves some values as they are. */
const KEEPS: readonly (readonly [names: string, keeps: (texts: readonly string[]) => boolean])[] = [
  ['lower upper initcap btrim ltrim rtrim normalize unaccent floor ceil ceiling', () => true],
  ['round trunc', ([places = '0']) => Number(places) >= 0],
  ['replace', ([from, to]) => from !== '' && from !== to],
  ['regexp_replace', ([pattern = '']) => asksFor(pattern, 'regexp')],
  ['left', ([count]) => Number(count) >= SHORTEST],
];
const NORMAL = new Map(KEEPS.flatMap(([names, keeps]) => names.split(' ').map((name) => [name, keeps] as const)));
/** Characters to which a text is cut that may be one as it is. */
const SHORTEST = 8;

/** `column <> lower(column)`: what it is made of the column is the same again where that is in order already. */
export function isNormalOf(rows: Rows, column: string, node: Node | undefined): boolean {
  if (rows.column(node) === column) return true;
  const call = as(node, 'FuncCall');
  const [value, ...others] = listOf(call?.args);
  const texts = others.map(fixed);
  const keeps = NORMAL.get(words(call?.funcname).at(-1) ?? '');
  if (keeps === undefined || !texts.every((text) => typeof text === 'string')) return false;
  return keeps(texts) && isNormalOf(rows, column, value);
}
