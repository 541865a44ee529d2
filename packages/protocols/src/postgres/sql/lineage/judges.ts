import type { Node } from 'libpg-query';
import type { Flow } from './flow.js';
import { ARRAY, elementOf } from './functions.js';
import { as, namesOf } from './nodes.js';
import { isConstant } from './predicates.js';
import type { Scope } from './scope.js';
import {
  isChosen,
  isClock,
  isTainted,
  isTameFormat,
  isTameRegex,
  LONG,
  type Made,
  nearest,
  numberOf,
  partial,
  textOf,
  total,
} from './total.js';
import { TEXTS } from './types.js';

/** A call of functions that are known, as it is judged whether it is total. */
export interface Call {
  args: readonly Flow[];
  nodes: readonly Node[];
  scope: Scope;
}
export type Judge = (call: Call) => Made;
type Fits = (node: Node) => boolean;

const unless = (fails: boolean, { args, scope }: Call): Made => (fails ? partial(args, scope) : total(args, scope));

/** Total for whatever they are given, and no slower for one value than for another of its length. */
export const always: Judge = ({ args, scope }) => total(args, scope);

/** Total, and what they give is still what stands in the column, but for its case, spaces or form. */
export const kept: Judge = ({ args, scope }) => ({ ...total(args, scope), near: nearest(args) });

/** The same of one text, in other letters or without the spaces around it. */
export const folded: Judge = (call) => {
  const [only, ...others] = call.args;
  const isText = only !== undefined && others.length === 0 && TEXTS.has(only.type ?? 0);
  return { ...kept(call), ...(isText && (only.exact || only.folded === true) ? { folded: true } : {}) };
};

/** All rows put together, and what does not go with every document or array: not where a condition decides on what that is. */
export const unchosen: Judge = (call) => unless(isChosen(call.args), call);

/** So many rows may be long. */
export const gathered: Judge = (call) => ({ ...unchosen(call), size: LONG });

/** Arrays of which one is longer than another make no array. */
export const arrays: Judge = (call) =>
  unless(
    isChosen(call.args) || call.args.some((flow) => isTainted(flow) && !flow.exact && isArray(flow, call.scope)),
    call,
  );
const isArray = ({ type = 0 }: Flow, scope: Scope): boolean => type === ARRAY || elementOf(type, scope) !== undefined;

/** The first argument may hold anything; those after it are constants, and fit where a condition decides on the first. */
export const steady =
  (fits: Fits): Judge =>
  (call) => {
    const { args, nodes, scope } = call;
    return unless(!nodes.slice(1).every((node) => fits(node) || (!isChosen(args) && isConstant(node, scope))), call);
  };

/** The same, where some constants do not go with every value. */
export const fixed =
  (fits: Fits): Judge =>
  (call) =>
    unless(!call.nodes.slice(1).every(fits), call);

/** By the name of an algorithm that every server has. https://www.postgresql.org/docs/current/pgcrypto.html */
export const digested: Judge = (call) =>
  unless(!/^(?:md5|sha1|sha224|sha256|sha384|sha512)$/i.test(textOf(call.nodes.at(-1)) ?? ''), call);

/** Total with one argument: the others say by what it is done, which there may not be. */
export const single: Judge = (call) => unless(call.nodes.length > 1, call);

/** One that the server has itself, or that need not be there. */
export const setting: Judge = (call) => {
  const [name, missing] = call.nodes;
  const written = textOf(name);
  const known = written !== undefined && !written.includes('.');
  return unless(call.args.some(isTainted) || !(known || isTrue(missing)), call);
};
const isTrue = (node: Node | undefined): boolean => as(node, 'A_Const')?.boolval?.boolval === true;

/** The first argument says which; what it is of is another. */
export const placed: Judge = (call) => unless(call.args.slice(0, 1).some(isTainted), call);

/** Values of other rows; the places are no values. */
export const shifted: Judge = (call) => ({
  ...unless(call.args.slice(1).some(isTainted), call),
  near: nearest(call.args.slice(0, 1)),
});

/** Numbers and times out of a column: each of its values has one. Of what a condition decides on, it may have none. */
export const near: Judge = (call) => {
  const { args, nodes } = call;
  const steps = nearest(args);
  const rest = nodes.filter((_, at) => !isTainted(args[at] as Flow));
  const fits =
    steps !== undefined && rest.every((node) => isWord(node) || isClock(node) || isPlace(node) || numberOf(node) === 0);
  return { ...unless(args.some(isTainted) && !fits, call), near: steps };
};

/** The same from another time that the statement names: a step, as a number that is taken away would be. */
export const since: Judge = (call) => {
  const made = near(call);
  const given = call.nodes.some((node, at) => !isTainted(call.args[at] as Flow) && !isClock(node));
  return given && made.near !== undefined ? { ...made, near: made.near + 1 } : made;
};

/** In another zone: hours away. https://www.postgresql.org/docs/current/functions-datetime.html#FUNCTIONS-DATETIME-ZONECONVERT */
export const zoned: Judge = (call) => {
  const [zone] = call.nodes;
  return call.nodes.length < 2 || ZONE.test(textOf(zone) ?? '') ? since(call) : unless(true, call);
};
const ZONE = /^(?:[A-Za-z_/]+(?:[-+]?\d{1,2})?|[-+]?\d{1,2}(?::\d\d)?)$/;

