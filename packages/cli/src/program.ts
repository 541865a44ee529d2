import { EXIT, UserError } from '@hoop/core';
import { Argument, CommanderError, Option as CommanderOption, Command as Parser } from 'commander';
import type { Command, Needs } from './command.js';
import { render } from './render.js';

/** Runs `hoop ARGS`; answers the exit code. Never rejects: the one place that renders an error is below it. */
export async function runProgram(commands: readonly Command[], args: readonly string[], needs: Needs): Promise<number> {
  let code: number = EXIT.ok;
  const parser = new Parser('hoop')
    .description('Reach databases and servers by name, as yourself: no VPN, no jump host, no password.')
    .helpCommand('help [COMMAND...]', 'show help for a command')
    .option('-V, --version', 'show the version')
    .addHelpText('after', `\n${ENVIRONMENT}`);
  quiet(parser, needs);
  for (const command of commands) add(parser, command, needs, (ended) => (code = ended));
  try {
    if (args.length === 0) return unasked(parser, needs);
    await parser.parseAsync(translated(commands, args), { from: 'user' });
    return code;
  } catch (error) {
    return tell(error, `hoop help ${pathIn(commands, args).join(' ')}`.trim(), args, needs);
  }
}

/** Nothing was asked for: what there is to ask for, as a usage error. */
function unasked(parser: Parser, needs: Needs): number {
  parser.configureOutput({ writeOut: needs.err }).outputHelp();
  return EXIT.usage;
}

/** `help A B` is `A B --help`, and `--version` is `version`; commander would answer a command it lacks with help on all. */
function translated(commands: readonly Command[], args: readonly string[]): string[] {
  const [first, ...rest] = args;
  if (first === '-V' || first === '--version') return ['version', ...rest];
  if (first !== 'help') return [...args];
  const asked = rest.filter((word) => !word.startsWith('-'));
  const unknown = asked[pathIn(commands, asked).length];
  if (unknown === undefined) return [...asked, '--help'];
  throw new CommanderError(EXIT.usage, 'commander.unknownCommand', `unknown command '${unknown}'`);
}

/** The words that lead to a command: `sessions ls --limit x` → `sessions`, `ls`. */
function pathIn(commands: readonly Command[], args: readonly string[]): string[] {
  const word = args.find((one) => !one.startsWith('-') && one !== 'help');
  const found = commands.find(({ name }) => name === word);
  if (found === undefined) return [];
  return [found.name, ...pathIn(found.commands ?? [], args.slice(args.indexOf(found.name) + 1))];
}

const ENVIRONMENT = `Environment:
  HOOP_GATEWAY  the gateway to log in to    HOOP_SOCKET  the daemon's socket
  HOOP_PROFILE  which login is meant        HOOP_LOG     the daemon's log level
  NO_COLOR, BROWSER
Ends with: 0 done, 1 you can mend it, 2 wrong use, 4 log in first, 5 refused by policy,
  69 hoopd or the gateway is away, 70 a bug, 130 Ctrl-C; connect and run as the program.`;

/** Help is for 80 columns; what goes wrong is thrown, and rendered in one place. */
function quiet(parser: Parser, needs: Needs): void {
  parser.exitOverride().allowExcessArguments(false).showHelpAfterError(false);
  parser.configureOutput({
    writeOut: needs.out,
    writeErr: () => {},
    getOutHelpWidth: () => 80,
    getErrHelpWidth: () => 80,
  });
  parser.configureHelp({ subcommandTerm: (one) => one.name() });
}

function add(parent: Parser, command: Command, needs: Needs, ended: (code: number) => void): void {
  const parser = parent.command(command.name).description(command.summary).summary(command.summary);
  quiet(parser, needs);
  for (const [name, summary, choices] of command.arguments ?? []) {
    const one = new Argument(/^[[<]/.test(name) ? name : `<${name}>`, summary);
    parser.addArgument(choices === undefined ? one : one.choices([...choices]));
  }
  for (const option of command.options ?? []) {
    const one = new CommanderOption(option.flags.replace(/ (\w+)$/, ' <$1>'), option.summary);
    parser.addOption(option.choices === undefined ? one : one.choices([...option.choices]));
  }
  if (command.passThrough) {
    parent.enablePositionalOptions();
    parser.passThroughOptions();
  }
  if (command.examples)
    parser.addHelpText('after', `\nExamples:\n${command.examples.map((one) => `  ${one}`).join('\n')}`);
  for (const below of command.commands ?? []) add(parser, below, needs, ended);
  if (command.run === undefined) return;
  const { run } = command;
  parser.action(async (...given: unknown[]) => {
    const input = { arguments: given.slice(0, -2) as string[], options: given.at(-2) as Record<string, unknown> };
    ended((await run(needs, input)) ?? EXIT.ok);
  });
}

function tell(error: unknown, hint: string, args: readonly string[], needs: Needs): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.ok;
    if (error.code === 'commander.help') return usage('which of its commands?', hint, args, needs);
    return usage(error.message.replace(/^error: /, ''), hint, args, needs);
  }
  return say(error, args, needs);
}

const usage = (message: string, hint: string, args: readonly string[], needs: Needs) =>
  say(new UserError('usage', message.split('\n').join(' '), { hint, exit: 'usage' }), args, needs);

function say(error: unknown, args: readonly string[], needs: Needs): number {
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  const color = needs.terminal.err && !needs.variables.NO_COLOR;
  const { text, exit } = render(error, {
    json: own.includes('--json'),
    color,
    ...(needs.terminal.err && { width: 80 }),
  });
  needs.err(text);
  return exit;
}
