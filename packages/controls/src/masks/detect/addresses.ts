import { DIGIT, isAlnum, KIND, LETTER, LOCAL } from './bytes.js';
import { EMAIL, type Found, URL_PASSWORD, type Wanted } from './detectors.js';
import type { Texts } from './texts.js';

const AT = 0x40;
const COLON = 0x3a;
const SLASH = 0x2f;
const QUOTE = 0x22;
/** RFC 5321, 4.5.3.1. */
const LOCAL_MOST = 64;
const DOMAIN_MOST = 255;
/** A user and password before the @ of a URL. */
const LOGIN_MOST = 128;

/** Finds e-mail addresses and passwords in URLs, from one @ to the next. */
export function findAddresses(
  bytes: Uint8Array,
  from: number,
  to: number,
  texts: Texts,
  wanted: Wanted,
  found: Found,
): void {
  const part = bytes.subarray(from, to);
  for (let at = part.indexOf(AT); at >= 0; at = part.indexOf(AT, at + 1)) {
    if (!texts.seek(from + at)) {
      if (texts.to > from + at) at = texts.to - from;
      continue;
    }
    found.cell = texts.cell;
    if ((wanted & EMAIL) !== 0) findEmail(bytes, texts.from, texts.to, from + at, found);
    if ((wanted & URL_PASSWORD) !== 0) findLogin(bytes, texts.from, from + at, found);
  }
}

function findEmail(bytes: Uint8Array, from: number, to: number, at: number, found: Found): void {
  const start = startOf(bytes, Math.max(from, at - LOCAL_MOST), at);
  if (start === at) return;
  const end = endOf(bytes, at + 1, Math.min(to, at + 1 + DOMAIN_MOST));
  if (end > 0) found.add(EMAIL, start, end);
}

function startOf(bytes: Uint8Array, least: number, at: number): number {
  let start = at;
  if (bytes[at - 1] === QUOTE) {
    start = bytes.subarray(least, at - 1).lastIndexOf(QUOTE);
    return start < 0 ? at : least + start;
  }
  while (start > least && ((KIND[bytes[start - 1] as number] as number) & (DIGIT | LETTER | LOCAL)) !== 0) start -= 1;
  while (start < at && (bytes[start] as number) < 0x80 && !isAlnum(bytes[start])) start += 1;
  return start;
}

/** The end of a domain with a dot in it and a name of two letters or more behind the last one; 0 if it is none. */
function endOf(bytes: Uint8Array, from: number, most: number): number {
  let dot = 0;
  let end = from;
  for (; end < most; end++) {
    const byte = bytes[end] as number;
    if (byte === 0x2e) {
      if (end === from || bytes[end - 1] === 0x2e) break;
      dot = end;
    } else if (!isAlnum(byte) && byte !== 0x2d && byte < 0x80) break;
  }
  while (end > from && !isAlnum(bytes[end - 1]) && (bytes[end - 1] as number) < 0x80) end -= 1;
  if (dot >= end) dot = bytes.subarray(from, end).lastIndexOf(0x2e) + from;
  if (dot < from || end - dot < 3) return 0;
  const first = bytes[dot + 1] as number;
  return ((KIND[first] as number) & LETTER) !== 0 || first >= 0x80 ? end : 0;
}

/** `scheme://user:password@`: the password. */
function findLogin(bytes: Uint8Array, from: number, at: number, found: Found): void {
  const least = Math.max(from, at - LOGIN_MOST);
  let colon = 0;
  for (let index = at - 1; index >= least; index--) {
    const byte = bytes[index] as number;
    if (byte <= 0x20 || byte === AT) return;
    if (byte === COLON) colon = index;
    if (byte !== SLASH) continue;
    const scheme = bytes[index - 1] === SLASH && bytes[index - 2] === COLON && index - 2 > from;
    if (scheme && colon > index && colon + 1 < at) found.add(URL_PASSWORD, colon + 1, at);
    return;
  }
}
