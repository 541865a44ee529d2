import { dirname, isAbsolute, join } from 'node:path';
import { UserError } from '@hoop/core';
import type { Environment } from '../environment.js';

/** Where hoop keeps what. Folders are hoop's own; all are 0700. */
export interface Paths {
  configFile: string;
  /** Addresses chosen, the log; never a token or a key. */
  stateFolder: string;
  stateFile: string;
  logFile: string;
  /** Certificate of the laptop's own CA, if there is one. */
  authorityFile: string;
  runtimeFolder: string;
  /** The local API. */
  socket: string;
}

/** sun_path holds 108 bytes on Linux, 104 on macOS, with the final NUL. */
const LONGEST_SOCKET = 103;

/** XDG folders, on macOS ~/Library; HOOP_SOCKET moves the socket, and its folder becomes the runtime folder. */
export function planPaths(machine: Environment): Paths {
  const { config, state, runtime } = machine.platform === 'darwin' ? library(machine) : xdg(machine);
  const socket = machine.variables.HOOP_SOCKET || join(runtime, 'hoopd.sock');
  if (!isAbsolute(socket)) throw new UserError('path', `HOOP_SOCKET is not an absolute path: ${socket}`);
  if (Buffer.byteLength(socket) > LONGEST_SOCKET) {
    throw new UserError('path', `the socket's path is longer than ${LONGEST_SOCKET} bytes: ${socket}`, {
      hint: 'set HOOP_SOCKET to a shorter path in a folder of your own',
    });
  }
  return {
    configFile: join(config, 'config.yaml'),
    stateFolder: state,
    stateFile: join(state, 'state.json'),
    logFile: join(state, 'hoopd.log'),
    authorityFile: join(state, 'ca.pem'),
    runtimeFolder: dirname(socket),
    socket,
  };
}

interface Folders {
  config: string;
  state: string;
  runtime: string;
}

/** XDG Base Directory specification: a relative value is ignored. Without a runtime folder of the session, one in state. */
function xdg({ home, variables }: Environment): Folders {
  const absolute = (value: string | undefined) => (value !== undefined && isAbsolute(value) ? value : undefined);
  const state = join(absolute(variables.XDG_STATE_HOME) ?? join(home, '.local/state'), 'hoop');
  const runtime = absolute(variables.XDG_RUNTIME_DIR);
  return {
    config: join(absolute(variables.XDG_CONFIG_HOME) ?? join(home, '.config'), 'hoop'),
    state,
    runtime: runtime === undefined ? join(state, 'run') : join(runtime, 'hoop'),
  };
}

function library({ home }: Environment): Folders {
  const own = join(home, 'Library/Application Support/hoop');
  return { config: own, state: own, runtime: join(own, 'run') };
}
