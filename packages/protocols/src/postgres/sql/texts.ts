import type { Node } from 'libpg-query';
import type { Relation } from './catalogue.js';
import { commandOf } from './commands.js';
import { trace } from './lineage/trace.js';
import { as, listOf, type Part } from './nodes.js';
import { type Command, parse, Unparsable } from './parse.js';
import { type Desk, walk } from './walk.js';

/** SQL that the catalogue holds, as the server writes it out. */

export function readDefinition(desk: Desk, relation: Relation): void {
  const name = `${relation.schema}.${relation.name}`;
  if (relation.definition === undefined) desk.facts.doubt(`the definition of ${name} could not be had`);
  else for (const { node } of commands(desk, relation.definition, name)) walk({ ...desk, written: true }, node);
}

export function readExpressions(desk: Desk, texts: readonly string[]): void {
  for (const text of texts) {
    const isTrigger = /^CREATE (?:CONSTRAINT )?TRIGGER /.test(text);
    for (const { node } of commands(desk, isTrigger ? text : `SELECT ${text}`, 'an expression')) {
      const trigger = as(node, 'CreateTrigStmt');
      walk({ ...desk, written: true }, trigger === undefined ? node : (trigger.whenClause as Node | undefined));
    }
  }
}

export function readRule(outer: Desk, text: string): void {
  const desk = { ...outer, written: true };
  for (const { node } of commands(desk, text, 'a rule')) {
    const rule = as(node, 'RuleStmt') ?? {};
    walk(desk, rule.whereClause as Node | undefined, OLD_AND_NEW);
    for (const action of listOf(rule.actions)) commandOf(desk, action, OLD_AND_NEW);
  }
}
/** The rows of a rule. */
const OLD_AND_NEW = {
  names: new Map<string, undefined>([
    ['old', undefined],
    ['new', undefined],
  ]),
  up: undefined,
};

/** A text that a function's body or a caller gives; what cannot be read makes the class `unknown`. */
export function commands(desk: Desk, text: string, whose: string, read = parse): Command[] {
  try {
    return read(text);
  } catch (error) {
    if (!(error instanceof Unparsable)) throw error;
    desk.facts.doubt(`the SQL of ${whose} could not be read`);
    return [];
  }
}

/** The same, read as what runs. */
export function runText(desk: Desk, text: string, whose: string): void {
  for (const { node } of commands(desk, text, whose)) commandOf(knowing(desk, node, text), node);
}

/** With what its calls and operators mean. */
export const knowing = (desk: Desk, node: Node, text: string): Desk => ({
  ...desk,
  meant: trace(node, text, desk.names.at, desk.declared).meant,
});

/** Expressions of a body, without SELECT. */
export function readExpression(desk: Desk, text: string, whose: string): void {
  for (const { node } of commands(desk, `SELECT ${text}`, whose)) {
    if (Object.keys(node).length === 1 && as(node, 'SelectStmt') !== undefined) walk(knowing(desk, node, text), node);
    else desk.facts.doubt(`the SQL of ${whose} could not be read`);
  }
}

export const stringOf = (part: Part, field: string): string | undefined =>
  typeof part[field] === 'string' ? (part[field] as string) : undefined;
