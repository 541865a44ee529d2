import type { Node } from 'libpg-query';
import { as, eachChild, listOf, open, type Part, words } from '../nodes.js';
import { spend } from '../steps.js';
import { bare, fixed } from './known.js';
import { momentOf } from './moments.js';
import type { Rows } from './rows.js';
import { namesIn, ofQuery } from './sources.js';

/** The nodes as one text, to look for names in. */
export function written(node: unknown): string {
  const text = JSON.stringify(node) ?? '';
  spend(text.length / 256);
  return text;
}

/** The same without places, so that two that read alike are the same. */
export function shape(node: unknown): string {
  const text = JSON.stringify(node, (key, value) => (key === 'location' ? undefined : value)) ?? '';
  spend(text.length / 32);
  return text;
}

/** What the other side of a comparison is. */
export type Other =
  | { is: 'constant'; value: string | null }
  | { is: 'parameter' | 'time' | 'foreign' | 'untold' | 'one' | 'own' | 'computed' };

/**
 * `own`: of the rows themselves, or of those that meet every one of them; `one`: a single row's of a query; `untold`: no table's, and
 * nothing says what it is.
 */
export function otherOf(rows: Rows, node: Node | undefined): Other {
  const value = fixed(node);
  if (value !== undefined) return { is: 'constant', value };
  if (momentOf(node) !== undefined) return { is: 'time' };
  const [type, part] = open(node);
  if (type === 'SubLink') return ofSubquery(rows, part);
  if (mentions(rows, node)) return { is: 'own' };
  const found = kindsIn(rows, node);
  if (found.has('own')) return { is: 'own' };
  for (const is of ['untold', 'parameter', 'foreign', 'time'] as const) if (found.has(is)) return { is };
  return { is: 'computed' };
}

function ofSubquery(rows: Rows, part: Part): Other {
  const select = as(part.subselect, 'SelectStmt') ?? {};
  if (part.apart !== true && mentions(rows, part.subselect as Node)) return { is: 'own' };
  const other = readsTable(part.subselect as Node) ? 'foreign' : 'untold';
  if (part.subLinkType !== 'EXPR_SUBLINK') return { is: rows.readsAll(part.subselect as Node) ? 'own' : other };
  if (listOf(select.fromClause).length === 0) return { is: 'computed' };
  const isList = /"sval":"(?:array_agg|jsonb?_agg|string_agg)"/.test(written(select.targetList));
  if (isList && rows.readsAll(part.subselect as Node)) return { is: 'own' };
  // The rows above their average are fewer; those from the least on are all.
  const isMiddle = /"sval":"(?:avg|percentile_cont|percentile_disc)"/.test(written(select.targetList));
  return { is: isMiddle || !rows.readsAll(part.subselect as Node) ? other : 'one' };
}

/** What a query without a table answers, its text or its parameters say. */
export function readsTable(query: Node): boolean {
  const own = new Set<string>();
  let found = false;
  const look = (type: string, part: Part): void => {
    if (type === 'CommonTableExpr') own.add(String(part.ctename));
    found ||= type === 'RangeVar' && !(part.schemaname === undefined && own.has(String(part.relname)));
    if (type === 'SelectStmt') look('WithClause', (part.withClause ?? {}) as Part);
    if (!found) eachChild(part, look);
  };
  look(...open(query));
  return found;
}

function kindsIn(rows: Rows, node: Node | undefined): ReadonlySet<Other['is']> {
  const found = new Set<Other['is']>();
  const look = (type: string, child: Part): void => {
    spend(1 / 2);
    const one = { [type]: child } as unknown as Node;
    if (type === 'ColumnRef') found.add(KINDS[rows.coverageOf(one)]);
    else if (type === 'ParamRef') found.add('parameter');
    else if (isTime(one)) found.add('time');
    else if (type === 'SubLink') found.add(KIND_OF_QUERY.get(ofSubquery(rows, child).is) ?? 'foreign');
    else eachChild(child, look);
  };
  const [type, part] = open(node);
  if (type !== '') look(type, part);
  return found;
}

const KINDS = { all: 'own', referred: 'own', some: 'foreign', untold: 'untold' } as const;
const KIND_OF_QUERY: ReadonlyMap<Other['is'], 'own' | 'untold'> = new Map([
  ['own', 'own'],
  ['untold', 'untold'],
]);

/** Now, as the server has it. */
export function isTime(node: Node | undefined): boolean {
  const [type, part] = open(node);
  if (type === 'TypeCast') return isTime(part.arg as Node);
  if (type === 'SubLink') return isTime(bare(node));
  if (type === 'SQLValueFunction') return /DATE|TIME/.test(String(part.op));
  return (
    type === 'FuncCall' &&
    /^(?:now|clock_timestamp|statement_timestamp|transaction_timestamp)$/.test(words(part.funcname).at(-1) ?? '')
  );
}

/** A column of the rows is in it: by their name, or by one that nothing inside of it has. */
export function mentions(rows: Rows, node: Node | undefined, hidden: ReadonlySet<string> = new Set()): boolean {
  const [type, part] = open(node);
  return type !== '' && inPart(rows, type, part, hidden);
}

function inPart(rows: Rows, type: string, part: Part, hidden: ReadonlySet<string>): boolean {
  spend(1 / 2);
  if (type === 'ColumnRef') {
    const fields = words(part.fields);
    if (fields.length > 1) return fields.at(-2) === rows.alias;
    return rows.column({ ColumnRef: part } as unknown as Node) !== undefined && !hidden.has(fields[0] ?? '');
  }
  if (type === 'SelectStmt') return inQuery(rows, part, hidden);
  if (type === 'SubLink' && part.apart === true) return false;
  let found = false;
  eachChild(part, (kind, child) => {
    found ||= inPart(rows, kind, child, hidden);
  });
  return found;
}

function inQuery(rows: Rows, part: Part, hidden: ReadonlySet<string>): boolean {
  const tables = ofQuery(part.withClause, rows.with);
  const within = new Set([...hidden, ...namesIn(rows.names, listOf(part.fromClause), tables)]);
  let found = false;
  eachChild(part, (kind, child) => {
    found ||= inPart(rows, kind, child, within);
  });
  return found;
}

/** A parameter is in it. */
export function hasParameter(node: unknown): boolean {
  let found = false;
  const look = (type: string, child: Part): void => {
    found ||= type === 'ParamRef';
    if (!found) eachChild(child, look);
  };
  look(...open(node as Node));
  return found;
}
