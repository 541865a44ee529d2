import type { Reading } from '@hoop/core';
import { matches } from '../pattern.js';
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
  const lower = kinds?.map((kind) => kind.toLowerCase());
  return [
    ...(lower ? [({ kind }: Reading) => lower.some((pattern) => matches(pattern, kind))] : []),
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
  const used = ({ does }: Reading['relations'][number]) => uses?.includes(does) ?? true;
  const isNamed = refuses(rule) ? isNamedLoosely : isNamedSo;
  const named = (patterns: readonly string[] | undefined, of: (command: Reading) => readonly string[]): Condition[] =>
    patterns === undefined ? [] : [(command) => some(of(command), (name) => isNamed(patterns, name))];
  const isRelation = ({ relations: those }: Reading) =>
    some(those, (use) => used(use) && (relations === undefined || isNamed(relations, use.name)));
  return [
    ...(relations || uses ? [isRelation] : []),
    ...named(columns, (command) => command.columns),
    ...named(functions, (command) => command.functions),
  ];
}

/** By the whole name, or by its end from a dot on: `orders` and `public.orders` are both `public.orders`. */
function isNamedSo(patterns: readonly string[], name: string): boolean {
  for (let at = 0; at >= 0; at = next(name, at)) {
    const end = name.slice(at);
    if (patterns.some((pattern) => matches(pattern, end))) return true;
  }
  return false;
}

/** Capitals and small letters alike: a table that somebody made as `Orders` is `orders`, or is not. */
const isNamedLoosely = (patterns: readonly string[], name: string): boolean =>
  isNamedSo(
    patterns.map((pattern) => pattern.toLowerCase()),
    name.toLowerCase(),
  );

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
