import type { Node } from 'libpg-query';
import { as, constant, listOf, open, type Part, words } from '../nodes.js';

/** What it is, whatever the rows are, as text; `null` for NULL, undefined where that cannot be told. */
export function fixed(node: Node | undefined): string | null | undefined {
  const plain = constant(node);
  if (plain !== undefined) return plain;
  const [type, part] = open(node);
  if (type === 'TypeCast' || type === 'CollateClause' || type === 'NamedArgExpr') return fixed(part.arg as Node);
  if (type === 'CoalesceExpr') return firstOf(listOf(part.args));
  if (type === 'FuncCall') return ofCall(part);
  if (type === 'SubLink') return fixed(bare(node));
  return type === 'A_Expr' ? ofOperator(part) : undefined;
}

/** The value of a query that asks no table for it, `(select now())`. */
export function bare(node: Node | undefined): Node | undefined {
  const { subLinkType, subselect } = as(node, 'SubLink') ?? {};
  const select = subLinkType === 'EXPR_SUBLINK' ? as(subselect, 'SelectStmt') : undefined;
  const [target, ...others] = listOf(select?.targetList);
  const isBare = BESIDES.every((clause) => select?.[clause] === undefined);
  return others.length === 0 && isBare ? (as(target, 'ResTarget')?.val as Node | undefined) : undefined;
}
const BESIDES = 'fromClause whereClause withClause havingClause groupClause limitCount limitOffset larg'.split(' ');

function firstOf(args: readonly Node[]): string | null | undefined {
  for (const arg of args) {
    const value = fixed(arg);
    if (value !== null) return value;
  }
  return null;
}

/** Functions that give what they are given, or as good as that; and by which of their arguments. */
const GIVES: Readonly<Record<string, number>> = {
  lower: 0,
  upper: 0,
  initcap: 0,
  btrim: 0,
  ltrim: 0,
  rtrim: 0,
  to_date: 0,
  to_timestamp: 0,
  date: 0,
  date_trunc: 1,
  timezone: 1,
};

function ofCall({ funcname, args }: Part): string | null | undefined {
  const name = words(funcname).at(-1) ?? '';
  const given = listOf(args);
  const values = given.map(fixed);
  if (values.length === 0 || values.includes(undefined)) return undefined;
  if (name === 'concat') return values.join('');
  if (name === 'make_interval') return `${daysIn(given)} days`;
  if (name === 'to_timestamp' && values.length === 1) return dateOf(Number(values[0]) * 1000);
  if (name === 'string_to_array') return values[0] === null ? null : `{${values[0]}}`;
  return Object.hasOwn(GIVES, name) ? values[GIVES[name] as number] : undefined;
}

const SUMS: ReadonlyMap<string, (one: number, other: number) => number> = new Map([
  ['+', (one, other) => one + other],
  ['-', (one, other) => one - other],
  ['*', (one, other) => one * other],
  ['/', (one, other) => one / other],
]);

function ofOperator({ kind, name, lexpr, rexpr }: Part): string | null | undefined {
  const how = words(name).at(-1) ?? '';
  const [left, right] = [lexpr === undefined ? '0' : fixed(lexpr as Node), fixed(rexpr as Node)];
  if (left === undefined || right === undefined) return undefined;
  if (kind === 'AEXPR_NULLIF') return left === right ? null : left;
  if (left === null || right === null) return !SUMS.has(how) && how !== '||' ? undefined : null;
  if (how === '||') return left + right;
  const sum = SUMS.get(how);
  if (sum === undefined) return undefined;
  const found = sum(Number(left), Number(right));
  return Number.isNaN(found) ? (ofTime(left, right, how) ?? ofTime(right, left, how)) : String(found);
}

/** A date and so many days, an interval so many times. */
function ofTime(time: string, by: string, how: string): string | undefined {
  const [date] = /^\d{4,}-\d\d-\d\d/.exec(time) ?? [];
  const days = daysOf(date === undefined ? time : by);
  if (days === undefined) return undefined;
  if (date !== undefined)
    return how === '+' || how === '-' ? dateOf(Date.parse(date) + (how === '+' ? days : -days) * DAY) : undefined;
  const times = how === '*' ? days * Number(by) : how === '/' ? days / Number(by) : Number.NaN;
  return Number.isNaN(times) ? undefined : `${times} days`;
}
const DAY = 86_400_000;

/** ISO 8601; undefined for what no server has. */
function dateOf(ms: number): string | undefined {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString().replace(/^[+-]0*(?=\d{4})/, '');
}

/** Days of a unit, by how it begins. */
const UNITS: readonly (readonly [RegExp, number])[] = [
  [/^(?:millen|mils?$)/, 365_250],
  [/^c/, 36_525],
  [/^dec/, 3_652.5],
  [/^y/, 365.25],
  [/^q/, 91],
  [/^mon/, 30],
  [/^w/, 7],
  [/^d/, 1],
  [/^h/, 1 / 24],
  [/^m(?:in|$)/, 1 / 1440],
  [/^(?:s|ms|us|milli|micro)/, 1 / 86_400],
];
/** NaN for what is none. */
export const unitOf = (word: string): number => UNITS.find(([begins]) => begins.test(word))?.[1] ?? Number.NaN;

/** Characters of an interval that is read: patterns take the square of that. */
const LONGEST = 200;

/** How many days an interval has, or a number of them. https://www.postgresql.org/docs/current/datatype-datetime.html */
export function daysOf(interval: string | null | undefined): number | undefined {
  if (interval === null || interval === undefined || interval.length > LONGEST) return undefined;
  const text = interval.trim().toLowerCase();
  if (text !== '' && !Number.isNaN(Number(text))) return Number(text);
  const [date, clock] = text.startsWith('p') ? isoParts(text) : [text, ''];
  let days = Number.NaN;
  const add = (more: number): void => {
    days = (Number.isNaN(days) ? 0 : days) + more;
  };
  for (const [, number, unit = ''] of date.matchAll(/([+-]?[\d.]+)\s*([a-z]+)/g)) add(Number(number) * unitOf(unit));
  for (const [, number, unit] of clock.matchAll(/([+-]?[\d.]+)([hms])/g)) add(Number(number) * unitOf(unit as string));
  for (const [, sign, hours, minutes] of date.matchAll(/([+-]?)(\d+):(\d\d)/g))
    add((sign === '-' ? -1 : 1) * (Number(hours) / 24 + Number(minutes) / 1440));
  for (const [, years, months] of date.matchAll(/(?<![\d-])([+-]?\d+)-(\d+)(?![\d-])/g))
    add(Number(years) * unitOf('year') + Number(months) * unitOf('month'));
  return Number.isNaN(days) ? undefined : text.endsWith('ago') ? -days : days;
}

/** `P1Y2MT3H`: before the T an M is months. */
function isoParts(text: string): [string, string] {
  const [date = '', clock = ''] = text.slice(1).split('t');
  return [date.replace(/m(?![a-z])/, 'mon'), clock];
}

const PARTS = ['years', 'months', 'weeks', 'days', 'hours', 'mins', 'secs'];

function daysIn(args: readonly Node[]): number {
  const each = args.map((arg, at) => [as(arg, 'NamedArgExpr')?.name ?? PARTS[at], Number(fixed(arg))] as const);
  return each.reduce((sum, [part, count]) => sum + count * unitOf(String(part)), 0);
}
