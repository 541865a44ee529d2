import { DIGIT, endOfShort, isAlnum, isDigit, JOINT, KIND, LETTER, startsWith, upper, WORD } from './bytes.js';
import { CLOUD_KEY, type Found, JWT, NATIONAL, PRIVATE_KEY, type Wanted } from './detectors.js';
import type { Digits } from './digits.js';
import type { Texts } from './texts.js';

/** The shortest run of token characters that anything is found in. */
const TOKEN_LEAST = 16;

/** How far from a digit others are likely. */
const NEAR = 48;

/** What a key starts with, and how many characters of which kind come behind it at least. */
interface Key {
  prefix: string;
  least: number;
  kind: number;
}
const ALNUM = DIGIT | LETTER;
const TOKEN = DIGIT | LETTER | JOINT;
const keys = (kind: number, least: number, ...prefixes: string[]): Key[] =>
  prefixes.map((prefix) => ({ prefix, least, kind }));

const KEYS: readonly Key[] = [
  ...keys(ALNUM, 16, 'AKIA', 'ASIA', 'ABIA', 'ACCA', 'AROA', 'AIDA'), // AWS
  ...keys(TOKEN, 30, 'AIza'), // Google
  ...keys(TOKEN, 20, 'ya29.', 'GOCSPX-'),
  ...keys(ALNUM, 30, 'ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'), // GitHub
  ...keys(TOKEN, 30, 'github_pat_'),
  ...keys(TOKEN, 16, 'glpat-', 'gldt-', 'glrt-'), // GitLab
  ...keys(TOKEN, 16, 'xoxb-', 'xoxp-', 'xoxa-', 'xoxr-', 'xoxs-', 'xoxe-', 'xapp-'), // Slack
  ...keys(ALNUM, 16, 'sk_live_', 'rk_live_', 'sk_test_', 'rk_test_', 'whsec_'), // Stripe
  ...keys(TOKEN, 30, 'SG.'), // SendGrid
  ...keys(ALNUM, 30, 'npm_', 'hf_', 'dop_v1_', 'doo_v1_', 'shpat_', 'shpss_', 'lin_api_'),
  ...keys(TOKEN, 30, 'pypi-', 'sk-ant-', 'sk-proj-', 'hvs.', 'hvb.', 'PMAK-'),
  ...keys(ALNUM, 32, 'sk-'),
];
const BY_FIRST: readonly (readonly Key[])[] = Array.from({ length: 128 }, (_, code) =>
  KEYS.filter(({ prefix }) => prefix.charCodeAt(0) === code),
);

/** Finds keys and tokens. Near a digit it looks at each sixteenth byte first: a run that is long enough holds one of them. */
export function findTokens(
  bytes: Uint8Array,
  from: number,
  to: number,
  digits: Digits,
  texts: Texts,
  wanted: Wanted,
  found: Found,
): void {
  for (let at = digits.next(from); at < to; at = digits.next(at - TOKEN_LEAST + 1)) {
    for (const near = Math.min(to, at + NEAR); at < near; at += TOKEN_LEAST) {
      if (!isToken(bytes[at])) continue;
      const last = endOfShort(bytes, at, from, to, TOKEN, TOKEN_LEAST);
      if (last > 0) {
        at = last;
        continue;
      }
      if (!texts.seek(at)) {
        if (texts.to > at) at = texts.to;
        continue;
      }
      let start = at;
      while (start > texts.from && isToken(bytes[start - 1])) start -= 1;
      at = readRun(bytes, start, texts.to);
      // No key or number of these has letters alone.
      if (!hasDigit || at - start < TOKEN_LEAST) continue;
      found.cell = texts.cell;
      for (let word = 0; word < words; word++) {
        const last = tokenAt(bytes, starts[word] as number, at, wanted, found);
        while (word + 1 < words && (starts[word + 1] as number) < last) word += 1;
      }
    }
  }
}

const isToken = (byte: number | undefined): boolean => ((KIND[byte as number] as number) & TOKEN) !== 0;

/** Of the run read last: where its words start that something may be found in, how many, and whether there is a digit. */
let starts = new Int32Array(64);
let words = 0;
let hasDigit = false;

/** Reads a run of token characters; gives where it ends. */
function readRun(bytes: Uint8Array, start: number, to: number): number {
  let kinds = 0;
  let before = 0;
  let at = start;
  words = 0;
  for (; at < to; at++) {
    const kind = KIND[bytes[at] as number] as number;
    if ((kind & TOKEN) === 0) break;
    kinds |= kind;
    if (before === 0 && (kind & ALNUM) !== 0) addWord(at);
    before = kind & ALNUM;
    if (before === 0) continue;
    // The rest of a word, four at a time.
    for (; at + 4 < to; at += 4) {
      const one = KIND[bytes[at + 1] as number] as number;
      const two = KIND[bytes[at + 2] as number] as number;
      const three = KIND[bytes[at + 3] as number] as number;
      const four = KIND[bytes[at + 4] as number] as number;
      if ((one & two & three & four & WORD) === 0) break;
      kinds |= one | two | three | four;
    }
  }
  hasDigit = (kinds & DIGIT) !== 0;
  return at;
}

