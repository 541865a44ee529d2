import type { AnswerTo, Errand, Ran, Refusal } from '@hoop/core';
import { protocols } from '@hoop/protocols';
import { DIAL_MS, follow, loginOf } from '../dial.js';
import type { Upstream } from '../ports.js';
import { DialTimeout, refusalOf } from '../refusals.js';

/** An errand's: longer than the server's own timeouts. */
const ERRAND_MS = 30_000;
/** Longer than between two sweeps, so that those need no login each. */
const IDLE_MS = 45_000;
const LEAVE_MS = 1_000;

/** Whoever runs errands; a port for tests. */
export interface Errands {
  run<E extends Errand>(at: Place, errand: E): Promise<Ran<AnswerTo<E>>>;
  close(): void;
}
/** A connection beside the flows: one for each purpose, so that none waits behind what is slow. */
export interface Place {
  upstream: Upstream;
  database: string;
  purpose: 'mint' | 'drop' | 'terminate' | 'compare';
}

/** All side connections of a gateway: opened when needed, left when idle. */
export class Sides implements Errands {
  readonly #sides = new Map<Upstream, Map<string, Side>>();

  run<E extends Errand>({ upstream, database, purpose }: Place, errand: E): Promise<Ran<AnswerTo<E>>> {
    const ofUpstream = this.#sides.get(upstream) ?? new Map<string, Side>();
    this.#sides.set(upstream, ofUpstream);
    const key = `${purpose} ${database}`;
    const side = ofUpstream.get(key) ?? new Side(upstream, database, (left) => this.#left(upstream, key, left));
    ofUpstream.set(key, side);
    return side.run(errand) as Promise<Ran<AnswerTo<E>>>;
  }

  close(): void {
    for (const ofUpstream of this.#sides.values()) for (const side of ofUpstream.values()) side.close();
    this.#sides.clear();
  }

  #left(upstream: Upstream, key: string, side: Side): void {
    const ofUpstream = this.#sides.get(upstream);
    if (ofUpstream?.get(key) === side) ofUpstream.delete(key);
    if (ofUpstream?.size === 0) this.#sides.delete(upstream);
  }
}

interface Waiting {
  errand: Errand;
  settle(ran: Ran<unknown>): void;
  /** It was tried on a connection that turned out to be broken. */
  again: boolean;
}

/** One side connection: errand after errand, each tried anew once if the connection had died since the last. */
class Side {
  readonly #upstream: Upstream;
  readonly #database: string;
  readonly #left: (side: Side) => void;
  readonly #queue: Waiting[] = [];
  #current: Waiting | undefined;
  #open = false;
  #served = 0;
  #wake: ((errand: Errand | null) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #stop = new AbortController();

  constructor(upstream: Upstream, database: string, left: (side: Side) => void) {
    this.#upstream = upstream;
    this.#database = database;
    this.#left = left;
  }

  run(errand: Errand): Promise<Ran<unknown>> {
    return new Promise((settle) => {
      this.#queue.push({ errand, settle, again: false });
      this.#go();
    });
  }

  close(): void {
    if (this.#wake === undefined) this.#stop.abort(new Error('the gateway ends'));
    this.#end();
  }

  #go(): void {
    if (!this.#open) void this.#serve();
    else if (this.#wake !== undefined) this.#begin(this.#wake);
  }

  async #serve(): Promise<void> {
    this.#open = true;
    this.#served = 0;
    this.#stop = new AbortController();
    this.#allow(DIAL_MS);
    let refusal: Refusal | undefined;
    try {
      refusal = await this.#converse();
    } catch (error) {
      refusal = refusalOf(this.#upstream.name, error);
    }
    clearTimeout(this.#timer);
    this.#open = false;
    this.#fail(refusal ?? REFUSED);
    if (this.#queue.length > 0) this.#go();
    else this.#left(this);
  }

  /** Resolves when the connection was left, with what the server had against it. */
  async #converse(): Promise<Refusal | undefined> {
    const { tls, protocol, name } = this.#upstream;
    const { administer } = protocols[protocol];
    if (administer === undefined) throw new Error(`${protocol}, of ${name}, knows no errands`);
    const login = await loginOf(this.#upstream);
    const script = administer({ login, database: this.#database, tls });
    const { dialled, socket } = await follow(script, this.#upstream, this.#stop.signal, (ran) => this.#next(ran));
    await socket.leave(LEAVE_MS);
    return dialled.ok ? undefined : dialled.refusal;
  }

  #next(ran: Ran<unknown> | undefined): Promise<Errand | null> {
    clearTimeout(this.#timer);
    if (ran !== undefined) this.#settle(ran);
    return new Promise((resolve) => this.#begin(resolve));
  }

  #begin(wake: (errand: Errand | null) => void): void {
    this.#current = this.#queue.shift();
    clearTimeout(this.#timer);
    if (this.#current === undefined) {
      this.#wake = wake;
      this.#timer = setTimeout(() => this.#end(), IDLE_MS).unref();
      return;
    }
    this.#wake = undefined;
    this.#allow(ERRAND_MS);
    wake(this.#current.errand);
  }

  #end(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.(null);
  }

  #allow(ms: number): void {
    const { signal } = this.#stop;
    this.#timer = setTimeout(() => !signal.aborted && this.#stop.abort(new DialTimeout(ms)), ms);
  }

  #settle(ran: Ran<unknown>): void {
    this.#served += 1;
    this.#current?.settle(ran);
    this.#current = undefined;
  }

  /** The connection is gone. What waits is tried anew if it had worked before; else it would fail alike. */
  #fail(refusal: Refusal): void {
    const current = this.#current;
    this.#current = undefined;
    if (current !== undefined && this.#served > 0 && !current.again) {
      this.#queue.unshift({ ...current, again: true });
      return;
    }
    current?.settle({ ok: false, refusal });
    if (this.#served === 0) for (const { settle } of this.#queue.splice(0)) settle({ ok: false, refusal });
  }
}

const REFUSED: Refusal = { code: 'upstream-refused', message: 'the database ended the connection' };
