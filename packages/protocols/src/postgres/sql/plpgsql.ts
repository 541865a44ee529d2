import type { Node } from 'libpg-query';
import { assignedIn, assignmentIn, textOf } from './assigned.js';
import { itemsOf } from './bounds/arrays.js';
import { constantText, DYNAMIC } from './dynamic.js';
import { type Given, Holds } from './holds.js';
import { as, listOf, type Part, words } from './nodes.js';
import { parsePlPgSql, Unparsable } from './parse.js';
import { commands, readExpression, runText } from './texts.js';
import { touchOid } from './types.js';
import { declaredIn } from './variables.js';
import { type Desk, walk } from './walk.js';

/**
 * Reads every SQL text in a PL/pgSQL body; `source` is the whole CREATE FUNCTION or DO, `made` that as SQL's parser has it, `given` what
 * it is called with where that is known.
 */
export function readPlPgSql(desk: Desk, made: Part, source: string, name: string, given: Given): void {
  try {
    const block = parsePlPgSql(source);
    const assigned = assignedIn(desk, block, name, source);
    const declared = declaredIn(made, block, desk.names.catalogue);
    each({ ...desk, declared, query: undefined, holds: new Holds(given, assigned) }, block, name);
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
      if (dynamic !== undefined) runDynamic(desk, child as Part, dynamic, name);
      each(repeats(desk, key, child as Part, name) ? { ...desk, loops: AGAIN } : desk, child, name);
    }
  }
}

const LOOPS = new Set(['fors', 'fori', 'forc', 'dynfors', 'loop', 'while'].map((kind) => `PLpgSQL_stmt_${kind}`));
const AGAIN: Desk['loops'] = new Map([['', 'numbers']]);

/** What stands in a loop is run again and again; through a list that the body has itself, only as often as that says. */
function repeats(desk: Desk, type: string, part: Part, name: string): boolean {
  if (type !== 'PLpgSQL_stmt_foreach_a') return LOOPS.has(type);
  const [list, ...others] = expressionsIn(desk, textOf(part.expr) ?? '', name);
  return others.length > 0 || list === undefined || itemsOf(list) === undefined;
}

/** What an expression of the body may be. */
const expressionsIn = (desk: Desk, text: string, name: string): readonly Node[] =>
  commands(desk, `SELECT ${text}`, name).flatMap(({ node }) => {
    const value = as(listOf(as(node, 'SelectStmt')?.targetList)[0], 'ResTarget')?.val as Node | undefined;
    return value === undefined ? [] : (desk.holds?.valuesOf(value) ?? [value]);
  });

/** By RawParseMode: a statement, an expression, or an assignment whose target has 1 to 3 names. */
function readText(desk: Desk, { query, parseMode }: Part, name: string): void {
  const text = String(query);
  if (parseMode === undefined || parseMode === 0) runText(desk, text, name);
  else if (parseMode === 2) readExpression(desk, text, name);
  else readAssignment(desk, text, name);
}

/** The target may hold subscripts with calls in them. */
function readAssignment(desk: Desk, text: string, name: string): void {
  const found = assignmentIn(text);
  if (found === undefined) return void desk.facts.doubt(`the body of ${name} could not be read`);
  readExpression(desk, found.value, name);
  if (found.target.includes('[')) readExpression(desk, found.target, name);
}

/** EXECUTE of a constant is as good as static. It sees none of the body's variables, but what USING gives. */
function runDynamic(desk: Desk, part: Part, field: string, name: string): void {
  const query = textOf(part[field]);
  if (query === undefined) return;
  const text = constantText(query);
  if (text === undefined) return void desk.facts.mark('code').doubt(`${name} runs SQL that it puts together itself`);
  const using = (part.params as readonly unknown[] | undefined) ?? [];
  const values = using.map((one, at) => [`$${at + 1}`, expressionsIn(desk, textOf(one) ?? '', name)] as const);
  runText({ ...desk, declared: NOTHING, holds: new Holds(new Map(values)) }, text, name);
}
const NOTHING = { variables: new Map(), takes: [] };

/** A variable's type as it was written; what is assigned to it is checked as its domain wants. */
function nameType(desk: Desk, written: string): void {
  const plain = written.replace(/%type\s*(?:\[\s*\]\s*)*$/i, '');
  if (plain !== written) return columnType(desk, plain);
  if (plain === '' || BUILTIN.test(plain)) return;
  for (const { node } of commands(desk, `SELECT NULL::${plain}`, 'a declaration')) walk(desk, node);
}

/** `t.c%TYPE` is that of a column; of a variable's, that stands where it is declared. */
function columnType(desk: Desk, written: string): void {
  for (const value of expressionsIn({ ...desk, holds: undefined }, written, 'a declaration')) {
    const [column = '', relation, schema] = words(as(value, 'ColumnRef')?.fields).reverse();
    if (relation === undefined) continue;
    const found = desk.names.relations(schema, relation);
    if (desk.names.madeOther(relation) || (found.length === 0 && desk.names.madeTable(relation)))
      desk.facts.doubt(`the type of ${column} was made just now`);
    for (const { columns } of found) for (const { name, type } of columns) if (name === column) touchOid(desk, type);
  }
}
const BUILTIN = /^(?:record|refcursor|trigger|event_trigger|void|boolean|name|oid|text(?:\[\])?|integer|int|bigint)$/i;
