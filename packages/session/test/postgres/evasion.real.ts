import { MODES } from './evasion/session-run.js';
import { evasion } from './evasion/suite.js';

// Each attack in one mode, the modes in turn; `evasion.full.ts` tries all in all.
evasion((place) => MODES.slice(place % MODES.length).slice(0, 1), ['extended']);
