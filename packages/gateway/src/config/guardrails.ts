import { expressionFault, GUARDRAIL_PACKS, NOT_UNDERSTOOD, THENS } from '@hoop/controls';
import { RELATION_USES, STATEMENT_CLASSES, TRAITS, WITHDRAWN } from '@hoop/core';
import * as z from 'zod';
import { Groups, Name, Pattern } from './names.js';

/** `guardrails` of gateway.yaml: what may not run, or not unnoticed (controls/src/guardrails/rule.ts says what each key means). */

const Names = z.array(z.string().min(1).max(256)).min(1);
const list = <const T extends string>(words: readonly [T, ...T[]]) => z.array(z.enum(words)).min(1).optional();

/** A pack is given by its name alone, or with whom it is for. */
const PackUse = z.preprocess(
  (it) => (typeof it === 'string' ? { pack: it } : it),
  z.strictObject({
    pack: z.enum(GUARDRAIL_PACKS),
    connections: z.array(Pattern).min(1).optional(),
    groups: Groups.optional(),
  }),
);

/** Names that are ours in the record. */
const TAKEN: readonly string[] = [...GUARDRAIL_PACKS, NOT_UNDERSTOOD, WITHDRAWN, 'record-failed', 'mask', 'masks'];

const Expression = z
  .string()
  .min(1)
  .max(1000)
  .superRefine((source, context) => {
    const fault = expressionFault(source);
    if (fault !== undefined)
      context.addIssue({ code: 'custom', message: `RE2 does not take this expression: ${fault}` });
  });

const Rule = z.strictObject({
  name: Name.refine((name) => !TAKEN.includes(name), 'this name is one of hoop’s own: choose another'),
  connections: z.array(Pattern).min(1).optional(),
  groups: Groups.optional(),
  programs: Names.optional(),
  kinds: Names.optional(),
  classes: list(STATEMENT_CLASSES),
  relations: Names.optional(),
  uses: list(RELATION_USES),
  columns: Names.optional(),
  functions: Names.optional(),
  unbounded: z.literal(true).optional(),
  traits: list(TRAITS),
  matches: Expression.optional(),
  then: z.enum(THENS),
  message: z.string().min(1).max(300).optional(),
  hint: z.string().min(1).max(300).optional(),
});

export const GuardrailsConfig = z.strictObject({
  packs: z.array(PackUse).default([]),
  rules: z
    .array(Rule)
    .default([])
    .superRefine((rules, context) => {
      for (const [at, { name }] of rules.entries())
        if (rules.findIndex((other) => other.name === name) < at)
          context.addIssue({ code: 'custom', path: [at, 'name'], message: `another rule is called ${name}` });
    }),
});
