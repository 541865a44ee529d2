import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { type Account, asAccount } from './account.js';

/** Every process of a world has this in its environment, set to the world's folder; so leftovers are found for sure. */
export const MARK = 'HOOP_DEMO';

export interface Started {
  name: string;
  pid: number;
  /** Kernel ticks since boot: with the pid, names one process for ever. Absent where there is no /proc. */
  since?: string;
}

export interface Command {
  name: string;
  argv: readonly string[];
  env: NodeJS.ProcessEnv;
  cwd: string;
  log: string;
  account?: Account | undefined;
}

/** When a process began, in ticks: field 22 of /proc/PID/stat (proc(5)); the name before it may hold spaces. */
export function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

/** Whether that very process still runs (a zombie does not). */
export function runs({ pid, since }: Started): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return since === undefined || (startOf(pid) === since && !/\) Z /.test(statOf(pid)));
}
function statOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return ') Z ';
  }
}

/** The programs of one world, each with a file in `folder` that outlives us; so a crash leaves nothing unknown behind. */
export class Processes {
  readonly #folder: string;
  readonly #order: Started[] = [];
  #closed = false;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /** Starts a program in a session of its own: the terminal's Ctrl-C is ours to act on. */
  start(command: Command): ChildProcess {
    if (this.#closed) throw new Error(`${command.name} is not started: all ends`);
    const [program = '', ...args] = command.argv;
    const log = openSync(command.log, 'a', 0o600);
    const child = spawn(program, args, {
      ...asAccount(command.account),
      env: command.env,
      cwd: command.cwd,
      stdio: ['pipe', 'pipe', log],
      detached: true,
    });
    closeSync(log);
    child.on('error', () => {});
    if (child.pid !== undefined) this.adopt(command.name, child.pid);
    return child;
  }

  /** A process that another program started for us: PostgreSQL's, a daemon. */
  adopt(name: string, pid: number): void {
    const since = startOf(pid);
    const started = { name, pid, ...(since && { since }) };
    this.#order.push(started);
    writeFileSync(join(this.#folder, `${name}.json`), JSON.stringify(started), { mode: 0o600 });
  }

  /** The pid of the last one started by that name. */
  pid(name: string): number | undefined {
    return this.#order.findLast((each) => each.name === name)?.pid;
  }

  /** Ends one program: TERM, and KILL after 5 s. */
  async end(name: string): Promise<void> {
    for (const started of this.#order.filter((each) => each.name === name)) await endProcess(started);
    rmSync(join(this.#folder, `${name}.json`), { force: true });
  }

  /** KILL at once. */
  async kill(name: string): Promise<void> {
    for (const started of this.#order.filter((each) => each.name === name)) {
      signal(started, 'SIGKILL');
      await gone(started, 2_000);
    }
  }

  /** Ends all, and starts nothing more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.endAll();
  }

  /** Ends all, the last started first. */
  async endAll(): Promise<void> {
    for (const { name } of this.#order.toReversed()) await this.end(name);
  }
}

/** SIGTERM lets a program end well; PostgreSQL would wait for its clients, so it gets SIGINT. */
export async function endProcess(started: Started): Promise<void> {
  signal(started, started.name.endsWith('postgres') ? 'SIGINT' : 'SIGTERM');
  if (await gone(started, 5_000)) return;
  signal(started, 'SIGKILL');
  await gone(started, 2_000);
}

function signal(started: Started, name: NodeJS.Signals): void {
  if (!runs(started)) return;
  try {
    process.kill(started.pid, name);
  } catch {
    // It ended in between.
  }
}

async function gone(started: Started, ms: number): Promise<boolean> {
  for (const deadline = Date.now() + ms; Date.now() < deadline; await after(20)) if (!runs(started)) return true;
  return !runs(started);
}

/** What earlier runs recorded in `folder`. */
export function recorded(folder: string): Started[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
    return names.map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Started);
  } catch {
    return [];
  }
}

/** Every live process that carries the world's mark, but not us. Empty where there is no /proc. */
export function marked(world: string): Started[] {
  const mark = `${MARK}=${world}`;
  return pids()
    .filter((pid) => pid !== process.pid && environmentOf(pid).includes(mark))
    .map((pid) => ({ name: programOf(pid), pid, ...since(pid) }));
}
const since = (pid: number) => {
  const ticks = startOf(pid);
  return ticks === undefined ? {} : { since: ticks };
};

export function pids(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/** NAME=value each; empty if it may not be read. */
export function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

function programOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`).split('/').at(-1) ?? 'unknown';
  } catch {
    return 'unknown';
  }
}
