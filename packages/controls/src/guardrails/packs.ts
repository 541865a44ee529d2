import type { Reading, RelationUse } from '@hoop/core';
import type { Guardrail } from './rule.js';

/** Rules that come with hoop, by name. Those of a pack stand behind the operator's own, packs in this order. */
export const GUARDRAIL_PACKS = [
  'destructive-ddl',
  'unbounded-writes',
  'privilege-changes',
  'server-files',
  'session-tampering',
] as const;
export type GuardrailPack = (typeof GUARDRAIL_PACKS)[number];

/** What a pack is for, as a sentence's end: `refuses …`. */
export const PACK_SUMMARIES: Record<GuardrailPack, string> = {
  'destructive-ddl': 'DROP, TRUNCATE and what else removes for good',
  'unbounded-writes': 'UPDATE and DELETE that change every row',
  'privilege-changes': 'roles, grants, owners, row policies',
  'server-files': "the server's files and programs, other servers",
  'session-tampering': 'settings that change the language or the actor',
};

export const packRules: Record<GuardrailPack, readonly Guardrail[]> = {
  'destructive-ddl': [
    {
      name: 'destructive-ddl',
      traits: ['destroys'],
      then: 'deny',
      message: removed,
      hint: 'Let a migration do it that somebody has looked at, or ask for leave.',
    },
  ],
  'unbounded-writes': [
    {
      name: 'unbounded-writes',
      unbounded: true,
      then: 'deny',
      message: (command) =>
        `this ${spoken(command)} has no WHERE of its own that chooses rows: it changes all${of(command, 'write')}`,
      hint: 'Add a WHERE that names the rows.',
    },
  ],
  'privilege-changes': [
    {
      name: 'privilege-changes',
      traits: ['privileges'],
      then: 'deny',
      message: (command) => `${spoken(command)} changes who may do what`,
      hint: 'Who may do what is decided where the database is run.',
    },
  ],
  'server-files': [
    {
      name: 'server-files',
      traits: ['server-files'],
      then: 'deny',
      message: (command) => `this ${spoken(command)} reaches files, programs or other servers from the server`,
      hint: "To move rows to or from your own files: psql's \\copy, which is COPY … TO STDOUT and FROM STDIN.",
    },
  ],
  'session-tampering': [
    {
      name: 'session-tampering',
      traits: ['session'],
      then: 'deny',
      message: (command) => `this ${spoken(command)} changes who the session is, or how its statements are read`,
      hint: 'The session keeps the role and the settings that it was opened with.',
    },
  ],
};

/** A command as a person would name it: `DROP TABLE`; what could not be read is a `statement`. */
export const spoken = ({ kind }: Reading): string => (kind === 'unparsable' ? 'statement' : kind.toUpperCase());

function removed(command: Reading): string {
  const names = namesOf(command, 'define') || namesOf(command, 'write');
  if (!/^(?:drop|truncate)/.test(command.kind) && names !== '')
    return `this ${spoken(command)} loses what ${names} holds, now or later, which cannot be had back`;
  return names === ''
    ? `what ${spoken(command)} removes cannot be had back`
    : `${spoken(command)} removes ${names}, which cannot be had back`;
}

/** Names beyond this are not listed. */
const LISTED = 3;

/** ` of public.orders`; nothing if no name is known. */
function of(command: Reading, does: RelationUse['does']): string {
  const names = namesOf(command, does);
  return names === '' ? '' : ` of ${names}`;
}

function namesOf({ relations }: Reading, does: RelationUse['does']): string {
  const names = [...new Set(relations.filter((use) => use.does === does).map((use) => use.name))];
  return names.length > LISTED ? `${names.slice(0, LISTED).join(', ')}, …` : names.join(', ');
}
