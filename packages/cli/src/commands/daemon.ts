import { EXIT, type HoopError } from '@hoop/core';
import { type Command, flag, JSON_OPTION, type Needs } from '../command.js';
import { columns } from '../table.js';
import { logs } from './logs.js';
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

const start: Command = {
  name: 'start',
  summary: 'start hoopd, which other commands do when they need it',
  run: async (needs) => {
    const before = await needs.daemon.running();
    const { daemon } = before ?? (await needs.daemon.state());
    needs.err(`hoopd ${before === undefined ? 'runs' : 'runs already'}, pid ${daemon.pid}\n`);
  },
};

const stop: Command = {
  name: 'stop',
  summary: 'end hoopd',
  run: async (needs) => {
    needs.err((await end(needs)) ? 'hoopd has ended\n' : 'hoopd does not run\n');
  },
};

const restart: Command = {
  name: 'restart',
  summary: 'end hoopd and start it again; what is open through it ends',
  run: async (needs) => {
    await end(needs);
    needs.err(`hoopd runs, pid ${(await needs.daemon.state()).daemon.pid}\n`);
  },
};

/** By whatever keeps it, which would else start it again. False: it did not run. */
async function end(needs: Needs): Promise<boolean> {
  const runs = (await needs.daemon.running().catch((error) => unheard(error, needs))) !== undefined;
  needs.supervisor?.tell('stop');
  const pid = runs ? await pidOf(needs) : undefined;
  const ask = needs.supervisor === undefined ? 0 : PATIENCE;
  for (let looks = 0; pid !== undefined && (await pidOf(needs)) === pid; looks++) {
    if (looks === ask) await (await needs.daemon.api()).stop({});
    await needs.pause(25);
  }
  return runs;
}

/** Looks at a hoopd that was told to end by what keeps it; one that goes on then was started by a command, and is asked. */
const PATIENCE = 80;

/** Of the hoopd that answers, if one does. */
export const pidOf = async ({ daemon }: Needs): Promise<number | undefined> =>
  (await daemon.running().catch(() => undefined))?.daemon.pid;

/** Whoever keeps it ends one that is silent too; nobody else does. */
function unheard(error: HoopError, { supervisor }: Needs): null {
  if (supervisor === undefined && error.code === 'daemon-silent') throw error;
  return null;
}

const statusOfDaemon: Command = {
  name: 'status',
  summary: 'show whether hoopd runs, without starting it',
  options: [JSON_OPTION],
  run: async (needs, input) => {
    const state = await needs.daemon.running();
    const keeper = needs.supervisor?.name ?? null;
    if (flag(input, 'json')) {
      needs.out(`${JSON.stringify(state === undefined ? null : { ...state.daemon, keeper })}\n`);
    } else {
      const kept = keeper === null ? [] : [['kept by', keeper]];
      needs.out(state === undefined ? 'hoopd does not run\n' : columns([...daemonRows(state, needs.now()), ...kept]));
    }
    return state === undefined ? EXIT.user : EXIT.ok;
  },
};

export const daemon: Command = {
  name: 'daemon',
  summary: 'start, end or look at hoopd, the part in the background',
  commands: [run, start, stop, restart, statusOfDaemon, logs],
};
