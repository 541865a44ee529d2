import { CommanderError } from 'commander';
import { program } from './program/program.js';
import { renderError, terminal } from './program/render.js';

process.title = 'hoop-gateway';
try {
  await program(terminal).exitOverride().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else process.exitCode = renderError(error, process.argv.includes('--json'), terminal);
}
