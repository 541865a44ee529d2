import type * as z from 'zod';
import { keysAt } from './keys.js';
import { nearest } from './nearest.js';
import { Config } from './schema.js';

/** One sentence for what a schema found: where, what is wanted there, and the word that was probably meant. */
export function tell(issue: z.core.$ZodIssue): { message: string; hint?: string } {
  const where = issue.path.join('.') || 'the file';
  if (issue.code === 'invalid_union') return unfitting(issue);
  if (issue.code === 'unrecognized_keys') return unknownKey(issue);
  if (issue.code === 'invalid_value') return unknownWord(where, issue);
  if (issue.code === 'invalid_type' && issue.input === undefined) return { message: `${where} is missing` };
  return { message: `${where}: ${wanted(issue)}` };
}

/** Of the forms that a value may have, what the one that was meant has against it: the one that gets beyond the value's kind. */
function unfitting(issue: z.core.$ZodIssueInvalidUnion): { message: string; hint?: string } {
  const meant = issue.errors.find(([first]) => first && (first.path.length > 0 || first.code === 'unrecognized_keys'));
  const first = meant?.[0];
  if (first) return tell({ ...first, path: [...issue.path, ...first.path] } as z.core.$ZodIssue);
  return { message: `${issue.path.join('.')}: ${issue.message}` };
}

function unknownKey(issue: z.core.$ZodIssueUnrecognizedKeys): { message: string; hint: string } {
  const key = issue.keys[0] ?? '';
  const known = keysAt(Config, issue.path);
  const meant = nearest(key, known);
  const hint = meant ? `did you mean ${meant}?` : `known here: ${known.join(', ')}`;
  return { message: `unknown key ${[...issue.path, key].join('.')}: it would have no effect`, hint };
}

function unknownWord(where: string, issue: z.core.$ZodIssueInvalidValue): { message: string; hint?: string } {
  const known = issue.values.map(String);
  const meant = typeof issue.input === 'string' ? nearest(issue.input, known) : undefined;
  return { message: `${where}: must be ${known.join(' or ')}`, ...(meant && { hint: `did you mean ${meant}?` }) };
}

const TYPES: Record<string, string> = {
  object: 'a map of keys',
  record: 'a map of keys',
  array: 'a list',
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

/** The words of a rule of ours are kept; for the library's own there are ours. */
function wanted(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${TYPES[issue.expected] ?? issue.expected}`;
    case 'too_small':
      return issue.origin === 'number' ? `must be at least ${issue.minimum}` : 'must not be empty';
    case 'too_big':
      return `must be at most ${issue.maximum}${issue.origin === 'string' ? ' characters' : ''}`;
    case 'invalid_format':
      return issue.format === 'url' ? 'must be an address, as https://idp.example.com' : issue.message;
    case 'invalid_key':
      return issue.issues[0]?.message ?? issue.message;
    default:
      return issue.message;
  }
}
