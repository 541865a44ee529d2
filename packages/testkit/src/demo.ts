import { join } from 'node:path';
import { as, check, HELP, play } from './play/index.js';

/** scripts/demo, after the set-up. */
const root = join(import.meta.dirname, '../../..');
const options = { root, folder: join(root, '.demo') };
const args = process.argv.slice(2);
const flags = new Set(args.filter((arg) => arg.startsWith('--')));

async function main(): Promise<number> {
  if (args[0] === 'as') return as(options, args[1], args.slice(2));
  const unknown = args.find((arg) => !['--check', '--keep', '--system', '--help', '-h'].includes(arg));
  if (unknown !== undefined) {
    process.stderr.write(`demo: unknown: ${unknown}\n${HELP}`);
    return 2;
  }
  if (flags.has('--help') || args.includes('-h')) {
    process.stdout.write(HELP);
    return 0;
  }
  const how = { ...options, keep: flags.has('--keep'), system: flags.has('--system') };
  return flags.has('--check') ? check(how) : play(how);
}

process.exitCode = await main();
