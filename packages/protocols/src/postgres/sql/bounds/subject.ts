import type { Node } from 'libpg-query';
import { as, listOf, open, type Part, words } from '../nodes.js';
import { spend } from '../steps.js';
import { ofCall } from './functions.js';
import { fixed } from './known.js';
import { intervalOf, momentOf } from './moments.js';
import type { Rows } from './rows.js';
import { type Kind, kindNamed, kindOf, type Span, spanOf } from './spans.js';
import { hasParameter, isTime } from './values.js';

/** A comparison of what is made of a column, as one of the column itself: with what, and which way. */
type Solve = (how: string, value: number) => readonly [how: string, value: number];

/** A value that differs from row to row: one column, and what is made of it. */
export interface Subject {
  column: string;
  /**
   * `plain`: the column's own, or what is in its order; `cast`: it in another type, which patterns and equality tell of; `measure`:
   * a number that is counted by it; `function`: of which nothing but equality tells.
   */
  via: 'plain' | 'cast' | 'measure' | 'function';
  /** What it is compared as. */
  kind: Kind;
  /** What the column holds, or the measure may be; undefined where that is to be told by what it is compared with. */
  span?: Span | undefined;
  solve?: Solve;
  /** As its texts are spelled. */
  spell?: (text: string) => string;
  /** Characters that it has at most. */
  width?: number;
  /** Values that a number of that span may be, where these are fewer. */
  ways?: number;
  /** A parameter is in it that is taken to leave rows out. */
  trusted?: true;
}

/** Undefined where it does not depend on a column of the rows, or is the same for all of them as likely as not. */
export function subjectOf(rows: Rows, node: Node | undefined): Subject | undefined {
  spend(1);
  const [type, part] = open(node);
  const column = rows.column(node);
  if (column !== undefined) return column !== 'ctid' && SYSTEM.has(column) ? undefined : ofColumn(rows, column);
  if (type === 'TypeCast') return ofCast(rows, part);
  if (type === 'CollateClause') return subjectOf(rows, part.arg as Node);
  if (type === 'A_Indirection') return inside(subjectOf(rows, part.arg as Node), 'function');
  if (type === 'CoalesceExpr') return subjectOf(rows, listOf(part.args)[0]);
  if (type === 'FuncCall') return ofCall(rows, words(part.funcname).at(-1) ?? '', listOf(part.args));
  if (type !== 'A_Expr') return undefined;
  if (part.kind === 'AEXPR_NULLIF') return inside(subjectOf(rows, part.lexpr as Node), 'function');
  return part.kind === 'AEXPR_OP' ? ofOperator(rows, part) : undefined;
}
const SYSTEM = new Set(['ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid']);

function ofColumn(rows: Rows, column: string): Subject {
  const kind = kindOf(rows, column);
  return { column, via: 'plain', kind, span: measured(kind) ? spanOf(rows, column, kind) : undefined };
}
const measured = (kind: Kind): boolean => /^(?:number|moment|interval|clock)$/.test(kind);

/** A part of a document or an array. */
const inside = (of: Subject | undefined, via: Subject['via'] = 'plain'): Subject | undefined =>
  of && { column: of.column, via, kind: 'unknown' };

export const turned = (of: Subject, kind: Kind, by: Solve): Subject => ({
  ...of,
  kind,
  solve: (how, value) => {
    const solved = by(how, value);
    return of.solve === undefined ? solved : of.solve(...solved);
  },
});

const MIRROR: Readonly<Record<string, string>> = { '<': '>', '>': '<', '<=': '>=', '>=': '<=' };
export const mirror = (how: string): string => MIRROR[how] ?? how;

/** The same value in a type of the same kind; a text as what it says; in any other only equality and patterns tell of it. */
function ofCast(rows: Rows, { arg, typeName }: Part): Subject | undefined {
  const of = subjectOf(rows, arg as Node);
  const { names, typmods, arrayBounds } = (typeName ?? {}) as Part;
  const kind = listOf(arrayBounds).length > 0 ? 'other' : kindNamed(words(names).at(-1));
  if (of === undefined || of.via === 'function') return of;
  if (kind === 'text' && listOf(typmods).length > 0) return { ...of, kind, via: 'function' };
  if (of.kind === kind || kind === 'other') return of.kind === kind ? of : { ...of, kind, via: 'cast' };
  if (of.kind === 'text' || of.kind === 'unknown') {
    const key = of.kind === 'unknown' ? of.column : '';
    return { ...of, kind, span: measured(kind) ? spanOf(rows, key, kind) : undefined };
  }
  if (kind === 'truth') return undefined;
  if (of.kind === 'truth' && kind === 'number') return { ...of, kind, via: 'measure', span: { low: 0, high: 1 } };
  if (of.kind === 'moment' && kind === 'clock') return { ...of, kind, via: 'measure', span: spanOf(rows, '', kind) };
  return { ...of, kind, via: of.kind === 'other' ? of.via : 'cast' };
}

