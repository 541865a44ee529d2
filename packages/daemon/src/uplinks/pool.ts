import type { Credential } from '../credentials.js';
import type { Dial, Uplink } from './dial.js';

export const MOST_WARM = 8;
/** One more is kept warm for each flow of the last while; without flows, one. */
const SHRINK_AFTER = 60_000;

export interface PoolOptions {
  dial: Dial;
  credential(): Credential | undefined;
  /** Told when the number of warm uplinks, or what is known of the gateway, has changed. */
  changed(): void;
  /** Milliseconds; monotonic. */
  now(): number;
}

interface Warm {
  uplink: Uplink;
  certificate: string;
  gone(): void;
}

/**
 * Warm uplinks: dialled, authenticated, unused, so that opening a flow costs no handshake. Each is used once. Grows
 * with demand to 8, shrinks to one without. An uplink that ends while it waits is dropped at once.
 */
export class Pool {
  readonly #options: PoolOptions;
  readonly #warm: Warm[] = [];
  #dialling = 0;
  #wanted = 1;
  #lastTaken = 0;
  #suspended = true;
  #shrinking: NodeJS.Timeout | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  get warm(): number {
    return this.#warm.length;
  }

  /** A warm uplink, or a new one. Rejects if the gateway cannot be reached. */
  async take(credential: Credential): Promise<Uplink> {
    this.#demand();
    const at = this.#warm.findIndex((entry) => entry.certificate === credential.certificate);
    if (at >= 0) {
      const entry = this.#warm.splice(at, 1)[0]!;
      this.#fill();
      this.#options.changed();
      return detach(entry);
    }
    const uplink = await this.#options.dial(credential);
    this.#fill();
    return uplink;
  }

  /** The gateway is there (the sync uplink says so): keep uplinks warm. */
  resume(): void {
    this.#suspended = false;
    this.#fill();
  }

  /** The gateway is not there: do not try by ourselves, and trust no warm uplink. */
  suspend(): void {
    this.#suspended = true;
    this.#drop(() => true);
  }

  /** After a renewal: uplinks of an older certificate are dialled anew. */
  renewed(): void {
    const now = this.#options.credential()?.certificate;
    this.#drop((entry) => entry.certificate !== now);
    this.#fill();
  }

  close(): void {
    clearTimeout(this.#shrinking);
    this.suspend();
  }

  #demand(): void {
    this.#lastTaken = this.#options.now();
    this.#wanted = Math.min(MOST_WARM, this.#wanted + 1);
    if (this.#shrinking === undefined && this.#wanted > 1) this.#shrinkLater(SHRINK_AFTER);
  }

  #shrinkLater(after: number): void {
    this.#shrinking = setTimeout(() => {
      this.#shrinking = undefined;
      const idle = this.#options.now() - this.#lastTaken;
      if (idle < SHRINK_AFTER) return this.#shrinkLater(SHRINK_AFTER - idle);
      this.#wanted = 1;
      while (this.#warm.length > 1) end(this.#warm.pop()!);
      this.#options.changed();
    }, after);
    this.#shrinking.unref();
  }

  #fill(): void {
    if (this.#suspended) return;
    const credential = this.#options.credential();
    if (credential === undefined) return;
    while (this.#warm.length + this.#dialling < this.#wanted) {
      this.#dialling += 1;
      void this.#warmUp(credential).finally(() => {
        this.#dialling -= 1;
      });
    }
  }

  /** A failed attempt is not repeated here: the next flow or the sync uplink's return fills again. */
  async #warmUp(credential: Credential): Promise<void> {
    const uplink = await this.#options.dial(credential).catch(() => undefined);
    if (uplink === undefined) return;
    const current = this.#options.credential()?.certificate === credential.certificate;
    if (this.#suspended || !current) return void uplink.destroy();
    const entry: Warm = { uplink, certificate: credential.certificate, gone: () => this.#gone(entry) };
    // Reading is what notices the end; a gateway says nothing on an uplink before its HEAD.
    for (const event of ENDS) uplink.on(event, entry.gone);
    this.#warm.push(entry);
    this.#options.changed();
  }

  #gone(entry: Warm): void {
    const at = this.#warm.indexOf(entry);
    if (at < 0) return;
    this.#warm.splice(at, 1);
    end(entry);
    this.#options.changed();
  }

  #drop(which: (entry: Warm) => boolean): void {
    const dropped = this.#warm.filter(which);
    const kept = this.#warm.filter((entry) => !which(entry));
    this.#warm.splice(0, this.#warm.length, ...kept);
    for (const entry of dropped) end(entry);
    if (dropped.length > 0) this.#options.changed();
  }
}

const ENDS = ['error', 'end', 'close', 'data'] as const;

function detach(entry: Warm): Uplink {
  entry.uplink.pause();
  for (const event of ENDS) entry.uplink.off(event, entry.gone);
  return entry.uplink;
}

function end(entry: Warm): void {
  detach(entry).destroy();
}
