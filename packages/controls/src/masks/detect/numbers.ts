import { BETWEEN, DIGIT, endOfShort, isAlnum, isDigit, KIND, LETTER, upper } from './bytes.js';
import * as check from './checks.js';
import { CARD, type Found, IBAN, NATIONAL, PHONE, type Wanted } from './detectors.js';
import type { Digits } from './digits.js';
import { findIban } from './iban.js';
import type { Texts } from './texts.js';

/** The shortest run of digits and what stands between them that anything is found in. */
const RUN_LEAST = 6;
/** How far from a digit others are likely. */
const NEAR = 48;
/** Digits of the longest number looked for. */
const DIGITS_MOST = 19;
const CARD_LEAST = 13;
/** Digits of the shortest number that has no letter beside it. */
const BARE_LEAST = 8;
const SPACE = 0x20;
const DASH = 0x2d;
const DOT = 0x2e;
const PLUS = 0x2b;
const ZERO = 0x30;

/** The digit groups of one run. */
class Groups {
  count = 0;
  at = new Int32Array(64);
  length = new Int32Array(64);

  add(at: number, length: number): void {
    if (this.count === this.at.length) {
      const { at: ats, length: lengths } = this;
      this.at = new Int32Array(2 * this.count);
      this.at.set(ats);
      this.length = new Int32Array(2 * this.count);
      this.length.set(lengths);
    }
    this.at[this.count] = at;
    this.length[this.count] = length;
    this.count += 1;
  }
}
const groups = new Groups();
/** Digits from the current group on, and how many of them end with each group. */
const digits = new Uint8Array(DIGITS_MOST + 1);
/** Where the last phone number of the run ends: a part of it is none. */
let dialled = 0;

/**
 * Finds numbers of people in `from` to `to`. Near a digit it looks at each sixth byte first: a run that is long enough holds one
 * of them. Where a while nothing was found, it goes on at the next digit.
 */
export function findNumbers(
  bytes: Uint8Array,
  from: number,
  to: number,
  digits: Digits,
  texts: Texts,
  wanted: Wanted,
  found: Found,
): void {
  for (let at = digits.next(from); at < to; at = digits.next(at - RUN_LEAST + 1)) {
    for (const near = Math.min(to, at + NEAR); at < near; at += RUN_LEAST) {
      if (!isRun(bytes[at])) continue;
      // Where texts end costs more to know than what is beside a byte.
      const last = endOfShort(bytes, at, from, to, DIGIT | BETWEEN, RUN_LEAST);
      if (last > 0) {
        at = last;
        continue;
      }
      if (!texts.seek(at)) {
        if (texts.to > at) at = texts.to;
        continue;
      }
      let start = at;
      while (start > texts.from && isRun(bytes[start - 1])) start -= 1;
      let end = at + 1;
      while (end < texts.to && isRun(bytes[end])) end += 1;
      if (end - start >= RUN_LEAST) {
        found.cell = texts.cell;
        lookAt(bytes, texts.from, texts.to, start, end, wanted, found);
      }
      at = end;
    }
  }
}

const isRun = (byte: number | undefined): boolean => ((KIND[byte as number] as number) & (DIGIT | BETWEEN)) !== 0;
const isLetter = (byte: number | undefined): boolean => ((KIND[byte as number] as number) & LETTER) !== 0;

function lookAt(
  bytes: Uint8Array,
  from: number,
  to: number,
  start: number,
  end: number,
  wanted: Wanted,
  found: Found,
): void {
  groups.count = 0;
  dialled = 0;
  let total = 0;
  for (let at = start; at < end; at++) {
    if (!isDigit(bytes[at])) continue;
    const first = at;
    while (at < end && isDigit(bytes[at])) at += 1;
    groups.add(first, at - first);
    total += at - first;
  }
  const lettered = (start > from && isLetter(bytes[start - 1])) || (end < to && isLetter(bytes[end]));
  if (total < (lettered ? RUN_LEAST : BARE_LEAST)) return;
  if (lettered && (wanted & IBAN) !== 0) findIban(bytes, from, to, groups.at[0] as number, end, found);
  if ((wanted & (CARD | PHONE | NATIONAL)) === 0) return;
  const isLong = total >= CARD_LEAST && (wanted & CARD) !== 0;
  let left = total;
  for (let group = 0; group < groups.count; group++) {
    const at = groups.at[group] as number;
    const length = groups.length[group] as number;
    const onward = left;
    left -= length;
    if (length > DIGITS_MOST) {
      if ((wanted & CARD) !== 0) findWithin(bytes, at, at + length, found);
      continue;
    }
    const joined = at > from && isAlnum(bytes[at - 1]);
    const dials = !joined && (wanted & PHONE) !== 0 && at >= dialled && mayDial(bytes, from, at, length, onward);
    const counts = (wanted & NATIONAL) !== 0 && mayCount(group, joined, lettered);
    if (!dials && !counts && (joined || !isLong)) continue;
    const taken = read(bytes, group);
    if (!joined && isLong) findCard(group, taken, bytes, to, found);
    if (dials) findPhone(group, taken, bytes, from, to, found);
    if (counts) findNational(group, taken, bytes, from, to, joined, lettered, found);
  }
}

