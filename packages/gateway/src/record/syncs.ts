import type { Disk } from './disk.js';

/** Reads survive kill -9 at once, and reach the disk within 50 ms: half of it waiting, half of it syncing. */
const SOON = 25;

interface Waiter {
  fd: number;
  resolve: () => void;
  reject: (error: Error) => void;
}

/** Group commit: whoever waits while a sync runs shares the next one. */
export class Syncs {
  readonly #disk: Disk;
  #waiters: Waiter[] = [];
  #running = false;
  #timer: NodeJS.Timeout | undefined;
  #toClose: number[] = [];
  /** A sync or a truncation failed: what the file holds is not known (the kernel may drop what it could not write). */
  suspect = false;

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** Resolves when all that was written before is on the disk. */
  wait(fd: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ fd, resolve, reject });
      if (!this.#running) this.#run(fd);
    });
  }

  soon(fd: number): void {
    if (this.#running || this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (!this.#running) this.wait(fd).catch(() => undefined);
    }, SOON);
    this.#timer.unref();
  }

  /** Closes a file once no sync of it runs. Whoever waits for it is answered: it was synced just before, or is lost. */
  close(fd: number): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const waiting = this.#waiters.filter((waiter) => waiter.fd === fd);
    this.#waiters = this.#waiters.filter((waiter) => waiter.fd !== fd);
    for (const waiter of waiting) {
      if (this.suspect) waiter.reject(new Error('the sync before failed'));
      else waiter.resolve();
    }
    if (this.#running) this.#toClose.push(fd);
    else this.#disk.close(fd);
  }

  #run(fd: number): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    this.#running = true;
    this.#disk.sync(fd, (error) => {
      this.#running = false;
      if (error) this.suspect = true;
      for (const waiter of waiters) {
        if (error) waiter.reject(error);
        else waiter.resolve();
      }
      for (const closing of this.#toClose.splice(0)) this.#disk.close(closing);
      const next = this.#waiters[0];
      if (next) this.#run(next.fd);
    });
  }
}
