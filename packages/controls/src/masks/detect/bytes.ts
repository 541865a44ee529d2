/** Bytes by what they can be a part of. */
export const DIGIT = 1;
export const LETTER = 2;
/** What stands between the groups of a number. */
export const BETWEEN = 4;
/** What a token is made of beside letters and digits. */
export const JOINT = 8;
/** What the part of an address before its @ is made of beside letters and digits; what is rare there and common around it is not. */
export const LOCAL = 16;

export const KIND: Uint8Array = kinds();

function kinds(): Uint8Array {
  const table = new Uint8Array(256);
  const set = (chars: string, kind: number) => {
    for (const char of chars) table[char.charCodeAt(0)] = (table[char.charCodeAt(0)] as number) | kind;
  };
  set('0123456789', DIGIT);
  set('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ', LETTER);
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
