import { existsSync } from 'node:fs';
import { addressOf, loadRemembered, routedPort, subnetsToTry } from '../addresses/index.js';
import type { Paths } from '../paths/index.js';
import { rootsGround } from './journal.js';

export { asRoot, canBeRoot } from './ask.js';
export type { Machine } from './machine.js';
export { type Action, actionText, digestOf, STEPS, type StepName, type StepPlan, USUAL } from './plan.js';
export { machineFor, planSetup } from './plans.js';
export { CARRIED, isCarried, isName, type Request, readRequest, TO_MAKE } from './request.js';
export type { Event } from './root.js';
export { askOurs, canaryName, lookUp } from './verify.js';
export { routedPort };

/** Anybody may see that there is one, root alone what is in it. */
export const isSetUp = (platform: NodeJS.Platform): boolean => existsSync(rootsGround(platform).folder);

/** The /24 of a hoopd that does not run: the one it remembers, or the first that it will try. */
export function expectedAddress(uid: number, { stateFile, stateFolder }: Paths, now: number): string {
  const { subnet } = loadRemembered(stateFile, uid, now);
  const [first = 0] = subnetsToTry(uid, stateFolder, subnet);
  return addressOf(first, 1);
}
