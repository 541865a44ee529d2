import type { Node } from 'libpg-query';
import { fixed } from './known.js';
import { intervalOf, momentOf } from './moments.js';
import type { Rows } from './rows.js';

/** What values are compared as; `unknown` where their type is, `other` where it has no measure. */
export type Kind = 'number' | 'moment' | 'interval' | 'clock' | 'text' | 'truth' | 'other' | 'unknown';

/** The least and the greatest of what is kept in a column: numbers, days from now, days, hours. */
export interface Span {
  low: number;
  high: number;
}

/** By `pg_type.typname`, and as SQL calls them. */
const KINDS: Readonly<Record<string, Kind>> = {
  ...each('number', 'int2 int4 int8 smallint integer bigint numeric decimal float4 float8 real money oid'),
  ...each('moment', 'date timestamp timestamptz'),
  ...each('clock', 'time timetz'),
  ...each('text', 'text varchar bpchar char name citext'),
  ...each('interval', 'interval'),
  ...each('truth', 'bool boolean'),
};

function each(kind: Kind, names: string): Record<string, Kind> {
  return Object.fromEntries(names.split(' ').map((name) => [name, kind]));
}

export const kindNamed = (type: string | undefined): Kind => KINDS[type ?? ''] ?? 'other';

/** A domain's is that of what it constrains; labels are texts without an order that is known. */
export function kindOf(rows: Rows, column: string): Kind {
  const types = rows.names.catalogue.typeByOid;
  let type = types.get(rows.columnOf(column)?.type ?? 0);
  for (let depth = 0; type?.kind === 'd' && depth < 8; depth++) type = types.get(type.base);
  return type === undefined ? 'unknown' : kindNamed(type.name);
}

/** What a constant may be meant for, where the column's type is not known. */
export function kindAs(node: Node | undefined): Kind {
  const value = fixed(node);
  if (typeof value === 'string' && value.trim() !== '' && !Number.isNaN(Number(value))) return 'number';
  if (momentOf(node) !== undefined) return 'moment';
  return intervalOf(node) === undefined ? 'text' : 'interval';
}

/** The number that it is compared by; undefined where it has none. */
export function measureOf(kind: Kind, node: Node | undefined): number | undefined {
  if (kind === 'moment') return momentOf(node);
  if (kind === 'interval') return intervalOf(node);
  const value = fixed(node);
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  if (kind === 'number') return Number(value);
  const [, hours, minutes = 0] = /^\s*(\d\d?):?(\d\d)/.exec(value) ?? [];
  return hours === undefined ? undefined : Number(hours) + Number(minutes) / 60;
}

/** More than is counted, and what nobody means who writes it. */
const LARGE = 1_000_000_000;
const YEAR = 365;
const SECOND = 1 / 86_400;
/** `pg_type.oid` of date and numeric. */
const DATE = 1082;
const NUMERIC = 1700;
/** Of dates, those of births are among. */
const BIRTHS = 56 * YEAR;

/** Nothing is kept for twenty years, nor set for five years ahead; keys are counted from 1. */
export function spanOf(rows: Rows, column: string, kind: Kind): Span {
  if (kind === 'moment') {
    const low = rows.typeOf(column) === DATE ? -BIRTHS : -20 * YEAR;
    return { low, high: rows.isPast(column) ? -SECOND : 5 * YEAR };
  }
  if (kind === 'interval') return { low: 0, high: 100 * YEAR };
  if (kind === 'clock') return { low: 0, high: 24 - 1 / 60 };
  return { low: leastOf(rows, column), high: Math.min(LARGE - 1, mostOf(rows, column)) };
}

/** An amount that every row has to have is above zero in all of them, as likely as not. */
const leastOf = (rows: Rows, column: string): number =>
  rows.isKey(column) ? 1 : rows.typeOf(column) === NUMERIC && !rows.mayBeNull(column) ? Number.MIN_VALUE : 0;

/** Of numeric(p, s), by its modifier. */
function mostOf(rows: Rows, column: string): number {
  const { type, size = -1 } = rows.columnOf(column) ?? {};
  if (type === SMALL) return 32_767;
  if (type !== NUMERIC || size < 4) return LARGE;
  const [precision, scale] = [((size - 4) >> 16) & 0xffff, (size - 4) & 0x7ff];
  return 10 ** (precision - scale) - 10 ** -scale;
}
/** `pg_type.oid` of int2. */
const SMALL = 21;

/** Something of the span is left out. */
export function excludes({ low, high }: Span, how: string, value: number): boolean {
  if (how === '<') return value <= high;
  if (how === '<=') return value < high;
  if (how === '>') return value >= low;
  if (how === '>=') return value > low;
  return how === '<>' && value >= low && value <= high;
}
