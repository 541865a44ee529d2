import { EXIT, UserError } from '@hoop/core';
import { type Command, CommanderError } from 'commander';
import { program } from './program.js';
import { renderError, type Terminal } from './render.js';

/** Runs `hoop-gateway ARGS`; answers the exit code. Never rejects. */
export async function runGateway(args: readonly string[], io: Terminal): Promise<number> {
  let code: number = EXIT.ok;
  const root = program(io, (ended) => {
    code = ended;
  });
  try {
    if (args.length === 0) root.outputHelp();
    else await root.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
    const told = error instanceof CommanderError ? usage(error, root, args) : error;
    return renderError(told, args.includes('--json'), io);
  }
}

/** What commander found, in the words and with the exit code of every other error (design §7). */
function usage(error: CommanderError, root: Command, args: readonly string[]): UserError {
  const { path, unknown } = commandOf(root, args[0] === 'help' ? args.slice(1) : args);
  const message = error.code === 'commander.help' ? whichOf(path, unknown) : error.message.replace(/^error: /, '');
  const hint = `${path.join(' ')} --help`;
  return new UserError('usage', message.split('\n').join(' '), { hint, exit: 'usage' });
}

const whichOf = (path: readonly string[], unknown: string | undefined) =>
  unknown === undefined ? `which of the commands of ${path.at(-1)}?` : `unknown command '${unknown}'`;

/** How far the words name commands, and the first word that names none. */
function commandOf(root: Command, args: readonly string[]): { path: string[]; unknown?: string | undefined } {
  const [word] = args;
  const next = root.commands.find((each) => each.name() === word);
  if (!next) return { path: [root.name()], unknown: word };
  const { path, unknown } = commandOf(next, args.slice(1));
  return { path: [root.name(), ...path], unknown };
}
