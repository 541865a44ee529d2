import type { Catalogue } from './catalogue.js';
import type { ReadingContext, SqlReading } from './context.js';
import { namespaceOf } from './namespace.js';
import { read } from './read.js';

/** Texts kept for each catalogue, and the longest that is. */
const KEPT = 2_000;
const LONGEST = 16 * 1024;

const kept = new WeakMap<Catalogue, Map<string, readonly SqlReading[]>>();

/** `read`, remembered by catalogue, paths and what the session made. What EXECUTE and FETCH run is looked up each time. */
export function readCached(text: string, at: ReadingContext): readonly SqlReading[] {
  if (text.length > LONGEST) return read(text, at);
  const texts = kept.get(at.catalogue) ?? new Map<string, readonly SqlReading[]>();
  kept.set(at.catalogue, texts);
  const key = `${namespaceOf(at)}\n${text}`;
  const found = texts.get(key);
  if (found !== undefined) return found;
  const readings = read(text, at);
  if (readings.some(({ executes }) => executes.length > 0)) return readings;
  if (texts.size >= KEPT) texts.delete(texts.keys().next().value as string);
  texts.set(key, readings);
  return readings;
}
