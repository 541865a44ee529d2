import { realpathSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import {
  asSupervised,
  environment,
  folderTrouble,
  holderOf,
  planPaths,
  supervisorOf,
  unreadWatch,
} from '@hoop/platform';
import pack from '../package.json' with { type: 'json' };
import { daemonAt } from './client/daemon.js';
import { knowing } from './client/known.js';
import { silenceMend } from './client/silence.js';
import type { Needs } from './command.js';
import { commands } from './commands/index.js';
import { runProgram } from './program.js';
import { render } from './render.js';

/** Output that nobody reads any more is the end, not an error: `hoop ls | head -1`. */
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => process.exit(0));

/** How often a command that waits looks whether its output is still read. Milliseconds. */
const LOOK = 500;

function needsOf(): Needs {
  const machine = asSupervised(environment());
  const supervisor = supervisorOf(machine);
  const paths = planPaths(machine);
  const program = realpathSync(process.argv[1] ?? '');
  const start = async () => (await import('./client/start.js')).startDaemon({ machine, paths, program });
  return {
    out: (words) => void process.stdout.write(words),
    err: (words) => void process.stderr.write(words),
    read: () => text(process.stdin),
    ask,
    terminal: {
      in: process.stdin.isTTY === true,
      out: process.stdout.isTTY === true,
      err: process.stderr.isTTY === true,
    },
    variables: process.env,
    ...{ machine, paths, program, version: pack.version },
    daemon: knowing(
      daemonAt(paths.socket, {
        start,
        uid: machine.uid,
        silenceMend: silenceMend(machine.uid, supervisor?.name),
        trouble: () => folderTrouble(paths, machine.uid),
      }),
      async () => {
        const { readConfig } = await import('./settings.js');
        return (await readConfig(paths.configFile, machine.uid)).gateway;
      },
    ),
    supervisor,
    system: () => import('@hoop/platform/setup'),
    sight: async () => {
      const [looks, { lookAtWay }] = await Promise.all([import('@hoop/platform/doctor'), import('@hoop/daemon')]);
      return { ...looks, lookAtWay, holderOf };
    },
    onInterrupt: (then) => {
      process.on('SIGINT', then);
      return () => void process.off('SIGINT', then);
    },
    onUnread: (then) => {
      const isUnread = unreadWatch(process.stdout.fd);
      const timer = setInterval(() => isUnread() && then(), LOOK);
      return () => clearInterval(timer);
    },
    pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    now: Date.now,
  };
}

async function ask(question: string): Promise<string> {
  if (process.stdin.isTTY !== true) return '';
  return (await import('./ask.js')).askAt(process.stdin, process.stderr, question);
}

/** The program: parses, runs, ends with the command's exit code. */
export async function hoop(): Promise<void> {
  let code: number;
  try {
    code = await runProgram(commands, process.argv.slice(2), needsOf());
  } catch (error) {
    const { text, exit } = render(error, { json: process.argv.includes('--json'), color: false });
    process.stderr.write(text);
    code = exit;
  }
  // What a pipe has not taken yet is waited for; a watch that is still open is not.
  process.stdout.write('', () => process.exit(code));
}
