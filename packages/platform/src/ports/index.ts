import type { Environment } from '../environment.js';
import { textOf } from '../setup/system.js';
import { PORTS_FILE, redirectedPorts } from './plan.js';

/** Whether set-up has said that a port of our addresses leads to hoopd's one port there. Whether it does is seen by trying. */
export const isRedirected = (machine: Environment, port: number): boolean =>
  machine.platform === 'linux' ? redirectedPorts(textOf(PORTS_FILE)).includes(port) : port < 1024;