/** A number of so many digits may be dialled that starts so: with a plus, or with a trunk 0 or an area code. */
const mayDial = (bytes: Uint8Array, from: number, at: number, length: number, count: number): boolean =>
  (count >= 10 && (length === 3 || bytes[at] === ZERO)) || (count >= 8 && plusBefore(bytes, from, at) >= 0);

/** Where the plus stands of a number that starts at `at`; -1 if there is none. */
const plusBefore = (bytes: Uint8Array, from: number, at: number): number =>
  at > from && bytes[at - 1] === PLUS ? at - 1 : at - 1 > from && bytes[at - 2] === PLUS ? at - 2 : -1;

/** A national number may start with this group. */
function mayCount(group: number, joined: boolean, lettered: boolean): boolean {
  const length = groups.length[group] as number;
  if (lettered && (LETTERED.has(length) || length === 6 || length === 2)) return true;
  if (joined) return false;
  for (const { lengths } of BY_FIRST[length] as readonly Form[])
    if (lengths.length === 1 || (group + 1 < groups.count && groups.length[group + 1] === lengths[1])) return true;
  return false;
}

/** The digits of a group and those after it, as many groups as fit; gives how many. */
function read(bytes: Uint8Array, first: number): number {
  let count = 0;
  let group = first;
  for (; group < groups.count; group++) {
    const at = groups.at[group] as number;
    const length = groups.length[group] as number;
    if (count + length > DIGITS_MOST) break;
    for (let index = 0; index < length; index++) digits[count++] = (bytes[at + index] as number) & 15;
  }
  return group - first;
}

/** Where a group ends. */
const endOf = (group: number): number => (groups.at[group] as number) + (groups.length[group] as number);
const gapOf = (group: number): number => (groups.at[group + 1] as number) - endOf(group);
/** What is between a group and the next, if that is one byte. */
const betweenOf = (bytes: Uint8Array, group: number): number =>
  gapOf(group) === 1 ? (bytes[endOf(group)] as number) : 0;
/** No letter or digit goes on behind it. */
const endsAt = (bytes: Uint8Array, at: number, to: number): boolean => at >= to || !isAlnum(bytes[at]);

/** Groups of three or more, the last of any length, one character apart. */
function findCard(first: number, taken: number, bytes: Uint8Array, to: number, found: Found): void {
  let best = 0;
  let total = 0;
  for (let group = first; group < first + taken; group++) {
    const length = groups.length[group] as number;
    total += length;
    if (total >= CARD_LEAST && endsAt(bytes, endOf(group), to) && check.isCard(digits, 0, total)) best = endOf(group);
    if (length < 3 || group + 1 === groups.count) break;
    const between = betweenOf(bytes, group);
    if (between !== SPACE && between !== DASH && between !== DOT) break;
  }
  if (best > 0) found.add(CARD, groups.at[first] as number, best);
}

/** Cards in a number too long to be one: with something before or behind it. */
function findWithin(bytes: Uint8Array, from: number, to: number, found: Found): void {
  for (let at = from; at + 15 <= to; at++) {
    const first = (bytes[at] as number) & 15;
    if (first < 2 || first > 6) continue;
    const length = first === 3 ? 15 : 16;
    if (at + length > to) continue;
    for (let index = 0; index < length; index++) digits[index] = (bytes[at + index] as number) & 15;
    if (check.isCard(digits, 0, length)) found.add(CARD, at, at + length);
  }
}

