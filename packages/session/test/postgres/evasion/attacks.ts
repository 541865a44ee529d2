import { ASKED } from './asked.js';
import type { Attack } from './attack.js';
import { BESIDES } from './besides.js';
import { BOUND } from './bind.js';
import { BODIES } from './bodies.js';
import { UNBOUNDED } from './bounds.js';
import { CALLS } from './calls.js';
import { CASTS } from './casts.js';
import { CODE } from './code.js';
import { EXECUTED } from './executed.js';
import { FRESH } from './fresh.js';
import { GUESSED, MEASURED, SORTED } from './guesses.js';
import { INVENTED } from './invented.js';
import { KNOWN } from './known.js';
import { LASTING } from './lasting.js';
import { LEXICAL } from './lexical.js';
import { LISTS } from './lists.js';
import { DERIVED, INFERENCE, MASKING, MESSAGES } from './masking.js';
import { MATCHED } from './matched.js';
import { NEWER } from './newer.js';
import { OPEN } from './open.js';
import { ORACLES } from './oracle.js';
import { RECORD_DEFAULTS } from './record-defaults.js';
import { RETYPED } from './retyped.js';
import { NAMES, SETTINGS } from './session.js';
import { TOLD } from './told.js';
import { TRIGGERS } from './triggers.js';
import { TYPED } from './typed.js';
import { VARIABLES } from './variables.js';
import { WRITES } from './writes.js';

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
  ...OPEN,
  ...KNOWN,
  ...WRITES,
  ...ORACLES,
  ...TRIGGERS,
  ...GUESSED,
  ...MEASURED,
  ...SORTED,
  ...LASTING,
  ...RECORD_DEFAULTS,
  ...BESIDES,
  ...NEWER,
  ...EXECUTED,
  ...ASKED,
  ...CASTS,
  ...TOLD,
  ...BOUND,
  ...VARIABLES,
  ...UNBOUNDED,
  ...INVENTED,
  ...BODIES,
  ...LISTS,
  ...MATCHED,
  ...FRESH,
  ...TYPED,
  ...RETYPED,
];
