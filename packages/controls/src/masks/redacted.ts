import type { Action, Reading, Statement } from '@hoop/core';
import type { RowMask } from './rows.js';
import type { Scope } from './scope.js';
import { REDACTED } from './ways.js';

/**
 * What the record keeps of an action: no literal or parameter that stands beside a masked column, and nothing that a detector
 * finds. A promise only where a text is long.
 */
export function redacted(action: Action, scope: Scope, mask: RowMask): Action | Promise<Action> {
  if (action.kind !== 'statement') return action;
  const { readings = [], parameters = [] } = action;
  const literals = readings.flatMap((one) => one.literals.filter(({ column }) => scope.maskOf(column) !== undefined));
  const hidden = hiddenBy(readings, scope);
  const values = parameters.map((value, at) => (value === null || !hidden.has(at) ? value : REDACTED));
  const texts = [withoutPlaces(action.text, literals), ...values].map((one) => (one === null ? null : mask.text(one)));
  if (!texts.some((one) => one instanceof Promise)) return withTexts(action, texts as (string | null)[]);
  return Promise.all(texts).then((all) => withTexts(action, all));
}

/** Parameters that stand beside a masked column. */
function hiddenBy(readings: readonly Reading[], scope: Scope): ReadonlySet<number> {
  const bound = readings.flatMap((one) => one.bound.filter(({ column }) => scope.maskOf(column) !== undefined));
  return new Set(bound.map(({ parameter }) => parameter));
}

/** Each place becomes a literal of three stars. */
function withoutPlaces(text: string, places: readonly { from: number; to: number }[]): string {
  const parts: string[] = [];
  let at = 0;
  for (const { from, to } of [...places].sort((one, other) => one.from - other.from)) {
    if (from >= at) parts.push(text.slice(at, from), `'${REDACTED}'`);
    at = Math.max(at, to);
  }
  return parts.length === 0 ? text : parts.join('') + text.slice(at);
}

function withTexts(action: Statement, [text, ...parameters]: (string | null)[]): Statement {
  const same = text === action.text && parameters.every((one, at) => one === action.parameters?.[at]);
  if (same) return action;
  return { ...action, text: text ?? '', ...(action.parameters !== undefined && { parameters }) };
}
