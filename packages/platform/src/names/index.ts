import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { UserError } from '@hoop/core';
import type { Environment } from '../environment.js';
import { type RunOptions, runInherited, runShort } from '../process/index.js';
import { type Bind, type HostName, hostsFile, namespaceCommand, nsswitchFile } from './plan.js';

export { CANARY, type HostName } from './plan.js';

/** Names for one command and its children, without DNS and without root (Linux). */
export interface PrivateNames {
  /** Rewrites the names in place: what the command looks up next, it finds as it is now. */
  set(names: readonly HostName[]): void;
  /** Runs a command on this terminal, where the names resolve; answers its exit code, 127 if there is no such command. */
  run(command: string, args: readonly string[], options?: RunOptions): Promise<number>;
  close(): void;
}

/**
 * Prepares a private mount namespace whose hosts file has `names`. `folder` is a folder of ours, 0700. Throws a
 * `UserError` where the machine does not allow it; the names that `hoop connect` needs are none.
 */
export function privateNames(machine: Environment, folder: string, names: readonly HostName[]): PrivateNames {
  if (machine.platform !== 'linux') throw unavailable('this system has no mount namespaces');
  const own = mkdtempSync(join(folder, 'names-'));
  const close = () => rmSync(own, { recursive: true, force: true });
  try {
    const hosts = join(own, 'hosts');
    const set = (now: readonly HostName[]) => rewrite(hosts, hostsFile(read('/etc/hosts'), now));
    set(names);
    const binds = bindsIn(own, hosts);
    const who = { uid: machine.uid, gid: process.getgid?.() ?? -1, privileged: machine.uid === 0 };
    // Root in a container may not mount either; then it goes the way of everybody.
    const privileged = who.privileged && probe({ ...who, privileged: true }, binds) === undefined;
    const refused = privileged ? undefined : probe({ ...who, privileged: false }, binds);
    if (refused !== undefined) throw unavailable(refused);
    return {
      set,
      close,
      run: (command, args, options) => run({ ...who, privileged }, binds, [command, ...args], options),
    };
  } catch (error) {
    close();
    throw error;
  }
}

type Who = Parameters<typeof namespaceCommand>[0];

function run(who: Who, binds: readonly Bind[], command: readonly string[], options?: RunOptions): Promise<number> {
  const { program, args } = namespaceCommand(who, binds, command);
  return runInherited(program, args, options);
}

/** Why it does not work here, or undefined. */
function probe(who: Who, binds: readonly Bind[]): string | undefined {
  const { program, args } = namespaceCommand(who, binds, ['true']);
  const tried = runShort(program, args);
  if (tried.code === 0) return undefined;
  if (tried.code === null && tried.stderr === '') return 'util-linux `unshare` is not installed';
  return tried.stderr.trim().split('\n')[0]?.slice(0, 200) || `unshare ended with ${tried.code}`;
}

function bindsIn(own: string, hosts: string): Bind[] {
  const binds: Bind[] = [{ from: hosts, over: '/etc/hosts' }];
  const nsswitch = nsswitchFile(read('/etc/nsswitch.conf'));
  if (nsswitch !== undefined) {
    const file = join(own, 'nsswitch.conf');
    rewrite(file, nsswitch);
    binds.push({ from: file, over: '/etc/nsswitch.conf' });
  }
  // A name cache daemon would answer from the machine's own files: glibc asks its socket first.
  if (existsSync('/var/run/nscd/socket')) {
    const empty = join(own, 'nscd');
    mkdirSync(empty);
    binds.push({ from: empty, over: '/var/run/nscd' });
  }
  return binds;
}

/** Same file, new text: a mount shows the file, not its name. World-readable, as hosts files are; the folder is not. */
function rewrite(path: string, text: string): void {
  const file = openSync(path, existsSync(path) ? 'r+' : 'w', 0o644);
  try {
    const bytes = Buffer.from(text);
    writeSync(file, bytes, 0, bytes.length, 0);
    ftruncateSync(file, bytes.length);
  } finally {
    closeSync(file);
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function unavailable(why: string): UserError {
  return new UserError('no-namespaces', `names cannot be given to a command here: ${why}`, {
    hint: 'hoop connect NAME needs no names',
  });
}
