import type { Catalogue } from './catalogue.js';
import type { ReadingContext } from './context.js';

/** Search paths and makings that are told apart for each catalogue; then it is begun anew, with numbers that are new too. */
const KEPT = 1_000;

const kept = new WeakMap<Catalogue, Map<string, number>>();
/** A context is one object as long as nothing in it changes. */
const known = new WeakMap<ReadingContext, number>();
let last = 0;

/** A number that contexts of one catalogue share if every name means the same in them, but for prepared statements and cursors. */
export function namespaceOf(at: ReadingContext): number {
  const found = known.get(at) ?? numberOf(at);
  known.set(at, found);
  return found;
}

function numberOf({ catalogue, paths, made = [], filled = [] }: ReadingContext): number {
  const all = kept.get(catalogue) ?? new Map<string, number>();
  kept.set(catalogue, all);
  const key = JSON.stringify([paths, made, filled]);
  const found = all.get(key);
  if (found !== undefined) return found;
  if (all.size >= KEPT) all.clear();
  last += 1;
  all.set(key, last);
  return last;
}
