import { readdir, readlink } from 'node:fs/promises';
import type { Environment } from '../environment.js';
import { type ProcSocket, procNetSockets, type Transport } from '../peer/proc-net.js';
import { programName } from '../peer/program.js';

/** Who listens where we wanted to. `pid` is missing where it is another user's process. */
export interface Holder {
  address: string;
  uid: number;
  pid: number | undefined;
  program: string | undefined;
}

/** Who holds `port` on `address` or on every address. Undefined where it cannot be told. */
export async function holderOf(
  machine: Environment,
  address: string,
  port: number,
  transport: Transport = 'tcp',
): Promise<Holder | undefined> {
  if (machine.platform !== 'linux') return undefined;
  const listener = listenerOn(procNetSockets(transport), address, port);
  if (listener === undefined) return undefined;
  const pid = await processWith(listener.inode);
  const program = pid === undefined ? undefined : await programName(pid);
  return { address: listener.local.address, uid: listener.uid, pid, program };
}

/** The listener that stands in the way of a bind: on the very address before one on all of them. */
export function listenerOn(sockets: readonly ProcSocket[], address: string, port: number): ProcSocket | undefined {
  const there = sockets.filter((socket) => socket.listening && socket.local.port === port);
  return there.find((socket) => socket.local.address === address) ?? there.find((socket) => socket.wildcard);
}

/** `docker-proxy (pid 812)`, or as much of it as can be told. */
export function describeHolder(holder: Holder, port: number): string {
  const where = `${holder.address}:${port}`;
  if (holder.pid === undefined) return `a process of user id ${holder.uid} on ${where}`;
  return `${holder.program ?? 'a process'} (pid ${holder.pid}) on ${where}`;
}

async function processWith(inode: number): Promise<number | undefined> {
  const wanted = `socket:[${inode}]`;
  for (const name of await readdir('/proc').catch(() => [])) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const descriptor of descriptors) {
      if ((await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '')) === wanted) return pid;
    }
  }
  return undefined;
}
