import type { Node } from 'libpg-query';
import { as, constant, listOf, open, type Part, words } from '../nodes.js';
import type { Rows } from './rows.js';
import { shape } from './values.js';

/** What a condition lets in of a column: a few values, all but a few, those below or above an end, NULL or what is not. */
interface Side {
  on: string;
  lets: 'few' | 'many' | 'below' | 'above' | 'null' | 'not null';
  end?: string | null | undefined;
}

/** `x is null or x is not null`, `a = 1 or a <> 1`, `a < 5 or a > 3`: each leaves rows out, both together none. */
export function complements(rows: Rows, parts: readonly Node[]): boolean {
  if (isEveryRest(parts)) return true;
  const byColumn = new Map<string, Side[]>();
  for (const part of parts) {
    const side = sideOf(rows, part);
    const alike = side && byColumn.get(side.on);
    if (alike !== undefined) alike.push(side as Side);
    else if (side !== undefined) byColumn.set(side.on, [side]);
  }
  return [...byColumn.values()].some(isEveryValue);
}

/** `id % 2 = 0 or id % 2 = 1`: each of the numbers that a division leaves. */
function isEveryRest(parts: readonly Node[]): boolean {
  const rests = new Map<string, Set<string>>();
  for (const part of parts.flatMap(equalsIn)) {
    const key = shape(part.side);
    rests.set(key, (rests.get(key) ?? new Set()).add(part.value));
    if ((rests.get(key)?.size ?? 0) >= part.divisor) return true;
  }
  return false;
}

/** What `x % n = k`, `mod(x, n) = k` and `x % n in (k, …)` say. */
function equalsIn(node: Node): { side: unknown; value: string; divisor: number }[] {
  const part = as(node, 'A_Expr');
  const side = as(part?.lexpr, 'A_Expr') ?? as(part?.lexpr, 'FuncCall');
  if (part === undefined || side === undefined || words(part.name).join() !== '=') return [];
  const isRest = /^(?:%|mod)$/.test(words(side.name ?? side.funcname).at(-1) ?? '');
  const divisor = Number(constant(side.rexpr ?? listOf(side.args)[1]));
  if (!isRest || !(divisor > 0)) return [];
  const values = part.kind === 'AEXPR_IN' ? listOf(as(part.rexpr, 'List')?.items) : [part.rexpr];
  return values.map((value) => ({ side, value: constant(value) ?? '', divisor }));
}

/** Two of these sides of one column let in all of it. */
function isEveryValue(sides: readonly Side[]): boolean {
  const of = (lets: Side['lets']): Side[] => sides.filter((side) => side.lets === lets);
  const nulls = of('null').length;
  const many = of('many').length;
  if (many > 1 || (many === 1 && sides.length - nulls > 1)) return true;
  if (nulls > 0 && of('not null').length > 0) return true;
  const truths = new Set(of('few').map(({ end }) => end));
  return (truths.has('true') && truths.has('false')) || meet(of('below'), of('above'));
}

/** An end that rows lie below is no lower than one that they lie above; those that cannot be compared may be. */
function meet(below: readonly Side[], above: readonly Side[]): boolean {
  if (below.length === 0 || above.length === 0) return false;
  const [highs, lows] = [below, above].map((sides) => sides.map(({ end }) => end ?? '')) as [string[], string[]];
  if ([...highs, ...lows].every(isDate)) return !(highest(highs) < lowest(lows));
  return !(highest(highs.map(numberOf)) < lowest(lows.map(numberOf)));
}

const isDate = (end: string): boolean => /^\d{4}-\d\d-\d\d/.test(end);
const numberOf = (end: string): number => (end === '' ? Number.NaN : Number(end));
/** NaN where one of them is. */
const highest = <T extends string | number>(ends: readonly T[]): T =>
  ends.reduce((one, other) => (one >= other || Number.isNaN(one) ? one : other));
const lowest = <T extends string | number>(ends: readonly T[]): T =>
  ends.reduce((one, other) => (one <= other || Number.isNaN(one) ? one : other));

const FLIPPED = {
  few: 'many',
  many: 'few',
  below: 'above',
  above: 'below',
  null: 'not null',
  'not null': 'null',
} as const;

function sideOf(rows: Rows, node: Node | undefined): Side | undefined {
  const [type, part] = open(node);
  const on = (one: unknown): string => rows.column(one as Node) ?? shape(one);
  if (type === 'NullTest') return { on: on(part.arg), lets: part.nulltesttype === 'IS_NULL' ? 'null' : 'not null' };
  if (type === 'BooleanTest')
    return { on: on(part.arg), lets: String(part.booltesttype).includes('NOT') ? 'many' : 'few', end: end(part) };
  if (type === 'ColumnRef') return { on: on(node), lets: 'few', end: 'true' };
  if (type === 'BoolExpr' && part.boolop === 'NOT_EXPR') return flipped(sideOf(rows, listOf(part.args)[0]));
  return type === 'A_Expr' ? ofComparison(part, on) : undefined;
}
const end = ({ booltesttype }: Part): string =>
  String(booltesttype).includes('TRUE') ? 'true' : String(booltesttype).includes('FALSE') ? 'false' : '';

function flipped(side: Side | undefined): Side | undefined {
  if (side === undefined) return undefined;
  if (side.end === 'true' || side.end === 'false') return { ...side, end: side.end === 'true' ? 'false' : 'true' };
  return { ...side, lets: FLIPPED[side.lets] };
}

function ofComparison({ kind, name, lexpr, rexpr }: Part, on: (one: unknown) => string): Side {
  const turned = as(rexpr, 'ColumnRef') !== undefined && as(lexpr, 'ColumnRef') === undefined;
  const [side, other] = turned ? [rexpr, lexpr] : [lexpr, rexpr];
  const how = words(name).at(-1) ?? '';
  const isNegated = /^(?:<>|!)/.test(how) !== (kind === 'AEXPR_DISTINCT') || /NOT_(?:BETWEEN)/.test(String(kind));
  if (isNegated) return { on: on(side), lets: 'many' };
  if (/^[<>]=?$/.test(how) && kind === 'AEXPR_OP')
    return { on: on(side), lets: /^</.test(how) !== turned ? 'below' : 'above', end: constant(other) };
  return { on: on(side), lets: 'few', end: constant(other) };
}
