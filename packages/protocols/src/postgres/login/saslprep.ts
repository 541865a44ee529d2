/**
 * SASLprep (RFC 4013) of a password, as PostgreSQL does it: what the profile prohibits is used as it is, since the
 * server did the same when it made the verifier (src/common/saslprep.c, SASLPREP_PROHIBITED).
 */
export function saslprep(password: string): string {
  if (/^[\x20-\x7e]*$/.test(password)) return password;
  const mapped = password.replace(SPACES, ' ').replace(MAPPED_TO_NOTHING, '');
  const prepared = mapped.normalize('NFKC');
  return prepared === '' || PROHIBITED.test(prepared) || !directed(prepared) ? password : prepared;
}

/** RFC 3454 C.1.2, mapped to a space; U+200B is in B.1 too, and PostgreSQL maps it to a space first. */
const SPACES = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/gu;
/** RFC 3454 B.1. */
// biome-ignore lint/suspicious/noMisleadingCharacterClass: the table lists joiners and variation selectors one by one
const MAPPED_TO_NOTHING = /[\u00ad\u034f\u1806\u180b-\u180d\u200c\u200d\u2060\ufe00-\ufe0f\ufeff]/gu;
/** RFC 4013 section 2.3: controls, private use, non-characters, surrogates, tags, and code points not assigned. */
const PROHIBITED =
  /[\p{Cc}\p{Co}\p{Cn}\p{Cs}\u06dd\u070f\u180e\u2028\u2029\u2061-\u2063\u206a-\u206f\u{1d173}-\u{1d17a}\u{e0001}\u{e0020}-\u{e007f}\ufff9-\uffff\u200e\u200f\u202a-\u202e\u2ff0-\u2ffb]/u;

const RIGHT_TO_LEFT = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}]/u;
const LEFT_TO_RIGHT = /[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Han}\p{Script=Hiragana}]/u;

/** RFC 3454 section 6: a right-to-left string has no left-to-right letters and starts and ends right-to-left. */
function directed(prepared: string): boolean {
  if (!RIGHT_TO_LEFT.test(prepared)) return true;
  const characters = [...prepared];
  const first = characters[0] as string;
  const last = characters.at(-1) as string;
  return !LEFT_TO_RIGHT.test(prepared) && RIGHT_TO_LEFT.test(first) && RIGHT_TO_LEFT.test(last);
}
