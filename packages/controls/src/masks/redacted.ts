import type { Action, Reading, Statement } from '@hoop/core';
import type { RowMask } from './rows.js';
import type { Scope } from './scope.js';
import { REDACTED } from './ways.js';

/** What the record keeps of an action: no literal or parameter that stands beside a masked column, and nothing that a detector finds. */
export function redacted(action: Action, scope: Scope, mask: RowMask): Action {
  if (action.kind !== 'statement') return action;
  const { readings = [], parameters } = action;
  const literals = readings.flatMap((one) => one.literals.filter(({ column }) => scope.maskOf(column) !== undefined));
  const text = mask.text(withoutPlaces(action.text, literals));
  const shown = parameters === undefined ? undefined : parametersOf(parameters, readings, scope, mask);
  if (text === action.text && shown === parameters) return action;
  return { ...action, text, ...(shown !== undefined && { parameters: shown }) };
}

/** Each place becomes a literal of three stars, from the last to the first. */
function withoutPlaces(text: string, places: readonly { from: number; to: number }[]): string {
  let left = text;
  let before = Number.POSITIVE_INFINITY;
  for (const { from, to } of [...places].sort((one, other) => other.from - one.from)) {
    left = `${left.slice(0, from)}'${REDACTED}'${left.slice(Math.min(to, before))}`;
    before = from;
  }
  return left;
}

type Parameters = NonNullable<Statement['parameters']>;

function parametersOf(parameters: Parameters, readings: readonly Reading[], scope: Scope, mask: RowMask): Parameters {
  const hidden = new Set<number>();
  for (const { bound } of readings) {
    for (const { column, parameter } of bound) if (scope.maskOf(column) !== undefined) hidden.add(parameter);
  }
  let changed = false;
  const shown = parameters.map((value, at) => {
    if (value === null) return null;
    const left = hidden.has(at) ? REDACTED : mask.text(value);
    changed ||= left !== value;
    return left;
  });
  return changed ? shown : parameters;
}
