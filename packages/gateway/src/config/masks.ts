import { type MaskRule, PACKS, rulesOf, UNREAD } from '@hoop/controls';
import * as z from 'zod';
import { Groups, Pattern } from './names.js';

/** `masks` of gateway.yaml: what may not be seen (controls/src/masks/rules.ts says what each key means). */

const Patterns = z.array(Pattern).min(1).default(['*']);
const Columns = z.array(z.string().min(1).max(256)).min(1);

/** A pack is given by its name alone, or with where it is on and for whom it is not. */
const PackUse = z.preprocess(
  (it) => (typeof it === 'string' ? { pack: it } : it),
  z.strictObject({ pack: z.enum(PACKS as ['pii', 'secrets']), connections: Patterns, exempt: Groups.optional() }),
);

const WAYS = ['redact', 'partial', 'hash', 'null', 'show'] as const;
/** In YAML, a bare `null` is no word. */
const Way = z.preprocess((it) => (it === null ? 'null' : it), z.enum(WAYS).default('redact'));

/** Columns are given by their name alone, or with how they are masked. */
const ColumnMask = z.preprocess(
  (it) => (typeof it === 'string' ? { columns: [it] } : it),
  z.strictObject({
    /** By default the first of its columns. */
    name: z
      .string()
      .min(1)
      .max(128)
      .refine((name) => name !== UNREAD && !isPackRule(name), 'this name is one of hoop’s own: choose another')
      .optional(),
    connections: Patterns,
    columns: Columns,
    except: Columns.optional(),
    way: Way,
    predicates: z.enum(['deny', 'allow']).default('deny'),
    exempt: Groups.optional(),
  }),
);

export const MasksConfig = z.strictObject({
  packs: z.array(PackUse).default([]),
  columns: z.array(ColumnMask).default([]),
  /** Groups whose members see all values. */
  exempt: z.array(z.string().min(1)).default([]),
});
export type MasksConfig = z.output<typeof MasksConfig>;

const isPackRule = (name: string): boolean =>
  PACKS.some((pack) => rulesOf(pack, []).some((rule) => rule.name === name));

/** The rules of a configuration in the order in which they are asked: what is declared wins over what a pack guesses. */
export function maskRules({ packs, columns, exempt }: MasksConfig): MaskRule[] {
  const declared = columns.map(({ name, ...rule }) => ({
    ...rule,
    name: name ?? rule.columns[0] ?? '',
    detectors: [],
    exempt: [...exempt, ...(rule.exempt ?? [])],
  }));
  const guessed = packs.flatMap((use) => rulesOf(use.pack, use.connections, [...exempt, ...(use.exempt ?? [])]));
  return [...declared, ...guessed];
}
