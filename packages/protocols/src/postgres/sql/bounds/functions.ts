import type { Node } from 'libpg-query';
import { fixed } from './known.js';
import { momentOf } from './moments.js';
import type { Rows } from './rows.js';
import { type Span, spanOf } from './spans.js';
import { mirror, restOf, type Subject, subjectOf, turned } from './subject.js';
import { hasParameter, mentions } from './values.js';

/** What a function makes of a column; undefined for what is not known to differ from row to row. */
export function ofCall(rows: Rows, name: string, args: readonly Node[]): Subject | undefined {
  if (name === 'count') return { column: '', via: 'measure', kind: 'number', span: { low: 1, high: Number.MAX_VALUE } };
  const make = FUNCTIONS.get(name);
  if (make === undefined) return undefined;
  const subjects = args.map((arg) => subjectOf(rows, arg));
  const at = subjects.findIndex((subject) => subject !== undefined);
  const of = subjects[at];
  const others = args.filter((_, index) => index !== at);
  if (of === undefined || others.some((other) => mentions(rows, other))) return undefined;
  if (rows.trusts && others.some(hasParameter)) return { ...of, via: 'function', trusted: true };
  const told = others.map((other) => fixed(other) ?? (momentOf(other) === undefined ? undefined : ''));
  if (told.includes(undefined)) return undefined;
  return make({ rows, of, at, others, texts: told as string[] });
}

interface Call {
  rows: Rows;
  of: Subject;
  /** Its place among the arguments. */
  at: number;
  others: readonly Node[];
  texts: readonly string[];
}
type Make = (call: Call) => Subject | undefined;

/** `substr`, `md5` … of what such a function has made may be the same for all. */
const equal: Make = ({ of }) => (of.via === 'function' ? undefined : { ...of, via: 'function', kind: 'other' });
const hashed: Make = ({ of }) => ({ ...of, via: 'function', kind: 'other' });
const same: Make = ({ of }) => of;

const spelled =
  (spell: (text: string) => string): Make =>
  ({ of, others }) =>
    others.length > 1 ? undefined : { ...of, spell };

const counted =
  (span: Span): Make =>
  ({ of, texts }) => {
    const isOwn = of.kind === 'text' || of.kind === 'other' || of.kind === 'unknown';
    if (!isOwn || of.via !== 'plain' || texts.some((text) => text !== '1')) return undefined;
    return { column: of.column, via: 'measure', kind: 'number', span };
  };
/** Characters or items that tell one row from another; of more, all rows have fewer as likely as not. */
const FEW = 64;

/** To a place behind the point. */
const rounded: Make = ({ of, texts }) => (of.kind === 'number' && Number(texts[0] ?? 0) >= 0 ? of : undefined);

/** The first or last so many, or so many from there on. */
const cut: Make = ({ of, texts }) => {
  const count = Number(texts.at(-1));
  if (of.via === 'function' || count <= 0) return undefined;
  return { ...of, via: 'function', kind: 'text', ...(count > 0 && texts.length > 0 && { width: count }) };
};
const cutFrom: Make = (call) => {
  const { of, texts } = call;
  return texts.length > 1 ? cut(call) : of.via === 'function' ? undefined : { ...of, via: 'function', kind: 'text' };
};

/** What is put in its place may be all that is left. */
const replaced: Make = (call) => (call.texts[1] === '' ? equal(call) : undefined);

/** Where something stands in it. */
const placed: Make = ({ of, texts }) =>
  texts[0] === '' ? undefined : { ...of, via: 'measure', kind: 'number', span: { low: 0, high: FEW } };

const FIELDS: Readonly<Record<string, Span>> = {
  quarter: { low: 1, high: 4 },
  month: { low: 1, high: 12 },
  week: { low: 1, high: 53 },
  day: { low: 1, high: 31 },
  doy: { low: 1, high: 366 },
  dow: { low: 0, high: 6 },
  isodow: { low: 1, high: 7 },
  hour: { low: 0, high: 23 },
  minute: { low: 0, high: 59 },
  second: { low: 0, high: 60 },
};

