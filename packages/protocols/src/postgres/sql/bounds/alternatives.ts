import type { Node } from 'libpg-query';
import { as, constant, listOf, open, type Part, words } from '../nodes.js';
import { spend } from '../steps.js';
import { itemsOf } from './arrays.js';
import { fixed } from './known.js';
import type { Rows } from './rows.js';
import { subjectOf } from './subject.js';
import { hasParameter, shape } from './values.js';

/**
 * What a condition lets in of a column: a few values, all but a few, those below or above an end, NULL or what is not. Of what is true
 * or false, `end` says which it lets in, or `either` where a parameter does.
 */
interface Side {
  on: string;
  lets: 'few' | 'many' | 'below' | 'above' | 'null' | 'not null';
  end?: string | null | undefined;
  /** The end is a parameter's, which is not known yet. */
  trusted?: boolean;
}

/** A condition that is not to hold, or whose opposite is not to. */
interface Leaf {
  node: Node;
  not: boolean;
  side: Side | undefined;
}

/** Conditions that one row is to be left out by, all together. */
export class Way {
  readonly #rows: Rows;
  readonly #leaves: Leaf[] = [];
  readonly #sides = new Map<string, Side[]>();

  constructor(rows: Rows) {
    this.#rows = rows;
  }

  get length(): number {
    return this.#leaves.length;
  }

