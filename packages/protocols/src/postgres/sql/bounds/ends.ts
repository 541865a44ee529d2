import type { Node } from 'libpg-query';
import { as, listOf, words } from '../nodes.js';
import { itemsOf } from './arrays.js';
import { fixed } from './known.js';
import { epochOf } from './moments.js';
import type { Rows } from './rows.js';
import { excludes, kindAs, measureOf, spanOf } from './spans.js';
import type { Subject } from './subject.js';

/**
 * Compared with it so, a value of the rows is left out now and then; false where that is not shown. `how`: `=`, `<>`, `<`, `@>` …, the
 * subject on the left; `!@>` for what must not be so.
 */
export function leavesOut(rows: Rows, subject: Subject, node: Node, how: string): boolean {
  const value = fixed(node);
  if (value === null || subject.trusted) return true;
  if (how === '=') return subject.via !== 'function' || value !== '';
  const ends = how === '<@' ? rangeOf(node) : undefined;
  if (ends !== undefined)
    return ends.some(
      (end, at) => end !== undefined && fixed(end) !== null && leavesOut(rows, subject, end, at === 0 ? '>=' : '<='),
    );
  if (!/^[<>]=?$|^<>$/.test(how)) return typeof value === 'string' && contains(node, value, how);
  if (subject.column === 'ctid') return false;
  if (subject.via === 'function') return how === '<>' && isCutLike(subject, value);
  const kind = subject.kind === 'unknown' ? kindAs(node) : subject.kind;
  if (kind === 'text' || kind === 'truth' || kind === 'other')
    return typeof value === 'string' && isAmongOthers(rows, { ...subject, kind }, value, how);
  const span = subject.span ?? spanOf(rows, subject.column, kind);
  const measure = measureOf(kind, node);
  if (measure !== undefined) return excludesFrom(subject, span, how, measure, value);
  const epoch = kind === 'number' ? epochOf(node) : undefined;
  return epoch !== undefined && excludes(spanOf(rows, subject.column, 'moment'), how, epoch);
}

function excludesFrom(
  subject: Subject,
  span: Subject['span'] & {},
  how: string,
  measure: number,
  value: string | undefined,
): boolean {
  const [turned, end] = subject.solve?.(how, measure) ?? [how, measure];
  if (Number.isNaN(end) || (subject.via === 'cast' && subject.kind === 'text')) return false;
  // So many nines are no number that is counted.
  if (turned.startsWith('<') && /^\s*9{7,}\s*$/.test(value ?? '')) return false;
  return excludes(span, turned, end);
}

/** `left(name, 1) <> 'x'`: what is cut off may be that. */
const isCutLike = ({ width = 0 }: Subject, value: string | undefined): boolean =>
  typeof value === 'string' && value !== '' && value.length <= width;

/** Texts in their order; of what has no measure that it is another. */
function isAmongOthers(rows: Rows, subject: Subject, value: string, how: string): boolean {
  const { column, via, kind, spell } = subject;
  if (via === 'cast' || (spell !== undefined && spell(value) !== value)) return false;
  if (how === '<>') return value !== '' || (spell === undefined && rows.mayBeNull(column));
  if (/^[\s{]*[0-]{8,}[0}\s]*$/.test(value)) return how.startsWith('<') && !/^[\s{0}-]*$/.test(value);
  if (/^[\s{]*[f-]{8,}[f}\s]*$/i.test(value)) return how.startsWith('>');
  if (kind !== 'text') return rows.typeOf(column) === UUID;
  return how.startsWith('>') ? !/^(?:[\0-0]|a*$)/i.test(value) : !/^(?:[^\0-y]|z)/i.test(value);
}
/** `pg_type.oid` of uuid. */
const UUID = 2950;

/** What a document, an array, a range or a search has to have in it, or must not (`!`). */
function contains(node: Node, value: string, how: string): boolean {
  const items = itemsOf(node) ?? [];
  if (how.startsWith('!'))
    return how !== '!<@' && items.length > 0 && items.every((item) => fixed(item) !== null) && !isEverything(value);
  if (how === '<@') return true;
  if (how === '&&' && /^[\s[(]*,[\s\])]*$/.test(value)) return false;
  if (how === '@@' && /^\s*!/.test(value)) return false;
  return items.length > 0 && !isEverything(value);
}

/** Where a range begins and ends, as `[0,)` or as `int4range(0, null)`; undefined where it is none. */
function rangeOf(node: Node): readonly (Node | undefined)[] | undefined {
  const call = as(as(node, 'TypeCast')?.arg ?? node, 'FuncCall');
  if (/^(?:int[48]|num|ts|tstz|date)range$/.test(words(call?.funcname).at(-1) ?? ''))
    return listOf(call?.args).slice(0, 2);
  const found = /^\s*[[(]([^,{}]*),([^,{}]*)[\])]\s*$/.exec(fixed(node) ?? '');
  return found?.slice(1).map((end) => endOf(end.replace(/"/g, '').trim()));
}
const endOf = (text: string): Node | undefined =>
  text === '' ? undefined : ({ A_Const: { sval: { sval: text } } } as Node);

/** A document, range or path that is in every other. */
const isEverything = (value: string): boolean =>
  /^\s*empty\s*$/i.test(value) || /^\s*(?:\{\s*\}|\[\s*\]|(?:lax|strict)?\s*\$(?:\.\*|\[\*\])*\s*)?\s*$/.test(value);
