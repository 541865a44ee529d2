import type { Node } from 'libpg-query';
import { queryOf } from './called.js';
import { constantText, DYNAMIC } from './dynamic.js';
import { listOfLoop, listsIn, textOf } from './lists.js';
import { as, listOf, open, type Part } from './nodes.js';
import { parsePlPgSql, Unparsable } from './parse.js';
import { commands, readExpression, runText } from './texts.js';
import { declaredIn } from './variables.js';
import { type Desk, walk } from './walk.js';

/** Reads every SQL text in a PL/pgSQL body; `source` is the whole CREATE FUNCTION or DO, `made` that as SQL's parser has it. */
export function readPlPgSql(desk: Desk, made: Part, source: string, name: string): void {
  try {
    const block = parsePlPgSql(source);
    const lists = listsIn(desk, block, name);
    const loops = lists.queries.size === 0 ? desk.loops : new Map([...(desk.loops ?? []), ...lists.queries]);
    const declared = declaredIn(made, block, desk.names.catalogue);
    each({ ...desk, loops, declared, lists, query: undefined, cursors: cursorsIn(desk, block, name) }, block, name);
  } catch (error) {
    if (!(error instanceof Unparsable)) throw error;
    desk.facts.mark('code').doubt(`the body of ${name} could not be read`);
  }
}

function each(desk: Desk, value: unknown, name: string): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) each(desk, item, name);
    return;
  }
  for (const [key, child] of Object.entries(value as Part)) {
    if (key === 'PLpgSQL_expr') readText(desk, child as Part, name);
    else if (key === 'PLpgSQL_type') nameType(desk, String((child as Part).typname ?? ''));
    else {
      const dynamic = DYNAMIC[key];
      if (dynamic !== undefined) runDynamic(desk, (child as Part)[dynamic], name);
      each(LOOPS.has(key) ? looping(desk, child as Part, name) : desk, child, name);
    }
  }
}

const LOOPS = new Set(
  ['fors', 'fori', 'forc', 'dynfors', 'foreach_a', 'loop', 'while'].map((kind) => `PLpgSQL_stmt_${kind}`),
);

/** What stands in a loop is run for each row of its query, or of what is not known; and what it gives its variables is other each time. */
function looping(desk: Desk, loop: Part, name: string): Desk {
  if (loop.expr !== undefined) return through(desk, loop, name);
  const loops = new Map(desk.loops);
  changing(desk, loop.body, loops, name);
  const text = textOf(loop.query);
  const query = text === undefined ? undefined : queryIn(desk, text, name);
  for (const one of [...targetsOf(loop.var), '']) loops.set(one, query ?? 'numbers');
  return { ...desk, loops };
}

/** The variables that a loop's statements give values, with where these are from. */
function changing(desk: Desk, value: unknown, loops: Map<string, Node | 'numbers'>, name: string): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [type, child] of Object.entries(value as Record<string, Part>)) {
    for (const [target, query] of givenBy(desk, type, child, name)) loops.set(target, either(loops.get(target), query));
    changing(desk, child, loops, name);
  }
}

function givenBy(desk: Desk, type: string, part: Part, name: string): [string, Node | 'numbers'][] {
  const targets = targetsOf(part?.target);
  if (type === 'PLpgSQL_stmt_fetch') return targets.map((target) => [target, rowsOfAny(desk.cursors) ?? 'numbers']);
  if (type === 'PLpgSQL_stmt_execsql')
    return targets.map((target) => [target, queryIn(desk, textOf(part.sqlstmt) ?? '', name) ?? 'numbers']);
  if (type !== 'PLpgSQL_stmt_assign') return targets.map((target) => [target, 'numbers']);
  const [, target = '', sql = ''] = /^\s*"?([^".[\s:=]+)[^:=]*(?::=|=)(.*)$/s.exec(textOf(part.expr) ?? '') ?? [];
  if (constantText(sql) !== undefined) return [];
  const [, select] = open(commands(desk, `SELECT ${sql}`, name)[0]?.node);
  const value = as(listOf(select.targetList)[0], 'ResTarget')?.val;
  return [[target, (as(value, 'SubLink')?.subselect as Node | undefined) ?? 'numbers']];
}

