import type { Reading, RelationUse, StatementClass, Trait } from '@hoop/core';

/**
 * What follows where a rule holds. `deny` refuses. `hold` is for a review; where none can be asked for, it refuses and says
 * so. `warn` lets through and tells the person. `observe` lets through and is put on record.
 */
export const THENS = ['deny', 'hold', 'warn', 'observe'] as const;
export type Then = (typeof THENS)[number];

/**
 * A rule on the commands of statements. It holds for a command if every condition that it has does. What refuses (`deny`,
 * `hold`) needs one thing of a list in the command: it refuses a DROP of two tables for either. What lets through
 * (`warn`, `observe`) must name all of that list in the command, and what makes the command dangerous besides (see
 * `danger.ts`): leave for one table is none for another that stands beside it, behind it (a view's) or under it (partitions).
 */
export interface Guardrail {
  /** What the person is told, and the record keeps. */
  name: string;
  /** Patterns of connections; all if absent. */
  connections?: readonly string[] | undefined;
  /** It is for people who are in one of these groups; for all if absent. */
  groups?: readonly string[] | undefined;
  /**
   * Patterns of the laptop's program, e.g. `psql`: its file's name, told by the laptop, not proven. Where it could not be
   * told, what refuses holds, and what lets through does not.
   */
  programs?: readonly string[] | undefined;
  /** Patterns of `Reading.kind`. */
  kinds?: readonly string[] | undefined;
  classes?: readonly StatementClass[] | undefined;
  /** Patterns of relations, `public.orders`; without a dot, of the name in any schema. */
  relations?: readonly string[] | undefined;
  /** Narrows `relations` to what is done with them. */
  uses?: readonly RelationUse['does'][] | undefined;
  /** Patterns of columns, `public.customers.ssn`, or of their end: `customers.ssn`, `ssn`. */
  columns?: readonly string[] | undefined;
  /** Patterns of functions, `pg_catalog.pg_sleep`; without a dot, of the name in any schema. */
  functions?: readonly string[] | undefined;
  unbounded?: true | undefined;
  traits?: readonly Trait[] | undefined;
  /**
   * The last resort: an RE2 expression (https://github.com/google/re2/wiki/Syntax) that is found in the statement's text.
   * Text says little of what a statement does; it can be written in a thousand other ways.
   */
  matches?: string | undefined;
  then: Then;
  /** In place of our sentence; of a pack's rule, made of the command. */
  message?: string | ((command: Reading) => string) | undefined;
  hint?: string | undefined;
}

export const refuses = ({ then }: Pick<Guardrail, 'then'>): boolean => then === 'deny' || then === 'hold';
