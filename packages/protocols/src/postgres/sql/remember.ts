import { Facts } from './facts.js';
import type { Desk } from './walk.js';

const DEEPEST = 24;

/** Of what it is asked for in, nothing matters. */
const ALONE = {
  loops: undefined,
  query: undefined,
  called: undefined,
  calling: undefined,
  holds: undefined,
  given: undefined,
};

/**
 * What a view, function or type does, found out once for a catalogue and its paths. One that is asked for while it is being
 * found out (recursion) adds nothing of its own; what was found inside such a circle is only the outermost's to keep.
 */
export function remember(desk: Desk, what: string, find: (inner: Desk) => void): Facts {
  const { names } = desk;
  const key = desk.plans === true ? `plan ${what}` : what;
  const known = names.known.get(key);
  if (known !== undefined) return known;
  const facts = new Facts();
  const at = names.working.indexOf(key);
  if (at >= 0) {
    names.circle = Math.min(names.circle, at);
    return facts;
  }
  if (desk.depth >= DEEPEST || desk.budget.left-- <= 0)
    return facts.doubt('its views and functions nest too deeply, or are too many, to be read');
  const outer = names.circle;
  names.circle = Number.POSITIVE_INFINITY;
  names.working.push(key);
  try {
    find({ ...desk, ...ALONE, facts, depth: desk.depth + 1 });
  } finally {
    names.working.pop();
  }
  const whole = names.circle >= names.working.length && facts.executes.size === 0 && desk.budget.left > 0;
  // What was cut off for its depth is whole only when it is asked for from less deep.
  if (whole && desk.depth < DEEPEST / 2) names.known.set(key, facts);
  names.circle = names.circle >= names.working.length ? outer : Math.min(outer, names.circle);
  return facts;
}
