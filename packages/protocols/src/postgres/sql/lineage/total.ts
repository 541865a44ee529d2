import type { Node } from 'libpg-query';
import { changed, type Flow } from './flow.js';
import { as, namesOf } from './nodes.js';
import type { Scope } from './scope.js';

/**
 * What a computation makes of values that may not be shown. It tells of them, though its result is masked, where it can fail, take its
 * time or grow: the server then answers with an error, or late. So what is not known to be total and bounded is asked about as `fails`.
 */
export type Made = Pick<Flow, 'near' | 'chosen' | 'risky' | 'size' | 'told' | 'type' | 'folded'>;

/** Values that a text can put together of one: more might not fit, which shows. */
const GROWN = 4096;
/** The same where a condition decides on the value, so that it can be as large or as small as somebody likes. */
const CHOSEN_GROWN = 128;
/** A value's size where it may be long: too long to be put together with what a condition decides on. */
export const LONG = 200;

export const isTainted = (flow: Flow): boolean => flow.columns.size > 0;
export const isChosen = (flows: readonly Flow[]): boolean => flows.some((flow) => flow.chosen === true);
export const isRisky = (flows: readonly Flow[]): boolean => flows.some((flow) => flow.risky === true);
export const sizeOf = (flows: readonly Flow[]): number => flows.reduce((sum, { size = 1 }) => sum + size, 0);

/** `pg_type.oid` of rows of no type of their own. */
export const RECORD = 2249;
/** Rows that a condition decides on may be of columns that cannot be compared. */
export const isMixed = (flows: readonly Flow[]): boolean =>
  flows.some(({ chosen, type }) => chosen === true && type === RECORD);

/** How many steps of arithmetic a value is from what stands in a column; undefined where it may be anything. */
export function nearOf(flow: Flow): number | undefined {
  if (flow.chosen === true) return undefined;
  return flow.exact ? 0 : flow.near;
}

/** The farthest of these from their columns; constants are no part of it. */
export function nearest(flows: readonly Flow[]): number | undefined {
  const nears = flows.filter(isTainted).map(nearOf);
  return nears.length === 0 || nears.includes(undefined) ? undefined : Math.max(...(nears as number[]));
}

/** It may fail, or take its time, by what these are. */
export function partial(flows: readonly Flow[], scope: Scope): Made {
  for (const flow of flows) if (flow.told !== true && isTainted(flow)) scope.facts.ask(flow, 'fails');
  return { risky: true, size: LONG };
}

/** It answers whatever these are. `factor`: how often each may be in the answer. */
export function total(flows: readonly Flow[], scope: Scope, factor = 1): Made {
  const size = factor * sizeOf(flows);
  return size > (isChosen(flows) ? CHOSEN_GROWN : GROWN) && flows.some(isTainted) ? partial(flows, scope) : { size };
}

/** A flow with what was found out of how it is made. */
export const madeSo = (flow: Flow, made: Made): Flow => ({
  ...changed(flow),
  ...made,
  ...(flow.risky === true ? { risky: true } : {}),
  ...(flow.chosen === true ? { chosen: true } : {}),
});

/** A literal that is a number, signed and cast or not. */
export function numberOf(node: Node | undefined): number | undefined {
  const cast = as(node, 'TypeCast')?.arg;
  if (cast !== undefined) return numberOf(cast);
  const expression = as(node, 'A_Expr');
  if (expression !== undefined) {
    const inner = expression.lexpr === undefined ? numberOf(expression.rexpr) : undefined;
    return inner === undefined || namesOf(expression.name).join() !== '-' ? undefined : -inner;
  }
  const constant = as(node, 'A_Const');
  if (constant?.ival !== undefined) return constant.ival.ival ?? 0;
  const text = constant?.fval?.fval ?? constant?.sval?.sval;
  return text !== undefined && /^[-+]?[\d.]{1,18}$/.test(text) ? Number(text) : undefined;
}

/** A literal that is a text, cast or not. */
export function textOf(node: Node | undefined): string | undefined {
  const cast = as(node, 'TypeCast')?.arg;
  return cast === undefined ? as(node, 'A_Const')?.sval?.sval : textOf(cast);
}

/** A LIKE pattern that is written out. One that ends within an escape fails, but only for the values that match up to there. */
export const isTameLike = (node: Node | undefined): boolean => {
  const text = textOf(node);
  return text !== undefined && text.length <= 200 && !/(?:^|[^\\])(?:\\\\)*\\$/.test(text);
};

const ATOM = String.raw`(?:[\w\s@,:;<>=!#%&'"/~-]|\\[.dwsDWSymM+*?^$()[\]{}|\\@/-]|\.|\[\^?(?:a-z|A-Z|0-9|\\[dws.]|[\w\s@.,:;<>=!#%&+*?()'"/~])+-?\])`;
const PIECE = String.raw`${ATOM}(?:[*+?]|\{\d{1,2}(?:,\d{0,2})?\})?`;
const BRANCH = String.raw`\^?(?:${PIECE}|\((?:\?:)?(?:${PIECE})*(?:\|(?:${PIECE})*)*\)\??)*\$?`;
/** Regular expressions of which none fails, refers back or repeats what repeats. */
const TAME = new RegExp(String.raw`^${BRANCH}(?:\|${BRANCH})*$`);

/** A regular expression that is written out, and matched in linear time. */
export const isTameRegex = (node: Node | undefined): boolean => {
  const text = textOf(node);
  return text !== undefined && text.length <= 100 && TAME.test(text);
};

/** FORMAT's own: what it does not know, and %I of a NULL, fails. https://www.postgresql.org/docs/current/functions-string.html */
export const isTameFormat = (node: Node | undefined): boolean => {
  const text = textOf(node);
  return text !== undefined && text.length <= 1000 && /^(?:[^%]|%%|%(?:\d\$)?[sL])*$/.test(text);
};

/** When it is now, or a part of it. */
export const isClock = (node: Node): boolean => {
  const cast = as(node, 'TypeCast')?.arg;
  if (cast !== undefined) return isClock(cast);
  const call = as(node, 'FuncCall');
  const name = namesOf(call?.funcname).at(-1) ?? '';
  const [, of] = call?.args ?? [];
  if (/^(?:extract|date_part|date_trunc)$/.test(name)) return of !== undefined && isClock(of);
  return (
    as(node, 'SQLValueFunction') !== undefined ||
    /^(?:now|clock_timestamp|statement_timestamp|transaction_timestamp)$/.test(name)
  );
};
