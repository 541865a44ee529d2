import type { Catalogue } from '../catalogue.js';
import type { ReadingContext } from '../context.js';

/** Names times types of what they are given; then it is begun anew. */
const KEPT = 20_000;

const kept = new WeakMap<Catalogue, Map<string, unknown>>();
const under = new WeakMap<ReadingContext, string>();

/** What a name means with arguments of some types goes by the catalogue and the search paths alone, and is found out once for them. */
export function meaning<T>(
  what: 'function' | 'operator',
  names: readonly string[],
  types: readonly (number | undefined)[],
  at: ReadingContext,
  find: () => T,
): T {
  const all = kept.get(at.catalogue) ?? new Map<string, unknown>();
  kept.set(at.catalogue, all);
  // No name has a zero byte in it.
  const key = `${what}\0${names.join('\0')}\0\0${types.length} ${types.join()}\0${pathKey(at)}`;
  const known = all.get(key) as T | undefined;
  if (known !== undefined) return known;
  const found = find();
  if (all.size >= KEPT) all.clear();
  all.set(key, found);
  return found;
}

function pathKey(at: ReadingContext): string {
  const known = under.get(at) ?? at.paths.map((path) => JSON.stringify(path)).join();
  under.set(at, known);
  return known;
}
