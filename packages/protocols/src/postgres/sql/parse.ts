import { loadModule, type Node, parsePlPgSQLSync, parseSync, SqlError } from 'libpg-query';
import { withCases } from './cases.js';
import { withDefaults, withoutRowTypes } from './defaults.js';
import { spend } from './steps.js';
import { unitsOf } from './units.js';

/**
 * PostgreSQL's own parser (libpg_query, the grammar of version 18, as WebAssembly). It reads with
 * standard_conforming_strings on and in UTF-8, so both are pinned on the connection.
 */
let loaded: Promise<void> | undefined;
export function ready(): Promise<void> {
  loaded ??= loadModule();
  return loaded;
}

/** A text of so many words and signs was measured to take up to 5 ms (`1+1+1…`), whatever its nesting; ordinary ones take a third. */
const WORDS_MOST = 4_000;
/** So was one of this many characters, were it a single word. */
const LONGEST = 256 * 1024;

/** How much is parsed: `now` is what takes 5 ms at the most, `any` is for a thread that may be ended. */
export type Patience = 'now' | 'any';

export interface Command {
  node: Node;
  /** Its place in the text, UTF-16 units. */
  from: number;
  to: number;
  /** Where a node's `location` is in the text, UTF-16 units. */
  at(location: number | undefined): number;
}

interface Said {
  message: string;
  /** Characters before the place. */
  at: number;
}

/** Why a text cannot be read, as a clause. */
export class Unparsable extends Error {
  /** It is only too long to be parsed at once. */
  readonly long: boolean;
  /** The parser's own words, which quote the text. */
  readonly said: Said | undefined;

  constructor(why: string, long = false, said?: Said) {
    super(why);
    this.long = long;
    this.said = said;
  }
}

/** The commands of a text. The WebAssembly module must be `ready`. Throws `Unparsable`, and within a reading `TooLong`. */
export function parse(text: string, patience: Patience = 'now'): Command[] {
  check(text, patience);
  spend(20 + text.length / 8);
  const units = unitsOf(text);
  return tree(text).map(({ stmt, stmt_location, stmt_len }) => {
    const from = stmt_location ?? 0;
    const to = stmt_len === undefined || stmt_len === 0 ? undefined : from + stmt_len;
    const at = (location: number | undefined) => units.at(location ?? 0);
    return { node: stmt, from: at(from), to: to === undefined ? text.length : at(to), at };
  });
}

/** Texts behind names, of which the last few are kept: whoever reads one meets the same nodes as who read it before. */
const kept = new Map<string, Command[]>();
const KEPT = 32;

/** `parse` of a text that was prepared or declared; it may be long, as it was let through before. */
export function parseNamed(text: string): Command[] {
  const found = kept.get(text) ?? parse(text, 'any');
  kept.delete(text);
  kept.set(text, found);
  if (kept.size > KEPT) kept.delete(kept.keys().next().value as string);
  return found;
}

function tree(text: string): { stmt: Node; stmt_location?: number; stmt_len?: number }[] {
  if (text === '') return [];
  try {
    const { stmts = [] } = parseSync(text);
    return stmts.flatMap(({ stmt, ...place }) => (stmt === undefined ? [] : [{ stmt, ...place }]));
  } catch (error) {
    throw new Unparsable(sentence(error), false, saidBy(error));
  }
}

function saidBy(error: unknown): Said | undefined {
  const { message, cursorPosition: at } = error instanceof SqlError ? (error.sqlDetails ?? {}) : {};
  return message === undefined || at === undefined ? undefined : { message, at };
}

/** What PL/pgSQL's parser makes of a whole CREATE FUNCTION, CREATE PROCEDURE or DO. */
export function parsePlPgSql(text: string, patience: Patience = 'now'): unknown {
  check(text, patience);
  spend(20 + text.length / 8);
  try {
    const plain = withoutRowTypes(text);
    return withCases(withDefaults(parsePlPgSQLSync(plain), plain));
  } catch (error) {
    throw new Unparsable(sentence(error));
  }
}

function check(text: string, patience: Patience): void {
  // The parser stops at a zero byte, and the server refuses it; a lone surrogate has no UTF-8.
  if (text.includes('\0')) throw new Unparsable('it has a zero byte in it');
  if (!text.isWellFormed() || text.includes('\ufffd')) throw new Unparsable('it is not in UTF-8');
  if (patience === 'now' && isLong(text)) throw new Unparsable('it is too long to be read', true);
}

/** It takes too long to be parsed at once. Words in literals and comments count: what is a literal is the parser's to say. */
export function isLong(text: string): boolean {
  if (text.length <= WORDS_MOST) return false;
  if (text.length > LONGEST) return true;
  let words = 0;
  let inWord = false;
  for (let unit = 0; unit < text.length; unit++) {
    const code = text.charCodeAt(unit);
    const wordy = (code | 0x20) >= 0x61 ? (code | 0x20) <= 0x7a || code > 0x7f : code >= 0x30 && code <= 0x39;
    if (!wordy && code > 0x20) words++;
    else if (wordy && !inWord) words++;
    inWord = wordy;
  }
  return words > WORDS_MOST;
}

/** The parser's messages quote the statement, so only their kind is kept. */
function sentence(error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  return /syntax error/i.test(message) ? 'it has a syntax error' : 'it cannot be parsed';
}
