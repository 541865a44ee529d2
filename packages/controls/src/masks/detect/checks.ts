/** Checksums and forms of numbers, given as their digits, 0 to 9 each. */
export type Digits = Uint8Array;

/** ISO/IEC 7812-1, annex B. */
export function luhn(digits: Digits, from: number, to: number): boolean {
  let sum = 0;
  for (let at = to - 1, double = false; at >= from; at--, double = !double) {
    const digit = digits[at] as number;
    sum += double ? (digit > 4 ? 2 * digit - 9 : 2 * digit) : digit;
  }
  return sum % 10 === 0;
}

/** A number of a card by issuer and length, and by its check digit. https://en.wikipedia.org/wiki/Payment_card_number */
export const isCard = (digits: Digits, from: number, to: number): boolean =>
  isIssued(digits, from, to - from) && luhn(digits, from, to);

function isIssued(digits: Digits, from: number, length: number): boolean {
  const two = valueIn(digits, from, from + 2);
  const four = valueIn(digits, from, from + 4);
  if (digits[from] === 4) return length === 16 || length === 13 || length === 19;
  if ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720)) return length === 16;
  if (two === 34 || two === 37) return length === 15;
  if (four >= 3528 && four <= 3589) return length >= 16;
  if (two === 36 || two === 38 || two === 39 || (four >= 3000 && four <= 3059)) return length >= 14;
  if (two === 62 || two === 65 || four === 6011 || (four >= 6440 && four <= 6499)) return length >= 16;
  return two === 50 || (two >= 56 && two <= 58) || four === 6304 || (four >= 6759 && four <= 6763);
}

export function valueIn(digits: Digits, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) value = value * 10 + (digits[at] as number);
  return value;
}

/** The digits as a number, modulo. */
export function modulo(digits: Digits, from: number, to: number, by: number): number {
  let rest = 0;
  for (let at = from; at < to; at++) rest = (rest * 10 + (digits[at] as number)) % by;
  return rest;
}

/** The sum of the digits times their weights. */
export function weighed(digits: Digits, from: number, weights: readonly number[]): number {
  let sum = 0;
  for (const [at, weight] of weights.entries()) sum += weight * (digits[from + at] as number);
  return sum;
}

export const isDayOfMonth = (day: number, month: number): boolean => day >= 1 && day <= 31 && month >= 1 && month <= 12;

/** US: area 000, 666 and 9xx, group 00 and serial 0000 are never issued. https://www.ssa.gov/employer/randomization.html */
export function isSsn(digits: Digits, from: number): boolean {
  const area = valueIn(digits, from, from + 3);
  if (area === 0 || area === 666 || area >= 900) return false;
  return valueIn(digits, from + 3, from + 5) !== 0 && valueIn(digits, from + 5, from + 9) !== 0;
}

/** Brazil: two check digits, modulo 11. */
export function isCpf(digits: Digits, from: number): boolean {
  const check = (count: number) => {
    let sum = 0;
    for (let at = 0; at < count; at++) sum += (digits[from + at] as number) * (count + 1 - at);
    return ((sum * 10) % 11) % 10 === digits[from + count];
  };
  return check(9) && check(10);
}

/** Poland: weights 1, 3, 7, 9; the century stands in the month. */
export function isPesel(digits: Digits, from: number): boolean {
  if (weighed(digits, from, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 !== 0) return false;
  return isDayOfMonth(valueIn(digits, from + 4, from + 6), valueIn(digits, from + 2, from + 4) % 20);
}

/** Norway: two check digits, modulo 11. */
export function isFodselsnummer(digits: Digits, from: number): boolean {
  if (weighed(digits, from, [3, 7, 6, 1, 8, 9, 4, 5, 2, 1]) % 11 !== 0) return false;
  if (weighed(digits, from, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]) % 11 !== 0) return false;
  return isDayOfMonth(valueIn(digits, from, from + 2) % 40, valueIn(digits, from + 2, from + 4) % 40);
}

/** France: 97 less the number modulo 97. */
export const isNir = (digits: Digits, from: number): boolean =>
  (digits[from] === 1 || digits[from] === 2) &&
  97 - modulo(digits, from, from + 13, 97) === valueIn(digits, from + 13, from + 15);

/** Belgium: the same of nine digits, with a 2 before them for who was born since 2000. */
export function isBelgian(digits: Digits, from: number): boolean {
  const check = valueIn(digits, from + 9, from + 11);
  const number = valueIn(digits, from, from + 9);
  return 97 - (number % 97) === check || 97 - ((2e9 + number) % 97) === check;
}

/** China (GB 11643): ISO 7064 modulo 11-2 over 17 digits; the last is given, 10 for X. */
export function isChinese(digits: Digits, from: number, last: number): boolean {
  const sum = weighed(digits, from, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]);
  if ((12 - (sum % 11)) % 11 !== last) return false;
  const year = valueIn(digits, from + 6, from + 10);
  return (
    year >= 1900 &&
    year <= 2100 &&
    isDayOfMonth(valueIn(digits, from + 12, from + 14), valueIn(digits, from + 10, from + 12))
  );
}

const VERHOEFF_TIMES = ['0123456789', '1234067895', '2340178956', '3401289567', '4012395678'].concat(
  ['5987604321', '6598710432', '7659821043', '8765932104', '9876543210'], // the dihedral group D5
);
const VERHOEFF_TURN = ['0123456789', '1576283094', '5803796142', '8916043527', '9453126870'].concat(
  ['4286573901', '2793806415', '7046913258'], // the permutation's powers
);

/** India: Verhoeff's check digit. */
export function verhoeff(digits: Digits, from: number, to: number): boolean {
  let check = 0;
  for (let at = to - 1; at >= from; at--) {
    const turned = Number((VERHOEFF_TURN[(to - 1 - at) % 8] as string)[digits[at] as number]);
    check = Number((VERHOEFF_TIMES[check] as string)[turned]);
  }
  return check === 0;
}

/** Spain: the letter is the number modulo 23. */
export const DNI = 'TRWAGMYFPDXBNJZSQVHLCKE';
/** Finland: the character is the nine digits modulo 31. */
export const HETU = '0123456789ABCDEFHJKLMNPRSTUVWXY';
