import type { Node } from 'libpg-query';
import { listOfLoop, listsIn, textOf } from './lists.js';
import { constant, listOf, open, type Part } from './nodes.js';
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
    each({ ...desk, loops, declared, lists }, block, name);
  } catch (error) {
    if (!(error instanceof Unparsable)) throw error;
    desk.facts.mark('code').doubt(`the body of ${name} could not be read`);
  }
}

/** The fields that hold a text which is put together as it runs. */
const DYNAMIC: Readonly<Record<string, string>> = {
  PLpgSQL_stmt_dynexecute: 'query',
  PLpgSQL_stmt_dynfors: 'query',
  PLpgSQL_stmt_return_query: 'dynquery',
  PLpgSQL_stmt_open: 'dynquery',
};

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

/** What stands in a loop is run for each row of its query, or of what is not known. */
function looping(desk: Desk, loop: Part, name: string): Desk {
  if (loop.expr !== undefined) return through(desk, loop, name);
  const text = ((loop.query as Part | undefined)?.PLpgSQL_expr as Part | undefined)?.query;
  const query = text === undefined ? undefined : commands(desk, String(text), name)[0]?.node;
  const [, variable] = open(loop.var as Node | undefined);
  const names = [variable.refname, ...listOf(variable.fields).map((field) => (field as unknown as Part).name)];
  const loops = new Map(desk.loops);
  for (const one of names) loops.set(String(one ?? ''), query ?? 'numbers');
  return { ...desk, loops };
}

/** FOREACH goes through an array, which may be of all rows. */
function through(desk: Desk, { expr, varno }: Part, name: string): Desk {
  const { lists } = desk;
  const list = lists && listOfLoop(desk, textOf(expr) ?? '', lists, name);
  const variable = lists?.names[Number(varno)];
  if (list === undefined || variable === undefined) return desk;
  return { ...desk, loops: new Map([...(desk.loops ?? []), [variable, list]]) };
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
  const text = constantOf(desk, String(query), name);
  if (text === undefined) desk.facts.mark('code').doubt(`${name} runs SQL that it puts together itself`);
  else runText(desk, text, name);
}

function constantOf(desk: Desk, query: string, name: string): string | undefined {
  const [only] = commands(desk, `SELECT ${query}`, name);
  const [, select] = open(only?.node);
  const [, target] = open((select.targetList as Node[] | undefined)?.[0]);
  return constant(target.val) ?? undefined;
}

/** A variable's type as it was written; what is assigned to it is checked as its domain wants. */
function nameType(desk: Desk, written: string): void {
  const plain = written.replace(/%(?:row)?type\s*(?:\[\])*$/i, '');
  if (plain !== written || plain === '' || BUILTIN.test(plain)) return;
  for (const { node } of commands(desk, `SELECT NULL::${plain}`, 'a declaration')) walk(desk, node);
}
const BUILTIN = /^(?:record|refcursor|trigger|event_trigger|void|boolean|name|oid|text(?:\[\])?|integer|int|bigint)$/i;
