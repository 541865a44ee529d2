import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';

export interface ClientProcess {
  pid: number;
  /** The executable's base name. */
  name: string | undefined;
}

/** A thousand connections at once are not worth a thousand walks through /proc. */
const MOST = 16;

/**
 * Finds the process that holds a socket, off the path of the bytes: by the links in /proc/PID/fd, last hits and newest
 * processes first, for a client has mostly just been started or has been here before. Sees this user's processes only.
 */
export class ProgramFinder {
  readonly #proc: string;
  readonly #known: number[] = [];
  #looking = 0;

  constructor(proc = '/proc') {
    this.#proc = proc;
  }

  /** Where no process is found (it has gone, is another user's, or too many are looked for at once): undefined. */
  async find(inode: number): Promise<ClientProcess | undefined> {
    if (this.#looking >= MOST) return undefined;
    this.#looking += 1;
    try {
      return await this.#look(`socket:[${inode}]`);
    } finally {
      this.#looking -= 1;
    }
  }

  async #look(wanted: string): Promise<ClientProcess | undefined> {
    for (const pid of this.#known) if (await this.#holds(pid, wanted)) return this.#found(pid);
    for (const pid of await this.#newestFirst()) if (await this.#holds(pid, wanted)) return this.#found(pid);
    return undefined;
  }

  async #newestFirst(): Promise<number[]> {
    const names = await readdir(this.#proc).catch(() => []);
    return names
      .map(Number)
      .filter((pid) => Number.isInteger(pid) && pid > 0 && !this.#known.includes(pid))
      .sort((a, b) => b - a);
  }

  async #holds(pid: number, wanted: string): Promise<boolean> {
    const folder = `${this.#proc}/${pid}/fd`;
    const descriptors = await readdir(folder).catch(() => []);
    // A client's connection is mostly its newest descriptor.
    for (const name of descriptors.map(Number).sort((a, b) => b - a)) {
      if ((await readlink(`${folder}/${name}`).catch(() => '')) === wanted) return true;
    }
    return false;
  }

  async #found(pid: number): Promise<ClientProcess> {
    const at = this.#known.indexOf(pid);
    if (at >= 0) this.#known.splice(at, 1);
    this.#known.unshift(pid);
    this.#known.length = Math.min(this.#known.length, 4);
    return { pid, name: await programName(pid, this.#proc) };
  }
}

/** The executable's name; a script's interpreter is what runs. `comm` stands in where the link cannot be read. */
export async function programName(pid: number, proc = '/proc'): Promise<string | undefined> {
  const executable = await readlink(`${proc}/${pid}/exe`).catch(() => undefined);
  if (executable !== undefined) return basename(executable.replace(/ \(deleted\)$/, '')).slice(0, 64);
  const comm = await readFile(`${proc}/${pid}/comm`, 'utf8').catch(() => undefined);
  return comm?.trim().slice(0, 64);
}
