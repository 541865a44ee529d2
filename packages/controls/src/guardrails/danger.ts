import type { Reading, Trait } from '@hoop/core';
import type { Guardrail } from './rule.js';

/**
 * What a rule that lets through must name for itself, else it is no leave for it: `relations: [public.scratch]` with
 * `then: observe` means whatever is done with that table, but no server file that is read in the same breath.
 */
export function namesDanger(rule: Guardrail, command: Reading): boolean {
  if (command.class === 'unknown' && !namesUnknown(rule)) return false;
  if (command.unbounded && rule.unbounded === undefined && rule.relations === undefined) return false;
  return command.traits.every((trait) => namesTrait(rule, trait));
}

const namesUnknown = ({ classes }: Guardrail) => classes?.includes('unknown') ?? false;

function namesTrait(rule: Guardrail, trait: Trait): boolean {
  if (rule.traits?.includes(trait)) return true;
  if (trait === 'destroys') return rule.relations !== undefined;
  if (trait === 'code') return namesUnknown(rule);
  return trait === 'explains';
}
