import type { Refusal } from '@hoop/core';
import type { Wire } from '@hoop/session';
import type { Consumer, Uplink } from './uplink.js';

/** How long a laptop may take for what it was sent before the flow's end. */
const FLUSH = 30_000;
const nothing = () => undefined;

/** The client's end of a flow, as `session` sees it, carried by an uplink. */
export class UplinkWire implements Wire, Consumer {
  onData: (chunk: Uint8Array) => void = nothing;
  onEnd: () => void = nothing;
  onLost: (why: string) => void = nothing;
  onDrain: () => void = nothing;
  readonly #uplink: Uplink;
  #finishing = false;
  #ending = false;

  constructor(uplink: Uplink) {
    this.#uplink = uplink;
  }

  // What the driver does.

  write(bytes: Uint8Array, boundary: boolean): boolean {
    return this.#uplink.gone ? true : this.#uplink.channel.send(bytes, boundary);
  }

  consumed(n: number, keptUp: boolean): void {
    if (!this.#uplink.gone) this.#uplink.channel.consumed(n, keptUp);
  }

  finish(): void {
    this.#finishing = true;
    if (!this.#uplink.gone) this.#uplink.channel.finish();
  }

  destroy(why?: Refusal): void {
    this.#uplink.end(why && { code: why.code, message: why.message, hint: why.hint });
  }

  /** The flow is over: ends the uplink as soon as all that was sent has left. */
  conclude(): void {
    this.#ending = true;
    if (!this.#finishing || this.#uplink.channel.finished || this.#uplink.gone) this.finished();
    else this.#uplink.endAfter(FLUSH);
  }

  // What the uplink tells.

  data(bytes: Uint8Array): void {
    this.onData(bytes);
  }

  fin(): void {
    this.onEnd();
  }

  writable(): void {
    this.onDrain();
  }

  finished(): void {
    if (!this.#ending) return;
    this.#uplink.end(this.#uplink.channel.over ? undefined : { code: 'ended', message: 'the flow is over' });
  }

  lost(why: string): void {
    if (this.#ending) this.#uplink.end();
    this.onLost(why);
  }
}
