import type { Reading, RelationUse } from '@hoop/core';
import { pattern } from '../pattern.js';
import { namesDanger } from './danger.js';
import { expression, SEARCHED } from './expression.js';
import { type Guardrail, refuses } from './rule.js';

/** Whether a command, in a statement of this text, is what a rule speaks of. */
export type Condition = (command: Reading, text: string) => boolean;

/** A rule's conditions on commands as one. Those on who, whence and where are the flow's, asked once. */
export function conditionOf(rule: Guardrail): Condition {
  const all = [
    ...kindOf(rule),
    ...namedOf(rule),
    ...textOf(rule),
    ...(refuses(rule) ? [] : [(command: Reading) => namesDanger(rule, command)]),
  ];
  return (command, text) => all.every((holds) => holds(command, text));
}

function kindOf({ kinds, classes, traits, unbounded }: Guardrail): Condition[] {
  const known = kinds?.map((kind) => pattern(kind.toLowerCase()));
  return [
    ...(known ? [({ kind }: Reading) => known.some((is) => is(kind))] : []),
    ...(classes ? [(command: Reading) => classes.includes(command.class)] : []),
    ...(traits ? [(command: Reading) => command.traits.some((trait) => traits.includes(trait))] : []),
    ...(unbounded ? [(command: Reading) => command.unbounded] : []),
  ];
}

/** One thing of the list for a rule that refuses; all there are, and at least one, for a rule that lets through. */
function namedOf(rule: Guardrail): Condition[] {
  const { relations, uses, columns, functions } = rule;
  const some = <T>(list: readonly T[], is: (one: T) => boolean): boolean =>
    refuses(rule) ? list.some(is) : list.length > 0 && list.every(is);
  const named = (patterns: readonly string[] | undefined, of: (command: Reading) => readonly string[]): Condition[] => {
    if (patterns === undefined) return [];
    const is = nameIn(patterns, refuses(rule));
    return [(command) => some(of(command), is)];
  };
  const isNamed = relations === undefined ? () => true : nameIn(relations, refuses(rule));
  const isMeant = ({ name, does }: RelationUse) => (uses?.includes(does) ?? true) && isNamed(name);
  return [
    ...(relations || uses ? [(command: Reading) => some(command.relations, isMeant)] : []),
    ...named(columns, (command) => command.columns),
    ...named(functions, (command) => command.functions),
  ];
}

/**
 * By the whole name, or by its end from a dot on: `orders` and `public.orders` are both `public.orders`. Loosely, capitals and
 * small letters are alike: a table that somebody made as `Orders` is `orders`, or is not.
 */
function nameIn(patterns: readonly string[], loosely: boolean): (name: string) => boolean {
  const folded = (text: string) => (loosely ? text.toLowerCase() : text);
  const all = patterns.map((text) => pattern(folded(text)));
  return (name) => {
    const whole = folded(name);
    for (let at = 0; at >= 0; at = next(whole, at)) {
      const end = at === 0 ? whole : whole.slice(at);
      if (all.some((is) => is(end))) return true;
    }
    return false;
  };
}

function next(name: string, at: number): number {
  const dot = name.indexOf('.', at);
  return dot < 0 ? -1 : dot + 1;
}

/** A text that is too long to be searched holds for what refuses, and for nothing that lets through. */
function textOf(rule: Guardrail): Condition[] {
  if (rule.matches === undefined) return [];
  const found = expression(rule.matches);
  return [(_, text) => (text.length > SEARCHED ? refuses(rule) : found(text))];
}
