import type { Attack } from './attack.js';
import { CALLS } from './calls.js';
import { CODE } from './code.js';
import { LEXICAL } from './lexical.js';
import { DERIVED, INFERENCE, MASKING, MESSAGES } from './masking.js';
import { NAMES, SETTINGS } from './session.js';

/** All of them. */
export const ATTACKS: readonly Attack[] = [
  ...LEXICAL,
  ...CODE,
  ...CALLS,
  ...NAMES,
  ...SETTINGS,
  ...MASKING,
  ...DERIVED,
  ...INFERENCE,
  ...MESSAGES,
];
