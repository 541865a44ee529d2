import type { Node } from 'libpg-query';
import { constant, listOf, open, type Part, words } from '../nodes.js';
import { bare, daysOf, fixed, unitOf } from './known.js';
import { isTime } from './values.js';

/**
 * Moments as days from now, and intervals as days; infinite ones, too. Undefined for what cannot be told.
 * https://www.postgresql.org/docs/current/datatype-datetime.html
 */
export function momentOf(node: Node | undefined): number | undefined {
  const [type, part] = open(node);
  if (type === 'TypeCast' || type === 'CollateClause') return momentOf(part.arg as Node);
  if (type === 'SQLValueFunction') return SAID[String(part.op).replace(/^SVFOP_|_N$/g, '')];
  if (isTime(node)) return 0;
  if (type === 'SubLink') return momentOf(bare(node));
  if (type === 'FuncCall') return ofCall(part) ?? ofText(fixed(node));
  if (type === 'A_Expr') return ofSum(part) ?? ofText(fixed(node));
  return ofText(fixed(node));
}

/** Midnight was half a day ago, as good as. */
const TODAY = -0.5;
const SAID: Readonly<Record<string, number>> = {
  CURRENT_DATE: TODAY,
  CURRENT_TIMESTAMP: 0,
  LOCALTIMESTAMP: 0,
  now: 0,
  today: TODAY,
  tomorrow: TODAY + 1,
  yesterday: TODAY - 1,
  infinity: Number.POSITIVE_INFINITY,
  '-infinity': Number.NEGATIVE_INFINITY,
};

function ofCall({ funcname, args }: Part): number | undefined {
  const name = words(funcname).at(-1) ?? '';
  const [first, second] = listOf(args);
  if (name === 'date') return momentOf(first);
  if (name === 'timezone') return momentOf(second);
  if (name === 'date_trunc') return truncated(momentOf(second), fixed(first));
  if (name === 'to_timestamp' && second === undefined) return fromNow(Number(fixed(first) ?? Number.NaN) * 1000);
  if (name === 'to_timestamp' || name === 'to_date') return ofText(fixed(first));
  if (!/^make_(?:date|timestamp|timestamptz)$/.test(name)) return undefined;
  const [year = Number.NaN, month = 1, day = 1] = listOf(args).map((arg) => Number(fixed(arg) ?? Number.NaN));
  return fromNow(Date.UTC(year, month - 1, day));
}

const truncated = (moment: number | undefined, field: string | null | undefined): number | undefined =>
  moment === undefined || typeof field !== 'string' ? undefined : moment - unitOf(field.toLowerCase()) / 2;

function ofSum({ kind, name, lexpr, rexpr }: Part): number | undefined {
  const how = words(name).at(-1);
  if (kind !== 'AEXPR_OP' || lexpr === undefined || (how !== '+' && how !== '-')) return undefined;
  const [left, right] = [momentOf(lexpr as Node), momentOf(rexpr as Node)];
  const by = intervalOf(rexpr as Node);
  if (left !== undefined && by !== undefined) return how === '+' ? left + by : left - by;
  const before = intervalOf(lexpr as Node);
  return how === '+' && before !== undefined && right !== undefined ? before + right : undefined;
}

function ofText(value: string | null | undefined): number | undefined {
  if (typeof value !== 'string' || value.length > LONGEST) return undefined;
  const text = value.trim();
  const [said = ''] = /^[-a-z]+/i.exec(text) ?? [];
  if (Object.hasOwn(SAID, said.toLowerCase())) return SAID[said.toLowerCase()];
  if (/^epoch$/i.test(text)) return fromNow(0);
  if (/\d\s*bc$/i.test(text)) return Number.NEGATIVE_INFINITY;
  const found = /^\+?0*(\d{4,})-(\d\d?)(?:-(\d\d?)|$)/.exec(text) ?? /^(\d{4})(\d\d)(\d\d)(?!\d)/.exec(text);
  if (found === null) return ofWords(text);
  return fromNow(Date.UTC(Number(found[1]), Number(found[2]) - 1, Number(found[3] ?? 1)));
}
const LONGEST = 100;

