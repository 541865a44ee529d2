import type { Node } from 'libpg-query';

/** Names that no text has, for values that stand in the place of a variable or a parameter. */

/** A row of the query that a body is called for. */
export const ROW = 'a row of the caller';
/** The same, where that is no table's: a list's, a function's. */
export const LISTED_ROW = 'a row of the command';
/** One of many, which together may be all. */
export const MANY = 'one of many';
/** Whoever runs the command chooses it, or what it is cannot be shown. */
export const UNTOLD = 'a value that is not known';

export const named = (...fields: readonly string[]): Node =>
  ({ ColumnRef: { fields: fields.map((sval) => ({ String: { sval } })) } }) as Node;
export const oneOfMany: Node = named(MANY, 'n');
export const untold: Node = named(UNTOLD, 'n');

/** One of these, of which too many are possible to look at each. */
export const oneOf = (nodes: readonly Node[]): Node =>
  ({ FuncCall: { funcname: [{ String: { sval: 'one of these' } }], args: [untold, ...nodes] } }) as Node;

/** What has such a name already. */
export const isUnnamed = ([first = '']: readonly string[]): boolean => [ROW, LISTED_ROW, MANY, UNTOLD].includes(first);
