import { isAscii } from 'node:buffer';
import { findAddresses } from './addresses.js';
import {
  CARD,
  CLOUD_KEY,
  EMAIL,
  Found,
  IBAN,
  JWT,
  NATIONAL,
  PHONE,
  PRIVATE_KEY,
  URL_PASSWORD,
  type Wanted,
} from './detectors.js';
import { Digits } from './digits.js';
import { fold, nextFolded } from './fold.js';
import { findNumbers } from './numbers.js';
import { type CellTexts, OneText, type Texts } from './texts.js';
import { findPrivateKeys, findTokens } from './tokens.js';

const NUMBERS = CARD | IBAN | PHONE | NATIONAL;
const TOKENS = JWT | CLOUD_KEY | NATIONAL;
const ADDRESSES = EMAIL | URL_PASSWORD;
const one = new OneText();

/**
 * Finds what is wanted in one text, in time linear in its length: each detector looks a bounded way to both sides of what
 * led it there. What a text hides behind characters that look or read alike is found too.
 */
export function scan(text: Uint8Array, wanted: Wanted, found: Found, cell = 0): void {
  const buffer = Buffer.from(text.buffer, text.byteOffset, text.length);
  if (nextFolded(buffer, 0, buffer.length) < buffer.length)
    return scanFolded(buffer, 0, buffer.length, wanted, found, cell);
  scanTexts(buffer, 0, buffer.length, one.set(buffer.length, cell), wanted, found);
}

/**
 * The same for many cells, which lie in `from` to `to`: all of the bytes are looked at as one, so that what costs is a cell
 * with digits or a long word in it, not a cell.
 */
export function scanCells(
  bytes: Uint8Array,
  from: number,
  to: number,
  texts: CellTexts,
  wanted: Wanted,
  found: Found,
): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  scanTexts(buffer, from, to, texts, wanted, found);
  if (isAscii(buffer.subarray(from, to))) return;
  texts.rewind();
  for (let at = nextFolded(buffer, from, to); at < to; ) {
    const isText = texts.seek(at);
    const next = Math.max(at + 1, texts.to);
    if (isText) scanFolded(buffer, texts.from, texts.to, wanted, found, texts.cell);
    at = nextFolded(buffer, next, to);
  }
}

/** One pass for each kind of thing; each starts at the front of the texts. */
function scanTexts(bytes: Buffer, from: number, to: number, texts: Texts, wanted: Wanted, found: Found): void {
  if ((wanted & (NUMBERS | TOKENS)) !== 0) findDigits(bytes, from, to, texts, wanted, found);
  if ((wanted & PRIVATE_KEY) !== 0) findPrivateKeys(bytes, from, to, texts.rewind(), found);
  if ((wanted & ADDRESSES) !== 0) findAddresses(bytes, from, to, texts.rewind(), wanted, found);
}

/** Numbers and tokens: all of them have digits. */
function findDigits(bytes: Buffer, from: number, to: number, texts: Texts, wanted: Wanted, found: Found): void {
  const digits = new Digits(bytes, from, to);
  const first = digits.next(from);
  if (first === to) return;
  if ((wanted & NUMBERS) !== 0) findNumbers(bytes, from, to, digits, texts.rewind(), wanted, found);
  if ((wanted & TOKENS) !== 0) findTokens(bytes, from, to, digits, texts.rewind(), wanted, found);
}

function scanFolded(bytes: Buffer, from: number, to: number, wanted: Wanted, found: Found, cell: number): void {
  const { bytes: folded, places } = fold(bytes.subarray(from, to));
  const before = found.count;
  scanTexts(folded, 0, folded.length, one.set(folded.length, cell), wanted, found);
  for (let at = 2 * before; at < 2 * found.count; at++) {
    found.spans[at] = (places[found.spans[at] as number] as number) + from;
  }
}

const scratch = new Found();

/** Whether anything that is wanted is in a text. */
export function holds(text: Uint8Array, wanted: Wanted): boolean {
  scratch.clear();
  scan(text, wanted, scratch);
  return scratch.count > 0;
}
