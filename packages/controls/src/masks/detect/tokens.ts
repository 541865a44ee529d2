import { DIGIT, isAlnum, isDigit, JOINT, KIND, LETTER, startsWith, upper } from './bytes.js';
import { CLOUD_KEY, type Found, JWT, NATIONAL, PRIVATE_KEY, type Wanted } from './detectors.js';

/** The shortest run of token characters that anything is found in. */
export const TOKEN_LEAST = 16;

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

/** Finds keys and tokens. Looks at each sixteenth byte first: a run that is long enough holds one of them. */
export function findTokens(bytes: Buffer, from: number, to: number, wanted: Wanted, found: Found): void {
  for (let at = from + TOKEN_LEAST - 1; at < to; at += TOKEN_LEAST) {
    if (((KIND[bytes[at] as number] as number) & TOKEN) === 0) continue;
    let start = at;
    while (start > from && isToken(bytes[start - 1])) start -= 1;
    let end = at + 1;
    while (end < to && isToken(bytes[end])) end += 1;
    if (end - start >= TOKEN_LEAST) lookAt(bytes, start, end, wanted, found);
    at = end;
  }
  if ((wanted & PRIVATE_KEY) !== 0) findPrivateKeys(bytes, from, to, found);
}

const isToken = (byte: number | undefined): boolean => ((KIND[byte as number] as number) & TOKEN) !== 0;

function lookAt(bytes: Uint8Array, start: number, end: number, wanted: Wanted, found: Found): void {
  for (let at = start; at < end; at++) {
    if (at > start && isAlnum(bytes[at - 1])) continue;
    const byte = bytes[at] as number;
    if ((wanted & JWT) !== 0 && byte === 0x65) {
      const last = jwtAt(bytes, at, end);
      if (last > 0) {
        found.add(JWT, at, last);
        at = last;
        continue;
      }
    }
    if ((wanted & CLOUD_KEY) !== 0) {
      const last = keyAt(bytes, at, end, BY_FIRST[byte] ?? []);
      if (last > 0) {
        found.add(CLOUD_KEY, at, last);
        at = last;
        continue;
      }
    }
    if ((wanted & NATIONAL) !== 0 && isCodiceFiscale(bytes, at, end)) found.add(NATIONAL, at, at + 16);
  }
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

/** From its first line to the last, or to the end where that is not there. */
function findPrivateKeys(bytes: Buffer, from: number, to: number, found: Found): void {
  for (let at = bytes.indexOf(PEM, from, 'latin1'); at >= 0 && at < to; at = bytes.indexOf(PEM, at + 1, 'latin1')) {
    const line = bytes.toString('latin1', at, Math.min(to, at + 64));
    if (!/^-----BEGIN [A-Z0-9 ]*PRIVATE KEY/.test(line)) continue;
    const end = bytes.indexOf(PEM_END, at, 'latin1');
    const last = end < 0 || end >= to ? to : end + lastLine(bytes, end, to);
    found.add(PRIVATE_KEY, at, last);
    at = last - 1;
  }
  const putty = bytes.indexOf(PUTTY, from, 'latin1');
  if (putty >= 0 && putty < to) found.add(PRIVATE_KEY, putty, to);
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
