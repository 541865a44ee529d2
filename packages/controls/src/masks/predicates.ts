import { ANY_COLUMN, type Predicate, type Reading, type Statement, type Verdict } from '@hoop/core';
import type { MaskRule } from './rules.js';
import type { Scope } from './scope.js';

/** What each way of asking tells of a value that is not shown, as a clause. */
const TOLD: Readonly<Record<Exclude<Predicate['how'], 'equality' | 'null-test'>, string>> = {
  range: 'compares it by size, which finds the value out step by step',
  pattern: 'matches it against a pattern, which finds the value out piece by piece',
  order: 'orders by it, which tells the values apart',
  group: 'groups by it, which tells the values apart',
  join: 'joins by it, which shows the value by what it meets',
  function: 'puts it through a function in a condition',
  rows: 'makes rows of it, whose number tells what it holds',
  plan: 'finds its rows as settings of this session want it, and their order tells the values apart',
  fails: 'computes with it in a way that may fail or take its time, which tells what it holds',
  unknown: 'asks about it in a way that cannot be read',
};
const EQUALS = 'Ask for it with = and one value, or leave the column out.';
const AS_IT_IS = 'Select the column as it is, or leave it out: what is made of it is masked too.';
const HINTS: { readonly [how in Predicate['how']]?: string } = {
  join: 'Join by a column that is not masked.',
  rows: AS_IT_IS,
  plan: 'Open a new session, or explain the statement without running it.',
  fails: AS_IT_IS,
};

export type Denied = Verdict & { allow: false };

/** Judges what a statement learns of masked columns without showing them; undefined where it may. */
export function judgePredicates({ readings }: Statement, scope: Scope): Denied | undefined {
  if (!scope.hasColumns) return undefined;
  if (readings === undefined) return UNREADABLE;
  for (const reading of readings) {
    const denied = ofReading(reading, scope);
    if (denied !== undefined) return denied;
  }
  return undefined;
}

function ofReading(reading: Reading, scope: Scope): Denied | undefined {
  const { kind, traits, predicates, stores } = reading;
  if (kind === 'unparsable') return UNREADABLE;
  if (traits.includes('code') && reading.class === 'unknown') return HIDDEN_CODE;
  const all = touchedBy(reading, scope).filter(({ column }) => column !== ANY_COLUMN);
  const [touched] = all;
  if (touched !== undefined && traits.includes('code')) {
    return deny(touched, `runs code that cannot be read, which may show ${touched.column}`, 'Ask in plain SQL.');
  }
  const explained = traits.includes('explains') ? all.find(({ column }) => !isPlannedBy(column, reading)) : undefined;
  if (explained !== undefined) {
    return deny(explained, `asks what the server knows of ${explained.column}, which tells its values`, EXPLAINS);
  }
  for (const column of stores) {
    const rule = scope.maskOf(column);
    if (rule !== undefined) {
      return deny({ rule, column }, 'would put it where it can be read under another name', 'Leave the column out.');
    }
  }
  return ofPredicates(predicates, scope);
}

/** A plan that is not run tells of a column no more than what is asked of it anyway. */
const isPlannedBy = (name: string, { planned, predicates }: Reading): boolean =>
  planned === true && predicates.some(({ column }) => column === name);

const EXPLAINS = 'Explain the statement without the column.';

function ofPredicates(predicates: readonly Predicate[], scope: Scope): Denied | undefined {
  for (const { column, how } of predicates) {
    if (how === 'equality' || how === 'null-test') continue;
    const rule = scope.maskOf(column);
    if (rule === undefined || rule.predicates === 'allow') continue;
    return deny({ rule, column }, TOLD[how], HINTS[how] ?? EQUALS);
  }
  return undefined;
}

interface Touched {
  rule: MaskRule;
  column: string;
}

const COPIES = "What may be a copy of any column's values";

const deny = ({ rule, column }: Touched, does: string, hint: string): Denied => ({
  allow: false,
  rule: rule.name,
  reason: `${column === ANY_COLUMN ? COPIES : column} is masked for you, and this statement ${does}.`,
  hint,
});

/** Masked columns whose values a command can depend on, or puts anywhere. */
export function touchedBy({ columns, stores, predicates, outputs }: Reading, scope: Scope): Touched[] {
  const asked = predicates.map(({ column }) => column);
  const shown = (outputs ?? []).flatMap((output) => output.columns);
  return [...new Set([...columns, ...stores, ...asked, ...shown])].flatMap((column) => {
    const rule = scope.maskOf(column);
    return rule === undefined ? [] : [{ rule, column }];
  });
}

const UNREADABLE: Denied = {
  allow: false,
  rule: 'unread',
  reason: 'Columns are masked for you here, and this statement cannot be read.',
  hint: 'Look for an error in its syntax.',
  unread: true,
};
const HIDDEN_CODE: Denied = {
  allow: false,
  rule: 'unread',
  reason: 'Columns are masked for you here, and this statement runs code that cannot be read.',
  hint: 'Ask in plain SQL, or call functions whose text is plain SQL.',
};
