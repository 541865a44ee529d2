import type { Attack } from './attack.js';
import { CODE } from './code.js';
import { LEXICAL } from './lexical.js';
import { DERIVED, INFERENCE, MASKING, MESSAGES } from './masking.js';
import { ORACLES } from './oracle.js';
import { NAMES, SETTINGS } from './session.js';

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
  ...ORACLES,
];
