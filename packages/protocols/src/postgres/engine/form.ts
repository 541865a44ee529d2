import type { Statement } from '@hoop/core';
import { loadModule, parseSync } from 'libpg-query';

/** Longer texts are not looked at. */
const LONGEST = 1_000;
const KEPT = 1_000;
/**
 * ASCII without quote, backslash and comment, and of the dollar only parameters, no dollar quote: what such a text means depends
 * on no setting of the session (client_encoding, standard_conforming_strings), and two that differ in digits alone have the
 * same tree but for its numbers and names.
 */
const SIMPLE = /^(?:[\w\s.,;()*=<>+%]|\$\d+(?![\w$]))+$/;

const found = new Map<string, boolean>();
let parser: 'unasked' | 'loading' | 'ready' = 'unasked';

/**
 * Whether a statement is one SELECT that names no function, by PostgreSQL's own parser. That is its form, not what it does: a
 * view, an operator or a row policy may still call a function that writes. So it tells how long to wait for the disk, and
 * must never allow anything. Undefined also where it cannot be told yet.
 */
export function formOf(text: string): Statement['form'] {
  if (text.length > LONGEST || !SIMPLE.test(text)) return undefined;
  const key = text.replace(/\d+/g, '0');
  let plain = found.get(key);
  if (plain === undefined) {
    if (parser !== 'ready') return load();
    plain = isPlain(key);
    if (found.size >= KEPT) found.delete(found.keys().next().value as string);
    found.set(key, plain);
  }
  return plain ? 'plain-select' : undefined;
}

/** The parser is a WebAssembly module; it is there a moment after it was first wanted. */
function load(): undefined {
  if (parser !== 'unasked') return;
  parser = 'loading';
  loadModule().then(
    () => {
      parser = 'ready';
    },
    () => undefined,
  );
}

function isPlain(text: string): boolean {
  try {
    const { stmts } = parseSync(text);
    const [only] = stmts ?? [];
    return stmts?.length === 1 && only?.stmt !== undefined && 'SelectStmt' in only.stmt && harmless(only.stmt);
  } catch {
    return false;
  }
}

/** The nodes that may be there, by libpg_query's names; all names of nodes begin with a capital. */
const NODES = new Set(
  (
    'SelectStmt ResTarget ColumnRef A_Star String Integer Float Boolean A_Const A_Expr BoolExpr NullTest ParamRef List ' +
    'RangeVar RangeSubselect JoinExpr SortBy SubLink CaseExpr CaseWhen'
  ).split(' '),
);
/** Parts of a SELECT that write, lock, or hold statements of their own. */
const PARTS = new Set(['intoClause', 'lockingClause', 'withClause', 'windowClause', 'valuesLists']);

function harmless(tree: unknown): boolean {
  if (Array.isArray(tree)) return tree.every(harmless);
  if (typeof tree !== 'object' || tree === null) return true;
  return Object.entries(tree).every(([name, value]) => {
    const known = /^[A-Z]/.test(name) ? NODES.has(name) : !PARTS.has(name);
    return known && harmless(value);
  });
}
