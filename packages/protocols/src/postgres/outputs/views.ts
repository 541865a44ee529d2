import type { OutputColumn, OutputSource } from '@hoop/core';
import type { Column } from '../codec/backend.js';
import type { Catalogue } from '../sql/catalogue.js';
import { seen } from './columns.js';

/** What a mask goes by, beside the columns themselves. */
export interface Known {
  sources: readonly OutputSource[] | undefined;
  catalogue: Catalogue | undefined;
}

interface View extends Partial<Known> {
  formats: readonly number[] | undefined;
  count: number;
  masked: boolean;
  columns: readonly OutputColumn[];
}

const NONE: readonly Column[] = [];

/** Columns as the controls see them: the same array as long as nothing about them changes, so that they need to look once. */
export class ColumnViews {
  readonly #views = new WeakMap<readonly Column[], View>();

  /** `formats` are those of the Bind, `count` is how many cells a row has, `known` is there where it may be masked. */
  of(
    columns: readonly Column[] = NONE,
    formats: readonly number[] | undefined,
    count: number,
    known: Known | undefined,
  ): readonly OutputColumn[] {
    const view = this.#views.get(columns);
    if (view !== undefined && isSame(view, formats, count, known)) return view.columns;
    const made = viewed(columns, formats, count, known);
    this.#views.set(columns, { ...known, formats, count, masked: known !== undefined, columns: made });
    return made;
  }
}

const isEqual = (one: View['formats'] = [], other: View['formats'] = []): boolean =>
  one === other || (one.length === other.length && one.every((format, at) => format === other[at]));

const isSame = (view: View, formats: View['formats'], count: number, known: Known | undefined): boolean =>
  isEqual(view.formats, formats) &&
  view.count === count &&
  view.masked === (known !== undefined) &&
  view.sources === known?.sources &&
  view.catalogue === known?.catalogue;

function viewed(
  columns: readonly Column[],
  formats: readonly number[] = [],
  count: number,
  known: Known | undefined,
): readonly OutputColumn[] {
  const all = Array.from({ length: count }, (_, at): Column => {
    const column = columns[at] ?? UNKNOWN;
    const bound = formats.length === 1 ? formats[0] : formats[at];
    return bound === undefined ? column : { ...column, format: bound === 1 ? 'binary' : 'text' };
  });
  if (known === undefined) return all.map(({ name, format, type }) => ({ name, format, type }));
  return seen(all, columns.length === count ? known.sources : undefined, known.catalogue);
}

const UNKNOWN: Column = { name: '?column?', format: 'text', type: 0, table: 0, number: 0 };
