import type { Node } from 'libpg-query';
import { as, constant, eachChild, listOf, open, type Part, words } from '../nodes.js';
import { isInside } from './aggregates.js';
import { isEither } from './alternatives.js';
import { ofAnswer } from './answers.js';
import { itemsOf } from './arrays.js';
import { answersAt, type End } from './beside.js';
import { bounds } from './condition.js';
import { leavesOut } from './ends.js';
import { hasSeries } from './invented.js';
import { fixed } from './known.js';
import { isNormalOf } from './normal.js';
import { asksFor, isImpossible, type Language } from './pattern.js';
import type { Rows } from './rows.js';
import { type Kind, kindOf } from './spans.js';
import { mirror, type Subject, subjectOf } from './subject.js';
import { isTime, otherOf, shape } from './values.js';

const OPPOSITE: Readonly<Record<string, string>> = {
  '=': '<>',
  '<>': '=',
  '!=': '=',
  '<': '>=',
  '>': '<=',
  '<=': '>',
  '>=': '<',
};
const MIRROR: Readonly<Record<string, string>> = { '@>': '<@', '<@': '@>' };
const LANGUAGES: Readonly<Record<string, Language>> = { '~~': 'like', '~~*': 'like', '~': 'regexp', '~*': 'regexp' };

/** A comparison that leaves rows out. */
export function compares(rows: Rows, part: Part, not: boolean): boolean {
  const kind = String(part.kind);
  const name = words(part.name).at(-1) ?? '';
  if (kind.includes('BETWEEN')) return between(rows, part, kind.includes('NOT') !== not);
  if (kind === 'AEXPR_DISTINCT' || kind === 'AEXPR_NOT_DISTINCT')
    return distinct(rows, part, (kind === 'AEXPR_DISTINCT') !== not);
  if (kind === 'AEXPR_IN') return within(rows, part, (name === '<>') !== not);
  if (kind === 'AEXPR_OP_ANY' || kind === 'AEXPR_OP_ALL') return ofList(rows, part, kind === 'AEXPR_OP_ANY', not);
  if (kind === 'AEXPR_SIMILAR') return matches(rows, part, 'similar', name.startsWith('!') !== not);
  const language = LANGUAGES[name.replace(/^!/, '')];
  if (language !== undefined) return matches(rows, part, language, name.startsWith('!') !== not);
  if (kind !== 'AEXPR_OP') return false;
  return operates(rows, part, name === '!=' ? '<>' : name, not);
}

function operates(rows: Rows, { lexpr, rexpr }: Part, name: string, not: boolean): boolean {
  const [left, right] = [lexpr, rexpr] as Node[];
  const known = folded(left, right, name);
  if (known !== undefined) return known === not;
  for (const [one, other] of [
    [left, right],
    [right, left],
  ] as const) {
    const truth =
      /^(?:true|false|t|f)$/.test(constant(other) ?? '') &&
      (name === '=' || name === '<>') &&
      rows.column(one) === undefined;
    if (truth && as(one, 'A_Expr') !== undefined)
      return bounds(rows, one, (/^t/.test(constant(other) ?? '') === (name === '=')) === not);
  }
  const how = not ? (OPPOSITE[name] ?? (NEGATED.has(name) ? `!${name}` : name)) : name;
  return (
    pair(rows, left, right, how) ||
    pair(rows, right, left, MIRROR[how] ?? mirror(how)) ||
    differ(rows, left, right, how)
  );
}
/** Of whose opposites only so much is known, that they hold for others. */
const NEGATED: ReadonlySet<string> = new Set(['@>', '<@', '&&', '?', '?|', '?&', '@?', '@@', '^@']);

/** What a comparison of two numbers gives, as what builds SQL writes for nothing and for all: `1 = 0`. */
function folded(left: Node | undefined, right: Node | undefined, name: string): boolean | undefined {
  const [one, other] = [left, right].map((node) =>
    as(node, 'A_Const')?.ival === undefined ? undefined : Number(constant(node)),
  );
  if (one === undefined || other === undefined) return undefined;
  if (name === '=') return one === other;
  return name === '<>' ? one !== other : undefined;
}