function addWord(at: number): void {
  if (words === starts.length) {
    const more = new Int32Array(2 * words);
    more.set(starts);
    starts = more;
  }
  starts[words++] = at;
}

/** Where a token ends that starts here, and is found; 0 if none does. */
function tokenAt(bytes: Uint8Array, at: number, end: number, wanted: Wanted, found: Found): number {
  const byte = bytes[at] as number;
  const jwt = byte === 0x65 && (wanted & JWT) !== 0 ? jwtAt(bytes, at, end) : 0;
  if (jwt > 0) found.add(JWT, at, jwt);
  if (jwt > 0) return jwt;
  const candidates = (wanted & CLOUD_KEY) !== 0 ? BY_FIRST[byte] : undefined;
  const key = candidates === undefined || candidates.length === 0 ? 0 : keyAt(bytes, at, end, candidates);
  if (key > 0) found.add(CLOUD_KEY, at, key);
  if (key > 0) return key;
  if ((wanted & NATIONAL) !== 0 && isCodiceFiscale(bytes, at, end)) found.add(NATIONAL, at, at + 16);
  return 0;
}

/** Where a key ends that starts here; 0 if none does. */
function keyAt(bytes: Uint8Array, at: number, end: number, candidates: readonly Key[]): number {
  for (const { prefix, least, kind } of candidates) {
    if (!startsWith(bytes, at, end, prefix)) continue;
    const from = at + prefix.length;
    let last = from;
    const enough = Math.min(end, from + least);
    while (last < enough && ((KIND[bytes[last] as number] as number) & kind) !== 0) last += 1;
    if (last - from < least) continue;
    while (last < end && ((KIND[bytes[last] as number] as number) & kind) !== 0) last += 1;
    return last;
  }
  return 0;
}

/** `eyJ…` twice with a dot between: the base64 of `{"`. https://www.rfc-editor.org/rfc/rfc7519 */
function jwtAt(bytes: Uint8Array, at: number, end: number): number {
  if (!startsWith(bytes, at, end, 'eyJ')) return 0;
  const dot = bytes.subarray(at, Math.min(end, at + HEADER_MOST)).indexOf(0x2e);
  return dot > 0 && startsWith(bytes, at + dot + 1, end, 'eyJ') ? end : 0;
}
const HEADER_MOST = 1024;

const PEM = '-----BEGIN ';
const PUTTY = 'PuTTY-User-Key-File-';
const PEM_END = '-----END ';

/** Finds private keys, each from its first line to the last, or to the end of the text where that is not there. */
export function findPrivateKeys(bytes: Buffer, from: number, to: number, texts: Texts, found: Found): void {
  const part = bytes.subarray(from, to);
  for (let at = part.indexOf(PEM, 0, 'latin1'); at >= 0; at = part.indexOf(PEM, at, 'latin1')) {
    const start = from + at;
    at += PEM.length;
    if (!texts.seek(start) || !isPrivateKey(bytes, start, texts.to)) continue;
    const end = lastOf(bytes, start, texts.to);
    found.cell = texts.cell;
    found.add(PRIVATE_KEY, start, end);
    at = end - from;
  }
  for (let at = part.indexOf(PUTTY, 0, 'latin1'); at >= 0; at = part.indexOf(PUTTY, at, 'latin1')) {
    const start = from + at;
    at += PUTTY.length;
    if (!texts.seek(start)) continue;
    found.cell = texts.cell;
    found.add(PRIVATE_KEY, start, texts.to);
    at = texts.to - from;
  }
}

const isPrivateKey = (bytes: Buffer, at: number, to: number): boolean =>
  /^-----BEGIN [A-Z0-9 ]*PRIVATE KEY/.test(bytes.toString('latin1', at, Math.min(to, at + 64)));

function lastOf(bytes: Buffer, at: number, to: number): number {
  const end = bytes.subarray(at, to).indexOf(PEM_END, 0, 'latin1');
  return end < 0 ? to : at + end + lastLine(bytes, at + end, to);
}

/** The length of a line that ends a key. */
const lastLine = (bytes: Buffer, at: number, to: number): number =>
  /^-----END [A-Z0-9 ]*-{0,5}/.exec(bytes.toString('latin1', at, Math.min(to, at + 64)))?.[0].length ?? 0;

/** What a character counts at an odd place; at an even one it is its own number. Decreto 23 dicembre 1976. */
const ODD = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

/** Italy: six letters, date and place of birth, and a letter that checks them. */
function isCodiceFiscale(bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at < 16 || (end > at + 16 && isAlnum(bytes[at + 16]))) return false;
  let sum = 0;
  for (let index = 0; index < 15; index++) {
    const byte = upper(bytes[at + index] as number);
    const digit = isDigit(byte);
    if (!isAlnum(byte) || (digit && LETTERS_ONLY.has(index))) return false;
    const value = digit ? byte - 0x30 : byte - 0x41;
    sum += index % 2 === 0 ? (ODD[value] as number) : value;
  }
  return upper(bytes[at + 15] as number) === 0x41 + (sum % 26);
}
const LETTERS_ONLY: ReadonlySet<number> = new Set([0, 1, 2, 3, 4, 5, 8, 11]);
