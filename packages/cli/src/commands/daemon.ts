import { type Command, flag, JSON_OPTION } from '../command.js';
import { columns } from '../table.js';
import { daemonRows } from './status.js';

const run: Command = {
  name: 'run',
  summary: 'be hoopd, in the foreground; other commands start it by themselves',
  options: [{ flags: '--allow-root', summary: 'run as root all the same' }],
  run: async (needs, input) => {
    const { runDaemon } = await import('@hoop/daemon');
    return runDaemon({ allowRoot: flag(input, 'allowRoot'), version: needs.version });
  },
};

const stop: Command = {
  name: 'stop',
  summary: 'end hoopd',
  run: async (needs) => {
    if ((await needs.daemon.running()) === undefined) return needs.err('hoopd does not run\n');
    await (await needs.daemon.api()).stop({});
    while ((await needs.daemon.running().catch(() => undefined)) !== undefined) await needs.pause(25);
    needs.err('hoopd has ended\n');
  },
};

const statusOfDaemon: Command = {
  name: 'status',
  summary: 'show whether hoopd runs, without starting it',
  options: [JSON_OPTION],
  run: async (needs, input) => {
    const state = await needs.daemon.running();
    if (flag(input, 'json')) needs.out(`${JSON.stringify(state?.daemon ?? null)}\n`);
    else needs.out(state === undefined ? 'hoopd does not run\n' : columns(daemonRows(state, needs.now())));
    return state === undefined ? 1 : 0;
  },
};

export const daemon: Command = {
  name: 'daemon',
  summary: 'run, end or look at hoopd, the part in the background',
  commands: [run, stop, statusOfDaemon],
};
