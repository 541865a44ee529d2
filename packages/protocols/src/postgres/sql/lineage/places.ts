import { type Units, unitsOf } from '../units.js';

/** Where in a text its constants stand. */
export class Places {
  readonly #units: Units;

  constructor(text: string) {
    this.#units = unitsOf(text);
  }

  /** The constant whose first byte is there; undefined where none is in the text (as of a default that nobody wrote). */
  constant(offset: number): { from: number; to: number } | undefined {
    if (offset < 0) return;
    const from = this.#units.at(offset);
    const to = endOf(this.#units.text, from);
    return to > from ? { from, to } : undefined;
  }
}

const QUOTED = /(?:[eEbBxXnN]|[uU]&)?'/y;
const DOLLAR = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;
/** https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-CONSTANTS-NUMERIC */
const OTHER = /[-+]?(?:\s|--[^\n\r]*|\/\*[^*]*\*\/)*(?:[\d.][\w.]*(?:(?<=[eE])[-+]\w*)?|[A-Za-z]\w*)/y;
/** Between the parts of one constant: at least one line's end. */
const CONTINUED = /(?:[ \t\f\v]|--[^\n\r]*)*[\n\r](?:\s|--[^\n\r]*[\n\r])*'/y;

function endOf(text: string, from: number): number {
  const quoted = matched(QUOTED, text, from);
  if (quoted !== undefined) return endOfQuoted(text, from, quoted);
  const dollar = matched(DOLLAR, text, from);
  if (dollar !== undefined) {
    const close = text.indexOf(text.slice(from, dollar), dollar);
    return close < 0 ? text.length : close + dollar - from;
  }
  return matched(OTHER, text, from) ?? from;
}

function endOfQuoted(text: string, from: number, start: number): number {
  const escapes = /^e/i.test(text[from] as string);
  let at = start;
  for (;;) {
    const unit = text[at];
    if (unit === undefined) return text.length;
    if (unit === '\\' && escapes) at += 2;
    else if (unit !== "'") at++;
    else if (text[at + 1] === "'") at += 2;
    else {
      const more = matched(CONTINUED, text, at + 1);
      if (more === undefined) return at + 1;
      at = more;
    }
  }
}

/** Where a match that begins there ends. */
function matched(pattern: RegExp, text: string, from: number): number | undefined {
  pattern.lastIndex = from;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}
