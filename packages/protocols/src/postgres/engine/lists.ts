import type { Catalogue } from '../sql/catalogue.js';
import type { Listed, SqlReading } from '../sql/context.js';
import { EQUALITIES } from '../sql/lineage/facts.js';
import { type Bound, isArray, typeOf } from './bound.js';

/** With how many values each column is compared that parameters bring: beyond a few, that is no equality. */
export function withLists(readings: readonly SqlReading[], bound: Bound, catalogue: Catalogue): readonly SqlReading[] {
  const many = readings.flatMap(({ lists = [] }) =>
    lists.filter((one) => isMany(one, bound, catalogue)).map(({ column }) => column),
  );
  if (many.length === 0) return readings;
  const key = many.join('\0');
  const known = ranged.get(readings) ?? new Map<string, readonly SqlReading[]>();
  ranged.set(readings, known);
  const made = known.get(key) ?? readings.map((reading) => withRanges(reading, new Set(many)));
  known.set(key, made);
  return made;
}

/** The same array for the same readings: what controls found out of it holds on. */
const ranged = new WeakMap<readonly SqlReading[], Map<string, readonly SqlReading[]>>();

const withRanges = (reading: SqlReading, columns: ReadonlySet<string>): SqlReading => ({
  ...reading,
  predicates: [
    ...reading.predicates,
    ...(reading.lists ?? []).flatMap(({ column }) => (columns.has(column) ? [{ column, how: 'range' } as const] : [])),
  ],
});

function isMany({ parameters, besides }: Listed, bound: Bound, catalogue: Catalogue): boolean {
  let count = besides;
  for (const at of parameters) {
    count += held(bound, at, catalogue);
    if (count > EQUALITIES) return true;
  }
  return false;
}

/** How many values a parameter holds, or more: in binary, what is not known to be an array may be a text that is cast to one. */
function held({ prepared, parameters, binary }: Bound, at: number, catalogue: Catalogue): number {
  const value = parameters[at];
  if (value === undefined) return Number.POSITIVE_INFINITY;
  if (value === null) return 0;
  if (binary[at] !== true) return value.split(',', EQUALITIES + 1).length;
  const bytes = Buffer.from(value.slice(2), 'hex');
  return isArray(typeOf(prepared, at), catalogue) ? inArray(bytes) : Math.max(inArray(bytes), inText(bytes));
}

const inText = (bytes: Buffer): number => bytes.toString('latin1').split(',', EQUALITIES + 1).length;

/** Behind the number of its dimensions, a flag and a type stand the size and the lower bound of each. */
function inArray(bytes: Buffer): number {
  const dimensions = bytes.length < 12 ? 0 : bytes.readInt32BE(0);
  if (dimensions < 1 || bytes.length < 12 + 8 * dimensions) return 0;
  return Array.from({ length: dimensions }, (_, i) => bytes.readInt32BE(12 + 8 * i)).reduce((all, one) => all * one, 1);
}