/** A part of a time is small, however far it was moved; how many seconds it is in all is not, nor is any part of an interval. */
export const extracted: Judge = (call) => {
  const made = near(call);
  const small = PARTS.test(textOf(call.nodes[0]) ?? '') && POINTS.has(call.args[1]?.type ?? 0);
  return small && made.near !== undefined ? { ...made, near: 0 } : made;
};
const PARTS = /^(?:second|minute|hour|day|dow|isodow|doy|week|month|quarter|year|isoyear|decade|century|millennium)$/i;
/** Oids of date, timestamp and timestamptz. */
const POINTS: ReadonlySet<number> = new Set([1082, 1114, 1184]);

/** Sums of numbers; the statement says of how many rows, be they one and the same, or what stands in place of NULL: a step. */
export const summed: Judge = (call) => {
  const steps = nearest(call.args);
  const fits =
    call.args.every(({ type }) => NUMBERS.has(type ?? 0)) && (steps !== undefined || call.args.every(isShort));
  return { ...unless(!fits && call.args.some(isTainted), call), near: steps === undefined ? undefined : steps + 1 };
};
/** A mean is among its values; but for a column's own, the statement says what stands beside the one that is asked about. */
export const averaged: Judge = (call) => {
  const made = summed(call);
  return call.args.every(({ exact }) => exact) ? { ...made, near: nearest(call.args) } : made;
};
/** Integers of four bytes, whose sum has eight. */
const isShort = ({ type }: Flow): boolean => type === 23 || type === 21;
const NUMBERS: ReadonlySet<number> = new Set([20, 21, 23, 700, 701, 1700]);

/** NULL is no name in an object; only of a column it tells no more than that it is NULL. */
export const keyed: Judge = (call) =>
  unless(
    call.args.some((flow, at) => at % 2 === 0 && isTainted(flow) && nearest([flow]) === undefined),
    call,
  );
export const keyedRows: Judge = (call) => (isChosen(call.args) ? unchosen(call) : keyed(call));

/** What a pattern finds, or does not: then there is none. */
export const matched: Judge = (call) => {
  const [, pattern, ...rest] = call.nodes;
  const tame = isTameRegex(pattern) && rest.every((node) => isWord(node) || isPlace(node));
  return { ...unless(!tame, call), chosen: call.args.some(isTainted) };
};

/** `substring(x from 'pattern')` is another function of the name that takes places; a length that is negative fails. */
export const sliced: Judge = (call) => {
  const [, from, length] = call.nodes;
  if (textOf(from) !== undefined && length === undefined) return matched(call);
  const ends = length === undefined ? isLength(from) : isPlace(from as Node) && isBeforeAt(length);
  return ends ? total(call.args, call.scope) : steady(isPlace)(call);
};

/** repeat, lpad, rpad: what is repeated is short, and no more often than written, or than the value is long. */
export const filled: Judge = (call) => {
  const [what, times, fill] = call.nodes;
  const bounded = isLength(times) ? isFill(what as Node) || fill !== undefined : isPlace(times as Node);
  if (!bounded || (fill !== undefined && !isFill(fill))) return unless(true, call);
  return total(call.args, call.scope, Math.max(1, (numberOf(times) ?? 1) / 16));
};

export const formatted: Judge = (call) => unless(!isTameFormat(call.nodes[0]), call);

export const isPlace: Fits = (node) => {
  const number = numberOf(node);
  return number !== undefined && number >= 1 && number <= 1000;
};
export const isWord: Fits = (node) => (textOf(node)?.length ?? 1000) <= 100;
export const isFill: Fits = (node) => (textOf(node)?.length ?? 1000) <= 16;

/** A path without a condition or arithmetic: what is not there is not found, and nothing fails. */
export const isPath: Fits = (node) => /^\$(?:\.\w+|\."[^"\\]*"|\[(?:\d{1,6}|\*)\])*$/.test(textOf(node) ?? '');

/** A length, or one that is a little longer or shorter: what is made of it is no longer than the value. */
function isLength(node: Node | undefined): boolean {
  const sum = as(node, 'A_Expr');
  if (sum === undefined) return LENGTHS.has(namesOf(as(node, 'FuncCall')?.funcname).at(-1) ?? '');
  return /^[-+]$/.test(namesOf(sum.name).join()) && isLength(sum.lexpr) && Math.abs(numberOf(sum.rexpr) ?? 1e9) <= 1000;
}
const LENGTHS: ReadonlySet<string> = new Set('length char_length character_length octet_length'.split(' '));

/** `position('@' in email) - 1`: of what an address has, and nothing else has. */
function isBeforeAt(node: Node): boolean {
  const sum = as(node, 'A_Expr');
  const found = as(sum?.lexpr, 'FuncCall');
  const isFound =
    /^(?:position|strpos)$/.test(namesOf(found?.funcname).at(-1) ?? '') && textOf(found?.args?.[1]) === '@';
  return isFound && namesOf(sum?.name).join() === '-' && numberOf(sum?.rexpr) === 1;
}
