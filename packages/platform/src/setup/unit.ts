import type { Machine } from './machine.js';
import { type Action, type Command, MARK } from './plan.js';

/** A unit file's text (systemd.syntax(7)). */
export function unit(sections: Readonly<Record<string, readonly string[]>>): string {
  const parts = Object.entries(sections).map(([name, lines]) => `[${name}]\n${lines.join('\n')}\n`);
  return `# ${MARK}\n${parts.join('\n')}`;
}

/** One word of a command line or of Environment=: quotes, and no specifiers (systemd.unit(5)). */
export const quoted = (word: string): string => `"${word.replace(/["\\]/g, '\\$&').replaceAll('%', '%%')}"`;

const RELOAD: Command = ['systemctl', 'daemon-reload'];

/** Nothing is done to a unit that runs as it should: what is open through it stays open. */
export const isInPlace = ({ files, active }: Machine, name: string, path: string, text: string): boolean =>
  files[path] === text && active.includes(name);

/** A unit written, enabled and started, or started anew; undoing stops it first, and systemd forgets it last. */
export const unitActions = (name: string, path: string, text: string): Action[] => [
  { do: 'later', undo: { command: RELOAD } },
  { do: 'write', path, text },
  { do: 'run', command: RELOAD },
  {
    do: 'run',
    command: ['systemctl', 'enable', '--quiet', name],
    undo: { command: ['systemctl', 'disable', '--now', '--quiet', name], when: ['systemctl', 'cat', name] },
  },
  { do: 'run', command: ['systemctl', 'restart', name] },
];
