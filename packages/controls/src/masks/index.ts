export { DETECTORS, type DetectorName } from './detect/detectors.js';
export { type Masks, masksFor } from './masks.js';
export { type Act, actOn, UNREAD } from './plan.js';
export { type MaskPorts } from './rows.js';
export { type MaskRule, type Pack, PACKS, rulesOf, type Way } from './rules.js';
export { Scope } from './scope.js';
