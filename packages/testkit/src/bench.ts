import { join } from 'node:path';
import { bench, HELP, readArguments } from './bench/index.js';

/** scripts/bench, after the set-up. */
const root = join(import.meta.dirname, '../../..');
const asked = readArguments(process.argv.slice(2));

if ('help' in asked) {
  process.stdout.write(HELP);
} else if ('wrong' in asked) {
  process.stderr.write(`bench: ${asked.wrong}\n${HELP}`);
  process.exitCode = 2;
} else {
  const code = await bench({ root, folder: join(root, '.bench') }, asked);
  // An interrupted row may still hold sockets; the world is gone by now.
  process.exit(code);
}
