import { ALICE } from './alice.js';
import { COMPANY } from './company.js';
import { LIMITS } from './limits.js';
import { RECORD } from './record.js';
import { SETUP } from './setup.js';
import type { Stage } from './stage.js';
import type { Step } from './step.js';

/** The whole story, in order. */
export const STORY: readonly Step<Stage>[] = [...SETUP, ...COMPANY, ...ALICE, ...LIMITS, ...RECORD];
export { logIn } from './alice.js';
export { COMPANY } from './company.js';
export { SETUP } from './setup.js';
export type { Stage } from './stage.js';
export { messageOf, Skip, type Step, summary, type Tally, tell } from './step.js';
