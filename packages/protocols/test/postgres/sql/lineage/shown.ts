import { parseSync } from 'libpg-query';
import type { ReadingContext } from '../../../../src/postgres/sql/context.js';
import { type Lineage, trace } from '../../../../src/postgres/sql/lineage/trace.js';
import { world } from './world.js';

const catalogue = world();

export function lineageOf(text: string, at: Partial<ReadingContext> = {}): Lineage {
  const node = parseSync(text).stmts?.at(-1)?.stmt;
  if (node === undefined) throw new Error(`nothing is in ${text}`);
  return trace(node, text, { catalogue, paths: [['public']], ...at });
}

const short = (column: string): string => column.replace(/^public\./, '');

/** `name<-columns`, `!` exact, `?` opaque; `*` where the outputs cannot be told. */
export function outputsOf(found: Lineage): string {
  if (found.outputs === undefined) return '*';
  const shown = found.outputs.map(({ name, columns, exact, opaque }) => {
    const mark = `${exact ? '!' : ''}${opaque === undefined ? '' : '?'}`;
    return `${name}<-${columns.map(short).sort().join('+')}${mark}`;
  });
  return shown.join(' ');
}

/** `column:how`, sorted. */
export function predicatesOf(found: Lineage): string {
  return found.predicates
    .map(({ column, how }) => `${short(column)}:${how}`)
    .sort()
    .join(' ');
}

export const storesOf = (found: Lineage): string => found.stores.map(short).sort().join(' ');