function field({ rows, of, texts }: Call): Subject | undefined {
  const name = texts[0]?.toLowerCase().replace(/s$/, '') ?? '';
  if (of.via === 'function') return undefined;
  const own: Subject = of.kind === 'unknown' ? { ...of, kind: 'moment', span: spanOf(rows, of.column, 'moment') } : of;
  if (name === 'epoch')
    return turned(own, 'number', (how, value) => [
      how,
      own.kind === 'interval' ? value / DAY : (value - Date.now() / 1000) / DAY,
    ]);
  if (own.kind === 'interval' && name === 'day') return turned(own, 'number', (how, value) => [how, value]);
  if (own.kind === 'moment' && (name === 'year' || name === 'isoyear')) return turned(own, 'number', ofYear);
  const span = FIELDS[name];
  return span && { ...withoutSolve(own), via: 'measure', kind: 'number', span };
}
const DAY = 86_400;
const withoutSolve = ({ solve: _solve, ...rest }: Subject): Subject => rest;

/** Later than a year is from the next on. */
function ofYear(how: string, value: number): readonly [string, number] {
  const isNext = how === '>' || how === '<=';
  const start = momentOf({ A_Const: { sval: { sval: `${value + (isNext ? 1 : 0)}-01-01` } } } as Node) ?? Number.NaN;
  return [how === '>' ? '>=' : how === '<=' ? '<' : how, start];
}

/** Units that are shorter than what is kept of the past. */
const SHORT = /^(?:microseconds|milliseconds|second|minute|hour|day|week|month|quarter|year)$/i;
const truncated: Make = ({ of, texts }) => (SHORT.test(texts[0] ?? '') ? of : undefined);

const ofMoment: Make = ({ rows, of }) =>
  of.kind === 'moment'
    ? of
    : of.via === 'plain'
      ? { column: of.column, via: 'plain', kind: 'moment', span: spanOf(rows, '', 'moment') }
      : undefined;

const written: Make = (call) => {
  const format = (call.texts[0] ?? '').replace(/"[^"]*"/g, '');
  if (/^(?:FM)?YYYY/i.test(format) && call.of.kind === 'moment') return { ...call.of, via: 'cast' };
  return /YY|MM|DD|HH|MI|SS|mon|day|dy|IW|WW|Q|[09]/i.test(format) ? equal(call) : undefined;
};

/** `age(x)` is until now, or as good as; of two the first less the second. */
const aged: Make = ({ of, at, others }) => {
  if (of.via === 'function') return undefined;
  const other = others[0] === undefined ? 0 : momentOf(others[0]);
  if (other === undefined) return undefined;
  const isFirst = at === 0 && others.length > 0;
  return turned({ ...of, kind: 'moment' }, 'interval', (how, days) =>
    isFirst ? [how, other + days] : [mirror(how), other - days],
  );
};

const part: Make = ({ of }) => ({ column: of.column, via: 'plain', kind: 'unknown' });
const justified: Make = ({ of }) => (of.kind === 'interval' ? of : undefined);
const rest: Make = ({ of, at, texts }) => (at === 0 ? restOf(of, Number(texts[0])) : undefined);

const MAKES: readonly (readonly [names: string, make: Make])[] = [
  ['lower', spelled((text) => text.toLowerCase())],
  ['upper', spelled((text) => text.toUpperCase())],
  ['btrim ltrim rtrim', spelled((text) => text)],
  // A text that is there has something in it, as likely as not; a list has not.
  ['length char_length character_length octet_length', counted({ low: 1, high: FEW })],
  ['cardinality array_length jsonb_array_length json_array_length', counted({ low: 0, high: FEW })],
  ['abs', ({ of }: Call) => (of.solve === undefined ? of : { ...of, via: 'function' })],
  ['round floor ceil ceiling trunc', rounded],
  ['mod', rest],
  ['extract date_part', field],
  ['date_trunc', truncated],
  ['date timezone to_date to_timestamp', ofMoment],
  ['to_char', written],
  ['age', aged],
  ['left right', cut],
  ['substr substring', cutFrom],
  ['replace regexp_replace translate', replaced],
  ['md5 sha224 sha256 sha384 sha512 digest encode hashtext hashtextextended', hashed],
  ['initcap split_part host family masklen jsonb_typeof json_typeof', equal],
  ['position strpos', placed],
  ['to_tsvector min max sum avg', same],
  ['jsonb_extract_path_text json_extract_path_text jsonb_extract_path json_extract_path', part],
  ['justify_days justify_hours justify_interval', justified],
  ['concat concat_ws', equal],
];
const FUNCTIONS: ReadonlyMap<string, Make> = new Map(
  MAKES.flatMap(([names, make]) => names.split(' ').map((name) => [name, make] as const)),
);
