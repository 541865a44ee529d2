import type { Catalogue } from '../catalogue.js';
import type { ReadingContext } from '../context.js';

/** Names times types of what they are given, under some search paths; then it is begun anew. */
const KEPT = 10_000;

type Meanings = Map<string, unknown>;
const kept = new WeakMap<Catalogue, Map<string, Meanings>>();
const under = new WeakMap<ReadingContext, Meanings>();

/** What a name means with arguments of some types goes by the catalogue and the search paths alone, and is found out once for them. */
export function meaning<T>(
  what: 'function' | 'operator',
  names: readonly string[],
  types: readonly (number | undefined)[],
  at: ReadingContext,
  find: () => T,
): T {
  const all = under.get(at) ?? meaningsUnder(at);
  // No name has a zero byte in it.
  const key = `${what}\0${names.length === 1 ? names[0] : names.join('\0')}\0\0${types.length} ${types.join()}`;
  const known = all.get(key) as T | undefined;
  if (known !== undefined) return known;
  const found = find();
  if (all.size >= KEPT) all.clear();
  all.set(key, found);
  return found;
}

function meaningsUnder(at: ReadingContext): Meanings {
  const all = kept.get(at.catalogue) ?? new Map<string, Meanings>();
  kept.set(at.catalogue, all);
  const key = JSON.stringify(at.paths);
  const found = all.get(key) ?? new Map<string, unknown>();
  if (all.size >= PATHS) all.clear();
  all.set(key, found);
  under.set(at, found);
  return found;
}
const PATHS = 100;
