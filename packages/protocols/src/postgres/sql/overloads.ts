import type { Catalogue, UserType } from './catalogue.js';

/** What is told apart by its arguments' types. */
export interface Overload {
  schema: string;
  takes: readonly number[];
  /** The last may stand for any number. */
  variadic?: boolean | undefined;
}

/** Oid of the pseudo-type unknown: a string constant's, until it is found out what it stands for. */
export const UNKNOWN = 705;
/** What stands for the type of a parameter that a message brings: it is unknown, or one of the server's own. */
export const GIVEN = -1;
/** What stands for a type of words that the session has made a moment ago: nothing of anybody's takes it but what takes any. */
export const WORDS = -2;
/** Oid of the pseudo-type anyarray: an array of whatever. */
export const ANYARRAY = 2277;

/**
 * Which of several overloads is meant, as func_select_candidate and FuncnameGetCandidates decide it where the types of all
 * arguments are known; else all that may be meant. `undefined` is a type that is not known, `paths` the search paths that may
 * be in force, undefined where the name says its schema. https://www.postgresql.org/docs/current/typeconv-func.html
 */
export function meant<T extends Overload>(
  all: readonly T[],
  types: readonly (number | undefined)[],
  paths: readonly (readonly string[])[] | undefined,
  catalogue: Catalogue,
): readonly T[] {
  return among(all, paths, unhidden, (some) => selected(some, types, catalogue));
}

/**
 * The same of operators: a constant of no type is first taken to be of the other operand's (binary_oper_exact). What `all` and each
 * path leave is remembered by these arrays: there are many operators of a name.
 */
export function meantOperators<T extends Overload>(
  all: readonly T[],
  types: readonly (number | undefined)[],
  paths: readonly (readonly string[])[] | undefined,
  catalogue: Catalogue,
): readonly T[] {
  const arity = besidesGiven(ofArity(all, types.length), types, catalogue);
  const known = types.filter((type) => type !== UNKNOWN);
  const [type] = known;
  return among(arity, paths, rememberedUnhidden, (some) => {
    const alike = type !== undefined && known.length < types.length && some.filter((one) => isOf(one, type));
    return alike && alike.length > 0 ? alike : selected(some, types, catalogue);
  });
}

const arities = new WeakMap<readonly Overload[], Map<number, readonly Overload[]>>();

const TEXT = 25;
const besides = new WeakMap<readonly Overload[], Map<string, readonly Overload[]>>();

/**
 * Those that a parameter may stand in, where one takes the other operand's type on both sides, or texts where neither has one. What
 * takes a user's type is then none of them, unless a cast leads to it that nobody writes.
 */
function besidesGiven<T extends Overload>(
  all: readonly T[],
  types: readonly (number | undefined)[],
  catalogue: Catalogue,
) {
  if (!types.includes(GIVEN)) return all;
  const [other = TEXT] = types.filter((type) => type !== GIVEN && type !== UNKNOWN);
  if (types.includes(undefined) || !all.some((one) => isOf(one, other))) return all;
  const key = types.map((type) => type === GIVEN).join();
  const known = besides.get(all) ?? new Map<string, readonly Overload[]>();
  besides.set(all, known);
  const isReached = (type: number) =>
    catalogue.typeByOid.get(type)?.builtin === true || [...catalogue.implicit.values()].some((to) => to.has(type));
  const found =
    (known.get(key) as readonly T[] | undefined) ??
    all.filter(({ takes }) => takes.every((wanted, at) => types[at] !== GIVEN || isReached(wanted)));
  known.set(key, found);
  return found;
}

/** The same array each time. */
function ofArity<T extends Overload>(all: readonly T[], arity: number): readonly T[] {
  const known = arities.get(all) ?? new Map<number, readonly Overload[]>();
  arities.set(all, known);
  const found = (known.get(arity) as readonly T[] | undefined) ?? all.filter(({ takes }) => takes.length === arity);
  known.set(arity, found);
  return found;
}
const isOf = ({ takes }: Overload, type: number): boolean => takes.every((wanted) => wanted === type);

function among<T extends Overload>(
  all: readonly T[],
  paths: readonly (readonly string[])[] | undefined,
  hide: (all: readonly T[], path: readonly string[]) => readonly T[],
  select: (some: readonly T[]) => readonly T[],
): readonly T[] {
  if (paths === undefined) return select(all);
  const found = paths.map((path) => select(hide(all, path)));
  return found.length === 1 ? (found[0] as readonly T[]) : [...new Set(found.flat())];
}

