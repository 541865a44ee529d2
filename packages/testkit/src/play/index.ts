import { UserError } from '@hoop/core';
import { story } from '../story/index.js';
import type { WorldOptions } from '../world/index.js';
import { as } from './as.js';
import { complain, usage } from './complain.js';
import { HELP } from './help.js';
import { play } from './play.js';
import { check } from './run.js';

const FLAGS = ['--check', '--keep', '--system', '--help', '-h'];

/** `scripts/demo ARGS`; answers the exit code. */
export async function demo(options: WorldOptions, args: readonly string[]): Promise<number> {
  try {
    return await chosen(options, args);
  } catch (error) {
    if (error instanceof UserError) return complain(error);
    throw error;
  }
}

function chosen(options: WorldOptions, args: readonly string[]): Promise<number> {
  if (args[0] === 'as') return as(options, args[1], args.slice(2));
  const unknown = args.find((arg) => !FLAGS.includes(arg));
  if (unknown !== undefined) throw usage(`what is ${unknown}?`);
  if (args.includes('--help') || args.includes('-h')) return told(HELP);
  const how = { ...options, keep: args.includes('--keep'), system: args.includes('--system') };
  return args.includes('--check') ? check(how, story(how.system)) : play(how);
}

async function told(text: string): Promise<number> {
  process.stdout.write(text);
  return 0;
}
