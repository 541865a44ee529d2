import { cancelRegistry, epitaphOf, refusalFor, runFlow } from '@hoop/session';
import { CommanderError } from 'commander';
import { program } from './program/program.js';
import { renderError, terminal } from './program/render.js';

process.title = 'hoop-gateway';
const sessions = { runFlow, refusalFor, epitaphOf, cancels: cancelRegistry() };
try {
  await program(sessions, terminal).exitOverride().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else process.exitCode = renderError(error, process.argv.includes('--json'), terminal);
}