const remembered = new WeakMap<readonly Overload[], WeakMap<readonly string[], readonly Overload[]>>();

function rememberedUnhidden<T extends Overload>(all: readonly T[], path: readonly string[]): readonly T[] {
  const known = remembered.get(all) ?? new WeakMap<readonly string[], readonly Overload[]>();
  remembered.set(all, known);
  const found = (known.get(path) as readonly T[] | undefined) ?? unhidden(all, path);
  known.set(path, found);
  return found;
}

/** Of those that take the same, the path's first; temporary ones are only called by their schema's name. */
function unhidden<T extends Overload>(all: readonly T[], path: readonly string[]): readonly T[] {
  const first = new Map<string, T>();
  for (const one of all) {
    const place = path.indexOf(one.schema);
    if (place < 0) continue;
    const key = one.takes.join();
    const other = first.get(key);
    if (other === undefined || path.indexOf(other.schema) > place) first.set(key, one);
  }
  return [...first.values()];
}

function selected<T extends Overload>(
  all: readonly T[],
  types: readonly (number | undefined)[],
  catalogue: Catalogue,
): readonly T[] {
  const fit = all.filter(({ takes, variadic }) =>
    types.every((type, at) => (variadic === true && at >= takes.length - 1) || coerces(type, takes[at], catalogue)),
  );
  if (fit.length < 2 || types.some((type) => type === undefined || type === ANYARRAY || type === GIVEN)) return fit;
  if (fit.some(({ takes, variadic }) => variadic === true || takes.length !== types.length)) return fit;
  const exact = fit.filter(({ takes }) => takes.every((wanted, at) => wanted === types[at]));
  return exact.length > 0 ? exact : best(fit, types as readonly number[], catalogue);
}

/** The steps of func_select_candidate, in its order; what is left over at the end may all be meant. */
function best<T extends Overload>(fit: readonly T[], given: readonly number[], catalogue: Catalogue): readonly T[] {
  const types = given.map((type) => baseOf(type, catalogue));
  const isKnown = (at: number) => types[at] !== UNKNOWN;
  const matches = ({ takes }: T) => takes.filter((wanted, at) => isKnown(at) && wanted === types[at]).length;
  let left = most(fit, matches);
  const categories = types.map((type) => catalogue.typeByOid.get(type)?.category);
  const isPreferred = (oid: number | undefined, category: string | undefined): boolean => {
    const type = catalogue.typeByOid.get(oid ?? 0);
    return type?.preferred === true && type.category === category;
  };
  left = most(
    left,
    ({ takes }) =>
      takes.filter((wanted, at) => isKnown(at) && (wanted === types[at] || isPreferred(wanted, categories[at]))).length,
  );
  return types.includes(UNKNOWN) ? byCategory(left, types, catalogue) : left;
}

/** What a constant of no type is, by what the candidates take there: a text if any does. */
function byCategory<T extends Overload>(
  fit: readonly T[],
  types: readonly number[],
  { typeByOid }: Catalogue,
): readonly T[] {
  const slots: { at: number; category: string; preferred: boolean }[] = [];
  for (const [at, type] of types.entries()) {
    if (type !== UNKNOWN) continue;
    const taken = fit.map(({ takes }) => typeByOid.get(takes[at] ?? 0));
    const categories = new Set(taken.map((one) => one?.category ?? ''));
    const category = categories.has('S') ? 'S' : [...categories][0];
    // It cannot be told where they differ and none is a text.
    if (category === undefined || (category !== 'S' && categories.size > 1)) return fit;
    slots.push({ at, category, preferred: taken.some((one) => one?.category === category && one.preferred) });
  }
  const kept = fit.filter(({ takes }) =>
    slots.every(({ at, category, preferred }) => {
      const type = typeByOid.get(takes[at] ?? 0);
      return type?.category === category && (!preferred || type.preferred);
    }),
  );
  return kept.length > 0 ? kept : fit;
}

function most<T>(all: readonly T[], count: (one: T) => number): readonly T[] {
  const counts = all.map(count);
  const highest = Math.max(...counts);
  return all.filter((_, at) => counts[at] === highest);
}

