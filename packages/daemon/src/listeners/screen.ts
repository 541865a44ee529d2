import type { Greeting, Settled } from '@hoop/core';

type Look = (first: Uint8Array) => ReturnType<Greeting['look']>;

/**
 * Holds what a client says until it is known what that is, when its flow is open already. Tells it once, with all that was
 * held; at once, where the first bytes say it.
 */
export class Screen {
  readonly #look: Look;
  readonly #settled: (as: Settled, held: Uint8Array) => void;
  #held: Uint8Array = Buffer.alloc(0);
  /** `performance.now()` of the first byte. */
  #since: number | undefined;
  #late: Settled | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(look: Look, settled: (as: Settled, held: Uint8Array) => void) {
    this.#look = look;
    this.#settled = settled;
  }

  add(bytes: Uint8Array): void {
    this.stop();
    this.#since ??= performance.now();
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    const step = this.#look(this.#held);
    if (step.step === 'open' || step.step === 'reject') return this.#settled(step, this.#held);
    if (step.step !== 'need' || step.late === undefined) return this.#settled(NOT_HERE, this.#held);
    this.#late = step.late.step;
    const left = this.#since + step.late.after - performance.now();
    this.#timer = setTimeout(() => this.end(), Math.max(0, left));
  }

  /** No more comes, or not in time: what there is counts as what it looks like. */
  end(): void {
    this.stop();
    const late = this.#late;
    this.#late = undefined;
    if (late !== undefined) this.#settled(late, this.#held);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/** The server may have spoken: there is nothing that we could answer. */
const NOT_HERE: Settled = { step: 'reject', why: 'a greeting in an open flow' };