  /** False for `x is not null` beside `x is null`, `a <> 1` beside `a = 1`, `a > 3` beside `a < 5`: both together leave out nothing. */
  takes(node: Node, not: boolean): boolean {
    const own = sideOf(this.#rows, node);
    const side = not ? flipped(own) : own;
    const beside = side === undefined ? [] : this.#beside(side.on);
    spend(1 + beside.length / 64);
    if (side !== undefined && beside.some((one) => complement(this.#rows, one, side))) return false;
    const isNew = side !== undefined && !beside.some((one) => isAlike(one, side));
    if (isNew) beside.push(side);
    this.#leaves.push({ node, not, side: isNew ? side : undefined });
    return true;
  }

  /** Only the first so many. */
  back(length: number): void {
    for (const { side } of this.#leaves.splice(length).toReversed())
      if (side !== undefined) this.#beside(side.on).pop();
  }

  #beside(on: string): Side[] {
    const beside = this.#sides.get(on) ?? [];
    this.#sides.set(on, beside);
    return beside;
  }

  /** `id % 2 = 0 or id % 2 = 1`: each of the numbers that it may be. */
  get isEveryRest(): boolean {
    const rests = new Map<string, Set<string>>();
    for (const part of this.#leaves.flatMap((leaf) => equalsIn(this.#rows, leaf))) {
      const key = shape(part.side);
      rests.set(key, (rests.get(key) ?? new Set()).add(part.value));
      if ((rests.get(key)?.size ?? 0) >= part.ways) return true;
    }
    return false;
  }
}

/** What `x % n = k`, `mod(x, n) = k`, `x % n in (k, …)` and the like say of a number that is one of a few. */
function equalsIn(rows: Rows, { node, not }: Leaf): { side: unknown; value: string; ways: number }[] {
  const part = as(node, 'A_Expr');
  if (part === undefined || words(part.name).join() !== (not ? '<>' : '=')) return [];
  const { kind, span, ways } = subjectOf(rows, part.lexpr as Node) ?? {};
  const isFew = kind === 'number' && span !== undefined && rows.column(part.lexpr as Node) === undefined;
  if (!isFew || span.high - span.low >= FEW) return [];
  const isList = part.kind === 'AEXPR_IN';
  const items = isList ? listOf(as(part.rexpr, 'List')?.items) : itemsOf(part.rexpr as Node);
  const values = isList || part.kind === 'AEXPR_OP_ANY' ? (items ?? []) : [part.rexpr];
  return values.map((value) => ({
    side: part.lexpr,
    value: constant(value) ?? (rows.trusts ? '' : shape(value)),
    ways: ways ?? span.high - span.low + 1,
  }));
}
/** Values that somebody may write out. */
const FEW = 1_000;

/** As another says it already. */
const isAlike = (one: Side, other: Side): boolean =>
  one.lets === other.lets && (one.end === other.end || one.lets === 'many');

function complement(rows: Rows, one: Side, other: Side): boolean {
  if (one.on !== other.on) return false;
  const [first, second] = [one, other].map(({ lets }) => lets).sort();
  if (first === 'many') return second !== 'null';
  if (second === 'many') return true;
  if (first === 'not null') return second === 'null';
  // Ends that cannot be compared may meet.
  if (first === 'above' && second === 'below') {
    const [low, high] = one.lets === 'below' ? [one.end, other.end] : [other.end, one.end];
    return one.trusted !== true && other.trusted !== true && !isBelow(low, high, INTEGERS.has(rows.typeOf(one.on)));
  }
  const areTruths = first === 'few' && second === 'few' && one.end !== undefined && other.end !== undefined;
  return areTruths && (one.end !== other.end || one.end === 'either');
}

/** Something lies between them. Of integers nothing lies between one and the next. */
function isBelow(low: string | null | undefined, high: string | null | undefined, areIntegers: boolean): boolean {
  if (typeof low !== 'string' || typeof high !== 'string') return false;
  const dates = [low, high].every((end) => /^\d{4}-\d\d-\d\d/.test(end));
  return dates ? low < high : Number(low) + (areIntegers ? 1 : 0) < Number(high);
}
/** `pg_type.oid` of int2, int4 and int8. */
const INTEGERS: ReadonlySet<number | undefined> = new Set([20, 21, 23]);

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
  const on = (one: unknown): string => orderedBy(rows, one as Node) ?? shape(one);
  if (type === 'NullTest') return { on: on(part.arg), lets: part.nulltesttype === 'IS_NULL' ? 'null' : 'not null' };
  if (type === 'BooleanTest')
    return { on: on(part.arg), lets: part.booltesttype === 'IS_UNKNOWN' ? 'null' : 'not null' };
  if (type === 'A_Expr') return ofComparison(rows, part, on);
  return constant(node) === undefined ? { on: on(node), lets: 'few', end: 'true' } : undefined;
}

/** The column that it is, or whose order it has; a part of one is another. */
function orderedBy(rows: Rows, node: Node): string | undefined {
  const column = rows.column(node);
  const subject = column === undefined ? subjectOf(rows, node) : undefined;
  if (subject === undefined || subject.kind === 'unknown') return column;
  return subject.via === 'plain' || subject.via === 'cast' ? subject.column : undefined;
}

function flipped(side: Side | undefined): Side | undefined {
  if (side === undefined || side.end === 'either') return side;
  if (side.end === 'true' || side.end === 'false') return { ...side, end: side.end === 'true' ? 'false' : 'true' };
  return { ...side, lets: FLIPPED[side.lets] };
}

function ofComparison(rows: Rows, { kind, name, lexpr, rexpr }: Part, on: (one: unknown) => string): Side {
  const turned = subjectOf(rows, rexpr as Node) !== undefined && subjectOf(rows, lexpr as Node) === undefined;
  const [side, other] = turned ? [rexpr, lexpr] : [lexpr, rexpr];
  const how = words(name).at(-1) ?? '';
  const isNegated = /^(?:<>|!)/.test(how) !== (kind === 'AEXPR_DISTINCT') || /NOT_(?:BETWEEN)/.test(String(kind));
  if (isNegated) return { on: on(side), lets: 'many' };
  const end = fixed(other as Node);
  if (!/^[<>]=?$/.test(how) || kind !== 'AEXPR_OP') return { on: on(side), lets: 'few', end: truthOf(rows, side, end) };
  const solve = subjectOf(rows, side as Node)?.solve;
  const lets = /^</.test(solve?.(how, 0)[0] ?? how) !== turned ? 'below' : 'above';
  // Of what is made of a column the end is not the column's.
  return {
    on: on(side),
    lets,
    end: solve === undefined ? end : undefined,
    ...(rows.trusts && hasParameter(other) && { trusted: true }),
  };
}

/** Both of what a boolean may be are in a list, or may be. */
export function isEither(rows: Rows, side: Node | undefined, items: readonly Node[]): boolean {
  const truths = new Set(items.map((item) => truthOf(rows, side, fixed(item))));
  return truths.has('either') || (truths.has('true') && truths.has('false'));
}

/** Which of the two that a boolean may be. */
function truthOf(rows: Rows, side: unknown, value: string | null | undefined): Side['end'] {
  const type = rows.typeOf(rows.column(side as Node) ?? '');
  if (type !== undefined && type !== BOOLEAN) return undefined;
  if (value === undefined || value === null) return type === undefined || rows.trusts ? undefined : 'either';
  return /^t(?:rue)?$/.test(value) ? 'true' : /^f(?:alse)?$/.test(value) ? 'false' : undefined;
}
/** `pg_type.oid` of boolean. */
const BOOLEAN = 16;