const rowsOfAny = (queries: readonly Node[] = []): Node | 'numbers' | undefined =>
  queries.reduce<Node | 'numbers' | undefined>(either, undefined);

/** Rows of the one or the other. */
function either(one: Node | 'numbers' | undefined, other: Node | 'numbers'): Node | 'numbers' {
  if (one === undefined) return other;
  if (one === 'numbers' || other === 'numbers') return 'numbers';
  const [larg, rarg] = [one, other].map((node) => as(node, 'SelectStmt'));
  return { SelectStmt: { op: 'SETOP_UNION', larg, rarg } } as unknown as Node;
}

const queryIn = (desk: Desk, text: string, name: string): Node | undefined =>
  queryOf(commands(desk, text, name)[0]?.node);

/** Queries of all cursors of a body. */
function cursorsIn(desk: Desk, value: unknown, name: string): Node[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => {
    const text = key === 'cursor_explicit_expr' ? textOf(child) : undefined;
    const opened = key === 'PLpgSQL_stmt_open' ? textOf((child as Part).query) : undefined;
    const query = (text ?? opened) === undefined ? undefined : queryIn(desk, (text ?? opened) as string, name);
    return [...(query === undefined ? [] : [query]), ...cursorsIn(desk, child, name)];
  });
}

/** Names of the variables that a target is made of. */
function targetsOf(target: unknown): string[] {
  const [, { refname, fields }] = open(target as Node | undefined);
  const names = listOf(fields).map((field) => (field as unknown as Part).name);
  return [refname, ...names].flatMap((one) => (typeof one === 'string' ? [one] : []));
}

/** FOREACH goes through an array, which may be of all rows. */
function through(desk: Desk, { expr, varno }: Part, name: string): Desk {
  const { lists } = desk;
  const list = lists && listOfLoop(desk, textOf(expr) ?? '', lists, name);
  const variable = lists?.names[Number(varno)];
  if (list === undefined || variable === undefined) return desk;
  return { ...desk, loops: new Map([...(desk.loops ?? []), [variable, list], ['', 'numbers']]) };
}

/** By RawParseMode: a statement, an expression, or an assignment whose target has 1 to 3 names. */
function readText(desk: Desk, { query, parseMode }: Part, name: string): void {
  const text = String(query);
  if (parseMode === undefined || parseMode === 0) runText(desk, text, name);
  else if (parseMode === 2) readExpression(desk, text, name);
  else readAssignment(desk, text, name);
}

/**
 * `target := value` is no SQL, so the first sign of an assignment outside of brackets divides it; the target may hold
 * subscripts with calls in them.
 */
function readAssignment(desk: Desk, text: string, name: string): void {
  const match = /^((?:[^[\]:=]|\[[^[\]]*\])*?)(:=|=)/s.exec(text);
  if (match === null) return void desk.facts.doubt(`the body of ${name} could not be read`);
  const target = match[1] as string;
  readExpression(desk, text.slice(match[0].length), name);
  if (target.includes('[')) readExpression(desk, target, name);
}

/** EXECUTE of a constant is as good as static. */
function runDynamic(desk: Desk, holder: unknown, name: string): void {
  const query = ((holder as Part | undefined)?.PLpgSQL_expr as Part | undefined)?.query;
  if (query === undefined) return;
  const text = constantText(String(query));
  if (text === undefined) desk.facts.mark('code').doubt(`${name} runs SQL that it puts together itself`);
  else runText(desk, text, name);
}

/** A variable's type as it was written; what is assigned to it is checked as its domain wants. */
function nameType(desk: Desk, written: string): void {
  const plain = written.replace(/%(?:row)?type\s*(?:\[\])*$/i, '');
  if (plain !== written || plain === '' || BUILTIN.test(plain)) return;
  for (const { node } of commands(desk, `SELECT NULL::${plain}`, 'a declaration')) walk(desk, node);
}
const BUILTIN = /^(?:record|refcursor|trigger|event_trigger|void|boolean|name|oid|text(?:\[\])?|integer|int|bigint)$/i;
