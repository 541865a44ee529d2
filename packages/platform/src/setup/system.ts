import { readFileSync } from 'node:fs';
import { type Finished, runShort } from '../process/short.js';
import type { Person } from './machine.js';
import type { Command } from './plan.js';

/** Root's commands come from the system's folders, whatever PATH the caller has. */
const SYSTEM_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';
/** Milliseconds: a trust store with its hooks, or a unit that stops, takes seconds. */
const LONGEST = 60_000;

export type Run = (command: Command) => Finished;
export const runSystem: Run = ([program, ...args]) =>
  runShort(program, args, { variables: { PATH: SYSTEM_PATH, LC_ALL: 'C' }, deadline: LONGEST });

/** setpriv(1): as the person, with nothing of root's; files of theirs are no business of root's. */
export const asPerson = ({ uid, gid }: Pick<Person, 'uid' | 'gid'>, ...command: string[]): Command => [
  'setpriv',
  `--reuid=${uid}`,
  `--regid=${gid}`,
  ...['--init-groups', '--reset-env', '--no-new-privs', '--'],
  ...command,
];

export function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
