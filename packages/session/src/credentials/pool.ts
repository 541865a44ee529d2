import type { Ran, UpstreamLogin } from '@hoop/core';

/** A role that may log in once. */
export interface Credential {
  name: string;
  /** Who gets what it owns. */
  owner: string;
  login: UpstreamLogin;
  /** Monotonic milliseconds, by which it must have logged in. */
  until: number;
}
export type Minted = Ran<readonly Credential[]>;

const FEWEST = 2;
const MOST = 32;
/** What a credential must still be good for when it is given: a slow login. */
const MARGIN_MS = 30_000;

/**
 * Credentials minted ahead for one set of database roles, so that to connect costs no round trip more. Holds few, twice as
 * many each time that somebody had to wait, and none once nobody has come for a lifetime.
 */
export class Pool {
  readonly #mint: (count: number) => Promise<Minted>;
  readonly #ready: Credential[] = [];
  readonly #waiting: ((taken: Ran<Credential>) => void)[] = [];
  #target = FEWEST;
  #filling = false;
  #closed = false;

  /** `mint` answers as many as it was asked for, or why there are none. */
  constructor(mint: (count: number) => Promise<Minted>) {
    this.#mint = mint;
  }

  get isEmpty(): boolean {
    return this.#ready.length === 0 && this.#waiting.length === 0 && !this.#filling;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  take(now: number): Promise<Ran<Credential>> {
    const at = this.#ready.findIndex(({ until }) => until - MARGIN_MS > now);
    const [credential] = at < 0 ? [] : this.#ready.splice(at, 1);
    if (credential === undefined) this.#target = Math.min(2 * this.#target, MOST);
    const taken: Promise<Ran<Credential>> =
      credential === undefined
        ? new Promise((resolve) => this.#waiting.push(resolve))
        : Promise.resolve({ ok: true, answer: credential });
    this.fill();
    return taken;
  }

  /** Mints what is short, in the background. */
  fill(): void {
    if (!this.#filling) void this.#fill();
  }

  /** Takes out what nobody came for in time; the pool is then as at its beginning. */
  expired(now: number): Credential[] {
    const old = this.#ready.filter(({ until }) => until - MARGIN_MS <= now);
    if (old.length === 0) return [];
    this.#target = FEWEST;
    return this.#drain((credential) => old.includes(credential));
  }

  /** Takes out all: the upstream does not know them any more. */
  takeAll(): Credential[] {
    return this.#drain(() => true);
  }

  /** Takes out all, and mints no more. */
  close(): Credential[] {
    this.#closed = true;
    return this.takeAll();
  }

  #drain(which: (credential: Credential) => boolean): Credential[] {
    const out = this.#ready.filter(which);
    const rest = this.#ready.filter((credential) => !which(credential));
    this.#ready.splice(0, this.#ready.length, ...rest);
    return out;
  }

  get #short(): number {
    const ahead = this.#closed ? 0 : this.#target;
    return Math.min(MOST, ahead + this.#waiting.length - this.#ready.length);
  }

  async #fill(): Promise<void> {
    this.#filling = true;
    for (let short = this.#short; short > 0; short = this.#short) {
      const minted = await this.#mint(short);
      if (minted.ok) for (const credential of minted.answer) this.#give(credential);
      else {
        for (const resolve of this.#waiting.splice(0)) resolve(minted);
        break;
      }
    }
    this.#filling = false;
  }

  #give(credential: Credential): void {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) waiting({ ok: true, answer: credential });
    else this.#ready.push(credential);
  }
}
