import type { A_Expr, Node, TypeCast } from 'libpg-query';
import { UNKNOWN } from '../overloads.js';
import { type Flow, FREE } from './flow.js';
import { ARRAY, elementOf } from './functions.js';
import { as, itemsOf, kindOf, namesOf } from './nodes.js';
import { operatorName } from './operators.js';
import type { Scope } from './scope.js';
import {
  isChosen,
  isClock,
  isMixed,
  isTainted,
  isTameLike,
  isTameRegex,
  type Made,
  nearest,
  nearOf,
  numberOf,
  partial,
  textOf,
  total,
} from './total.js';
import { isCitext, typesNamed } from './types.js';

/** `pg_type.oid` of the types that are told apart here. */
const BOOL = 16;
const TEXT = 25;
const NUMERIC = 1700;
const JSONB = 3802;
const INT2 = 21;
const INT4 = 23;
const INT8 = 20;
const FLOATS: ReadonlySet<number> = new Set([700, 701]);
const TIMES: ReadonlySet<number> = new Set([1082, 1083, 1114, 1184, 1186, 1266]);

const LIKES: ReadonlySet<string> = new Set(['~~', '!~~', '~~*', '!~~*']);
const REGEXES: ReadonlySet<string> = new Set(['~', '!~', '~*', '!~*']);
const ARITHMETIC: ReadonlySet<string> = new Set(['+', '-', '*', '/', '%']);
/** They answer true, false or NULL, whatever stands beside them. */
const COMPARISONS: ReadonlySet<string> = new Set('= <> != < > <= >= @> <@ && ? ?| ?& ^@ @@ @?'.split(' '));
/** What is divided by without choosing: units of time and money. Once, that is half a step. */
const USUAL: ReadonlySet<number> = new Set([7, 12, 24, 30, 60, 100, 365, 365.25, 1000, 1024, 3600, 86400]);
const HALF = 0.5;
/** So many steps from a column what is small is still small. */
const STEPS = 3;
/** They answer, whatever stands beside them; none of these has a number on both sides. */
const JOINERS: ReadonlySet<string> = new Set(['->', '->>', '#>', '#>>', '||', '#-']);

/** What an operator makes of its sides. `foreign`: it may be one that anybody made. */
export function madeByOperator(body: A_Expr, flows: readonly Flow[], foreign: boolean, scope: Scope): Made {
  const name = operatorName(body.name);
  if (foreign) return partial(flows, scope);
  if (body.kind !== 'AEXPR_OP') return compared(body, name, flows, scope);
  if (JOINERS.has(name)) return joined(name, flows, scope);
  if (ARITHMETIC.has(name)) return arithmetic(body, name, flows, scope);
  return compared(body, name, flows, scope);
}

function joined(name: string, flows: readonly Flow[], scope: Scope): Made {
  const types = flows.map(({ type }) => type);
  const isArrays = types.some((type) => type === ARRAY || elementOf(type ?? 0, scope) !== undefined);
  // Not every document goes with every other, nor every array.
  if (isChosen(flows) && !name.startsWith('->') && (isArrays || types.includes(JSONB))) return partial(flows, scope);
  if (name !== '||') return { ...total(flows, scope), type: name.endsWith('>>') ? TEXT : types[0] };
  return { ...total(flows, scope), type: isArrays ? ARRAY : types.includes(JSONB) ? JSONB : TEXT };
}

/** What is decided by it is whatever somebody likes. */
function compared(body: A_Expr, name: string, flows: readonly Flow[], scope: Scope): Made {
  const type = body.kind === 'AEXPR_NULLIF' ? flows[0]?.type : BOOL;
  const answer = (made: Made): Made => ({ ...made, type, ...(flows.some(isTainted) ? { chosen: true } : {}) });
  if (isMixed(flows)) return partial(flows, scope);
  const right = itemsOf(body.rexpr).map(plainPattern);
  if (LIKES.has(name))
    return answer(right.every(isTameLike) || !flows.some(isTainted) ? total(flows, scope) : partial(flows, scope));
  if (REGEXES.has(name))
    return answer(right.every(isTameRegex) || !flows.some(isTainted) ? total(flows, scope) : partial(flows, scope));
  return answer(isComparison(body, name) ? total(flows, scope) : partial(flows, scope));
}

