import { concat, Gathered, ProtocolError, writeAll } from '@hoop/core';
import { credit, FRAME, FrameReader, fin, frame, header, INITIAL_CREDIT, json, LIMIT } from './frames.js';
import { Close } from './messages.js';

/** What a channel writes to: a TLS socket has this shape. */
export interface ChannelSocket {
  write(bytes: Uint8Array): boolean;
  cork(): void;
  uncork(): void;
}

export interface ChannelEvents {
  head?(payload: Uint8Array): void;
  data(bytes: Uint8Array, boundary: boolean): void;
  /** The peer has ended its direction, in order. */
  fin(): void;
  /** The peer has ended the whole flow. */
  close(reason: Close): void;
  epitaph?(bytes: Uint8Array): void;
  /** After `send` said false: there is room again. */
  writable(): void;
  /** After `finish`: our FIN is written, and with it all that was sent before. */
  finished?(): void;
}

/** Receive window: from the first credit up to this, as long as the receiver keeps up and the budget lasts. */
export const MAX_WINDOW = 16 * 1024 * 1024;

/** Bytes that all channels of a process together may grant beyond their first credit. */
export class CreditBudget {
  #left: number;

  constructor(bytes: number) {
    this.#left = bytes;
  }

  get left(): number {
    return this.#left;
  }

  take(bytes: number): boolean {
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }

  give(bytes: number): void {
    this.#left += bytes;
  }
}

/** Received bytes between two acknowledgements. */
const ACKNOWLEDGE = 65_536;
/** Below this a header and its chunk go out as one array; above, corked and uncopied. */
const SMALL = 2_048;

/**
 * One flow's frames over one socket, for either end: flow control by CREDIT, ends by FIN and CLOSE. Holds no socket
 * events itself: the owner feeds `receive` and `drained`, and reports with `consumed` what the receiver has taken.
 */
export class Channel {
  readonly #socket: ChannelSocket;
  readonly #events: ChannelEvents;
  readonly #reader: FrameReader;
  readonly #budget: CreditBudget | undefined;
  /** Chunks that wait for credit, oldest first. */
  readonly #queue: { bytes: Uint8Array; boundary: boolean }[] = [];
  /** What may be sent, and is written by the end of this turn. */
  readonly #gathered: Gathered;
  /** What was gathered last ends on a message boundary. */
  #boundary = false;
  #queueAt = 0;
  #sent = 0;
  #maySend = INITIAL_CREDIT;
  #received = 0;
  #consumed = 0;
  #acknowledged = 0;
  #window = INITIAL_CREDIT;
  #mayReceive = INITIAL_CREDIT;
  /** The socket wants us to wait for its drain. */
  #full = false;
  /** `send` has said false, and `writable` was not told since. */
  #owesWritable = false;
  #finishing = false;
  #finished = false;
  #peerFinished = false;