/** `1 Jan 1970`, `12/31/1999`; where only its year can be told, by the middle of that. */
function ofWords(text: string): number | undefined {
  const parsed = Date.parse(text);
  const year = /(?<!\d)\d{4,}(?!\d)/.exec(text)?.[0];
  if (year === undefined && !/^\d\d?[-/. ]/.test(text)) return undefined;
  return fromNow(Number.isNaN(parsed) ? Date.UTC(Number(year), 6, 1) : parsed);
}

const DAY = 86_400_000;

/** Undefined for no time at all; beyond what can be reckoned it is infinite. */
const fromNow = (ms: number): number | undefined => (Number.isNaN(ms) ? undefined : (ms - Date.now()) / DAY);

/** So many days; also of what is counted in days where a date is moved by it. */
export function intervalOf(node: Node | undefined): number | undefined {
  const [type, part] = open(node);
  if (type === 'TypeCast') return ofCast(part);
  if (type === 'A_Expr') return ofProduct(part) ?? daysOf(fixed(node));
  if (type !== 'FuncCall') return daysOf(fixed(node));
  const name = words(part.funcname).at(-1) ?? '';
  const [first, second] = listOf(part.args).map((arg) => momentOf(arg));
  if (/^justify_/.test(name)) return intervalOf(listOf(part.args)[0]);
  if (name === 'age')
    return first === undefined ? undefined : (listOf(part.args).length > 1 ? first : TODAY) - (second ?? first);
  return daysOf(fixed(node));
}

/** Fields of an interval by the first of their bits in a type's modifier, as in `interval '1' year`: INTERVAL_MASK of utils/timestamp.h. */
const FIELDS: readonly (readonly [number, string])[] = [
  [1 << 2, 'year'],
  [1 << 1, 'month'],
  [1 << 3, 'day'],
  [1 << 10, 'hour'],
  [1 << 11, 'minute'],
  [1 << 12, 'second'],
];

function ofCast({ arg, typeName }: Part): number | undefined {
  const { names, typmods } = (typeName ?? {}) as Part;
  const value = constant(arg);
  const isInterval = words(names).at(-1) === 'interval';
  if (!isInterval || typeof value !== 'string' || value.trim() === '' || Number.isNaN(Number(value)))
    return intervalOf(arg as Node);
  const bits = Number(constant(listOf(typmods)[0]) ?? Number.NaN);
  // The last field is what a bare number counts.
  const field = FIELDS.filter(([bit]) => (bits & bit) !== 0).at(-1)?.[1] ?? 'second';
  return Number(value) * unitOf(field);
}

function ofProduct({ kind, name, lexpr, rexpr }: Part): number | undefined {
  const how = words(name).at(-1);
  if (kind !== 'AEXPR_OP') return undefined;
  const [left, right] = [intervalOf(lexpr as Node | undefined), intervalOf(rexpr as Node)];
  if (lexpr === undefined) return how === '-' && right !== undefined ? -right : undefined;
  if (how === '-') {
    const [from, to] = [momentOf(rexpr as Node), momentOf(lexpr as Node)];
    if (from !== undefined && to !== undefined && left === undefined) return to - from;
  }
  if (left === undefined || right === undefined) return undefined;
  if (how === '+') return left + right;
  if (how === '-') return left - right;
  if (how === '*') return left * right;
  return how === '/' && right !== 0 ? left / right : undefined;
}

/** The moment of seconds since 1970, or of milliseconds, that are reckoned by the server's clock. */
export function epochOf(node: Node | undefined): number | undefined {
  const [type, part] = open(node);
  if (type === 'TypeCast') return epochOf(part.arg as Node);
  const [first, second] = listOf(part.args);
  if (type === 'FuncCall' && second === undefined) return epochOf(first);
  if (type === 'FuncCall') return fixed(first)?.toLowerCase() === 'epoch' ? momentOf(second) : undefined;
  if (type !== 'A_Expr' || part.kind !== 'AEXPR_OP') return undefined;
  const [epoch, by] = [epochOf(part.lexpr as Node), Number(fixed(part.rexpr as Node) ?? Number.NaN)];
  const how = words(part.name).at(-1);
  if (epoch === undefined || Number.isNaN(by)) return undefined;
  if (how === '*') return by === 1000 ? epoch : undefined;
  return how === '-' ? epoch - by / SECONDS : how === '+' ? epoch + by / SECONDS : undefined;
}
const SECONDS = 86_400;
