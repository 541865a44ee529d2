import { ALLOWED, type Allowed } from './allowed.js';
import { ALLOWED_CALLS } from './allowed-calls.js';
import { ASKED_ALLOWED } from './asked-allowed.js';
import { ASKED_DAILY } from './asked-daily.js';
import { BOUND_ALLOWED } from './bind.js';
import { BODIES_ALLOWED } from './bodies.js';
import { BOUNDED } from './bounds.js';
import { CASTS_ALLOWED } from './casts.js';
import { DAILY } from './daily.js';
import { EXECUTED_ALLOWED } from './executed.js';
import { FRESH_ALLOWED } from './fresh.js';
import { LOADED, MEASURED_ALLOWED, SORTED_ALLOWED } from './guesses.js';
import { NUMBERED } from './invented.js';
import { ALLOWED_KNOWN } from './known-allowed.js';
import { LASTING_ALLOWED } from './lasting.js';
import { LISTS_ALLOWED } from './lists.js';
import { MATCHED_ALLOWED } from './matched.js';
import { MIGRATIONS } from './open.js';
import { OWN } from './own.js';
import { RECORD_DEFAULTS_ALLOWED } from './record-defaults.js';
import { RETYPED_ALLOWED } from './retyped.js';
import { TOLD_ALLOWED } from './told.js';
import { TOOLS } from './tools.js';
import { TRIGGERS_ALLOWED } from './triggers.js';
import { TYPED_ALLOWED } from './typed.js';
import { VARIABLES_ALLOWED } from './variables.js';
import { CHOSEN } from './writes.js';

/** What people do all day, all of it. */
export const HONEST: readonly Allowed[] = [
  ...ALLOWED,
  ...ALLOWED_CALLS,
  ...ALLOWED_KNOWN,
  ...CHOSEN,
  ...MIGRATIONS,
  ...LOADED,
  ...MEASURED_ALLOWED,
  ...SORTED_ALLOWED,
  ...TRIGGERS_ALLOWED,
  ...LASTING_ALLOWED,
  ...OWN,
  ...TOOLS,
  ...DAILY,
  ...EXECUTED_ALLOWED,
  ...ASKED_ALLOWED,
  ...ASKED_DAILY,
  ...CASTS_ALLOWED,
  ...TOLD_ALLOWED,
  ...MATCHED_ALLOWED,
  ...BOUND_ALLOWED,
  ...BOUNDED,
  ...NUMBERED,
  ...RECORD_DEFAULTS_ALLOWED,
  ...VARIABLES_ALLOWED,
  ...BODIES_ALLOWED,
  ...LISTS_ALLOWED,
  ...FRESH_ALLOWED,
  ...TYPED_ALLOWED,
  ...RETYPED_ALLOWED,
];
