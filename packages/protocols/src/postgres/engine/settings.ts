import type { Refusal } from '@hoop/core';
import { judgeSetting, splitPath } from '../sql/settings.js';

/**
 * What a statement means to a parser at its defaults, it means to the server only while these hold: with others a literal can
 * hide a command (threats A22). They are asked for at the start, and whoever changes them ends the flow.
 */
export const PINNED: ReadonlyMap<string, string> = new Map([
  ['standard_conforming_strings', 'on'],
  ['client_encoding', 'UTF8'],
]);

/** Startup parameters that set nothing; `options` is taken apart. */
const NO_SETTING: ReadonlySet<string> = new Set(['user', 'database', 'replication', 'options']);
/** Clients in the C locale ask for this: their bytes are read as the server's own, so UTF-8 is no other. */
const ANY_BYTES = /^sql_?ascii$/i;

/** Why a flow that reads cannot be opened with these startup parameters. */
export function unsafeParameter(parameters: ReadonlyMap<string, string>): Refusal | undefined {
  for (const [name, value] of settingsIn(parameters)) {
    if (name.startsWith('_pq_.') || isHarmless(name.toLowerCase(), value)) continue;
    return unsafe(name);
  }
  return undefined;
}

/** They choose how rows are found. */
export const steers = (parameters: ReadonlyMap<string, string>): boolean =>
  settingsIn(parameters).some(([name, value]) => judgeSetting(name, [value]).steers === true);

const settingsIn = (parameters: ReadonlyMap<string, string>): [string, string][] => [
  ...parameters,
  ...optionsOf(parameters.get('options') ?? ''),
];

function isHarmless(name: string, value: string): boolean {
  if (NO_SETTING.has(name) || (name === 'client_encoding' && ANY_BYTES.test(value))) return true;
  return judgeSetting(name, [value]).harmless;
}

/**
 * `-c name=value` and `--name=value`, split at white space that no backslash stands before, as the server does it; any other switch
 * is a name that nobody allows. https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export function optionsOf(options: string): [string, string][] {
  const words = (options.match(/(?:\\[\s\S]|[^\s\\])+/g) ?? []).map((word) => word.replace(/\\([\s\S])/g, '$1'));
  const found: [string, string][] = [];
  for (let at = 0; at < words.length; at++) {
    let word = words[at] as string;
    if (word === '-c') {
      at += 1;
      word = `--${words[at] ?? ''}`;
    } else if (word.startsWith('-c')) word = `--${word.slice(2)}`;
    const [, name, value] = /^--([^=]+)=([\s\S]*)$/.exec(word) ?? [];
    found.push(name === undefined ? [word, ''] : [name.replaceAll('-', '_'), value ?? '']);
  }
  return found;
}

const unsafe = (name: string): Refusal => ({
  code: 'protocol',
  native: '0A000',
  message: `the startup parameter "${name}" is not available on this connection with this value`,
  hint: 'It may change what statements mean, or who runs them. Connect without it.',
});

/** Why the session cannot go on: a setting that its reader depends on is not what it has to be. */
export function unpinned(name: string, value: string): Refusal | undefined {
  const pinned = PINNED.get(name);
  if (pinned === undefined || pinned.toLowerCase() === value.toLowerCase()) return undefined;
  return {
    code: 'protocol',
    native: '0A000',
    message: `"${name}" has to be ${pinned} on this connection`,
    hint: 'Statements cannot be read with another value. If a role or database sets it, ask the operator.',
  };
}

/** The elements of a search_path as `current_setting` gives it; `$user` is whom the session runs as. */
export function pathOf(setting: string, user: string): string[] {
  return (splitPath(setting) ?? []).map((name) => (name === '$user' ? user : name));
}
