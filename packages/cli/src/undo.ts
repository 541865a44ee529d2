import { existsSync } from 'node:fs';
import { EXIT, UserError } from '@hoop/core';
import type { Event } from '@hoop/platform/setup';
import { flag, type Input, type Needs, type System, text } from './command.js';
import { filled } from './text.js';

export const NO_SUDO = 'it takes root, and there is no sudo here';
const UNDOES = 'it takes back what hoop setup did on this machine, and nothing else';
const KEPT = 'your login and hoop’s folders stay; after hoop logout, hoop setup --undo removes them too\n';

/** `hoop setup --undo`: what was done to the machine, and without a login what hoop keeps in the home. */
export async function undo(needs: Needs, input: Input, system: System): Promise<number> {
  const quiet = flag(input, 'json');
  const done: Event[] = [];
  const { eventText } = await import('./report.js');
  if (flag(input, 'dryRun')) throw new UserError('usage', '--undo has no --dry-run', { hint: UNDOES, exit: 'usage' });
  const isSetUp = system.isSetUp(needs.machine.platform);
  if (isSetUp && !system.canBeRoot()) throw new UserError('root', NO_SUDO, { hint: 'as root: hoop setup --undo' });
  const only = text(input, 'only');
  if ((only ?? 'ca') === 'ca' && existsSync(needs.paths.authorityFile))
    await (await needs.daemon.api()).forgetAuthority({});
  if (isSetUp) {
    await system.asRoot(['undo', ...(only === undefined ? [] : [only])], (event) => {
      done.push(event);
      if (!quiet) needs.err(eventText(event));
    });
  }
  const failed = done.filter((event) => event.event === 'failed');
  const undone = done.some((event) => event.event === 'undone' && event.entries > 0);
  const isWhole = only === undefined && needs.machine.uid !== 0 && failed.length === 0;
  const forgotten = isWhole && (await (await import('./forget.js')).forgetFolders(needs));
  const told = { undone, forgotten, failed: failed.map(({ message }) => message) };
  if (quiet) needs.out(`${JSON.stringify(told)}\n`);
  else {
    const folders = forgotten
      ? `hoopd has ended, and ${needs.paths.stateFolder} is removed\n`
      : isWhole
        ? filled(KEPT)
        : '';
    needs.err(`${undone ? 'undone' : 'on this machine there is nothing to undo'}\n${folders}`);
  }
  return failed.length === 0 ? EXIT.ok : EXIT.user;
}
