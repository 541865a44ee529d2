import { RELATION_USES, STATEMENT_CLASSES, TRAITS } from '@hoop/core';
import * as z from 'zod';

/** What is controlled on a connection, and what the controls would say of a statement. */

/** What a guardrail does where it holds. */
const Then = z.enum(['deny', 'hold', 'warn', 'observe']);

/** What is controlled on a connection for the person who asks. */
export const Controlled = z.object({
  /** In the order in which they are asked. */
  guardrails: z.array(
    z.object({
      name: z.string(),
      then: Then,
      /** What it is for, where it is one of hoop's own. */
      about: z.string().optional(),
      /** Patterns of the programs that it is for; of all if absent. */
      programs: z.array(z.string()).optional(),
    }),
  ),
  masks: z.array(
    z.object({
      name: z.string(),
      /** How a value is masked. */
      way: z.string(),
      /** Patterns of columns. */
      columns: z.array(z.string()),
      /** What it looks for in the content of other columns. */
      detectors: z.array(z.string()),
      /** This person sees the values all the same. */
      exempt: z.boolean(),
    }),
  ),
});
export type Controlled = z.infer<typeof Controlled>;

/** UTF-16 units of a statement that is explained. */
export const EXPLAINED_MOST = 100_000;

export const ExplainRequest = z.object({
  text: z.string().max(EXPLAINED_MOST),
  /** The connection's default if absent. */
  database: z.string().max(63).optional(),
});

const ExplainedOutput = z.object({
  name: z.string(),
  /** Columns whose values it may carry, and whether it is just the one. */
  columns: z.array(z.string()),
  exact: z.boolean(),
  /** What was not understood on the way: then anything may be in it. */
  opaque: z.string().optional(),
  /** Absent where its values are shown as they are. */
  mask: z.object({ rule: z.string(), way: z.string() }).optional(),
  /** What masks look for is masked where it is found. */
  searched: z.boolean().optional(),
});
export type ExplainedOutput = z.infer<typeof ExplainedOutput>;

export const ExplainedCommand = z.object({
  kind: z.string(),
  class: z.enum(STATEMENT_CLASSES),
  /** Why the class is `unknown`. */
  unknown: z.string().optional(),
  relations: z.array(z.object({ name: z.string(), does: z.enum(RELATION_USES) })),
  columns: z.array(z.string()),
  functions: z.array(z.string()),
  unbounded: z.boolean(),
  traits: z.array(z.enum(TRAITS)),
  /** The guardrail that decides on it, if one holds. */
  guardrail: z.object({ rule: z.string(), then: Then, message: z.string(), hint: z.string().optional() }).optional(),
  /** One for each column that it answers; `null` where that cannot be told. */
  outputs: z.array(ExplainedOutput).nullable(),
  predicates: z.array(z.object({ column: z.string(), how: z.string() })),
});
export type ExplainedCommand = z.infer<typeof ExplainedCommand>;

/** What would become of a statement, were it the first of a new session. Nothing was run. */
export const Explained = z.object({
  connection: z.string(),
  database: z.string(),
  verdict: z.enum(['allow', 'deny']),
  rule: z.string().optional(),
  reason: z.string().optional(),
  hint: z.string().optional(),
  notices: z.array(z.object({ severity: z.string(), message: z.string(), hint: z.string().optional() })),
  commands: z.array(ExplainedCommand),
});
export type Explained = z.infer<typeof Explained>;
