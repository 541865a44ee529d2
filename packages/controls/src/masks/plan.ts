import type { OutputColumn } from '@hoop/core';
import { type MaskRule, UNREAD, type Way } from './rules.js';
import type { Scope } from './scope.js';

/** What is done with the cells of one output column. */
export type Act =
  | { does: 'pass' }
  /** Looks into them. `part`: what is found is masked where it stands; else the whole cell becomes NULL. */
  | { does: 'look'; part: boolean }
  /**
   * All of them are masked; `way` is `null` where nothing else is a valid value. `blind`: NULL too looks like a masked value, since
   * what is derived of a column can be made NULL or not by what is in it.
   */
  | { does: 'mask'; rule: string; way: Exclude<Way, 'show'>; quoted: boolean; blind: boolean };

const PASS: Act = { does: 'pass' };

/** What a person gets of each column. The first of these that holds: a masked column, what is not known, what is found. */
export function actOn(column: OutputColumn, scope: Scope): Act {
  const origin = column.origin === undefined ? undefined : scope.maskOf(column.origin);
  const { source } = column;
  const rules = (source?.columns ?? []).flatMap((name) => scope.maskOf(name) ?? []);
  const [first] = rules;
  if (first !== undefined) return masked(column, first, source?.exact === true && source.opaque === undefined);
  if (origin !== undefined) return masked(column, origin, true);
  if (scope.hasColumns && (source === undefined || source.opaque !== undefined))
    return maskedAs(column, UNREAD, 'redact', true);
  return isShown(column, scope) ? PASS : looked(column, scope);
}

/** What is not the column itself has no shape to keep, and a hash of it would join with nothing. */
function masked(column: OutputColumn, rule: MaskRule, exact: boolean): Act {
  const way = rule.way === 'show' ? 'redact' : rule.way;
  return maskedAs(column, rule.name, exact || way === 'null' ? way : 'redact', !exact);
}

function maskedAs({ holds, format }: OutputColumn, rule: string, way: Exclude<Way, 'show'>, blind: boolean): Act {
  const nothing: Act = { does: 'mask', rule, way: 'null', quoted: false, blind };
  if (holds === 'text') return { does: 'mask', rule, way, quoted: false, blind };
  // As many characters as the value has: a NULL has none.
  if (holds === 'padded') return blind ? nothing : { does: 'mask', rule, way, quoted: false, blind };
  if (holds !== 'json' || format === 'binary' || way === 'null') return nothing;
  return { does: 'mask', rule, way: way === 'hash' ? 'hash' : 'redact', quoted: true, blind };
}

/** All that it comes from was declared as not sensitive. */
function isShown({ source }: OutputColumn, scope: Scope): boolean {
  if (source === undefined || source.opaque !== undefined || source.columns.length === 0) return false;
  return source.columns.every((name) => scope.ruleOf(name)?.way === 'show');
}

function looked({ holds = 'other' }: OutputColumn, scope: Scope): Act {
  if (holds === 'plain' || scope.wanted === 0) return PASS;
  return { does: 'look', part: holds === 'text' || holds === 'padded' };
}

/** The acts for all columns of a result, and what they need at hand for each cell. */
export interface Plan {
  acts: readonly Act[];
  /** 1 for the columns that nobody looks into. */
  skips: Uint8Array;
  /** Columns that are masked whole. */
  whole: readonly number[];
  /** Some are looked into where they lie. */
  looks: boolean;
  /** Columns whose cells have to be read one by one to be looked into. */
  read: readonly number[];
}

export function planFor(columns: readonly OutputColumn[], scope: Scope): Plan {
  const acts = columns.map((column) => actOn(column, scope));
  const those = (test: (act: Act, at: number) => boolean) => acts.flatMap((act, at) => (test(act, at) ? [at] : []));
  const isRead = (at: number) => columns[at]?.reads !== undefined;
  const looked = those(({ does }, at) => does === 'look' && !isRead(at));
  return {
    acts,
    skips: Uint8Array.from(acts, (_, at) => (looked.includes(at) ? 0 : 1)),
    whole: those(({ does }) => does === 'mask'),
    looks: looked.length > 0,
    read: those(({ does }, at) => does === 'look' && isRead(at)),
  };
}
