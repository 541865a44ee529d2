export { DETECTORS, type DetectorName } from './detect/detectors.js';
export { FailedLoads } from './loads.js';
export { type Masks, masksFor } from './masks.js';
export { type Act, actOn } from './plan.js';
export type { MaskPorts } from './rows.js';
export { type MaskRule, PACKS, type Pack, rulesOf, UNREAD, type Way } from './rules.js';
export { Scope } from './scope.js';