/** `+` and 8 to 15 digits (E.164), North America's 3-3-4, or a trunk 0 with groups one and the same character apart. */
function findPhone(first: number, taken: number, bytes: Uint8Array, from: number, to: number, found: Found): void {
  const at = groups.at[first] as number;
  const plus = plusBefore(bytes, from, at);
  let total = 0;
  let same = true;
  let international = 0;
  let national = 0;
  for (let group = first; group < first + taken; group++) {
    total += groups.length[group] as number;
    const end = endOf(group);
    if (endsAt(bytes, end, to)) {
      if (plus >= 0 && digits[0] !== 0 && total >= 8 && total <= 15) international = end;
      if (same && group > first && digits[0] === 0 && digits[1] !== 0 && total >= 10 && total <= 11) national = end;
    }
    if (group + 1 === groups.count || !isDialledOn(bytes, group, group === first)) break;
    same &&= betweenOf(bytes, group) !== 0 && betweenOf(bytes, group) === betweenOf(bytes, first);
  }
  const american = isNorthAmerican(first, taken) && endsAt(bytes, endOf(first + 2), to) ? endOf(first + 2) : 0;
  dialled = international || national || american;
  if (dialled === 0) return;
  const opened = at > from && bytes[at - 1] === 0x28;
  found.add(PHONE, international > 0 ? plus : opened ? at - 1 : at, dialled);
}

/** One character between two groups; two around an area code in brackets: `+1 (212) 555-0123`. */
function isDialledOn(bytes: Uint8Array, group: number, first: boolean): boolean {
  const gap = gapOf(group);
  const end = endOf(group);
  if (gap === 1) return bytes[end] !== 0x28 && bytes[end] !== 0x29 && bytes[end] !== PLUS;
  return gap === 2 && (bytes[end] === 0x29 || (first && bytes[end + 1] === 0x28));
}

const isNorthAmerican = (first: number, taken: number): boolean =>
  taken >= 3 &&
  groups.length[first] === 3 &&
  groups.length[first + 1] === 3 &&
  groups.length[first + 2] === 4 &&
  gapOf(first) <= 2 &&
  gapOf(first + 1) === 1 &&
  (digits[0] as number) > 1 &&
  (digits[3] as number) > 1;

/** Groups of these lengths, with these characters between them: one for each gap, of several forms one. */
interface Form {
  lengths: readonly number[];
  between: readonly string[];
  valid(digits: check.Digits): boolean;
}
const FORMS: readonly Form[] = [
  { lengths: [3, 2, 4], between: ['--', '  ', '..'], valid: (all) => check.isSsn(all, 0) },
  { lengths: [3, 3, 3, 2], between: ['..-'], valid: (all) => check.isCpf(all, 0) },
  { lengths: [3, 3, 3], between: ['--', '  '], valid: (all) => all[0] !== 0 && all[0] !== 8 && check.luhn(all, 0, 9) },
  { lengths: [4, 4, 4], between: ['  ', '--'], valid: (all) => (all[0] as number) > 1 && check.verhoeff(all, 0, 12) },
  { lengths: [6, 4], between: ['-', '+'], valid: (all) => isSwedish(all, 0) },
  { lengths: [8, 4], between: ['-', '+'], valid: (all) => isSwedish(all, 2) },
  { lengths: [2, 2, 2, 3, 2], between: ['..-.'], valid: (all) => check.isBelgian(all, 0) },
  { lengths: [1, 2, 2, 2, 3, 3, 2], between: ['      '], valid: (all) => check.isNir(all, 0) },
  { lengths: [15], between: [''], valid: (all) => check.isNir(all, 0) && isMonth(all, 3) },
  { lengths: [11], between: [''], valid: (all) => check.isPesel(all, 0) || check.isFodselsnummer(all, 0) },
  { lengths: [18], between: [''], valid: (all) => check.isChinese(all, 0, all[17] as number) },
];
const BY_FIRST: readonly (readonly Form[])[] = Array.from({ length: DIGITS_MOST + 1 }, (_, length) =>
  FORMS.filter(({ lengths }) => lengths[0] === length),
);

/** Whether the groups from `first` on are of a form. */
function isOf(bytes: Uint8Array, first: number, taken: number, { lengths, between }: Form): boolean {
  const { length } = lengths;
  if (taken < length) return false;
  for (let at = 1; at < length; at++) if (groups.length[first + at] !== lengths[at]) return false;
  return between.some((signs) => {
    for (let at = 0; at < length - 1; at++) if (betweenOf(bytes, first + at) !== signs.charCodeAt(at)) return false;
    return true;
  });
}

const isMonth = (all: check.Digits, at: number): boolean => check.isDayOfMonth(1, check.valueIn(all, at, at + 2));
const isSwedish = (all: check.Digits, at: number): boolean =>
  check.isDayOfMonth(check.valueIn(all, at + 4, at + 6) % 60, check.valueIn(all, at + 2, at + 4)) &&
  check.luhn(all, at, at + 10);

