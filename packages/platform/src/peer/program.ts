import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';

export interface ClientProcess {
  pid: number;
  /** The executable's base name. */
  name: string | undefined;
}

/**
 * Finds the processes that hold sockets, off the path of the bytes: by the links in /proc/PID/fd, last hits and newest
 * processes first, for a client has mostly just been started or has been here before. Sees this user's processes only, of
 * its own user namespace. All that is asked for while it looks is looked for together, in the next walk.
 */
export class ProgramFinder {
  readonly #proc: string;
  readonly #known: number[] = [];
  #wanted = new Map<string, ((found: number | undefined) => void)[]>();
  #walking = false;

  constructor(proc = '/proc') {
    this.#proc = proc;
  }

  /** Where no process is found (it has gone, or may not be looked into): undefined. */
  async find(inode: number): Promise<ClientProcess | undefined> {
    const link = `socket:[${inode}]`;
    const pid = await new Promise<number | undefined>((resolve) => {
      this.#wanted.set(link, [...(this.#wanted.get(link) ?? []), resolve]);
      if (!this.#walking) void this.#walkAll();
    });
    return pid === undefined ? undefined : { pid, name: await programName(pid, this.#proc) };
  }

  async #walkAll(): Promise<void> {
    this.#walking = true;
    while (this.#wanted.size > 0) {
      const wanted = this.#wanted;
      this.#wanted = new Map();
      await this.#walk(wanted);
      for (const asked of wanted.values()) for (const tell of asked) tell(undefined);
    }
    this.#walking = false;
  }

  async #walk(wanted: Map<string, ((found: number | undefined) => void)[]>): Promise<void> {
    for (const pid of [...this.#known]) if (await this.#look(pid, wanted)) return;
    for (const pid of await this.#newestFirst()) if (await this.#look(pid, wanted)) return;
  }

  async #newestFirst(): Promise<number[]> {
    const names = await readdir(this.#proc).catch(() => []);
    return names
      .map(Number)
      .filter((pid) => Number.isInteger(pid) && pid > 0 && !this.#known.includes(pid))
      .sort((a, b) => b - a);
  }

  /** Tells of those that this process holds; whether all are found then. */
  async #look(pid: number, wanted: Map<string, ((found: number | undefined) => void)[]>): Promise<boolean> {
    const folder = `${this.#proc}/${pid}/fd`;
    const descriptors = await readdir(folder).catch(() => []);
    // A client's connection is mostly its newest descriptor.
    for (const name of descriptors.map(Number).sort((a, b) => b - a)) {
      const link = await readlink(`${folder}/${name}`).catch(() => '');
      const asked = wanted.get(link);
      if (asked === undefined) continue;
      wanted.delete(link);
      this.#remember(pid);
      for (const tell of asked) tell(pid);
      if (wanted.size === 0) return true;
    }
    return false;
  }

  #remember(pid: number): void {
    const at = this.#known.indexOf(pid);
    if (at >= 0) this.#known.splice(at, 1);
    this.#known.unshift(pid);
    this.#known.length = Math.min(this.#known.length, 4);
  }
}

/** The executable's name; a script's interpreter is what runs. `comm` stands in where the link cannot be read. */
export async function programName(pid: number, proc = '/proc'): Promise<string | undefined> {
  const executable = await readlink(`${proc}/${pid}/exe`).catch(() => undefined);
  if (executable !== undefined) return basename(executable.replace(/ \(deleted\)$/, '')).slice(0, 64);
  const comm = await readFile(`${proc}/${pid}/comm`, 'utf8').catch(() => undefined);
  return comm?.trim().slice(0, 64);
}
