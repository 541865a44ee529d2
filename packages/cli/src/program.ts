import { EXIT, UserError } from '@hoop/core';
import { Argument, CommanderError, Option as CommanderOption, Command as Parser } from 'commander';
import type { Command, Needs } from './command.js';
import { render } from './render.js';

/** Runs `hoop ARGS`; answers the exit code. Never rejects: the one place that renders an error is below it. */
export async function runProgram(commands: readonly Command[], args: readonly string[], needs: Needs): Promise<number> {
  let code: number = EXIT.ok;
  const parser = new Parser('hoop')
    .description('Reach databases and servers by name, as yourself: no VPN, no jump host, no password.')
    .helpCommand('help [COMMAND]', 'show help for a command')
    .addHelpText('after', `\n${ENVIRONMENT}`);
  quiet(parser, needs);
  for (const command of commands) add(parser, command, needs, (ended) => (code = ended));
  try {
    if (args.length === 0) parser.outputHelp();
    else await parser.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    return tell(error, args, needs);
  }
}

const ENVIRONMENT = `Environment:
  HOOP_GATEWAY  the gateway to log in to    HOOP_SOCKET  the daemon's socket
  HOOP_PROFILE  a login of its own          HOOP_LOG     the daemon's log level
  NO_COLOR, BROWSER`;

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
  for (const [name, summary] of command.arguments ?? []) parser.addArgument(argumentOf(name, summary));
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

const argumentOf = (name: string, summary: string) => new Argument(/^[[<]/.test(name) ? name : `<${name}>`, summary);

function tell(error: unknown, args: readonly string[], needs: Needs): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.ok;
    if (error.code === 'commander.help') return usage('which of its commands?', args, needs);
    return usage(error.message.replace(/^error: /, ''), args, needs);
  }
  return say(error, args, needs);
}

const usage = (message: string, args: readonly string[], needs: Needs) =>
  say(new UserError('usage', message.split('\n').join(' '), { hint: 'hoop help', exit: 'usage' }), args, needs);

function say(error: unknown, args: readonly string[], needs: Needs): number {
  const own = args.includes('--') ? args.slice(0, args.indexOf('--')) : args;
  const color = needs.terminal.err && !needs.variables.NO_COLOR;
  const { text, exit } = render(error, { json: own.includes('--json'), color });
  needs.err(text);
  return exit;
}