function findNational(
  first: number,
  taken: number,
  bytes: Uint8Array,
  from: number,
  to: number,
  joined: boolean,
  lettered: boolean,
  found: Found,
): void {
  if (!joined) {
    for (const form of BY_FIRST[groups.length[first] as number] as readonly Form[]) {
      if (!isOf(bytes, first, taken, form)) continue;
      const end = endOf(first + form.lengths.length - 1);
      if (endsAt(bytes, end, to) && form.valid(digits)) return found.add(NATIONAL, groups.at[first] as number, end);
    }
  }
  if (!lettered) return;
  const length = groups.length[first] as number;
  if (length === 6) findSix(first, bytes, from, to, joined, found);
  else if (length === 2) findPairs(first, bytes, from, to, found);
  else if (LETTERED.has(length)) findLettered(first, bytes, from, to, joined, found);
}

/** Lengths of numbers with a letter at their end. */
const LETTERED: ReadonlySet<number> = new Set([7, 8, 17]);

/** Numbers with a letter at their end: Spain, China's X. */
function findLettered(first: number, bytes: Uint8Array, from: number, to: number, joined: boolean, found: Found): void {
  const at = groups.at[first] as number;
  const length = groups.length[first] as number;
  const end = at + length;
  const last = end < to && bytes[end] === DASH ? end + 1 : end;
  if (last >= to || !isLetter(bytes[last]) || !endsAt(bytes, last + 1, to)) return;
  const letter = String.fromCharCode(upper(bytes[last] as number));
  if (length === 7) {
    if (isForeigner(bytes, at, from, letter)) found.add(NATIONAL, at - 1, last + 1);
  } else if (joined) return;
  else if (length === 8 && letter === check.DNI[check.modulo(digits, 0, 8, 23)]) found.add(NATIONAL, at, last + 1);
  else if (length === 17 && letter === 'X' && check.isChinese(digits, 0, 10)) found.add(NATIONAL, at, last + 1);
}

/** Spain's NIE: X, Y or Z stands for a first digit 0, 1 or 2. */
function isForeigner(bytes: Uint8Array, at: number, from: number, letter: string): boolean {
  if (at <= from || (at - 1 > from && isAlnum(bytes[at - 2]))) return false;
  const first = 'XYZ'.indexOf(String.fromCharCode(upper(bytes[at - 1] as number)));
  return first >= 0 && letter === check.DNI[(first * 1e7 + check.valueIn(digits, 0, 7)) % 23];
}

function findSix(first: number, bytes: Uint8Array, from: number, to: number, joined: boolean, found: Found): void {
  const at = groups.at[first] as number;
  const [sign, last] = [bytes[at + 6] as number, at + 10];
  if (!joined && last < to && (sign === DASH || sign === PLUS || upper(sign) === 0x41) && isThree(bytes, at + 7)) {
    const number = check.valueIn(digits, 0, 6) * 1000 + Number(Buffer.from(bytes.subarray(at + 7, last)).toString());
    const day = check.isDayOfMonth(check.valueIn(digits, 0, 2), check.valueIn(digits, 2, 4));
    const letter = String.fromCharCode(upper(bytes[last] as number));
    if (day && letter === check.HETU[number % 31] && endsAt(bytes, last + 1, to)) {
      return found.add(NATIONAL, at, last + 1);
    }
  }
  if (isBritish(bytes, at - 2, from, at + 6, to)) found.add(NATIONAL, at - 2, at + 7);
}

const isThree = (bytes: Uint8Array, at: number): boolean =>
  isDigit(bytes[at]) && isDigit(bytes[at + 1]) && isDigit(bytes[at + 2]);

/** `QQ 12 34 56 C`. */
function findPairs(first: number, bytes: Uint8Array, from: number, to: number, found: Found): void {
  const at = groups.at[first] as number;
  if (first + 2 >= groups.count || groups.length[first + 1] !== 2 || groups.length[first + 2] !== 2) return;
  const last = endOf(first + 2);
  if (last !== at + 8 || bytes[at - 1] !== SPACE || bytes[last] !== SPACE) return;
  if (isBritish(bytes, at - 3, from, last + 1, to)) found.add(NATIONAL, at - 3, last + 2);
}

/** Great Britain's national insurance number: two letters, six digits, A to D. */
function isBritish(bytes: Uint8Array, at: number, from: number, last: number, to: number): boolean {
  if (at < from || last >= to || !isLetter(bytes[at]) || !isLetter(bytes[last])) return false;
  if ((at > from && isAlnum(bytes[at - 1])) || !endsAt(bytes, last + 1, to)) return false;
  const pair = String.fromCharCode(upper(bytes[at] as number), upper(bytes[at + 1] as number));
  const letter = upper(bytes[last] as number);
  return letter >= 0x41 && letter <= 0x44 && /^[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]$/.test(pair) && !NEVER.has(pair);
}
const NEVER: ReadonlySet<string> = new Set(['BG', 'GB', 'NK', 'KN', 'TN', 'NT', 'ZZ']);
