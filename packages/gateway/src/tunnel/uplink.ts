import type { TLSSocket } from 'node:tls';
import { Channel, type Close, CreditBudget, Head } from '@hoop/contracts/uplink';
import { ProtocolError } from '@hoop/core';
import type { ClientCertificate } from '../identity/admission.js';

/** From the first byte of an uplink to its whole HEAD. A warm uplink that says nothing may wait for long. */
const HEAD_PATIENCE = 10_000;
/** From our last frame to a reset: the person's program has read the native error by then, or never will. */
const LINGER = 250;

/** Memory that all uplinks together may grant beyond their first credit. */
const budget = new CreditBudget(256 * 1024 * 1024);

/** What reads an uplink once its HEAD is known. */
export interface Consumer {
  data(bytes: Uint8Array, boundary: boolean): void;
  fin(): void;
  writable(): void;
  /** Our FIN is out: all that was sent before has left. */
  finished?(): void;
  /** The link ended: by the laptop's CLOSE, or broke. */
  lost(why: string): void;
}

export interface UplinkEvents {
  head(head: Head, uplink: Uplink): Promise<void>;
  /** The laptop broke the rules of the tunnel. */
  violated(error: ProtocolError, uplink: Uplink): void;
  failed(error: unknown, uplink: Uplink): void;
  closed(uplink: Uplink): void;
}

/** One TLS connection of a laptop: warm until its HEAD says what it is for. */
export class Uplink {
  readonly certificate: ClientCertificate;
  readonly address: string;
  readonly channel: Channel;
  readonly #socket: TLSSocket;
  readonly #events: UplinkEvents;
  #consumer: Consumer | undefined;
  /** What arrived between HEAD and the consumer; no more than the first credit. */
  #early: ((consumer: Consumer) => void)[] = [];
  #headed = false;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;
  #lost: string | undefined;

  constructor(socket: TLSSocket, certificate: ClientCertificate, events: UplinkEvents) {
    this.#socket = socket;
    this.#events = events;
    this.certificate = certificate;
    this.address = socket.remoteAddress ?? '';
    this.channel = new Channel(
      socket,
      {
        head: (payload) => this.#head(payload),
        data: (bytes, boundary) => this.#tell((consumer) => consumer.data(bytes, boundary)),
        fin: () => this.#tell((consumer) => consumer.fin()),
        close: (reason) => this.#over(`closed by the laptop: ${reason.code}`),
        epitaph: () => {
          throw new ProtocolError('uplink EPITAPH from a laptop');
        },
        writable: () => this.#consumer?.writable(),
        finished: () => this.#consumer?.finished?.(),
      },
      budget,
    );
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('drain', () => this.channel.drained());
    socket.on('end', () => this.#over('the link ended'));
    socket.on('close', () => this.#closed());
    socket.on('error', () => undefined);
  }

  /** Neither HEAD nor anything else was said yet. */
  get warm(): boolean {
    return !this.#headed && !this.#ended;
  }

  get gone(): boolean {
    return this.#lost !== undefined || this.#ended;
  }

  /** Gives the uplink to who reads it from now on, with what had come already. */
  attach(consumer: Consumer): void {
    this.#consumer = consumer;
    const early = this.#early;
    this.#early = [];
    for (const each of early) each(consumer);
    if (this.#lost !== undefined) consumer.lost(this.#lost);
  }

  /** Ends the uplink after what was sent: CLOSE if there is a reason to tell, close_notify and FIN, then a reset. */
  end(reason?: Close): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#timer);
    if (this.#socket.writable) {
      this.channel.flush();
      if (reason) this.channel.close(reason);
    }
    this.#socket.end();
    this.#timer = setTimeout(() => this.#socket.destroy(), LINGER);
  }

  /** As `end`, but not before all that was sent has left, or `patience` ms are over. */
  endAfter(patience: number): void {
    this.#timer ??= setTimeout(() => this.end(), patience);
  }

  #receive(chunk: Uint8Array): void {
    if (this.#ended) return;
    if (!this.#headed) this.#timer ??= setTimeout(() => this.#slow(), HEAD_PATIENCE);
    try {
      this.channel.receive(chunk);
    } catch (error) {
      this.#broken(error);
    }
  }

  #broken(error: unknown): void {
    if (error instanceof ProtocolError) this.#violated(error);
    else this.#events.failed(error, this);
  }

  #slow(): void {
    this.#violated(new ProtocolError('no whole uplink HEAD within 10 seconds of its first byte'));
  }

  #violated(error: ProtocolError): void {
    this.#events.violated(error, this);
    this.end({ code: 'protocol', message: error.message });
    this.#over(error.message);
  }

  #head(payload: Uint8Array): void {
    if (this.#headed) throw new ProtocolError('a second uplink HEAD');
    const head = headOf(payload);
    this.#headed = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#events.head(head, this).catch((error) => this.#broken(error));
  }

  #tell(event: (consumer: Consumer) => void): void {
    if (!this.#headed) throw new ProtocolError('uplink DATA before HEAD');
    if (this.#consumer) event(this.#consumer);
    else this.#early.push(event);
  }

  #over(why: string): void {
    if (this.#lost !== undefined) return;
    this.#lost = why;
    if (!this.channel.over) this.#consumer?.lost(why);
    if (!this.#headed || !this.#consumer) this.end();
  }

  #closed(): void {
    this.#over('the link broke');
    this.#ended = true;
    clearTimeout(this.#timer);
    this.channel.release();
    this.#events.closed(this);
  }
}

function headOf(payload: Uint8Array): Head {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch (cause) {
    throw new ProtocolError('an uplink HEAD that is not JSON', { cause });
  }
  const head = Head.safeParse(value);
  if (!head.success) throw new ProtocolError('an uplink HEAD with wrong fields', { cause: head.error });
  return head.data;
}
