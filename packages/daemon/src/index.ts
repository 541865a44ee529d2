import { setFlagsFromString } from 'node:v8';
import { UserError } from '@hoop/core';
import { appendOwn, environment, forbidDumps, openKeychain, ownFolder, planPaths, showNotice } from '@hoop/platform';

import { localApp } from './api/app.js';
import { serve, takeSocket } from './api/server.js';
import { Watchers } from './api/watch.js';
import { Daemon } from './daemon.js';
import { GREETINGS } from './greetings.js';
import { openLog } from './log.js';
import { profilesIn } from './login/kept.js';

export { lookAtWay, type Way } from './doctor/way.js';

export interface RunOptions {
  version: string;
  /** hoopd refuses to run as root: what reads network and user input does not run as root. */
  allowRoot: boolean;
}

/** Runs hoopd until it is told to stop (SIGTERM, SIGINT, SIGHUP, `POST /v1/stop`). */
export async function runDaemon({ version, allowRoot }: RunOptions): Promise<void> {
  const machine = environment();
  if (machine.uid === 0 && !allowRoot) {
    throw new UserError('root', 'hoopd does not run as root', { hint: 'run it as yourself, or with --allow-root' });
  }
  // What streams through as buffers is garbage of the nursery: by V8's default each 64 MB of it starts a collection of the whole heap.
  setFlagsFromString('--external-memory-accounted-in-global-limit');
  process.title = 'hoopd';
  forbidDumps(machine);
  const paths = planPaths(machine);
  ownFolder(paths.stateFolder, machine.uid);
  ownFolder(paths.runtimeFolder, machine.uid);
  const server = await takeSocket(paths.socket);
  const descriptor = process.stderr.isTTY ? 2 : appendOwn(paths.logFile, machine.uid);
  const log = openLog(descriptor, machine.variables.HOOP_LOG);
  const kept = profilesIn({
    stateFolder: paths.stateFolder,
    uid: machine.uid,
    environment: process.env,
    log: (level, message, facts) => log[level](facts, message),
    door: { admits: (socket) => daemon.admits(socket), refused: () => daemon.apiRefused() },
  });
  const stop = stopSignal();
  const watchers = new Watchers(() => daemon.state());
  const changed = () => watchers.changed();
  const daemon = await Daemon.start({
    version,
    machine,
    paths,
    kept,
    secrets: openKeychain({ service: 'hoop', environment: process.env }),
    greetings: GREETINGS,
    show: (notice) => showNotice(machine, notice),
    log,
    changed,
  });
  const app = localApp({
    ...{ watchers, log, profiles: daemon.profiles },
    state: () => daemon.state(),
    probe: () => daemon.probe(),
    retry: () => daemon.retry(),
    authority: () => daemon.authority,
    gateway: (profile) => daemon.gateway(profile),
    turnedAway: () => daemon.apiRefused(),
    stop: () => setImmediate(() => stop.raise('asked')),
  });
  serve(server, app);
  log.info({ version, socket: paths.socket }, 'hoopd runs');
  void daemon.profiles.restore((profile, { stack }) =>
    log.error({ profile, stack }, 'the login could not be taken up'),
  );
  log.info({ why: await stop.raised }, 'hoopd ends');
  watchers.close();
  server.closeAllConnections();
  await Promise.all([new Promise((closed) => server.close(closed)), daemon.close()]);
}

function stopSignal(): { raised: Promise<string>; raise(why: string): void } {
  const { promise, resolve } = Promise.withResolvers<string>();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => resolve(signal));
  return { raised: promise, raise: resolve };
}
