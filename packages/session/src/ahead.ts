import type { ProtocolSpec } from '@hoop/core';
import { type Secured, secure } from './dial.js';
import type { Upstream } from './ports.js';

/** A flow that was shorter is likely to be followed by another; what is open for that one waits as long for it. */
const SOON_MS = 2_000;

/**
 * A connection to an upstream that is open and secured before its flow comes, while short flows follow one another: a script
 * that runs psql again and again waits for the server's TLS once. Nothing is said on it but what comes before any login.
 */
export class Ahead {
  readonly #open: () => Promise<Secured>;
  #ready: Secured | undefined;
  #opening = false;
  #late: NodeJS.Timeout | undefined;

  constructor(open: () => Promise<Secured>) {
    this.#open = open;
  }

  /** For the flow that dials now, if it is there. */
  take(): Secured | undefined {
    const ready = this.#ready;
    clearTimeout(this.#late);
    this.#ready = undefined;
    ready?.socket.deafen([]);
    return ready;
  }

  /** A flow has ended that had been open for `ms`. */
  flowEnded(ms: number): void {
    if (ms > SOON_MS || this.#opening || this.#ready !== undefined) return;
    this.#opening = true;
    this.#open()
      .then((secured) => this.#keep(secured))
      // Whoever dials next learns why, by its own attempt.
      .catch(() => {})
      .finally(() => {
        this.#opening = false;
      });
  }

  #keep(secured: Secured): void {
    this.#ready = secured;
    const drop = () => {
      secured.socket.destroy();
      if (this.#ready === secured) this.take();
    };
    secured.socket.listen({ data: drop, end: drop, lost: drop, drain: () => {} });
    if (this.#ready === secured) this.#late = setTimeout(drop, SOON_MS).unref();
  }
}

/** By the upstream as configured: another one after a reload. */
const ALL = new WeakMap<Upstream, Ahead>();

export function aheadOf(spec: ProtocolSpec, upstream: Upstream): Ahead {
  let ahead = ALL.get(upstream);
  if (ahead === undefined) {
    ahead = new Ahead(() => secure(spec, upstream));
    ALL.set(upstream, ahead);
  }
  return ahead;
}
