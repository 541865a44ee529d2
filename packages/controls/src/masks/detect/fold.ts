/** Text with every character beyond ASCII that stands for one of ASCII's made it, and where each byte of that came from. */
export interface Folded {
  bytes: Buffer;
  /** For each byte of `bytes`: where its character starts. One more for the end. */
  places: Int32Array;
}

/**
 * Folds UTF-8, so that a number in fullwidth or Arabic digits, or with invisible characters between them, reads as any
 * other. What has no place in ASCII becomes 0x80, one byte a character; NFKC decides what stands for what.
 */
export function fold(text: Buffer): Folded {
  const out = Buffer.allocUnsafeSlow(LONGEST * text.length);
  const places = new Int32Array(LONGEST * text.length + 1);
  let length = 0;
  for (let at = 0; at < text.length; ) {
    const byte = text[at] as number;
    if (byte < 0x80) {
      out[length] = byte;
      places[length++] = at;
      at += 1;
      continue;
    }
    const end = Math.min(text.length, at + sizeOf(byte));
    const ascii = asciiOf(text, at, end);
    for (let index = 0; index < ascii.length; index++) {
      out[length] = ascii.charCodeAt(index);
      places[length++] = at;
    }
    at = end;
  }
  places[length] = text.length;
  return { bytes: out.subarray(0, length), places };
}

/** ASCII that one character may become. */
const LONGEST = 3;

const sizeOf = (byte: number): number => (byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4);

/**
 * The next character that folds to something of ASCII, or to nothing; `to` if there is none. Letters of Latin, Greek,
 * Cyrillic, Hebrew and Chinese do not, so that prose in them is read as it stands.
 */
export function nextFolded(bytes: Uint8Array, from: number, to: number): number {
  if (to - from < WORTH) return foldedIn(bytes, from, to);
  // Where words of four bytes begin.
  const base = from + (-(bytes.byteOffset + from) & 3);
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + base, (to - base) >> 2);
  let at = foldedIn(bytes, from, base);
  if (at < base) return at;
  while (at < to) {
    let word = (at - base) >> 2;
    while (word + 4 <= words.length && areAscii(words, word)) word += 4;
    at = base + 4 * word;
    const end = Math.min(to, at + BLOCK);
    at = foldedIn(bytes, at, end);
    if (at < end) return at;
  }
  return to;
}

/** A shorter text is not worth a view of words. */
const WORTH = 64;
/** Bytes that are looked at together. */
const BLOCK = 16;

const areAscii = (words: Int32Array, at: number): boolean =>
  (((words[at] as number) | (words[at + 1] as number) | (words[at + 2] as number) | (words[at + 3] as number)) &
    0x80808080) ===
  0;

function foldedIn(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to; at++) if ((bytes[at] as number) >= 0xc2 && isFoldedAt(bytes, at)) return at;
  return to;
}

/** Whether the character that starts here does. */
function isFoldedAt(text: Uint8Array, at: number): boolean {
  const lead = text[at] as number;
  if (lead < 0xc2 || FOLDED[lead] === 0) return false;
  const next = text[at + 1] as number;
  if (lead === 0xc2) return next === 0xa0 || next === 0xad || next === 0xb2 || next === 0xb3 || next === 0xb9;
  if (lead === 0xe2 && next === 0x80) return !isQuote(text[at + 2] as number);
  return lead !== 0xe3 || next === 0x80 || next === 0x88 || next === 0x89 || next === 0x8a;
}

/** Typographic quotes, daggers, bullets and the ellipsis: in any prose, and never part of a number. */
const isQuote = (third: number): boolean => third >= 0x98 && third <= 0xa7;

const FOLDED: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) =>
  [0xc2, 0xcd, 0xd8, 0xd9, 0xdb, 0xdf, 0xe0, 0xe1, 0xe2, 0xe3, 0xea, 0xef].includes(byte) || byte >= 0xf0 ? 1 : 0,
);

const known = new Map<number, string>();
/** Enough for any text; a table as large as Unicode is not. */
const KNOWN_MOST = 8192;
const OTHER = '\x80';

function asciiOf(bytes: Buffer, from: number, to: number): string {
  let key = 0;
  for (let at = from; at < to; at++) key = key * 256 + (bytes[at] as number);
  const folded = known.get(key);
  if (folded !== undefined) return folded;
  const text = foldedOf(bytes.toString('utf8', from, to));
  if (known.size < KNOWN_MOST) known.set(key, text);
  return text;
}

function foldedOf(char: string): string {
  if (/^[\p{Cf}\p{Mn}\p{Me}\p{Default_Ignorable_Code_Point}]$/u.test(char)) return '';
  if (/^\p{Nd}$/u.test(char)) return String(digitOf(char.codePointAt(0) as number));
  if (/^\p{Pd}$/u.test(char) || char === '\u2212') return '-';
  if (/^[\p{Zs}\p{Zl}\p{Zp}]$/u.test(char)) return ' ';
  const text = char.normalize('NFKC');
  return text.length <= 3 && /^[\x20-\x7e]+$/.test(text) ? text : OTHER;
}

/** Decimal digits stand ten in a row, so a digit's value is how many stand before it, since the last that is a zero. */
function digitOf(code: number): number {
  const mathematical = code >= 0x1d7ce && code <= 0x1d7ff;
  if (mathematical) return (code - 0x1d7ce) % 10;
  let first = code;
  while (code - first < 9 && /^\p{Nd}$/u.test(String.fromCodePoint(first - 1))) first -= 1;
  return code - first;
}
