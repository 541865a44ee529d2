import type { Duplex } from 'node:stream';
import {
  Channel,
  type ChannelEvents,
  type Close,
  type CreditBudget,
  FRAME,
  type Head,
  json,
} from '@hoop/contracts/uplink';
import { type Follow, Gathered, type Greeting, ProtocolError, type Refusal, type Settled, writeAll } from '@hoop/core';
import { Screen } from '../listeners/screen.js';
import type { Uplink } from './dial.js';

export interface Carried {
  /** The client's end, after its greeting: a socket or local TLS over one. Paused. */
  local: Duplex;
  /** What the client already said. */
  first: Uint8Array;
  uplink: Uplink;
  head: Head & { kind: 'flow' };
  /** Where the flow has opened before the client was looked at: its bytes are held until this says what they are. */
  look?: ((first: Uint8Array) => ReturnType<Greeting['look']>) | undefined;
  /** What it said may not go on. */
  rejected?(why: string): void;
  /** A native error, in the connection's protocol. */
  refuse(refusal: Refusal): Uint8Array;
  budget: CreditBudget;
}

/** A flow that is carried. */
export interface Carrying {
  end(): void;
  /** The gateway has said anything on it. */
  readonly isHeard: boolean;
}

/** A client whose socket has room again within these milliseconds keeps up: that its buffer was full for a moment is how TCP paces. */
const PROMPT = 20;
/** How long a client that was told the end may take to close its side. */
const LINGER = 2_000;
/** How long it may take to read what was sent before the end. */
const STUCK = 60_000;

/**
 * Carries one flow: bytes of the client to the gateway and back, each side held back while the other has no room, each
 * direction ended by itself. HEAD and the client's first bytes leave in one write. Calls `done` once, at the end. The answer
 * ends the flow from here: its client is told as if the link were lost.
 */
export function carry(carried: Carried, done: () => void): Carrying {
  const flow = new Flow(carried, done);
  flow.start();
  return flow;
}

class Flow implements Carrying {
  readonly #local: Duplex;
  readonly #uplink: Uplink;
  readonly #carried: Carried;
  readonly #channel: Channel;
  readonly #done: () => void;
  readonly #gathered = new Gathered((pieces, length) => this.#write(pieces, length), setImmediate);
  /** While what the client says is held. */
  #screen: Screen | undefined;
  /** What it says behind this message is looked at anew. */
  #follow: Follow | undefined;
  #epitaph: Uint8Array | undefined;
  /** The bytes given to the client end on a message boundary of its protocol. */
  #boundary = false;
  #received = 0;
  /** Given to the client's socket, which has not taken them yet. */
  #pending = 0;
  /** `performance.now()` when the first of them was given. */
  #since = 0;
  #localEnded = false;
  #over = false;
  isHeard = false;

  constructor(carried: Carried, done: () => void) {
    this.#carried = carried;
    this.#local = carried.local;
    this.#uplink = carried.uplink;
    this.#done = done;
    const events: ChannelEvents = {
      data: (bytes, boundary) => this.#toClient(bytes, boundary),
      fin: () => this.#peerFinished(),
      close: (reason) => this.#closed(reason),
      epitaph: (bytes) => {
        this.#epitaph = bytes;
      },
      writable: () => this.#local.resume(),
    };
    this.#channel = new Channel(carried.uplink, events, carried.budget);
  }

