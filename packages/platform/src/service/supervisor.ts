import { UserError } from '@hoop/core';
import type { Environment } from '../environment.js';
import { runSystem, textOf } from '../setup/system.js';
import { AGENT_FILE, AGENT_LABEL } from './launchd.js';
import { SERVICE_FILE, SERVICE_UNIT } from './plan.js';

/** What keeps hoopd running, once `hoop setup` has told it to. */
export interface Supervisor {
  /** As a person may look for it: `systemd (hoop.service)`. */
  name: string;
  /** Throws a `UserError` that says how root does it where this user may not. */
  tell(verb: 'start' | 'stop' | 'restart'): void;
}

/** Whoever keeps this user's hoopd; undefined if commands start it themselves. A socket of one's own is a daemon that nobody keeps. */
export function supervisorOf(machine: Environment): Supervisor | undefined {
  if (machine.variables.HOOP_SOCKET) return undefined;
  return machine.platform === 'darwin' ? launchd(machine.uid) : systemd(machine.uid);
}

/** The machine as hoopd sees it: a shell without a session (su, cron) is told where the session's folder is. */
export function asSupervised(machine: Environment): Environment {
  if (machine.variables.XDG_RUNTIME_DIR || machine.platform !== 'linux' || supervisorOf(machine) === undefined)
    return machine;
  return { ...machine, variables: { ...machine.variables, XDG_RUNTIME_DIR: `/run/user/${machine.uid}` } };
}

function systemd(uid: number): Supervisor | undefined {
  if (!textOf(SERVICE_FILE)?.includes(`\nUser=${uid}\n`)) return undefined;
  return {
    name: `systemd (${SERVICE_UNIT})`,
    tell: (verb) => must(['systemctl', '--no-ask-password', verb, SERVICE_UNIT], `sudo systemctl ${verb} hoop`),
  };
}

/** launchctl(1): `kickstart -k` restarts; what was ended in order is not started again by KeepAlive. */
function launchd(uid: number): Supervisor | undefined {
  if (!textOf(AGENT_FILE)?.includes(` = ${uid} ]`)) return undefined;
  const service = `gui/${uid}/${AGENT_LABEL}`;
  const commands = {
    start: ['launchctl', 'kickstart', service],
    stop: ['launchctl', 'kill', 'SIGTERM', service],
    restart: ['launchctl', 'kickstart', '-k', service],
  } as const;
  return {
    name: `launchd (${AGENT_LABEL})`,
    tell: (verb) => must(commands[verb], commands[verb].join(' ')),
  };
}

function must(command: readonly [string, ...string[]], hint: string): void {
  const done = runSystem(command);
  if (done.code === 0) return;
  const why = done.stderr.trim().split('\n')[0]?.slice(0, 200) ?? '';
  throw new UserError('service', `hoopd’s service does not do that: ${why}`, { hint, exit: 'unavailable' });
}
