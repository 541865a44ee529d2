import { as, constant, partsOf } from '../../sql/nodes.js';
import { parse } from '../../sql/parse.js';

/** How COPY TO STDOUT writes rows. Signs are bytes of ASCII. https://www.postgresql.org/docs/current/sql-copy.html */
export interface CopyForm {
  kind: 'text' | 'csv' | 'binary';
  delimiter: number;
  quote: number;
  /** What stands before a quote within quotes. */
  escapes: number;
  null: Buffer;
  /** No value is written like NULL: in csv one that could be is quoted, and in text nothing but `\\N` is never a value. */
  tellsNull: boolean;
  /** Some columns' values stand in quotes whatever they are (FORCE_QUOTE). */
  quoted: boolean;
  header: boolean;
}

/** A COPY whose rows cannot be told apart. */
export class UnreadableCopy extends Error {}

/** The form that the command at `index` of a text asks for. Throws `UnreadableCopy`. */
export function formOf(text: string, index: number): CopyForm {
  const node = parsed(text)[index];
  const copy = as(node, 'CopyStmt');
  if (copy === undefined) throw new UnreadableCopy('it is no COPY');
  const asked = new Map(partsOf(copy.options, 'DefElem').map((one) => [String(one.defname), wordOf(one.arg)]));
  for (const name of asked.keys()) if (!KNOWN.has(name)) throw new UnreadableCopy(`the option ${name} is not known`);
  if (!isAsciiSafe(asked.get('encoding') ?? 'utf8')) throw new UnreadableCopy('its encoding hides signs in letters');
  return formFrom(asked);
}

function parsed(text: string) {
  try {
    return parse(text, 'any').map(({ node }) => node);
  } catch {
    throw new UnreadableCopy('it could not be parsed');
  }
}

/** `true` for an option without a value. */
const wordOf = (node: unknown): string => constant(node) ?? 'true';

function formFrom(asked: ReadonlyMap<string, string>): CopyForm {
  const kind = asked.get('format')?.toLowerCase() ?? 'text';
  if (kind !== 'text' && kind !== 'csv' && kind !== 'binary')
    throw new UnreadableCopy(`the format ${kind} is not known`);
  const csv = kind === 'csv';
  const quote = sign(asked.get('quote') ?? '"');
  const none = asked.get('null') ?? (csv ? '' : '\\N');
  return {
    kind,
    delimiter: sign(asked.get('delimiter') ?? (csv ? ',' : '\t')),
    quote,
    escapes: asked.has('escape') ? sign(asked.get('escape') as string) : quote,
    null: Buffer.from(none),
    tellsNull: csv || none === '\\N',
    quoted: asked.has('force_quote'),
    header: /^(?:true|on|1)$/i.test(asked.get('header') ?? 'false'),
  };
}

function sign(text: string): number {
  const code = text.charCodeAt(0);
  if (text.length !== 1 || code >= 0x80) throw new UnreadableCopy('a sign of it is not one character of ASCII');
  return code;
}

const KNOWN: ReadonlySet<string> = new Set([
  'format',
  'delimiter',
  'null',
  'header',
  'quote',
  'escape',
  'force_quote',
  'encoding',
  'freeze',
]);

/** In these no byte of a longer character is one of ASCII. Others (SJIS, BIG5, GBK, UHC, GB18030, JOHAB) are not read. */
const isAsciiSafe = (encoding: string): boolean =>
  /^(?:utf_?8|unicode|sql_?ascii|latin_?\d{1,2}|iso_?8859_?\d{1,2}|win_?\d{3,4}|windows_?\d{3,4}|koi8_?[ru]?|euc_?\w{2})$/i.test(
    encoding.replaceAll('-', '_'),
  );
