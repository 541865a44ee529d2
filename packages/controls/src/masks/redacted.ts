import type { Action, Reading, Statement } from '@hoop/core';
import type { RowMask } from './rows.js';
import type { Scope } from './scope.js';
import { REDACTED } from './ways.js';

/** What is known of a text by its readings: what stands beside a masked column in it, and how the record keeps it. */
interface Known {
  text: string;
  shown: string | Promise<string>;
  /** Parameters that stand beside a masked column. */
  hidden: ReadonlySet<number>;
}

/**
 * What the record keeps of an action: no literal or parameter that stands beside a masked column, and nothing that a detector
 * finds.
 */
export class Redaction {
  readonly #scope: Scope;
  readonly #mask: RowMask;
  readonly #known = new WeakMap<readonly Reading[], Known>();

  constructor(scope: Scope, mask: RowMask) {
    this.#scope = scope;
    this.#mask = mask;
  }

  /** A promise only where a text is long. */
  of(action: Action): Action | Promise<Action> {
    if (action.kind !== 'statement') return action;
    const { parameters } = action;
    const { shown, hidden } = this.#knownOf(action);
    if (parameters === undefined) {
      return shown instanceof Promise ? shown.then((text) => withTexts(action, text)) : withTexts(action, shown);
    }
    const values = parameters.map((value, at) =>
      value === null ? null : hidden.has(at) ? REDACTED : this.#mask.text(value),
    );
    if (!(shown instanceof Promise) && areNow(values)) return withTexts(action, shown, values);
    return Promise.all([shown, ...values]).then(([text, ...all]) => withTexts(action, text as string, all));
  }

  /** The same text with the same readings is asked for again and again. */
  #knownOf({ text, readings = NONE }: Statement): Known {
    const known = this.#known.get(readings);
    if (known?.text === text) return known;
    const made = this.#find(text, readings);
    if (!(made.shown instanceof Promise)) this.#known.set(readings, made);
    return made;
  }

  #find(text: string, readings: readonly Reading[]): Known {
    const isMasked = ({ column }: { column: string }) => this.#scope.maskOf(column) !== undefined;
    const literals = readings.flatMap((one) => one.literals.filter(isMasked));
    const bound = readings.flatMap((one) => one.bound.filter(isMasked));
    return {
      text,
      shown: this.#mask.text(withoutPlaces(text, literals)),
      hidden: new Set(bound.map(({ parameter }) => parameter)),
    };
  }
}

const NONE: readonly Reading[] = [];

const areNow = (values: readonly (string | null | Promise<string>)[]): values is readonly (string | null)[] =>
  !values.some((one) => one instanceof Promise);

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

function withTexts(action: Statement, text: string, parameters?: readonly (string | null)[]): Statement {
  const same = text === action.text && (parameters?.every((one, at) => one === action.parameters?.[at]) ?? true);
  return same ? action : { ...action, text, ...(parameters !== undefined && { parameters }) };
}
