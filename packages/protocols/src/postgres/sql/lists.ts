import type { Node } from 'libpg-query';
import { as, eachChild, open, type Part, words } from './nodes.js';
import { commands } from './texts.js';
import type { Desk } from './walk.js';

/** Variables of a body by their numbers, and the queries whose rows arrays among them hold. */
export interface Lists {
  names: readonly string[];
  queries: ReadonlyMap<string, Node>;
}

const NONE: Lists = { names: [], queries: new Map() };

/** `block`: what PL/pgSQL's parser made of a body. It may be filled in any place, and is then taken to be so in all. */
export function listsIn(desk: Desk, block: unknown, whose: string): Lists {
  const { plpgsql_funcs: made } = (block ?? {}) as { plpgsql_funcs?: readonly Part[] };
  const { datums } = (made?.[0]?.PLpgSQL_function ?? {}) as { datums?: readonly Part[] };
  if (datums === undefined) return NONE;
  const vars = datums.map((datum) => open(datum as unknown as Node)[1]);
  const names = vars.map(({ refname }) => String(refname ?? ''));
  const queries = new Map<string, Node>();
  const fill = (name: unknown, text: string | undefined): void => {
    const query = text === undefined ? undefined : gathered(desk, text, whose);
    if (query !== undefined) queries.set(String(name), query);
  };
  for (const { refname, default_val: value } of vars) fill(refname, selecting(textOf(value)));
  eachFilling(block, names, fill);
  return { names, queries };
}

/** `name := value`, and SELECT … INTO name. */
function eachFilling(
  value: unknown,
  names: readonly string[],
  fill: (name: unknown, text: string | undefined) => void,
): void {
  if (typeof value !== 'object' || value === null) return;
  const { PLpgSQL_stmt_assign: assign, PLpgSQL_stmt_execsql: sql } = value as Record<string, Part | undefined>;
  if (assign !== undefined) fill(names[Number(assign.varno)], selecting(textOf(assign.expr)?.replace(/^[^=]*=/, '')));
  const [, target] = open(sql?.target as Node | undefined);
  const fields = (target.fields ?? (target.refname === undefined ? [] : [{ name: target.refname }])) as Part[];
  if (sql?.into === true) for (const field of fields) fill(field.name, textOf(sql.sqlstmt));
  for (const child of Object.values(value)) eachFilling(child, names, fill);
}

export const textOf = (holder: unknown): string | undefined => {
  const query = ((holder as Part | undefined)?.PLpgSQL_expr as Part | undefined)?.query;
  return query === undefined ? undefined : String(query);
};
const selecting = (text: string | undefined): string | undefined => (text === undefined ? undefined : `SELECT ${text}`);

/** What FOREACH goes through, or a part of it: the query of an array, behind a variable's name or written there. */
export function listOfLoop(desk: Desk, text: string, { queries }: Lists, whose: string): Node | undefined {
  const named = (text.match(/\w+/g) ?? []).map((name) => queries.get(name.toLowerCase()));
  return named.find((query) => query !== undefined) ?? gathered(desk, `SELECT ${text}`, whose);
}

/** The query of which a text makes one array. */
function gathered(desk: Desk, text: string, whose: string): Node | undefined {
  if (!/array|_agg/i.test(text)) return undefined;
  let found: Node | undefined;
  const look = (type: string, child: Part): void => {
    const isArray = type === 'SubLink' && child.subLinkType === 'ARRAY_SUBLINK';
    if (isArray) found ??= child.subselect as Node;
    else if (type === 'SelectStmt' && child.fromClause !== undefined && gathers(child))
      found ??= { SelectStmt: child } as unknown as Node;
    if (found === undefined) eachChild(child, look);
  };
  for (const { node } of commands(desk, text, whose)) look(...open(node));
  return found;
}

function gathers({ targetList }: Part): boolean {
  let found = false;
  const look = (type: string, child: Part): void => {
    found ||= type === 'FuncCall' && /^(?:array|jsonb?|string)_agg$/.test(words(child.funcname).at(-1) ?? '');
    if (!found && as({ [type]: child }, 'SelectStmt') === undefined) eachChild(child, look);
  };
  eachChild({ targetList }, look);
  return found;
}
