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
  const sides = parts.flatMap((part) => sideOf(rows, part) ?? []);
  return sides.some((one, at) => sides.slice(at + 1).some((other) => complement(one, other)));
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

function complement(one: Side, other: Side): boolean {
  if (one.on !== other.on) return false;
  const [first, second] = [one, other].map(({ lets }) => lets).sort();
  if (first === 'many') return second !== 'null';
  if (second === 'many') return true;
  if (first === 'not null') return second === 'null';
  // Ends that cannot be compared may meet.
  if (first === 'above' && second === 'below') {
    const [low, high] = one.lets === 'below' ? [one.end, other.end] : [other.end, one.end];
    return !isBelow(low, high);
  }
  return (
    first === 'few' &&
    second === 'few' &&
    [one, other].every(({ end }) => /^(?:true|false)$/.test(end ?? '')) &&
    one.end !== other.end
  );
}

function isBelow(low: string | null | undefined, high: string | null | undefined): boolean {
  if (typeof low !== 'string' || typeof high !== 'string') return false;
  const dates = [low, high].every((end) => /^\d{4}-\d\d-\d\d/.test(end));
  return dates ? low < high : Number(low) < Number(high);
}

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
