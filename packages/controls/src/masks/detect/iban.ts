import { isAlnum, isDigit, upper } from './bytes.js';
import { type Found, IBAN } from './detectors.js';

/** Lengths by country. https://www.swift.com/standards/data-standards/iban-international-bank-account-number */
const LENGTHS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    ...{
      AD: 24,
      AE: 23,
      AL: 28,
      AT: 20,
      AZ: 28,
      BA: 20,
      BE: 16,
      BG: 22,
      BH: 22,
      BI: 27,
      BR: 29,
      BY: 28,
      CH: 21,
      CR: 22,
    },
    ...{
      CY: 28,
      CZ: 24,
      DE: 22,
      DJ: 27,
      DK: 18,
      DO: 28,
      EE: 20,
      EG: 29,
      ES: 24,
      FI: 18,
      FK: 18,
      FO: 18,
      FR: 27,
      GB: 22,
    },
    ...{
      GE: 22,
      GI: 23,
      GL: 18,
      GR: 27,
      GT: 28,
      HN: 28,
      HR: 21,
      HU: 28,
      IE: 22,
      IL: 23,
      IQ: 23,
      IS: 26,
      IT: 27,
      JO: 30,
    },
    ...{
      KW: 30,
      KZ: 20,
      LB: 28,
      LC: 32,
      LI: 21,
      LT: 20,
      LU: 20,
      LV: 21,
      LY: 25,
      MC: 27,
      MD: 24,
      ME: 22,
      MK: 19,
      MN: 20,
    },
    ...{
      MR: 27,
      MT: 31,
      MU: 30,
      NI: 28,
      NL: 18,
      NO: 15,
      OM: 23,
      PK: 24,
      PL: 28,
      PS: 29,
      PT: 25,
      QA: 29,
      RO: 24,
      RS: 22,
    },
    ...{
      RU: 33,
      SA: 24,
      SC: 31,
      SD: 18,
      SE: 24,
      SI: 19,
      SK: 24,
      SM: 27,
      SO: 23,
      ST: 25,
      SV: 28,
      TL: 23,
      TN: 24,
      TR: 26,
    },
    ...{ UA: 29, VA: 22, VG: 24, XK: 20, YE: 30 },
  }),
);
/** An IBAN's first digits stand at most so far before the run of digits that it was found by: `RO49 AAAA 1B31 …`. */
const BEFORE = 16;

/** Looks for an IBAN that holds a run of digits, which goes from `at` to `end`. */
export function findIban(bytes: Uint8Array, from: number, to: number, at: number, end: number, found: Found): void {
  for (let start = Math.max(from, at - BEFORE); start < end; start++) {
    const first = bytes[start] as number;
    if (first < 0x41 || first > 0x7a || (start > from && isAlnum(bytes[start - 1]))) continue;
    if (!isDigit(bytes[start + 2]) || !isDigit(bytes[start + 3]) || start + 15 > to) continue;
    const length = LENGTHS.get(String.fromCharCode(upper(first), upper(bytes[start + 1] as number)));
    if (length === undefined) continue;
    const last = lastOf(bytes, start, to, length);
    if (last > 0 && (last >= to || !isAlnum(bytes[last]))) {
      found.add(IBAN, start, last);
      start = last;
    }
  }
}

/** Where the IBAN that starts at `start` ends, if it is one; its groups may be one space or dash apart. */
function lastOf(bytes: Uint8Array, start: number, to: number, length: number): number {
  const values = new Uint8Array(length);
  let at = start;
  for (let count = 0; count < length; at++) {
    if (at >= to) return 0;
    const byte = bytes[at] as number;
    if (isAlnum(byte)) values[count++] = isDigit(byte) ? byte & 15 : upper(byte) - 55;
    else if ((byte !== 0x20 && byte !== 0x2d) || !isAlnum(bytes[at - 1])) return 0;
  }
  return isChecked(values) ? at : 0;
}

/** ISO 7064 modulo 97-10, the first four characters moved to the end. */
function isChecked(values: Uint8Array): boolean {
  let rest = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[(index + 4) % values.length] as number;
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}
