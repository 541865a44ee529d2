import { closeSync } from 'node:fs';
import { connect } from 'node:net';
import { UserError } from '@hoop/core';
import {
  appendOwn,
  type Environment,
  hoopdCommand,
  ownFolder,
  type Paths,
  startDetached,
  supervisorOf,
} from '@hoop/platform';

const PATIENCE = 5_000;
const LOOK = 25;

/** What a developer tells Node of their own programs, such as to open a debugger's port, is not for what holds the login. */
const OWN = { variables: { NODE_OPTIONS: undefined } };

export interface Start {
  machine: Environment;
  paths: Paths;
  /** The file that this program is. */
  program: string;
}

/**
 * Starts hoopd in the background (this program as `daemon run`) and waits until its socket answers. Two commands may do
 * so at once: the daemon sees to it that one runs per runtime folder, and both find that one. Where something keeps hoopd
 * running, that starts it, and nobody else.
 */
export async function startDaemon(about: Start): Promise<void> {
  const { machine, paths, program } = about;
  if (machine.uid === 0) {
    throw new UserError('root', "hoop's daemon does not run as root by itself", {
      hint: 'use your own account; or, knowing why: hoop daemon run --allow-root',
    });
  }
  ownFolder(paths.stateFolder, machine.uid);
  closeSync(appendOwn(paths.logFile, machine.uid));
  // As it is by now: this very command may have set it up.
  const supervisor = supervisorOf(machine);
  supervisor?.tell('start');
  const [node = '', ...run] = hoopdCommand(process.execPath, program, process.execArgv);
  const pid = supervisor === undefined ? startDetached(node, run, paths.logFile, OWN) : undefined;
  const until = performance.now() + PATIENCE;
  while (performance.now() < until) {
    if (await answers(paths.socket)) return;
    if (pid !== undefined && !alive(pid) && !(await answers(paths.socket))) throw failed('ended as it started', paths);
    await new Promise((resolve) => setTimeout(resolve, LOOK));
  }
  throw failed(`did not answer within ${PATIENCE / 1000} s`, paths);
}

const failed = (how: string, paths: Paths) =>
  new UserError('daemon-start', `hoop's daemon ${how}`, {
    hint: `its log says why: ${paths.logFile}`,
    exit: 'unavailable',
  });

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
