import { matchesAny } from '../pattern.js';
import { conditionOf } from './conditions.js';
import { FlowGuardrails, type FlowScope, type Listed, type Ready } from './flow.js';
import { GUARDRAIL_PACKS, type GuardrailPack, packRules } from './packs.js';
import { type Guardrail, refuses } from './rule.js';

/** A pack that is on, and for whom; as the conditions of a rule. */
export interface GuardrailPackUse {
  pack: GuardrailPack;
  connections?: readonly string[] | undefined;
  groups?: readonly string[] | undefined;
}

export interface GuardrailOptions {
  packs: readonly GuardrailPackUse[];
  /** The operator's own, in their order. */
  rules: readonly Guardrail[];
}

/** All guardrails of a configuration, made ready once. Throws `Error` for an expression that is none. */
export class Guardrails {
  readonly #ready: readonly Ready[];

  constructor({ packs, rules }: GuardrailOptions) {
    const own = rules.map((rule) => ({ rule, holds: conditionOf(rule) }));
    const ours = GUARDRAIL_PACKS.flatMap((pack) => packs.filter((use) => use.pack === pack)).flatMap(readyOf);
    this.#ready = [...own, ...ours];
  }

  /** Those that are on for a flow, in the order in which they are asked: the operator's own, then the packs in theirs. */
  for(scope: FlowScope): FlowGuardrails {
    const on = this.#ready.filter(({ rule }) => concerns(rule, scope) && isFor(rule, scope.program));
    return new FlowGuardrails(scope, on);
  }

  /** Those that are on for a person's flows, whichever program opens them. */
  listed(scope: Omit<FlowScope, 'program'>): readonly Listed[] {
    return new FlowGuardrails(
      scope,
      this.#ready.filter(({ rule }) => concerns(rule, scope)),
    ).listed;
  }

  /** Whether any is on for a connection, whoever opens it: then its statements must be read. */
  concern(connection: string): boolean {
    return this.names(connection).length > 0;
  }

  /** Those that are on for a connection, whoever opens it, each once, with the groups that it is for; all if absent. */
  names(connection: string): { name: string; groups?: readonly string[] | undefined }[] {
    const on = this.#ready.filter(({ rule }) => matchesAny(rule.connections ?? EVERY, connection));
    return [...new Map(on.map(({ rule: { name, groups } }) => [`${name} ${groups}`, { name, groups }])).values()];
  }
}

const EVERY = ['*'];

function readyOf({ pack, connections, groups }: GuardrailPackUse): Ready[] {
  return packRules[pack].map((rule) => ({ rule: { ...rule, connections, groups }, holds: conditionOf(rule), pack }));
}

function concerns({ connections, groups }: Guardrail, scope: FlowScope): boolean {
  if (!matchesAny(connections ?? EVERY, scope.connection)) return false;
  return groups === undefined || groups.some((group) => scope.groups.includes(group));
}

/** A program that could not be told may be the one that is meant: what refuses holds for it, what lets through does not. */
function isFor(rule: Guardrail, program: string | undefined): boolean {
  if (rule.programs === undefined) return true;
  return program ? matchesAny(rule.programs, program) : refuses(rule);
}
