import { expect, test } from 'vitest';
import { commandsIn, manual } from '../lib/man.ts';

const HELP: Record<string, string> = {
  '': `Usage: hoop [options] [command]

Commands:
  ls             list what
                 there is
  sessions       what was done
  help           show help

Environment:
  HOOP_LOG  none of these is a command`,
  ls: 'Usage: hoop ls\n\n.hoop names, C:\\x and --json\n',
  sessions: 'Usage: hoop sessions\n\nCommands:\n  show  one of them\n',
  'sessions show': 'Usage: hoop sessions show ID\n',
};
const page = (help: (path: readonly string[]) => string) =>
  manual({ name: 'hoop', summary: 'what it does', version: '1.2.3', epoch: 86_400 * 365, help });

test('the commands of a help text are its own, not what follows', () => {
  expect(commandsIn(HELP[''] ?? '')).toEqual(['ls', 'sessions']);
  expect(commandsIn(HELP.ls ?? '')).toEqual([]);
});

test('a page has each command, with those below it, in order', () => {
  const text = page((path) => HELP[path.join(' ')] ?? '');
  expect(text).toContain('.TH HOOP 1 1971-01-01 "hoop 1.2.3" "User Commands"\n.SH NAME\nhoop \\- what it does\n');
  expect([...text.matchAll(/^\.SS (.*)$/gm)].map(([, name]) => name)).toEqual([
    'hoop ls',
    'hoop sessions',
    'hoop sessions show',
  ]);
});

test('no text of ours is a request to the formatter', () => {
  const text = page((path) => HELP[path.join(' ')] ?? '');
  expect(text).toContain('\n\\&.hoop names, C:\\ex and \\-\\-json\n');
});