const PARTS: ReadonlySet<string> = new Set(['->', '->>', '#>', '#>>']);

/** Arithmetic with something that is the same for all rows, and that does not take the difference away. */
function ofOperator(rows: Rows, { name, lexpr, rexpr }: Part): Subject | undefined {
  const how = words(name).at(-1) ?? '';
  const [left, right] = [subjectOf(rows, lexpr as Node), subjectOf(rows, rexpr as Node)];
  const of = left ?? right;
  if (of === undefined) return undefined;
  if (how === '||') return { column: of.column, via: 'function', kind: 'other' };
  const other = (left === undefined ? lexpr : rexpr) as Node | undefined;
  if (lexpr === undefined) return how === '-' ? scaled(of, -1) : undefined;
  if (left !== undefined && right !== undefined) return undefined;
  if (rows.trusts && hasParameter(other)) return { ...of, trusted: true };
  if (PARTS.has(how)) return left && fixed(other) !== undefined ? inside(left) : undefined;
  if (of.kind === 'moment' || of.kind === 'interval' || isTime(other) || as(other, 'TypeCast')?.typeName !== undefined)
    return ofTime(rows, of, other, how, left !== undefined) ?? ofNumber(of, other, how, left !== undefined);
  return ofNumber(of, other, how, left !== undefined);
}

/** `column + interval`, `now() - column`, and the like. */
function ofTime(rows: Rows, of: Subject, other: Node | undefined, how: string, isLeft: boolean): Subject | undefined {
  const [by, moment] = [intervalOf(other), momentOf(other)];
  const sign = how === '+' ? 1 : how === '-' ? -1 : 0;
  if (sign === 0 || of.via === 'function') return undefined;
  const isMoment = of.kind === 'moment' || of.kind === 'unknown';
  const own = of.kind === 'unknown' ? { ...of, kind: 'moment' as const, span: spanOf(rows, of.column, 'moment') } : of;
  if (isMoment && moment !== undefined && sign < 0)
    return turned(own, 'interval', (as, days) => (isLeft ? [as, moment + days] : [mirror(as), moment - days]));
  if (by === undefined || (sign < 0 && !isLeft)) return undefined;
  return turned(own, own.kind, (as, value) => [as, value - sign * by]);
}

function ofNumber(of: Subject, other: Node | undefined, how: string, isLeft: boolean): Subject | undefined {
  const by = Number(fixed(other) ?? Number.NaN);
  if (Number.isNaN(by)) return undefined;
  if (how === '+') return moved(of, by);
  if (how === '-') return isLeft ? moved(of, -by) : moved(scaled(of, -1), by);
  if (how === '*') return by === 0 ? undefined : scaled(of, by);
  if (!isLeft) return undefined;
  if (how === '/') return by === 0 ? undefined : divided(of, by);
  if (how === '%') return restOf(of, by);
  return how === '&' && by > 0 && by < FLAGS
    ? {
        ...of,
        via: 'measure',
        kind: 'number',
        span: { low: 0, high: by },
        ways: 2 ** by.toString(2).replaceAll('0', '').length,
      }
    : undefined;
}
/** Bits that are flags; those above are of numbers that are not so large. */
const FLAGS = 2 ** 16;

const moved = (of: Subject, by: number): Subject => turned(of, 'number', (how, value) => [how, value - by]);
const scaled = (of: Subject, by: number): Subject =>
  turned(of, of.kind === 'interval' ? of.kind : 'number', (how, value) => [by < 0 ? mirror(how) : how, value / by]);

/** Of integers the rest is lost. */
const divided = (of: Subject, by: number): Subject =>
  turned(of, of.kind === 'interval' ? of.kind : 'number', (how, value) => {
    const beyond = how === '>' || how === '<=' ? Math.abs(by) : 0;
    return by < 0
      ? [mirror(how), value * by]
      : [how, value * by + (Math.abs(by) >= 2 ? beyond - (beyond > 0 ? 1 : 0) : 0)];
  });

/** What a division leaves. */
export const restOf = (of: Subject, by: number): Subject | undefined =>
  by < 2
    ? undefined
    : { ...of, via: of.via === 'function' ? of.via : 'measure', kind: 'number', span: { low: 0, high: by - 1 } };
