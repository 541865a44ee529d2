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
import { fold, isFolded } from './fold.js';
import { findNumbers, RUN_LEAST } from './numbers.js';
import { findTokens, TOKEN_LEAST } from './tokens.js';

const NUMBERS = CARD | IBAN | PHONE | NATIONAL;
const TOKENS = JWT | PRIVATE_KEY | CLOUD_KEY | NATIONAL;
const ADDRESSES = EMAIL | URL_PASSWORD;
/** The shortest value that anything is found in. */
export const SHORTEST = Math.min(RUN_LEAST, TOKEN_LEAST);

/**
 * Finds what is wanted in the text `from` to `to`, in time linear in its length: each detector looks a bounded way to both
 * sides of what led it there. What a text hides behind characters that look or read alike is found too.
 */
export function scan(bytes: Uint8Array, from: number, to: number, wanted: Wanted, found: Found): void {
  if (to - from < SHORTEST) return;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from);
  const before = found.count;
  if (isAscii(text) || !isFolded(text)) {
    scanBytes(text, 0, text.length, wanted, found);
    for (let at = 2 * before; at < 2 * found.count; at++) found.spans[at] = (found.spans[at] as number) + from;
    return;
  }
  const { bytes: folded, places } = fold(text);
  scanBytes(folded, 0, folded.length, wanted, found);
  for (let at = 2 * before; at < 2 * found.count; at++) {
    found.spans[at] = (places[found.spans[at] as number] as number) + from;
  }
}

function scanBytes(bytes: Buffer, from: number, to: number, wanted: Wanted, found: Found): void {
  if ((wanted & NUMBERS) !== 0) findNumbers(bytes, from, to, wanted, found);
  if ((wanted & TOKENS) !== 0) findTokens(bytes, from, to, wanted, found);
  if ((wanted & ADDRESSES) !== 0) findAddresses(bytes, from, to, wanted, found);
}

const scratch = new Found();

/** Whether anything that is wanted is in it. */
export function holds(bytes: Uint8Array, from: number, to: number, wanted: Wanted): boolean {
  scratch.clear();
  scan(bytes, from, to, wanted, scratch);
  return scratch.count > 0;
}
