import { PORTS_FILE, PORTS_UNIT, planPorts } from '../ports/plan.js';
import { planResolver, RESOLVER_FILES, RESOLVER_UNIT } from '../resolver/plan.js';
import { planService, SERVICE_FILE, SERVICE_UNIT } from '../service/plan.js';
import { CA_FILES, planCa } from '../trust/plan.js';
import { lookAt, type Machine, type Sight } from './machine.js';
import type { StepName, StepPlan } from './plan.js';
import type { Request } from './request.js';

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
