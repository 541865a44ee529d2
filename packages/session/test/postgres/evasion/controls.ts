import { randomBytes } from 'node:crypto';
import { setImmediate as pause } from 'node:timers/promises';
import {
  FailedLoads,
  GUARDRAIL_PACKS,
  type Guardrail,
  Guardrails,
  type MaskRule,
  masksFor,
  type Pack,
  rulesOf,
} from '@hoop/controls';
import type { Controls } from './session-run.js';
import { MASKED } from './shop.js';

const MASK: MaskRule = {
  name: 'customers',
  connections: ['*'],
  columns: [...MASKED],
  detectors: [],
  way: 'redact',
  predicates: 'deny',
  exempt: [],
};
const READER: Guardrail = { name: 'readers', classes: ['write', 'define', 'administer', 'unknown'], then: 'deny' };

/**
 * All packs, and masks on three columns; `reader`: and nothing may be changed at all; `ddl`: what was made may be dropped.
 * `masking`: packs of masks besides.
 */
export function controlsFor(
  as: 'support' | 'reader' | 'ddl' | 'owner' = 'support',
  masking: readonly Pack[] = [],
): Controls {
  const held = GUARDRAIL_PACKS.filter((pack) => as !== 'ddl' || pack !== 'destructive-ddl');
  const packs = as === 'owner' ? [] : held.map((pack) => ({ pack }));
  const guardrails = new Guardrails({ packs, rules: as === 'reader' ? [READER] : [] });
  const scope = { connection: 'pg-support', groups: ['support'], masked: true, person: 'bob' };
  const judges = guardrails.for(scope);
  const masks = masksFor([MASK, ...masking.flatMap((pack) => rulesOf(pack, ['*']))], scope, {
    key: randomBytes(32),
    pause: async () => void (await pause()),
    failedLoads: new FailedLoads(Date.now),
  });
  return { reads: true, masks, judges: [(action) => judges.judge(action)] };
}
