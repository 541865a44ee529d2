import { ALICE } from './alice.js';
import { COMPANY } from './company.js';
import { LIMITS } from './limits.js';
import { RECORD } from './record.js';
import { SETUP } from './setup.js';
import type { Stage } from './stage.js';
import type { Step } from './step.js';
import { SUPPORTED } from './support.js';
import { SYSTEM } from './system.js';

/** The whole story, in order; `system`: also by the machine's own resolver. */
export const story = (system: boolean): readonly Step<Stage>[] => [
  ...SETUP,
  ...COMPANY,
  ...ALICE,
  ...(system ? SYSTEM : []),
  ...LIMITS,
  ...SUPPORTED,
  ...RECORD,
];
export { logIn } from './alice.js';
export { COMPANY } from './company.js';
export { SETUP } from './setup.js';
export { json, listed, must, nextLine, type Stage, sqlClient } from './stage.js';
export { messageOf, Skip, type Step, summary, type Tally, tell } from './step.js';
