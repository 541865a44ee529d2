import { existsSync } from 'node:fs';
import { addressOf, loadRemembered, RESOLVER_PORT, subnetsToTry } from '../addresses/index.js';
import type { Paths } from '../paths/index.js';
import { PORTS_FILE, PORTS_UNIT, planPorts } from '../ports/plan.js';
import { planResolver, RESOLVER_FILES, RESOLVER_UNIT } from '../resolver/plan.js';
import { planService, SERVICE_FILE, SERVICE_UNIT } from '../service/plan.js';
import { CA_FILES, planCa } from '../trust/plan.js';
import { rootsGround } from './journal.js';
import { lookAt, type Machine, type Sight } from './machine.js';
import type { StepName, StepPlan } from './plan.js';
import type { Request } from './request.js';

export { asRoot } from './ask.js';
export type { Machine } from './machine.js';
export { type Action, actionText, digestOf, STEPS, type StepName, type StepPlan, USUAL } from './plan.js';
export { CARRIED, isCarried, type Request, readRequest } from './request.js';
export type { Event } from './root.js';
export { canaryName, lookUp } from './verify.js';

const PLANS: Record<StepName, (machine: Machine, request: Request) => StepPlan> = {
  resolver: planResolver,
  ports: planPorts,
  ca: planCa,
  service: planService,
};

/** What is to be done on a machine, step by step; each step stands alone. */
export const planSetup = (machine: Machine, request: Request): StepPlan[] =>
  request.steps.map((step) => PLANS[step](machine, request));

/** Looks at this machine, without root and without changing anything. */
export const machineFor = (uid: number, see?: Sight): Machine =>
  lookAt(
    uid,
    {
      files: [...RESOLVER_FILES, PORTS_FILE, ...CA_FILES, SERVICE_FILE],
      units: [RESOLVER_UNIT, PORTS_UNIT, SERVICE_UNIT],
      programs: ['ip', 'nft'],
    },
    see,
  );

/** Anybody may see that there is one, root alone what is in it. */
export const isSetUp = (platform: NodeJS.Platform): boolean => existsSync(rootsGround(platform).folder);

/** Where hoopd's resolver will be, if it has not run: on the /24 it remembers, or the first that it will try. */
export function expectedResolver(uid: number, { stateFile, stateFolder }: Paths, now: number): Request['resolver'] {
  const { subnet } = loadRemembered(stateFile, uid, now);
  const [first = 0] = subnetsToTry(uid, stateFolder, subnet);
  return { address: addressOf(first, 1), port: RESOLVER_PORT };
}