  /**
   * Without a budget the window stays at the first credit. With one, the owner calls `release` when all is over. What `later` is
   * given runs at the end of the turn.
   */
  constructor(
    socket: ChannelSocket,
    events: ChannelEvents,
    budget?: CreditBudget,
    later: (run: () => void) => void = setImmediate,
  ) {
    this.#gathered = new Gathered((pieces, length) => this.#frames(pieces, length), later);
    this.#socket = socket;
    this.#events = events;
    this.#budget = budget;
    this.#reader = new FrameReader({
      head: (payload) => this.#events.head?.(payload),
      data: (bytes, boundary) => this.#data(bytes, boundary),
      credit: (received, window) => this.#credit(received, window),
      fin: (offset) => this.#fin(offset),
      close: (payload) => this.#events.close(parseClose(payload)),
      epitaph: (bytes) => this.#events.epitaph?.(bytes),
    });
  }

  /** Both directions have ended in order. */
  get over(): boolean {
    return this.#finished && this.#peerFinished;
  }

  get peerFinished(): boolean {
    return this.#peerFinished;
  }

  /** Our FIN is written. */
  get finished(): boolean {
    return this.#finished;
  }

  /** Bytes from the socket. Throws `ProtocolError` if the peer breaks the rules. */
  receive(chunk: Uint8Array): void {
    this.#reader.push(chunk);
  }

  /** Sends bytes of the flow. False: hold back until `writable`. `boundary`: the bytes end on a message boundary. */
  send(bytes: Uint8Array, boundary: boolean): boolean {
    if (this.#finishing) throw new Error('uplink send after finish');
    if (this.#waits || this.#full || this.#sent + bytes.length > this.#maySend) {
      this.#queue.push({ bytes, boundary });
      this.#flush();
    } else {
      this.#write(bytes, boundary);
    }
    this.#owesWritable ||= this.#waits || this.#full;
    return !this.#owesWritable;
  }

  /** Ends our direction once all that was sent is out. */
  finish(): void {
    if (this.#finishing) return;
    this.#finishing = true;
    this.#flush();
  }

  /** Ends the whole flow. The owner then ends the socket. */
  close(reason: Close): void {
    this.#gathered.flush();
    this.#socket.write(json(FRAME.CLOSE, clipped(reason)));
  }

  control(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  epitaph(bytes: Uint8Array): void {
    this.#socket.write(frame(FRAME.EPITAPH, bytes));
  }

  /** Writes what was gathered: before the owner ends the socket. */
  flush(): void {
    this.#gathered.flush();
  }

  /** The socket has room again. */
  drained(): void {
    this.#full = false;
    this.#flush();
    this.#tellWritable();
  }

  /** The receiver has taken `n` more of the bytes that `data` gave it; `keptUp`: it never had to be waited for. */
  consumed(n: number, keptUp: boolean): void {
    this.#consumed += n;
    if (this.#consumed - this.#acknowledged < ACKNOWLEDGE || this.#peerFinished) return;
    this.#adapt(keptUp);
    this.#acknowledged = this.#consumed;
    this.#mayReceive = Math.max(this.#mayReceive, this.#consumed + this.#window);
    this.#socket.write(credit(this.#consumed, this.#mayReceive - this.#consumed));
  }

  /** Gives back what was taken from the budget. */
  release(): void {
    this.#budget?.give(this.#window - INITIAL_CREDIT);
    this.#window = INITIAL_CREDIT;
  }

  #adapt(keptUp: boolean): void {
    if (!keptUp) this.release();
    else if (this.#window < MAX_WINDOW && this.#budget?.take(this.#window)) this.#window *= 2;
  }

  #data(bytes: Uint8Array, boundary: boolean): void {
    if (this.#peerFinished) throw new ProtocolError('uplink DATA after FIN');
    this.#received += bytes.length;
    if (this.#received > this.#mayReceive) throw new ProtocolError('uplink DATA beyond the credit');
    this.#events.data(bytes, boundary);
  }

  #credit(received: number, window: number): void {
    if (received > this.#sent) throw new ProtocolError('uplink CREDIT for bytes never sent');
    this.#maySend = Math.max(this.#maySend, received + window);
    this.#flush();
    this.#tellWritable();
  }

  #fin(offset: number): void {
    if (this.#peerFinished || offset !== this.#received) throw new ProtocolError('uplink FIN at the wrong offset');
    this.#peerFinished = true;
    this.#events.fin();
  }

  get #waits(): boolean {
    return this.#queueAt < this.#queue.length;
  }

  #tellWritable(): void {
    if (!this.#owesWritable || this.#waits || this.#full) return;
    this.#owesWritable = false;
    this.#events.writable();
  }

  /** Writes what waits, as far as the credit and the socket have room; then FIN, if it is time. */
  #flush(): void {
    while (this.#waits && !this.#full && this.#sent < this.#maySend) this.#next();
    if (this.#waits) return;
    this.#queue.length = 0;
    this.#queueAt = 0;
    if (!this.#finishing || this.#finished) return;
    this.#finished = true;
    this.#gathered.flush();
    this.#socket.write(fin(this.#sent));
    this.#events.finished?.();
  }

  #next(): void {
    const next = this.#queue[this.#queueAt]!;
    const room = this.#maySend - this.#sent;
    if (next.bytes.length > room) {
      this.#write(next.bytes.subarray(0, room), false);
      next.bytes = next.bytes.subarray(room);
      return;
    }
    this.#queueAt += 1;
    this.#write(next.bytes, next.boundary);
  }

  #write(bytes: Uint8Array, boundary: boolean): void {
    this.#boundary = boundary;
    this.#sent += bytes.length;
    this.#gathered.add(bytes);
  }

  /** One DATA frame, or as many as its limit asks for. */
  #frames(pieces: readonly Uint8Array[], length: number): void {
    const limit = LIMIT[FRAME.DATA];
    if (length <= limit) return this.#frame(pieces, length, this.#boundary);
    const bytes = concat(pieces);
    for (let at = 0; at < length; at += limit) {
      const piece = bytes.subarray(at, at + limit);
      this.#frame([piece], piece.length, this.#boundary && at + limit >= length);
    }
  }

  #frame(pieces: readonly Uint8Array[], length: number, boundary: boolean): void {
    const type = boundary ? FRAME.DATA_BOUNDARY : FRAME.DATA;
    const room =
      length <= SMALL
        ? this.#socket.write(frame(type, concat(pieces)))
        : writeAll(this.#socket, [header(type, length), ...pieces]);
    if (!room) this.#full = true;
  }
}

/** Within what the other end takes: 4,096 bytes in all, 1,024 characters a sentence. */
function clipped(reason: Close): Close {
  const close = { ...reason, message: clip(reason.message) };
  return reason.hint === undefined ? close : { ...close, hint: clip(reason.hint) };
}

/** At most 1,500 bytes of JSON, never half a character. */
function clip(text: string): string {
  let short = text.slice(0, 1024).toWellFormed();
  while (JSON_BYTES(short) > 1500) short = short.slice(0, Math.floor(short.length * 0.8)).toWellFormed();
  return short;
}
const JSON_BYTES = (text: string) => new TextEncoder().encode(JSON.stringify(text)).length;

function parseClose(payload: Uint8Array): Close {
  try {
    return Close.parse(JSON.parse(new TextDecoder().decode(payload)));
  } catch (cause) {
    throw new ProtocolError('uplink CLOSE that cannot be read', { cause });
  }
}
