import { MODES } from './evasion/session-run.js';
import { evasion } from './evasion/suite.js';

evasion(() => MODES, MODES);
