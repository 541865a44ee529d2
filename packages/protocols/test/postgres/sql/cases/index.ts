import { bodies } from './bodies.js';
import { bounds } from './bounds.js';
import { builtins } from './builtins.js';
import { callers } from './callers.js';
import { commands } from './commands.js';
import { settings } from './settings.js';

export { type Case, doesOf } from './case.js';
export { INVENTED, LISTED } from './invented.js';
export { EVERY, SOME } from './rows.js';

export { SPANNED_EVERY, SPANNED_SOME } from './spans.js';
export const cases = { callers, bounds, bodies, commands, settings, builtins };
