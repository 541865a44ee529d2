import { spend } from '../steps.js';

/**
 * Patterns that leave texts out: something in them has to stand in the text. https://www.postgresql.org/docs/current/functions-matching.html
 */
export type Language = 'like' | 'similar' | 'regexp';

/** A regular expression that is longer is not looked at: it would take time by its length times itself. */
const LONGEST = 300;

/** `sparing`: only what is written out counts, no class of characters, as of the digits of a number. */
export function asksFor(pattern: string, language: Language, sparing = false, escaping = '\\'): boolean {
  if (language === 'like') return literalOf(pattern, escaping) !== '';
  if (pattern.length > LONGEST) return false;
  spend(2 * pattern.length);
  const text = language === 'similar' ? pattern.replace(/%/g, '.*').replace(/_/g, '.') : pattern;
  // Options may have it read as another language, or with comments.
  if (language === 'regexp' && /^\*\*\*|^\(\?(?![icnmspwt]*\)|:)/.test(text)) return false;
  const reader = new Reader(text, sparing);
  return reader.alternatives() && reader.atEnd;
}

/** No text can match: what it says stands behind the end or before the beginning. So may a look ahead, which says anything. */
export const isImpossible = (pattern: string, language: Language): boolean =>
  /^$|[\0-\x08\x0e-\x1f\x7f]/.test(pattern) ||
  (language === 'regexp' &&
    (pattern.length > LONGEST ||
      ENDLESS.test(pattern) ||
      /\$(?![)|]|$)|[^(|\\[]\^|\(\?|\\[yYmMAZ]/.test(pattern.replace(/\[[^\]]*\]/g, 'x'))));

/** So many characters of none of these. */
const ENDLESS = /\[\^(?:\[:\w+:\]|[^\]])*\]\{\d\d/;

/** What of a LIKE pattern has to stand there as it is. */
function literalOf(pattern: string, escaping: string): string {
  let literal = '';
  for (let at = 0; at < pattern.length; at++) {
    const sign = pattern[at] as string;
    if (sign === escaping && escaping !== '') literal += pattern[++at] ?? '';
    else if (sign !== '%' && sign !== '_') literal += sign;
  }
  return literal;
}

/** Characters of a class that is as good as a literal: digits, and those of hexadecimal numbers. */
const FEW = 16;

/** Reads a regular expression for whether every way through it has something that has to stand there. */
class Reader {
  readonly #text: string;
  readonly #sparing: boolean;
  #at = 0;

  constructor(text: string, sparing: boolean) {
    this.#text = text;
    this.#sparing = sparing;
  }

  get atEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  alternatives(): boolean {
    let all = this.#sequence();
    while (this.#text[this.#at] === '|') {
      this.#at += 1;
      const one = this.#sequence();
      all &&= one;
    }
    return all;
  }

  #sequence(): boolean {
    let asks = false;
    while (!this.atEnd && !'|)'.includes(this.#text[this.#at] as string)) {
      const one = this.#atom();
      const needed = !this.#isOptional();
      asks ||= one && needed;
    }
    return asks;
  }

  #atom(): boolean {
    const sign = this.#text[this.#at++] as string;
    if (sign === '(') return this.#group();
    if (sign === '[') return this.#class();
    if (sign === '\\') return this.#escaped();
    return !'.^$*+?{}'.includes(sign);
  }

  #group(): boolean {
    const looks = /^\?(?!:)/.test(this.#text.slice(this.#at, this.#at + 2));
    if (this.#text.startsWith('?', this.#at)) this.#at += 2;
    const asks = this.alternatives();
    this.#at += 1;
    return asks && !looks;
  }

  #escaped(): boolean {
    const sign = this.#text[this.#at++] ?? '';
    if (sign === 'd') return !this.#sparing;
    if (sign === 's') return true;
    return /[^a-zA-Z0-9]/.test(sign);
  }

  #class(): boolean {
    const found = /^(\^?)(\]?(?:\[[:.=].*?[:.=]\]|[^\]])*)\]/.exec(this.#text.slice(this.#at));
    if (found === null) return false;
    this.#at += found[0].length;
    const [, not, body = ''] = found;
    return not === '' && !this.#sparing && !/\[[:.=](?!digit:)/.test(body) && sizeOf(body) <= FEW;
  }

  /** Takes the quantifier that follows. */
  #isOptional(): boolean {
    const found = /^(?:[*?]|\+|\{(\d*)[^}]*\})\??/.exec(this.#text.slice(this.#at));
    if (found === null) return false;
    this.#at += found[0].length;
    return /^[*?]/.test(found[0]) || (found[1] !== undefined && Number(found[1]) === 0);
  }
}

function sizeOf(body: string): number {
  let size = 0;
  for (const [one] of body.matchAll(/\[:digit:\]|\\d|\\[^d]|.-.|./gs)) {
    if (one === '[:digit:]' || one === '\\d') size += 10;
    else if (/^\\[a-zA-Z]/.test(one)) size += 1_000;
    else size += one.length === 3 ? one.charCodeAt(2) - one.charCodeAt(0) + 1 : 1;
  }
  return size;
}