/** What SIMILAR TO 'x' stands for in the grammar. */
const plainPattern = (node: Node): Node =>
  namesOf(as(node, 'FuncCall')?.funcname).at(-1) === 'similar_to_escape'
    ? (as(node, 'FuncCall')?.args?.[0] ?? node)
    : node;

const isComparison = ({ kind }: A_Expr, name: string): boolean =>
  COMPARISONS.has(name) || /BETWEEN|DISTINCT|NULLIF/.test(kind ?? '');

/** https://www.postgresql.org/docs/current/functions-math.html: what does not fit into a type fails. */
function arithmetic(body: A_Expr, name: string, flows: readonly Flow[], scope: Scope): Made {
  const nodes = [body.lexpr, ...itemsOf(body.rexpr)].filter((node) => node !== undefined);
  const type = typeOf(nodes, flows);
  if (name === '/' || name === '%') return { ...divided(nodes, flows, scope), type };
  if (!flows.some(isTainted)) return { ...total(flows, scope), risky: true, type };
  if (isWithout(name, nodes, flows) && !isChosen(flows)) return { ...total(flows, scope), type };
  const steps = nearest(flows);
  if (steps === undefined || steps > STEPS) return all(flows, scope);
  const far = isBefore(name, nodes, flows) ? steps : name === '*' && type === INT8 ? STEPS + 1 : steps + 1;
  const fits = nodes.every((node, at) => isTainted(flows[at] as Flow) || isSmall(node, name, type, steps));
  return fits && isAlone(name, flows, type) ? { ...total(flows, scope), near: far, type } : all(flows, scope);
}

/** How long ago it was, which nobody chooses. */
const isBefore = (name: string, [left]: readonly Node[], [first]: readonly Flow[]): boolean =>
  name === '-' && left !== undefined && first !== undefined && !isTainted(first) && isClock(left);

/** A long sum asks about each of its columns once. */
const all = (flows: readonly Flow[], scope: Scope): Made => ({ ...partial(flows, scope), told: true });

/**
 * By a number that is one at least, or by how many rows there are; by what else it is may be by zero. Where the statement says by
 * how much, it says what fits into a smaller type: that is a step like any other. By many great ones a float is nothing, and fails.
 */
function divided([, divisor]: readonly Node[], flows: readonly Flow[], scope: Scope): Made {
  const steps = nearest(flows.slice(0, 1));
  const number = numberOf(divisor) ?? 0;
  const far = steps === undefined ? undefined : steps + (USUAL.has(number) ? HALF : 1);
  if (steps !== undefined && steps > STEPS) return all(flows, scope);
  if (number >= 1) return { ...total(flows, scope), near: far };
  const counts = namesOf(as(divisor, 'FuncCall')?.funcname).at(-1) === 'count' && !isTainted(flows[1] ?? FREE);
  if (counts && far !== undefined) return { ...total(flows, scope), near: far, risky: true };
  // By something very small it is too large.
  return partial(steps !== undefined && areOfOne(flows) ? flows.slice(1) : flows, scope);
}

/** `jsonb - 'key'`, as `to_jsonb(c) - 'ssn'`. */
const isWithout = (name: string, [, right]: readonly Node[], [left]: readonly Flow[]): boolean =>
  name === '-' &&
  left?.type === JSONB &&
  (textOf(right) !== undefined || as(right, 'A_ArrayExpr') !== undefined || isTextArray(right));
const isTextArray = (node: Node | undefined): boolean => as(as(node, 'TypeCast')?.arg, 'A_ArrayExpr') !== undefined;

/** What is not written out may be as large as somebody likes, but for what stands beside it in the same relation. */
function isAlone(name: string, flows: readonly Flow[], type: number | undefined): boolean {
  if (flows.filter(isTainted).length < 2) return true;
  return (name === '+' || name === '-') && (type === NUMERIC || TIMES.has(type ?? 0)) && areOfOne(flows);
}

/** All are of columns of one relation. */
function areOfOne(flows: readonly Flow[]): boolean {
  const [first, ...rest] = flows.map(
    (flow) => new Set([...flow.columns].map((column) => column.slice(0, column.lastIndexOf('.')))),
  );
  return [...(first ?? [])].some((table) => rest.every((tables) => tables.has(table)));
}

