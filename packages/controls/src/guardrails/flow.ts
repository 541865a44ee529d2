import type { Action, Matched, Note, Reading, Verdict } from '@hoop/core';
import type { Condition } from './conditions.js';
import { type GuardrailPack, PACK_SUMMARIES, spoken } from './packs.js';
import { type Guardrail, refuses, THENS, type Then } from './rule.js';

/** The flow that is judged. */
export interface FlowScope {
  connection: string;
  groups: readonly string[];
  /** The laptop's program, where it could tell. */
  program?: string | undefined;
  /** Whom to ask for leave. */
  contact?: string | undefined;
  /** Masks are on: what is not understood could show what they hide. */
  masked: boolean;
}

/** A rule made ready; `pack` where it is one of ours. */
export interface Ready {
  rule: Guardrail;
  holds: Condition;
  pack?: GuardrailPack | undefined;
}

/** The rule that decided on a command, and what the person is told. */
export interface Decided {
  rule: string;
  then: Then;
  message: string;
  hint?: string | undefined;
}

/** The rule of ours behind all others, where something is refused or hidden by what statements do. */
export const NOT_UNDERSTOOD = 'not-understood';

/** The guardrails of one flow. */
export class FlowGuardrails {
  readonly #scope: FlowScope;
  readonly #ready: readonly Ready[];
  /** What is sent again was judged before. */
  readonly #judged = new WeakMap<readonly Reading[], { text: string; verdict: Verdict }>();
  /** Where something is refused or hidden by what a statement does, nothing passes that was not understood. */
  readonly #mustUnderstand: boolean;

  constructor(scope: FlowScope, ready: readonly Ready[]) {
    this.#scope = scope;
    this.#ready = ready;
    this.#mustUnderstand = scope.masked || ready.some(({ rule }) => refuses(rule));
  }

  /** Whether anything here goes by what a statement does. */
  get isOn(): boolean {
    return this.#mustUnderstand || this.#ready.length > 0;
  }

  /** Those that are on, in the order in which they are asked, each name once; `not-understood` is the last. */
  get listed(): readonly Listed[] {
    const named = new Map(this.#ready.map((ready) => [ready.rule.name, listedOf(ready)]));
    return [...named.values(), ...(this.#mustUnderstand ? [LAST] : [])];
  }

  /** A statement's commands, each by the first rule that holds; the strictest decides. What was not read is refused. */
  judge(action: Action): Verdict {
    if (!this.isOn) return ALLOWED;
    if (action.kind !== 'statement' || action.readings === undefined) return refusal(NOT_READ);
    if (action.readings.length === 0) return ALLOWED;
    const { text, readings } = action;
    const known = this.#judged.get(readings);
    if (known?.text === text) return known.verdict;
    const verdict = verdictOf(this.decide(text, readings));
    this.#judged.set(readings, { text, verdict });
    return verdict;
  }

  /** By which rule each command is decided; `undefined` where none holds. */
  decide(text: string, readings: readonly Reading[]): (Decided | undefined)[] {
    return readings.map((command) => this.#first(command, text));
  }

  #first(command: Reading, text: string): Decided | undefined {
    const found = this.#ready.find(({ holds }) => holds(command, text))?.rule;
    if (found) return this.#told(found, command);
    if (!this.#mustUnderstand || isUnderstood(command)) return undefined;
    return { rule: NOT_UNDERSTOOD, then: 'deny', message: unknownOf(command), hint: this.#hint(EXPLAIN) };
  }

  #told({ name, then, message, hint, programs }: Guardrail, command: Reading): Decided {
    const told = typeof message === 'function' ? message(command) : message;
    const said = told ?? this.#sentence(then, command);
    const help = hint ?? this.#hint(then === 'hold' ? HELD : undefined);
    const whose = programs === undefined || this.#scope.program ? [] : [untold(programs)];
    return {
      rule: name,
      then,
      message: said,
      hint: [...whose, ...(help === undefined ? [] : [help])].join(' ') || undefined,
    };
  }

  #sentence(then: Then, command: Reading): string {
    const { connection } = this.#scope;
    if (then === 'hold') return `this ${spoken(command)} needs a review on ${connection}`;
    return then === 'deny'
      ? `${connection} does not allow this ${spoken(command)}`
      : `${connection} minds this ${spoken(command)}; it is on record`;
  }

  #hint(first: string | undefined): string | undefined {
    const { contact } = this.#scope;
    const hints = [...(first === undefined ? [] : [first]), ...(contact === undefined ? [] : [`Ask ${contact}.`])];
    return hints.length === 0 ? undefined : hints.join(' ');
  }
}

/** A guardrail as it is told to the person. */
export interface Listed {
  name: string;
  then: Then;
  /** What it is about, where that is known: of a pack, or in the operator's words. */
  about?: string | undefined;
  /** Patterns of the programs that it is for; of all if absent. */
  programs?: readonly string[] | undefined;
}

function listedOf({ rule: { name, then, message, programs }, pack }: Ready): Listed {
  const about = pack === undefined ? message : PACK_SUMMARIES[pack];
  return { name, then, ...(typeof about === 'string' && { about }), ...(programs && { programs }) };
}

/** The strictest of what was decided on the commands, as a verdict. */
export function verdictOf(decided: readonly (Decided | undefined)[]): Verdict {
  const all = decided.filter((one) => one !== undefined);
  if (all.length === 0) return ALLOWED;
  const strictest = THENS.flatMap((then) => all.find((one) => one.then === then) ?? [])[0];
  if (strictest === undefined) return ALLOWED;
  if (refuses(strictest)) return refusal(strictest);
  const notices = all.filter(({ then }) => then === 'warn').map(noteOf);
  return { allow: true, matched: matchedOf(all), ...(notices.length > 0 && { notices }) };
}

const refusal = ({ rule, message, hint }: Omit<Decided, 'then'>): Verdict => ({
  allow: false,
  rule,
  reason: `refused by guardrail ${rule}: ${message}`,
  ...(rule === NOT_UNDERSTOOD && { unread: true }),
  ...(hint !== undefined && { hint }),
});

const noteOf = ({ rule, message, hint }: Decided): Note => ({
  severity: 'warning',
  message: `guardrail ${rule}: ${message}`,
  ...(hint !== undefined && { hint }),
});

/** Each rule once. */
function matchedOf(all: readonly Decided[]): Matched[] {
  const byRule = new Map(
    all.map(({ rule, then }) => [rule, { rule, then: then === 'warn' ? then : 'observe' } as const]),
  );
  return [...byRule.values()];
}

/** Code that was not read may do anything, now or once it is set off. */
const isUnderstood = (command: Reading): boolean => command.class !== 'unknown' && !command.traits.includes('code');

const unknownOf = (command: Reading): string =>
  `this ${spoken(command)} was not understood: ${command.unknown ?? 'it may run what was not read'}`;

const untold = (programs: readonly string[]): string =>
  `It is for ${programs.join(', ')}; which program asks is not known here.`;

const ALLOWED: Verdict = { allow: true };
const LAST: Listed = { name: NOT_UNDERSTOOD, then: 'deny', about: 'what cannot be understood' };
const EXPLAIN = 'How a statement is read: hoop explain.';
const HELD = 'Nobody can be asked for a review here.';
const NOT_READ = {
  rule: NOT_UNDERSTOOD,
  message: 'this was not read, so nothing can be said of what it does',
  hint: 'Connect again: the guardrails have changed since this session was opened.',
};