  start(): void {
    this.#listen();
    this.#lookOut();
    this.#uplink.cork();
    this.#channel.control(json(FRAME.HEAD, this.#carried.head));
    if (this.#carried.first.length > 0) this.#said(this.#carried.first);
    this.#uplink.uncork();
    if (this.#uplink.destroyed) return this.#linkLost();
    if (this.#local.destroyed) return this.#clientGone();
    if (this.#over) return;
    this.#local.resume();
    this.#uplink.resume();
  }

  end(): void {
    this.#linkLost();
  }

  #listen(): void {
    const local = this.#local;
    local.on('data', (chunk: Buffer) => this.#said(chunk));
    local.on('end', () => {
      this.#screen?.end();
      this.#localEnded = true;
      if (this.#over) return;
      this.#channel.finish();
      this.#settle();
    });
    local.on('drain', () => {
      const n = this.#pending;
      this.#pending = 0;
      if (n > 0 && !this.#over) this.#channel.consumed(n, performance.now() - this.#since < PROMPT);
    });
    local.on('error', () => {});
    local.on('close', () => this.#clientGone());
    this.#uplink.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#uplink.on('drain', () => this.#channel.drained());
    this.#uplink.on('end', () => this.#linkLost());
    this.#uplink.on('close', () => this.#linkLost());
  }

  #lookOut(): void {
    const { look } = this.#carried;
    if (look !== undefined) this.#screen = new Screen(look, (as, held) => this.#settled(as, held));
  }

  #said(bytes: Uint8Array): void {
    if (this.#over) return;
    if (this.#screen !== undefined) return this.#screen.add(bytes);
    const length = this.#follow?.(bytes) ?? bytes.length;
    if (length > 0 && !this.#channel.send(bytes.subarray(0, length), false)) this.#local.pause();
    if (length === bytes.length) return;
    this.#lookOut();
    this.#said(bytes.subarray(length));
  }

  #settled(as: Settled, held: Uint8Array): void {
    this.#screen = undefined;
    if (as.step === 'reject') return this.#reject(as);
    this.#follow = as.follow;
    this.#said(held);
  }

  /** Nothing of it has reached the gateway. Its last words are for who has heard nothing else yet. */
  #reject({ why, bytes }: Settled & { step: 'reject' }): void {
    if (bytes !== undefined && this.#received === 0) this.#local.write(bytes);
    this.#channel.close({ code: 'client-gone', message: 'the client was turned away' });
    this.#endLocal();
    this.#finish();
    this.#carried.rejected?.(why);
  }

  #receive(chunk: Buffer): void {
    if (this.#over) return;
    this.isHeard = true;
    try {
      this.#channel.receive(chunk);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#linkLost();
    }
  }

  #toClient(bytes: Uint8Array, boundary: boolean): void {
    if (this.#over) return;
    this.#received += bytes.length;
    this.#boundary = boundary;
    this.#gathered.add(bytes);
  }

  #write(pieces: readonly Uint8Array[], length: number): void {
    if (writeAll(this.#local, pieces)) this.#channel.consumed(length, true);
    else {
      if (this.#pending === 0) this.#since = performance.now();
      this.#pending += length;
    }
  }

  #peerFinished(): void {
    this.#gathered.flush();
    this.#local.end();
    this.#settle();
  }

  /** Both directions have ended in order: the uplink has done its work. */
  #settle(): void {
    if (this.#channel.over) this.#finish();
  }

  /** The gateway has ended the flow. It has told the client why, unless it could not know the protocol yet. */
  #closed(reason: Close): void {
    if (this.#over) return;
    if (this.#received === 0 && !this.#channel.peerFinished) {
      this.#local.write(this.#carried.refuse(refusalOf(reason)));
    }
    this.#endLocal();
    this.#finish();
  }

  /**
   * The link broke: an end without FIN. Only at a message boundary can anything be said; inside a message it would be
   * taken for the message's rest.
   */
  #linkLost(): void {
    if (this.#over) return;
    if (this.#channel.peerFinished) {
      this.#endLocal();
      return this.#finish();
    }
    if (this.#received === 0) this.#local.write(this.#carried.refuse(LINK_LOST));
    else if (this.#boundary && this.#epitaph !== undefined) {
      this.#gathered.flush();
      this.#local.write(this.#epitaph);
    }
    this.#endLocal();
    this.#finish();
  }

  #clientGone(): void {
    if (this.#over) return;
    if (!this.#channel.peerFinished || !this.#localEnded) {
      this.#channel.close({ code: 'client-gone', message: 'the client has closed the connection' });
    }
    this.#finish();
  }

  /** Ends our side, reads on so that what was said is not lost to a reset, and does not wait for ever. */
  #endLocal(): void {
    const local = this.#local;
    this.#gathered.flush();
    local.resume();
    let late = setTimeout(() => local.destroy(), STUCK);
    local.end(() => {
      clearTimeout(late);
      late = setTimeout(() => local.destroy(), LINGER);
    });
    local.once('close', () => clearTimeout(late));
  }

  #finish(): void {
    this.#over = true;
    this.#screen?.stop();
    this.#channel.release();
    this.#uplink.end();
    // The gateway closes in turn; one that does not is not waited for.
    const late = setTimeout(() => this.#uplink.destroy(), LINGER);
    late.unref();
    this.#uplink.once('close', () => clearTimeout(late));
    this.#uplink.resume();
    this.#done();
  }
}

const LINK_LOST: Refusal = {
  code: 'link-lost',
  message: 'the link to the gateway was lost before it answered',
  hint: 'try again; `hoop status` shows the gateway',
};

const CODES: ReadonlySet<string> = new Set<Refusal['code']>([
  'not-granted',
  'identity-disabled',
  'login-required',
  'unknown-connection',
  'port-refused',
  'no-such-database',
  'upstream-unreachable',
  'upstream-refused',
  'gateway-unreachable',
  'link-lost',
  'shutting-down',
  'too-many',
  'record-failed',
  'protocol',
  'internal',
]);

/** A code this daemon does not know is told as it stands in the message. */
function refusalOf({ code, message, hint }: Close): Refusal {
  // The tunnel turns a certificate away before it knows of any flow.
  if (code === 'certificate') return { code: 'login-required', message, hint: hint ?? 'hoop login' };
  const known = CODES.has(code) ? (code as Refusal['code']) : 'internal';
  return { code: known, message, ...(hint === undefined ? {} : { hint }) };
}
