import type { AuditLine } from './lines.js';

/** Lines a second. */
const LIMIT = 50;

/**
 * What people without a certificate can cause to be recorded, held to a pace, so that nobody fills the disk from
 * outside. Beyond it they are counted, and the count is recorded.
 */
export class Strangers {
  readonly #tell: (line: AuditLine) => void;
  readonly #now: () => number;
  #second = 0;
  #told = 0;
  #more = 0;

  constructor(tell: (line: AuditLine) => void, now: () => number) {
    this.#tell = tell;
    this.#now = now;
  }

  tell(line: AuditLine): void {
    this.turn();
    if (this.#told < LIMIT) this.#tell(line);
    else this.#more += 1;
    this.#told += 1;
  }

  /** Records what was only counted, once its second is over. */
  turn(): void {
    const second = Math.floor(this.#now() / 1000);
    if (second === this.#second) return;
    if (this.#more > 0)
      this.#tell({
        kind: 'audit',
        event: 'uplink-refused',
        code: 'flood',
        message: `${this.#more} more refusals within a second`,
      });
    this.#second = second;
    this.#told = 0;
    this.#more = 0;
  }
}