/** Whether a value may stand there without a cast that is written out (can_coerce_type); true where that is not known. */
export function coerces(from: number | undefined, to: number | undefined, catalogue: Catalogue): boolean {
  if (from === undefined || to === undefined || from === UNKNOWN || from === to) return true;
  const [source, target] = [catalogue.typeByOid.get(from), catalogue.typeByOid.get(to)];
  if (from === WORDS) return target?.kind === 'p' && TAKE_WORDS.has(to);
  if (source === undefined || target === undefined) return true;
  if (from === ANYARRAY)
    return target.kind === 'p'
      ? TAKE_ARRAYS.has(to)
      : elementIn(baseOf(to, catalogue), catalogue) !== undefined || VECTORS.has(to);
  if (source.kind === 'p') return true;
  if (target.kind === 'p') return isKind(source, to, catalogue);
  const [one, other] = [baseOf(from, catalogue), baseOf(to, catalogue)];
  if (one === other || catalogue.implicit.get(one)?.has(other) === true) return true;
  const [element, wanted] = [elementIn(one, catalogue), elementIn(other, catalogue)];
  if (element !== undefined && wanted !== undefined) return coerces(element, wanted, catalogue);
  // A row may be one of a table that this one inherits from.
  return catalogue.typeByOid.get(one)?.kind === 'c' && catalogue.typeByOid.get(other)?.kind === 'c';
}

/** Pseudo-types that do not take everything. https://www.postgresql.org/docs/current/extend-type-system.html */
function isKind(source: UserType, to: number, catalogue: Catalogue): boolean {
  const base = catalogue.typeByOid.get(baseOf(source.oid, catalogue)) ?? source;
  const isArray = elementIn(base.oid, catalogue) !== undefined || VECTORS.has(base.oid);
  if (ARRAYS.has(to)) return isArray;
  if (NO_ARRAYS.has(to)) return !isArray;
  if (to === ENUM) return base.kind === 'e';
  if (RANGES.has(to)) return base.kind === 'r';
  if (MULTIRANGES.has(to)) return base.kind === 'm';
  return to === RECORD ? base.kind === 'c' : to !== CSTRING;
}
/** anyenum, any, anyelement, anynonarray, anycompatible and anycompatiblenonarray. */
const TAKE_WORDS: ReadonlySet<number> = new Set([3500, 2276, 2283, 2776, 5077, 5079]);
const RECORD = 2249;
const CSTRING = 2275;
const ENUM = 3500;
/** anyarray, anycompatiblearray; anynonarray, anycompatiblenonarray; and so on for ranges. */
const ARRAYS: ReadonlySet<number> = new Set([2277, 5078]);
const NO_ARRAYS: ReadonlySet<number> = new Set([2776, 5079]);
const RANGES: ReadonlySet<number> = new Set([3831, 5080]);
const MULTIRANGES: ReadonlySet<number> = new Set([4537, 4538]);
/** Those, any, anyelement and anycompatible. */
const TAKE_ARRAYS: ReadonlySet<number> = new Set([...ARRAYS, 2276, 2283, 5077]);
/** int2vector and oidvector of the catalogue are taken for arrays. */
const VECTORS: ReadonlySet<number> = new Set([22, 30]);

/** A domain is, to a call, what it constrains. */
function baseOf(oid: number, { typeByOid }: Catalogue): number {
  let type = typeByOid.get(oid);
  for (let depth = 0; type !== undefined && type.kind === 'd' && depth < 32; depth++) type = typeByOid.get(type.base);
  return type?.oid ?? oid;
}

/** The type of an array's elements. */
export function elementIn(oid: number, { typeByOid }: Catalogue): number | undefined {
  const type = typeByOid.get(oid);
  return type !== undefined && type.kind === 'b' && type.base !== 0 && type.category === 'A' ? type.base : undefined;
}

const arrays = new WeakMap<Catalogue, ReadonlyMap<number, number>>();

/** The type of arrays of such elements. */
export function arrayType(element: number, catalogue: Catalogue): number | undefined {
  const known = arrays.get(catalogue) ?? arraysIn(catalogue);
  arrays.set(catalogue, known);
  return known.get(element);
}

/** By their elements' oids. What has elements and is no array has a name of its own: point, name, oidvector. */
const arraysIn = ({ typeByOid }: Catalogue): ReadonlyMap<number, number> =>
  new Map(
    [...typeByOid.values()].flatMap(({ oid, kind, base, category, name }) =>
      kind === 'b' && category === 'A' && base !== 0 && name.startsWith('_') ? [[base, oid] as const] : [],
    ),
  );
