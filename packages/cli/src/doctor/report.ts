import { readFileSync } from 'node:fs';
import type { State } from '@hoop/contracts/local';
import { lineText } from '../commands/logs.js';
import type { Facts } from './facts.js';

const LAST_LINES = 40;

/** Whose machine it is need not be known to help (RFC 5322 §3.4.1, as addresses are written). */
const ADDRESS = /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g;

/**
 * What somebody else needs to help. hoopd tells no secret to begin with; who the person is and where a login under way is
 * finished are left out too.
 */
export function reportText(of: { versions: string; lines: string; facts: Facts; logFile: string }): string {
  const { daemon, names, ...rest } = of.facts;
  const state = typeof daemon === 'string' ? daemon : anonymous(daemon);
  const told = JSON.stringify({ daemon: state, names: names && { ...names, each: undefined }, ...more(rest) }, null, 2);
  const text = `${of.versions}\n\n${of.lines}\n${told}\n\nthe log's last lines:\n${lastLines(of.logFile)}`;
  return text.replace(ADDRESS, 'SOMEBODY');
}

const more = ({ way, otherWays, keeper, ipv6, secretive }: Omit<Facts, 'daemon' | 'names'>) => ({
  ...{ way, otherWays, keeper, ipv6, secretive },
});

function anonymous(state: State): object {
  return {
    ...state,
    ...withoutPerson(state),
    profiles: state.profiles?.map((one) => ({ ...one, ...withoutPerson(one) })),
  };
}

const withoutPerson = ({ login, attempt }: Pick<State, 'login' | 'attempt'>) => ({
  login: login && { ...login, identity: undefined },
  attempt: attempt && { ...attempt, url: undefined, userCode: undefined },
});

function lastLines(path: string): string {
  try {
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n').slice(-LAST_LINES);
    return lines.map((line) => `${lineText(line)}\n`).join('');
  } catch {
    return 'there is none\n';
  }
}
