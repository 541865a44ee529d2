import type { Catalogue } from './catalogue.js';
import type { ReadingContext, SqlReading } from './context.js';
import { namespaceOf } from './namespace.js';
import { read } from './read.js';

/** Texts kept for each catalogue: those of late, and as many that were asked for before them. */
const KEPT = 1_000;
/** The longest that is kept. */
const LONGEST = 16 * 1024;

/** The oldest go together: to drop one for each that comes costs more than to read it. */
interface Kept {
  late: Map<string, readonly SqlReading[]>;
  early: Map<string, readonly SqlReading[]>;
}
const kept = new WeakMap<Catalogue, Kept>();

/** `read`, remembered by catalogue, paths and what the session made. What EXECUTE and FETCH run is looked up each time. */
export function readCached(text: string, at: ReadingContext): readonly SqlReading[] {
  if (text.length > LONGEST) return read(text, at);
  const texts: Kept = kept.get(at.catalogue) ?? { late: new Map(), early: new Map() };
  kept.set(at.catalogue, texts);
  const key = `${namespaceOf(at)}${at.steered === true ? ' steered' : ''}${at.told === undefined ? '' : ` told ${at.told}`}\n${text}`;
  const late = texts.late.get(key);
  if (late !== undefined) return late;
  const readings = texts.early.get(key) ?? read(text, at);
  if (readings.some(({ executes }) => executes.length > 0)) return readings;
  if (texts.late.size >= KEPT) {
    texts.early = texts.late;
    texts.late = new Map();
  }
  texts.late.set(key, readings);
  return readings;
}
