import { daysOf } from './known.js';
import type { Rows } from './rows.js';
import type { Subject } from './values.js';

/** Oids of types, which are the same in every database. https://www.postgresql.org/docs/current/datatype-oid.html */
const TEXTS: ReadonlySet<number | undefined> = new Set([18, 19, 25, 1042, 1043]);
export const isText = (type: number | undefined): boolean => TEXTS.has(type);
const MOMENTS: ReadonlySet<number | undefined> = new Set([1114, 1184]);

/** Compared with it so, a value of the rows is left out now and then. `how`: `=`, `<>`, `<`, `@>` …, the subject on the left. */
export function leavesOut(rows: Rows, { column, via }: Subject, value: string, how: string): boolean {
  const type = rows.typeOf(column);
  if (how === '=') return via !== 'function' || value !== '';
  if (value === '') return how === '<>' && via === 'plain' && rows.mayBeNull(column);
  if (how === '@>' || how === '@?' || how === '@@' || how === '?&' || how === '^@') return !isEverything(value);
  if (how === '@@' && /^\s*!/.test(value)) return false;
  if (how === '<@' || how === '&&') return !isWholeRange(value);
  if (how === '<>' && !isText(type) && /^(?:nan|[+-]?infinity)$/i.test(value)) return false;
  if (how !== '<>' && isBeyond(value, how, isText(type) && via === 'plain', MOMENTS.has(type))) return false;
  const isKey = rows.isKey(column);
  if (isKey && via !== 'plain' && via !== 'cast' && via !== 'measure') return how === '<>';
  if (column === 'ctid') return false;
  if (MOMENTS.has(type) && via !== 'plain' && via !== 'cast' && isAnyAge(value, how)) return false;
  return !isLimit(value, how, isKey || via === 'measure');
}

/** `[0,)`: a range that every key is in. */
function isWholeRange(value: string): boolean {
  const [, low = '', high = ''] = /^\s*[[(]([^,]*),([^,]*)[\])]\s*$/.exec(value) ?? [];
  if (!/^\s*[[(][^,]*,[^,]*[\])]\s*$/.test(value)) return false;
  return (low.trim() === '' || Number(low) <= 1) && (high.trim() === '' || Number(high) >= LARGE);
}

/** More than no time ago, less than ages. */
function isAnyAge(value: string, how: string): boolean {
  const days = daysOf(value) ?? Number.NaN;
  return /^>/.test(how) ? days <= 0 : /^</.test(how) && days >= 20 * 365;
}

/** A document, array, range or path that is in every other. */
const isEverything = (value: string): boolean =>
  /^\s*empty\s*$/i.test(value) || /^\s*(?:\{\s*\}|\[\s*\]|(?:lax|strict)?\s*\$(?:\.\*|\[\*\])*\s*)?\s*$/.test(value);

/** `> 0`, `<> -1`, `< 2147483647`: what leaves out no key, or no number that is counted. */
function isLimit(value: string, how: string, isKey: boolean): boolean {
  const number = value.trim() === '' ? Number.NaN : Number(value);
  const isLarge = number >= LARGE || /^\s*9{7,}\s*$/.test(value);
  if (how === '<' || how === '<=') return isLarge;
  if (how === '>=') return number <= (isKey ? 1 : 0);
  if (how === '>') return number < 0 || (isKey && number < 1);
  return how === '<>' && (number < 0 || isLarge || (isKey && number === 0));
}
const LARGE = 1_000_000_000;

/** The end of a range that nothing lies beyond: infinity, a text before or behind all words, and years that are not meant. */
function isBeyond(value: string, how: string, isText: boolean, isMoment: boolean): boolean {
  const [above, below] = [/^>/.test(how), /^</.test(how)];
  if (!above && !below) return false;
  if (/^(?:[+-]?infinity|nan|tomorrow)$/i.test(value)) return true;
  const year = Number(/^\s*(\d{4,})-\d/.exec(value)?.[1]);
  if (above && (value === 'epoch' || year <= (isMoment ? 2000 : 1970))) return true;
  if (below && year >= 2100) return true;
  if (/^[\s{]*[0-]{8,}[0}\s]*$/.test(value)) return above;
  if (/^[\s{]*[f-]{8,}[f}\s]*$/i.test(value)) return below;
  if (!isText) return false;
  return above ? value.charCodeAt(0) <= 0x30 : value.charCodeAt(0) >= 0x7a;
}
