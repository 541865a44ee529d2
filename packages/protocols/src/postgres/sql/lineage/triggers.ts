import type { Relation, Routine } from '../catalogue.js';
import type { ReadingContext } from '../context.js';
import { parsePlPgSql } from '../parse.js';
import { unlessTooLong } from '../steps.js';
import { rowsMoved } from './bodies.js';
import { Facts } from './facts.js';
import { changed, type Field, type Flow, FREE, mix, opaque } from './flow.js';
import { familyOf } from './known.js';

/** Columns that the row triggers of a relation put other values into than the command did, and what these may be. */
export interface Changes {
  readonly names: ReadonlySet<string> | 'all';
  readonly flow: Flow;
}

/** What triggers make of a row on its way. https://www.postgresql.org/docs/current/plpgsql-trigger.html */
export function changesOf(relation: Relation, fields: readonly Field[], at: ReadingContext): Changes[] {
  const oids = new Set(familyOf(relation, at.catalogue).flatMap((one) => one.triggers));
  return [...oids].flatMap((oid) => {
    const routine = at.catalogue.routineByOid.get(oid);
    return routine === undefined ? [ANYTHING] : made(routine, fields, at);
  });
}

const ANYTHING: Changes = { names: 'all', flow: opaque('it runs a trigger that cannot be read') };

function made(routine: Routine, fields: readonly Field[], at: ReadingContext): Changes[] {
  // Those of the server and of extensions set a column by themselves, or none.
  if (routine.builtin || (routine.extension && routine.language === 'c')) return [];
  if (routine.language !== 'plpgsql') return [ANYTHING];
  try {
    return assigned(routine, fields, at);
  } catch (error) {
    unlessTooLong(error);
    return [ANYTHING];
  }
}

function assigned(routine: Routine, fields: readonly Field[], at: ReadingContext): Changes[] {
  const names = targets.get(routine) ?? targetsOf(parsePlPgSql(routine.source ?? ''));
  targets.set(routine, names);
  if (names !== 'all' && names.size === 0) return [];
  const facts = new Facts();
  const clause = rowsMoved(routine, fields, at, facts);
  const flow = mix([{ ...FREE, columns: facts.columns }, ...(clause === undefined ? [] : [opaque(clause)])]);
  return [{ names, flow: changed(flow) }];
}

const targets = new WeakMap<Routine, ReadonlySet<string> | 'all'>();

/** The columns of NEW that a body sets; `all` where it sets the whole row, or gives back another. */
function targetsOf(tree: unknown): ReadonlySet<string> | 'all' {
  const names = new Set<string>();
  let all = false;
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, child] of Object.entries(value as Record<string, unknown>)) {
      if (key === 'PLpgSQL_stmt_assign') name(assignedTo(child), names, () => (all = true));
      else if (key === 'PLpgSQL_stmt_return') all ||= !givesRow(child);
      else if (key === 'target' || key === 'var')
        for (const target of namedIn(child)) name(target, names, () => (all = true));
      visit(child);
    }
  };
  visit(tree);
  return all ? 'all' : names;
}

function name(target: readonly string[], names: Set<string>, whole: () => void): void {
  const [row, column] = target;
  if (row?.toLowerCase() !== 'new') return;
  if (column === undefined) whole();
  else names.add(column);
}

/** `new.x := …`: the parser leaves the target in the text. */
function assignedTo(statement: unknown): readonly string[] {
  const query = String((statement as { expr?: { PLpgSQL_expr?: { query?: string } } }).expr?.PLpgSQL_expr?.query ?? '');
  const match = /^\s*("?)(\w+)\1\s*(?:\.\s*(?:"((?:[^"]|"")+)"|(\w+)))?/.exec(query);
  const column = match?.[3] ?? match?.[4]?.toLowerCase();
  if (match?.[2] === undefined) return ['new'];
  return column === undefined ? [match[2]] : [match[2], column];
}

/** INTO, FOR and the like: a record, or variables. */
function namedIn(target: unknown): string[][] {
  const { PLpgSQL_rec: record, PLpgSQL_row: row } = target as Record<
    string,
    { refname?: string; fields?: { name?: string }[] }
  >;
  const names = [record?.refname ?? '', ...(row?.fields ?? []).map((field) => field.name ?? '')];
  return names.map((one) => one.split('.'));
}

/** RETURN NEW, OLD or NULL. New and old are the first two variables of a trigger's function. */
function givesRow(statement: unknown): boolean {
  const { retvarno, expr } = statement as { retvarno?: number; expr?: { PLpgSQL_expr?: { query?: string } } };
  if (expr !== undefined) return /^\s*null\s*$/i.test(expr.PLpgSQL_expr?.query ?? '');
  return retvarno === undefined || retvarno === 0 || retvarno === 1 || retvarno === -1;
}
