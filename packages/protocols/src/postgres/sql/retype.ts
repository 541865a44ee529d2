import type { Node } from 'libpg-query';
import type { Column } from './catalogue.js';
import { as, constant, listOf, type Part, words } from './nodes.js';
import type { Desk } from './walk.js';

/** A type by its oid (of an array: its elements'), and what stands in brackets behind it. */
interface Typed {
  oid: number;
  array: boolean;
  /** Length of a text or bit string, digits behind the point of a number or of seconds; undefined: as many as there are. */
  size: number | undefined;
}

/**
 * Whether ALTER COLUMN … TYPE may leave less than was there without a word: its expression is more than casts of the column, or one of
 * the casts cuts off or rounds. What fails where a value does not fit loses nothing.
 */
export function losesValues(desk: Desk, rel: unknown, name: unknown, def: unknown): boolean {
  const { typeName, raw_default: using } = as(def, 'ColumnDef') ?? {};
  const casts = using === undefined ? [] : castsOf(using as Node, String(name));
  if (casts === undefined) return true;
  const { schemaname, relname } = (rel ?? {}) as Part;
  const tables = desk.names.relations(schemaname as string | undefined, String(relname));
  const columns = tables.flatMap(({ columns: all }) => all.filter((column) => column.name === name));
  return columns.some((column) => {
    let from = typeOfColumn(desk, column);
    const explicit = casts.some((cast) => {
      const to = cast === 'zone' ? zoned(from) : typed(desk, cast);
      const lost = loses(from, to, true);
      from = to;
      return lost;
    });
    return explicit || loses(from, typed(desk, typeName as Part), false);
  });
}

/** Types that a column is cast to, innermost first; undefined where it is not the column alone. */
function castsOf(node: Node, name: string): (Part | 'zone')[] | undefined {
  const cast = as(node, 'TypeCast');
  const call = as(node, 'FuncCall');
  if (cast !== undefined) return castsOf(cast.arg as Node, name)?.concat(cast.typeName as Part);
  // AT TIME ZONE.
  const [zone, at] = listOf(call?.args);
  if (call !== undefined && words(call.funcname).join('.') === 'pg_catalog.timezone' && constant(zone) !== undefined)
    return at === undefined ? undefined : castsOf(at, name)?.concat('zone');
  return words(as(node, 'ColumnRef')?.fields).at(-1) === name ? [] : undefined;
}

const TIMES = { date: 1082, time: 1083, timestamp: 1114, timestamptz: 1184, interval: 1186, timetz: 1266 };
const zoned = ({ oid, ...rest }: Typed): Typed => ({
  ...rest,
  oid: oid === TIMES.timestamp ? TIMES.timestamptz : TIMES.timestamp,
});

/** A type that was made just now is none that anything is known of. */
function typed({ names }: Desk, part: Part): Typed {
  const name = words(part.names);
  const oid = names.types(name.at(-2), name.at(-1) ?? '')[0]?.oid ?? 0;
  const [first, second] = listOf(part.typmods).map((one) => Number(constant(one)));
  const size = oid === NUMERIC && first !== undefined ? (second ?? 0) : first;
  return { oid, array: listOf(part.arrayBounds).length > 0, size: isTime(oid) && size === MICROS ? undefined : size };
}

function typeOfColumn({ names }: Desk, { type, size }: Column): Typed {
  const own = names.catalogue.typeByOid.get(type);
  const array = own?.category === 'A';
  const oid = array || own?.kind === 'd' ? (own?.base ?? type) : type;
  if (size === undefined || (isTime(oid) && size === MICROS)) return { oid, array, size: undefined };
  return { oid, array, size: oid === NUMERIC ? (size - 4) & 0x7ff : BYTES.has(oid) ? size - 4 : size };
}

/** Digits of seconds that there are. */
const MICROS = 6;
const NUMERIC = 1700;
const [BOOLEAN, CHAR, NAME, FLOAT4, FLOAT8, INET, CIDR] = [16, 18, 19, 700, 701, 869, 650];
const WHOLE: ReadonlySet<number> = new Set([20, 21, 23, 26]);
const TEXTS: ReadonlySet<number> = new Set([25, 1042, 1043]);
/** Of these the size counts with a header of four bytes. */
const BYTES: ReadonlySet<number> = new Set([1042, 1043]);
const FRACTIONS: ReadonlySet<number> = new Set([NUMERIC, FLOAT4, FLOAT8, 790]);
const MOMENTS: ReadonlySet<number> = new Set([TIMES.timestamp, TIMES.timestamptz]);
const isTime = (oid: number): boolean => Object.values(TIMES).includes(oid);

/** https://www.postgresql.org/docs/current/sql-createcast.html: casts of an assignment round, and only explicit ones cut texts off. */
function loses(from: Typed, to: Typed, explicit: boolean): boolean {
  const narrows = to.size !== undefined && (from.size === undefined || from.size > to.size);
  if (TEXTS.has(to.oid) && !to.array) return explicit && narrows;
  if (to.array !== from.array) return !TEXTS.has(from.oid);
  if (from.oid === to.oid) return narrows && (isTime(to.oid) || to.oid === NUMERIC || explicit);
  if (TEXTS.has(from.oid) || from.oid === NAME) return to.oid === CHAR || to.oid === BOOLEAN;
  if (WHOLE.has(to.oid)) return !WHOLE.has(from.oid) && from.oid !== BOOLEAN && FRACTIONS.has(from.oid);
  if (to.oid === NUMERIC) return FRACTIONS.has(from.oid) && to.size !== undefined;
  if (to.oid === FLOAT4) return from.oid === FLOAT8 || from.oid === NUMERIC;
  if (isTime(to.oid) && isTime(from.oid))
    return !MOMENTS.has(to.oid) || !(from.oid === TIMES.date || (MOMENTS.has(from.oid) && !narrows));
  return to.oid === BOOLEAN || to.oid === CHAR || to.oid === NAME || (from.oid === INET && to.oid === CIDR);
}
