import type { Store } from '../store/store.js';
import type { GatewayRecord } from './record.js';

/** Keeps how far the chain has come in a second place, the store: so that a record that was cut is found out. */
export class HeadKeeper {
  readonly #record: GatewayRecord;
  readonly #store: Store;
  readonly #now: () => number;
  #kept = -1;

  constructor(record: GatewayRecord, store: Store, now: () => number) {
    this.#record = record;
    this.#store = store;
    this.#now = now;
  }

  /** Does nothing if there is no news. The record reaches the disk first: a head must never be ahead of it. */
  async keep(): Promise<void> {
    if (this.#record.last === this.#kept) return;
    await this.#save(await this.#record.sync());
  }

  /** Closes the record, and keeps its last head. */
  async close(): Promise<void> {
    await this.#save(await this.#record.close());
  }

  async #save({ segment, entry, hash }: { segment: number; entry: number; hash: string }): Promise<void> {
    this.#kept = entry;
    await this.#store.setHead({ segment, entry, hash, at: this.#now() });
  }
}
