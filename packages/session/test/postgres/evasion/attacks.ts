import type { Attack } from './attack.js';
import { CODE } from './code.js';
import { KNOWN } from './known.js';
import { LEXICAL } from './lexical.js';
import { DERIVED, INFERENCE, MASKING, MESSAGES } from './masking.js';
import { NAMES, SETTINGS } from './session.js';
import { WRITES } from './writes.js';

/** All of them. */
export const ATTACKS: readonly Attack[] = [
  ...LEXICAL,
  ...CODE,
  ...NAMES,
  ...SETTINGS,
  ...MASKING,
  ...DERIVED,
  ...INFERENCE,
  ...MESSAGES,
  ...KNOWN,
  ...WRITES,
];
