import type { Column } from '../codec/backend.js';
import { type Known, type Seen, seen } from './columns.js';

interface View extends Partial<Known>, Seen {
  formats: readonly number[] | undefined;
  count: number;
  masked: boolean;
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
  ): Seen {
    const view = this.#views.get(columns);
    if (view !== undefined && isSame(view, formats, count, known)) return view;
    const made = { ...known, formats, count, masked: known !== undefined, ...viewed(columns, formats, count, known) };
    this.#views.set(columns, made);
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
  view.catalogue === known?.catalogue &&
  view.made === known?.made &&
  view.settled === known?.settled;

function viewed(
  columns: readonly Column[],
  formats: readonly number[] = [],
  count: number,
  known: Known | undefined,
): Seen {
  const all = Array.from({ length: count }, (_, at): Column => {
    const column = columns[at] ?? UNKNOWN;
    const bound = formats.length === 1 ? formats[0] : formats[at];
    return bound === undefined ? column : { ...column, format: bound === 1 ? 'binary' : 'text' };
  });
  if (known === undefined)
    return { columns: all.map(({ name, format, type }) => ({ name, format, type })), agrees: true };
  return seen(all, columns.length === count ? known : { ...known, sources: undefined });
}

const UNKNOWN: Column = { name: '?column?', format: 'text', type: 0, table: 0, number: 0 };