/** The operand is so small that what stands in a column does not leave its type by it. */
function isSmall(node: Node, name: string, type: number | undefined, steps: number): boolean {
  if (isClock(node)) return name === '-';
  const text = textOf(node);
  if (text !== undefined && numberOf(node) === undefined) return text.length <= 40 && !/\d{5}|inf|bc/i.test(text);
  const number = Math.abs(numberOf(node) ?? Number.POSITIVE_INFINITY);
  if (type === NUMERIC || FLOATS.has(type ?? 0)) return number <= 1e6;
  if (name === '*') return type === INT8 && steps === 0 && number <= 100;
  return number <= (type === INT8 ? 1e6 : 1000);
}

/** A number with a point makes the other side one; else the column's own type stays. */
function typeOf(nodes: readonly Node[], flows: readonly Flow[]): number | undefined {
  const types = flows.map(({ type }) => type);
  if (types.some((type) => FLOATS.has(type ?? 0))) return 701;
  if (types.includes(NUMERIC) || nodes.some(isPointed)) return NUMERIC;
  const times = types.filter((type) => TIMES.has(type ?? 0));
  if (times.length > 0) return times[0];
  return types.includes(INT8) ? INT8 : types.find((type) => type !== undefined && type !== UNKNOWN);
}
const isPointed = (node: Node): boolean => as(node, 'A_Const')?.fval !== undefined;

const TEXTS: ReadonlySet<string> = new Set(['text', 'varchar', 'bpchar', 'name', 'char']);
/** Casts that give a value for each value, by the oids of their types. */
const WIDER: ReadonlyMap<number, readonly number[]> = new Map([
  [BOOL, [INT4]],
  [21, [INT4, INT8, NUMERIC, 700, 701]],
  [INT4, [BOOL, INT8, NUMERIC, 700, 701]],
  [INT8, [NUMERIC, 700, 701]],
  [700, [701]],
  [JSONB, [114]],
  [1083, [1186]],
]);
/** Casts that give a value for what stands in a column. */
const CLOSE: ReadonlyMap<number, readonly number[]> = new Map([
  [INT8, [INT4, 21]],
  [INT4, [21]],
  [NUMERIC, [INT4, INT8, 21, 700, 701]],
  [701, [NUMERIC, INT4, INT8, 21, 700]],
  [700, [NUMERIC, INT4, INT8]],
  [1082, [1114, 1184]],
  [1114, [1082, 1083, 1184]],
  [1184, [1082, 1083, 1114, 1266]],
  [114, [JSONB]],
  [TEXT, [17]],
  [1043, [17]],
]);

/** What a cast makes of a value: a text of everything; of texts nothing that every text could be read as. */
export function madeByCast(body: TypeCast, flow: Flow, scope: Scope): Made {
  const { typeName } = body;
  if (!isTainted(flow)) return isWritten(body.arg as Node) ? {} : { risky: true };
  const names = namesOf(typeName?.names);
  const found = typesNamed(names, scope);
  const builtin = found.length > 0 && found.every((type) => type.builtin);
  const isText = builtin ? TEXTS.has(names.at(-1) ?? '') : found.length > 0 && found.every(isCitext);
  const near = nearOf(flow);
  if (typeName?.arrayBounds !== undefined)
    return isText && (flow.type === ARRAY || elementOf(flow.type ?? 0, scope) !== undefined)
      ? total([flow], scope)
      : partial([flow], scope);
  if (isText) return { ...total([flow], scope), near: typeName?.typmods === undefined ? near : undefined };
  const [from, to] = [flow.type ?? 0, found[0]?.oid ?? 0];
  // What a column holds may well be more than two bytes take, and what it is not is told by that.
  const isClose = near !== undefined && near <= HALF && (to !== INT2 || flow.exact);
  const sized = typeName?.typmods !== undefined && !TIMES.has(to);
  const listed = (casts: ReadonlyMap<number, readonly number[]>) =>
    from === to || casts.get(from)?.includes(to) === true;
  const fits =
    builtin &&
    !sized &&
    (listed(WIDER) || (isClose && listed(CLOSE)) || (TIMES.has(to) && near !== undefined && listed(CLOSE)));
  if (fits) return { ...total([flow], scope), near };
  // Whether a column's own value can be read as another type is no more than what it looks like.
  return builtin && !sized && flow.exact ? { ...total([flow], scope), risky: true } : partial([flow], scope);
}

const isWritten = (node: Node): boolean => ['A_Const', 'ParamRef'].includes(kindOf(node) ?? '');