/** A value of the rows on one side, and on the other what is not of the same rows. */
export function pair(rows: Rows, side: Node | undefined, other: Node | undefined, how: string): boolean {
  const [row, values] = [as(side, 'RowExpr'), as(other, 'RowExpr')];
  if (row !== undefined)
    return ofRow(rows, listOf(row.args), values === undefined ? undefined : listOf(values.args), how);
  const subject = subjectOf(rows, side);
  if (subject === undefined) return ofAnswer(rows, side, other, how);
  return isTold(rows, subject, other, how) || isLeast(rows, other, how) || isInside(rows, side, other, how);
}

/** Of rows that are compared by their order, the first column counts. */
function ofRow(rows: Rows, own: readonly Node[], values: readonly Node[] | undefined, how: string): boolean {
  if (values === undefined) return false;
  const pairs = own.map((one, at) => pair(rows, one, values[at], how));
  return how === '=' ? pairs.includes(true) : how === '<>' ? !pairs.includes(false) : pairs[0] === true;
}

function isTold(rows: Rows, subject: Subject, node: Node | undefined, how: string): boolean {
  const other = otherOf(rows, node);
  switch (other.is) {
    case 'constant':
      return leavesOut(rows, subject, node as Node, how);
    case 'parameter':
      return rows.trusts || (how === '=' && subject.via !== 'function');
    case 'time':
      return leavesOut(rows, subject, node as Node, how);
    case 'foreign':
      if (how === '<>' || how.startsWith('!') || rows.isInvented(subject.column, node)) return false;
      return !RANGE.test(how) || isMeasured(rows, subject, node, how);
    case 'untold':
      return (
        how === '=' || (RANGE.test(how) && endsAt(rows, node) !== undefined && isMeasured(rows, subject, node, how))
      );
    case 'one':
      return how === '=' && !rows.loops;
    case 'own':
      return isNormal(rows, subject, node, how);
    default:
      if (rows.loops && isOtherEachTime(rows, node)) return false;
      return (
        how === '=' ||
        (how === '@@' && !/"sval":"\s*!/.test(shape(node))) ||
        (!RANGE.test(how) && how !== '<>' && isList(node, how)) ||
        (how === '<@' && leavesOut(rows, subject, node as Node, how))
      );
  }
}
const RANGE = /^[<>]=?$/;

/** A column that is not in order yet: `name <> trim(name)`. */
const isNormal = (rows: Rows, { column, via, solve, spell }: Subject, node: Node | undefined, how: string): boolean =>
  how === '<>' &&
  via === 'plain' &&
  solve === undefined &&
  spell === undefined &&
  rows.column(node) === undefined &&
  isNormalOf(rows, column, node);

/**
 * A range whose end is another source's: what a table keeps says where that lies, what the text itself puts there only as it stands.
 * `now() - retention` is before now.
 */
function isMeasured(rows: Rows, subject: Subject, node: Node | undefined, how: string): boolean {
  const [type, part] = open(node);
  if (type === 'TypeCast') return isMeasured(rows, subject, part.arg as Node, how);
  if (type === 'A_Expr') return how.startsWith('<') && words(part.name).at(-1) === '-' && isTime(part.lexpr as Node);
  const isKept = isOfEachRow(node) ? rows.measures(node as Node, subject) : type === 'SubLink';
  const ends = endsAt(rows, node);
  if (ends === undefined) return isKept;
  // What is written there for the text to compare with has no zero that is meant.
  const strict = how.startsWith('>') ? '>=' : '<=';
  return ends.every((end) => (end === 'made' ? false : end === 'kept' ? isKept : isTold(rows, subject, end, strict)));
}

/** What the text, or a table, has in the place of a query or of a column of FROM. */
const endsAt = (rows: Rows, node: Node | undefined): readonly End[] | undefined =>
  as(node, 'SubLink') === undefined
    ? rows.endsOf(node)
    : answersAt(rows.names, rows.with, as(as(node, 'SubLink')?.subselect, 'SelectStmt') ?? {}, 0);

/** A column of other rows, or of each of them. */
const isOfEachRow = (node: Node | undefined): boolean =>
  as(node, 'ColumnRef') !== undefined || as(node, 'SubLink')?.subLinkType === 'ARRAY_SUBLINK';

/** It calls what is volatile. */
function isOtherEachTime(rows: Rows, node: Node | undefined): boolean {
  let found = false;
  const look = (type: string, part: Part): void => {
    const name = type === 'FuncCall' ? words(part.funcname) : [];
    const meant = rows.names.routines(name.at(-2), name.at(-1) ?? '');
    found ||= meant.some(({ volatility }) => volatility === 'volatile');
    eachChild(part, look);
  };
  look(...open(node));
  return found;
}
function isList(node: Node | undefined, how: string): boolean {
  const items = itemsOf(node) ?? [];
  return items.length > 0 && (!how.startsWith('!') || items.every((item) => typeof fixed(item) === 'string'));
}

/** Two columns of one row, as of a value that is to be brought up to date: neither is the key, and they are of one type. */
function differ(rows: Rows, left: Node | undefined, right: Node | undefined, how: string): boolean {
  const [one, other] = [rows.column(left), rows.column(right)];
  if (one === undefined || other === undefined || one === other) return false;
  const alike = rows.typeOf(one) !== undefined && rows.typeOf(one) === rows.typeOf(other);
  return alike && !rows.isKey(one) && !rows.isKey(other) && how in OPPOSITE;
}

/** `(select min(id) from t d where d.email = t.email)`: one row of those that are alike. */
function isLeast(rows: Rows, node: Node | undefined, how: string): boolean {
  const link = as(node, 'SubLink');
  const select = as(link?.subselect, 'SelectStmt');
  if (link?.subLinkType !== 'EXPR_SUBLINK' || select === undefined || !(how in OPPOSITE)) return false;
  const from = listOf(select.fromClause);
  const inner = rows.hiding(from).join(from, undefined);
  const where = as(select.whereClause, 'BoolExpr');
  const parts = where?.boolop === 'AND_EXPR' ? listOf(where.args) : [select.whereClause as Node];
  const ties = parts.map((one) => twinOf(inner, one));
  return (
    ties.some((tie) => tie !== undefined) &&
    ties.every((tie) => tie === undefined || (tie.how === '=' && !inner.isKey(tie.column)))
  );
}

/** `a.email = b.email and a.id <> b.id` of one table: each holds for every row, both together only for doubles. */
export function isTwins(rows: Rows, parts: readonly Node[]): boolean {
  const twins = parts.flatMap((one) => twinOf(rows, one) ?? []);
  return (
    twins.some(({ how, column }) => how === '=' && !rows.isKey(column)) &&
    twins.some(({ how }) => how === '<>' || how === '<' || how === '>')
  );
}

/** A column of the rows beside one of rows that are the same again. */
function twinOf(rows: Rows, node: Node | undefined): { column: string; how: string } | undefined {
  const part = as(node, 'A_Expr');
  if (part?.kind !== 'AEXPR_OP' && part?.kind !== 'AEXPR_NOT_DISTINCT') return undefined;
  const [left, right] = [part.lexpr, part.rexpr] as Node[];
  for (const [one, other] of [
    [left, right],
    [right, left],
  ] as const) {
    const column = rows.column(one);
    if (column === undefined || rows.column(other) !== undefined) continue;
    if (rows.coverageOf(other as Node) === 'all' || rows.isOfTwins(other, column))
      return { column, how: words(part.name).at(-1) ?? '' };
  }
  return undefined;
}

function between(rows: Rows, part: Part, outside: boolean): boolean {
  const [first, last] = listOf(as(part.rexpr, 'List')?.items);
  const turned = String(part.kind).includes('SYM') && Number(fixed(first)) > Number(fixed(last));
  const [low, high] = turned ? [last, first] : [first, last];
  const side = part.lexpr as Node;
  const isEmpty = Number(fixed(low)) > Number(fixed(high));
  if (outside) return !isEmpty && pair(rows, side, low, '<') && pair(rows, side, high, '>');
  const isOwn = [low, high].some((end) => otherOf(rows, end).is === 'own');
  return !isOwn && (pair(rows, side, low, '>=') || pair(rows, side, high, '<='));
}

function distinct(rows: Rows, { lexpr, rexpr }: Part, differs: boolean): boolean {
  const [left, right] = [lexpr, rexpr] as Node[];
  const column = rows.column(left) ?? rows.column(right);
  if (fixed(left) === null || fixed(right) === null)
    return column !== undefined && (!differs || rows.mayBeNull(column));
  const how = differs ? '<>' : '=';
  return pair(rows, left, right, how) || pair(rows, right, left, how) || differ(rows, left, right, how);
}

/** IN of a list: each of its items lets rows in; NOT IN: each leaves them out. */
function within(rows: Rows, { lexpr, rexpr }: Part, not: boolean): boolean {
  const items = listOf(as(rexpr, 'List')?.items);
  const told = items.map((item) => pair(rows, lexpr as Node, item, not ? '<>' : '='));
  if (isEither(rows, lexpr as Node, items)) return false;
  return not ? told.includes(true) : items.length > 0 && !told.includes(false);
}

function ofList(rows: Rows, part: Part, any: boolean, not: boolean): boolean {
  const name = words(part.name).at(-1) ?? '';
  const [left, right] = [part.lexpr, part.rexpr] as Node[];
  const items = itemsOf(right);
  // The opposite of `= any` is `<> all`; of what is neither, little is known.
  const isIn = any ? name === '=' && !not : (name === '<>' || name === '!=') && not;
  const isOut = any ? name === '=' && not : (name === '<>' || name === '!=') && !not;
  if (subjectOf(rows, left) === undefined) return (isIn || isOut) && isElement(rows, left, right);
  if (items === undefined) return isOfUnknown(rows, left, right, isIn);
  if (isIn && isEither(rows, left, items)) return false;
  const told = items.map((item) =>
    compares(rows, { kind: 'AEXPR_OP', name: part.name, lexpr: left, rexpr: item }, not),
  );
  const every = any !== not;
  // What differs from one of two is everything.
  if (every && items.length > 1 && /^(?:<>|!)/.test(name) !== not) return false;
  return every ? !told.includes(false) : told.includes(true);
}

/** Of an array whose items the text does not have. NULL says nothing of any row. */
function isOfUnknown(rows: Rows, left: Node | undefined, right: Node | undefined, isIn: boolean): boolean {
  const { is } = otherOf(rows, right);
  const query = as(as(right, 'TypeCast')?.arg ?? right, 'SubLink');
  if (query !== undefined && rows.readsAll(query.subselect as Node)) return false;
  if (!isIn) return fixed(right) === null || (rows.trusts && is === 'parameter');
  const { column = '' } = subjectOf(rows, left) ?? {};
  if (rows.isInvented(column, right)) return false;
  return (
    is !== 'own' && is !== 'computed' && isListed(right) && !isEither(rows, left, right === undefined ? [] : [right])
  );
}

/** `'a' = any(tags)`. */
const isElement = (rows: Rows, value: Node | undefined, array: Node | undefined): boolean =>
  subjectOf(rows, array)?.via === 'plain' &&
  ['constant', 'parameter', 'foreign', 'untold'].includes(otherOf(rows, value).is);
const isListed = (node: Node | undefined): boolean => !hasSeries(node);

function matches(rows: Rows, part: Part, language: Language, not: boolean): boolean {
  const subject = subjectOf(rows, part.lexpr as Node);
  if (subject === undefined || subject.via === 'measure') return false;
  const { pattern, escaping } = patternOf(part.rexpr as Node);
  if (pattern === null || subject.trusted) return true;
  if (pattern === undefined) {
    const { is } = otherOf(rows, part.rexpr as Node);
    return is === 'parameter' ? rows.trusts || (not && language !== 'regexp') : is === 'foreign' || is === 'one';
  }
  if (subject.via === 'cast') return isWritten(kindOf(rows, subject.column), pattern, language, not);
  if (subject.via === 'function') return !not && subject.kind === 'text' && asksFor(pattern, language, false, escaping);
  const isSpelled = subject.spell === undefined || subject.spell(pattern) === pattern;
  return not ? isSpelled && !isImpossible(pattern, language) : asksFor(pattern, language, false, escaping);
}

/** Of what is no text: digits of a number, of a time a year or a month. */
function isWritten(kind: Kind, pattern: string, language: Language, not: boolean): boolean {
  if (!(language === 'like' ? /^[\w\s:.+%-]*$/ : /^\^?[\w\s:.+-]*\$?$/).test(pattern)) return false;
  if (kind === 'moment') return /(?:19|20)\d\d|-\d\d-/.test(pattern) && !/[a-z]/i.test(pattern);
  if (kind === 'number') return /\d/.test(pattern) && !/[^\d.%^$-]/.test(pattern);
  return !not && /[a-z\d]{2}/i.test(pattern);
}

function patternOf(node: Node): { pattern: string | null | undefined; escaping?: string | undefined } {
  const call = as(node, 'FuncCall');
  if (!/^(?:like|similar_to)_escape$/.test(words(call?.funcname).at(-1) ?? '')) return { pattern: fixed(node) };
  const [pattern, escaping] = listOf(call?.args).map(fixed);
  return { pattern, escaping: escaping ?? undefined };
}
