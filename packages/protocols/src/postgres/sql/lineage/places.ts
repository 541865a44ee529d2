/** Where in a text its constants stand. libpg-query counts in bytes of UTF-8, a record in UTF-16 units. */
export class Places {
  readonly #text: string;
  #units: Int32Array | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  /** The constant whose first byte is there; undefined where none is in the text (as of a default that nobody wrote). */
  constant(offset: number): { from: number; to: number } | undefined {
    const from = this.#unit(offset);
    if (from === undefined) return;
    const to = endOf(this.#text, from);
    return to > from ? { from, to } : undefined;
  }

  #unit(offset: number): number | undefined {
    if (offset < 0) return;
    this.#units ??= unitsOf(this.#text);
    return this.#units[offset];
  }
}

/** By byte, the UTF-16 unit that it belongs to. */
function unitsOf(text: string): Int32Array {
  const units: number[] = [];
  for (let unit = 0; unit < text.length; unit++) {
    const code = text.charCodeAt(unit);
    const bytes = code < 0x80 ? 1 : code < 0x800 ? 2 : 3;
    if (code >= 0xd800 && code < 0xdc00) {
      units.push(unit, unit, unit, unit++);
      continue;
    }
    for (let i = 0; i < bytes; i++) units.push(unit);
  }
  return Int32Array.from(units);
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
