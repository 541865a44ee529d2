import { existsSync } from 'node:fs';
import { addressOf, loadRemembered, RESOLVER_PORT, subnetsToTry } from '../addresses/index.js';
import type { Paths } from '../paths/index.js';
import { rootsGround } from './journal.js';
import type { Request } from './request.js';

export { asRoot, canBeRoot } from './ask.js';
export type { Machine } from './machine.js';
export { type Action, actionText, digestOf, STEPS, type StepName, type StepPlan, USUAL } from './plan.js';
export { machineFor, planSetup } from './plans.js';
export { CARRIED, isCarried, isName, type Request, readRequest, TO_MAKE } from './request.js';
export type { Event } from './root.js';
export { canaryName, lookUp } from './verify.js';

/** Anybody may see that there is one, root alone what is in it. */
export const isSetUp = (platform: NodeJS.Platform): boolean => existsSync(rootsGround(platform).folder);

/** Where hoopd's resolver will be, if it has not run: on the /24 it remembers, or the first that it will try. */
export function expectedResolver(uid: number, { stateFile, stateFolder }: Paths, now: number): Request['resolver'] {
  const { subnet } = loadRemembered(stateFile, uid, now);
  const [first = 0] = subnetsToTry(uid, stateFolder, subnet);
  return { address: addressOf(first, 1), port: RESOLVER_PORT };
}
