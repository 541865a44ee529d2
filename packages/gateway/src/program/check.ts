import { EXIT, UserError } from '@hoop/core';
import { loadConfig } from '../config/load.js';
import { actAsOwner } from '../store/owner.js';
import { checked, failed, type Result } from './checks.js';
import { counted, type Terminal, table } from './render.js';

/** Tries what `serve` will need, one line each; answers the exit code. Throws if something fails, after all was tried. */
export async function check(
  options: { config: string; offline?: boolean; json?: boolean },
  io: Terminal,
): Promise<number> {
  const config = loadConfig(options.config);
  actAsOwner(config.data);
  const results = await checked(options.config, config, { offline: options.offline ?? false });
  const { length } = failed(results);
  if (options.json) {
    io.out(JSON.stringify(results));
    return length > 0 ? EXIT.user : EXIT.ok;
  }
  io.out(table(results.flatMap(rowsOf)));
  if (length > 0) throw new UserError('check', `${length} of ${counted(results.length, 'check')} failed`);
  return EXIT.ok;
}

/** What failed has its cure on a line of its own. */
function rowsOf({ what, ok, detail, hint }: Result): string[][] {
  return [[ok ? 'ok' : 'FAIL', what, detail], ...(hint === undefined ? [] : [['', '', hint]])];
}
