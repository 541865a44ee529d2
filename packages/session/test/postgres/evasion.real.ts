import { MODES } from './evasion/session-run.js';
import { evasion } from './evasion/suite.js';

// Each case in one mode, the modes in turn; `evasion.full.ts` tries each in all.
evasion((place) => MODES.slice(place % MODES.length).slice(0, 1));
