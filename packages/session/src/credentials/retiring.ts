import type { OwnedRole } from '@hoop/core';
import type { Errands, Place } from './sides.js';

/** Roles of so many sessions end by one errand. */
const BATCH = 50;

/** Drops roles that have done their work in one database, all that wait by one errand. */
export class Retiring {
  readonly #errands: Errands;
  readonly #place: Place;
  /** Told of each role: whether it is gone, or left to the next sweep. */
  readonly #settled: (role: OwnedRole, gone: boolean) => void;
  readonly #waiting: OwnedRole[] = [];
  #running: Promise<void> | undefined;

  constructor(errands: Errands, place: Place, settled: (role: OwnedRole, gone: boolean) => void) {
    this.#errands = errands;
    this.#place = place;
    this.#settled = settled;
  }

  /** Resolves when it has been dealt with, as all others that wait. */
  add(role: OwnedRole): Promise<void> {
    this.#waiting.push(role);
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #run(): Promise<void> {
    // Flows that end in one turn of the event loop share the errand.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const roles = this.#waiting.splice(0, BATCH);
      const dropped = await this.#errands.run(this.#place, { do: 'drop', roles });
      const left = dropped.ok ? new Set(dropped.answer) : undefined;
      for (const role of roles) this.#settled(role, left !== undefined && !left.has(role.name));
    }
  }
}
