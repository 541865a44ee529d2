/** Bytes by what they can be a part of. */
export const DIGIT = 1;
export const LETTER = 2;
/** What stands between the groups of a number. */
export const BETWEEN = 4;
/** What a token is made of beside letters and digits. */
export const JOINT = 8;
/** What the part of an address before its @ is made of beside letters and digits; what is rare there and common around it is not. */
export const LOCAL = 16;

/** A letter or a digit. */
export const WORD = 32;

export const KIND: Uint8Array = kinds();

function kinds(): Uint8Array {
  const table = new Uint8Array(256);
  const set = (chars: string, kind: number) => {
    for (const char of chars) table[char.charCodeAt(0)] = (table[char.charCodeAt(0)] as number) | kind;
  };
  set('0123456789', DIGIT);
  set('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ', LETTER);
  for (let byte = 0; byte < 0x80; byte++)
    if ((table[byte] as number) !== 0) table[byte] = (table[byte] as number) | WORD;
  set(' -./()+', BETWEEN);
  set('-_.', JOINT);
  set("._%+-'", LOCAL);
  for (let byte = 0x80; byte < 0x100; byte++) table[byte] = LOCAL;
  return table;
}

export const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;
/** A letter or digit of ASCII. */
export const isAlnum = (byte: number | undefined): boolean =>
  byte !== undefined && ((KIND[byte] as number) & (DIGIT | LETTER)) !== 0;
export const upper = (byte: number): number => (byte >= 0x61 && byte <= 0x7a ? byte - 32 : byte);

export function startsWith(bytes: Uint8Array, at: number, end: number, text: string): boolean {
  if (end - at < text.length) return false;
  for (let index = 0; index < text.length; index++) if (bytes[at + index] !== text.charCodeAt(index)) return false;
  return true;
}

/** Where the run of bytes of these kinds ends that holds the one at `at`, if it is shorter than `least`; else 0. */
export function endOfShort(
  bytes: Uint8Array,
  at: number,
  from: number,
  to: number,
  kinds: number,
  least: number,
): number {
  let start = at;
  const first = Math.max(from, at - least + 1);
  while (start > first && ((KIND[bytes[start - 1] as number] as number) & kinds) !== 0) start -= 1;
  let end = at + 1;
  const enough = start + least;
  while (end < to && end < enough && ((KIND[bytes[end] as number] as number) & kinds) !== 0) end += 1;
  return end < enough ? end : 0;
}
