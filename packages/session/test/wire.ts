import type { Refusal } from '@hoop/core';
import type { Wire } from '../src/index.js';

/** A client's end in memory. `room` is how many written bytes it takes before it wants to be waited for. */
export class MemoryWire implements Wire {
  onData: (chunk: Uint8Array) => void = () => {};
  onEnd: () => void = () => {};
  onLost: (why: string) => void = () => {};
  onDrain: () => void = () => {};
  readonly written: Buffer[] = [];
  received = 0;
  lastBoundary: boolean | undefined;
  finished = false;
  destroyed: { why: Refusal | undefined } | undefined;
  consumedBytes = 0;
  consumedLate = 0;
  keepsBytes = true;
  room = Number.POSITIVE_INFINITY;
  #watchers: (() => void)[] = [];

  get text(): string {
    return Buffer.concat(this.written).toString('latin1');
  }

  write(bytes: Uint8Array, boundary: boolean): boolean {
    if (this.finished) throw new Error('written after finish');
    if (this.keepsBytes) this.written.push(Buffer.from(bytes));
    this.received += bytes.length;
    this.lastBoundary = boundary;
    this.room -= bytes.length;
    this.#changed();
    return this.room > 0;
  }

  consumed(n: number, keptUp: boolean): void {
    this.consumedBytes += n;
    if (!keptUp) this.consumedLate += n;
    this.#changed();
  }

  finish(): void {
    this.finished = true;
    this.#changed();
  }

  destroy(why?: Refusal): void {
    this.destroyed = { why };
    this.#changed();
  }

  say(words: string): void {
    this.onData(Buffer.from(words));
  }

  drain(room: number): void {
    this.room = room;
    this.onDrain();
  }

  /** Resolves when the wire's state satisfies the condition; checked at each change. */
  until(condition: (wire: this) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!condition(this)) return;
        this.#watchers = this.#watchers.filter((one) => one !== look);
        resolve();
      };
      this.#watchers.push(look);
      look();
    });
  }

  #changed(): void {
    for (const look of [...this.#watchers]) look();
  }
}
