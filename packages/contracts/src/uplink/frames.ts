import { Inbox, ProtocolError } from '@hoop/core';

/**
 * Uplink frames (design §5): a type byte, a 24-bit big-endian length, the payload. One flow per TLS connection, so a
 * frame carries no flow id but in HEAD. Offsets count the DATA bytes of one direction since the flow began.
 *
 * | type | payload |
 * |---|---|
 * | HEAD | JSON, `Head` |
 * | DATA, DATA_BOUNDARY | bytes; the latter ends on a message boundary of the protocol inside |
 * | CREDIT | u64 bytes received so far, u32 how many more may be on their way |
 * | FIN | u64 offset: this direction has ended there, in order; only FIN ends a direction |
 * | CLOSE | JSON, `Close`: the whole flow is over |
 * | EPITAPH | bytes to write to the client if the link is lost on a message boundary |
 */
export const FRAME = { HEAD: 1, DATA: 2, DATA_BOUNDARY: 3, CREDIT: 4, FIN: 5, CLOSE: 6, EPITAPH: 7 } as const;
export type FrameType = (typeof FRAME)[keyof typeof FRAME];

/** Longest payload a receiver takes, by type; a longer claim ends the flow before anything is held. */
export const LIMIT: Record<FrameType, number> = {
  [FRAME.HEAD]: 4096,
  [FRAME.DATA]: 262_144,
  [FRAME.DATA_BOUNDARY]: 262_144,
  [FRAME.CREDIT]: 12,
  [FRAME.FIN]: 8,
  [FRAME.CLOSE]: 4096,
  [FRAME.EPITAPH]: 4096,
};
export const HEADER = 4;
/** Bytes each side may send before the first CREDIT. */
export const INITIAL_CREDIT = 262_144;
export const ALPN = 'hoop-tunnel/1';

export function header(type: FrameType, length: number): Uint8Array {
  return Uint8Array.of(type, length >>> 16, (length >>> 8) & 255, length & 255);
}

/** Header and payload in one array: for small frames. Large DATA is written as header, then the chunk, uncopied. */
export function frame(type: FrameType, payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEADER + payload.length);
  bytes.set(header(type, payload.length), 0);
  bytes.set(payload, HEADER);
  return bytes;
}

export function credit(received: number, window: number): Uint8Array {
  const bytes = new Uint8Array(HEADER + 12);
  bytes.set(header(FRAME.CREDIT, 12), 0);
  const view = new DataView(bytes.buffer, HEADER);
  view.setBigUint64(0, BigInt(received));
  view.setUint32(8, window);
  return bytes;
}

export function fin(offset: number): Uint8Array {
  const payload = new Uint8Array(8);
  new DataView(payload.buffer).setBigUint64(0, BigInt(offset));
  return frame(FRAME.FIN, payload);
}

const TEXT = new TextEncoder();
export function json(type: FrameType, value: unknown): Uint8Array {
  return frame(type, TEXT.encode(JSON.stringify(value)));
}

export interface FrameSink {
  head(payload: Uint8Array): void;
  data(bytes: Uint8Array, boundary: boolean): void;
  credit(received: number, window: number): void;
  fin(offset: number): void;
  close(payload: Uint8Array): void;
  epitaph(bytes: Uint8Array): void;
}

/**
 * Cuts a byte stream into frames. DATA is passed on in the pieces it arrives in, never held back for its end; only the
 * last piece of a DATA_BOUNDARY is told as a boundary. Throws `ProtocolError` on an unknown type or an overlong claim.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #inbox = new Inbox();
  #dataLeft = 0;
  #dataType: FrameType = FRAME.DATA;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  push(chunk: Uint8Array): void {
    this.#inbox.push(chunk);
    while (this.#step());
  }

  #step(): boolean {
    const inbox = this.#inbox;
    if (this.#dataLeft > 0) return this.#piece();
    if (inbox.length < HEADER) return false;
    const held = inbox.peek();
    const type = held[0] as FrameType;
    const length = (held[1]! << 16) | (held[2]! << 8) | held[3]!;
    const limit = LIMIT[type];
    if (limit === undefined) throw new ProtocolError(`uplink frame of unknown type ${type}`);
    if (length > limit)
      throw new ProtocolError(`uplink frame of type ${type} claims ${length} bytes, ${limit} is the limit`);
    if (type === FRAME.DATA || type === FRAME.DATA_BOUNDARY) {
      inbox.take(HEADER);
      this.#dataLeft = length;
      this.#dataType = type;
      return length > 0 ? this.#piece() : true;
    }
    if (inbox.length < HEADER + length) return false;
    inbox.take(HEADER);
    this.#control(type, inbox.take(length));
    return true;
  }

  #piece(): boolean {
    const n = Math.min(this.#dataLeft, this.#inbox.length);
    if (n === 0) return false;
    this.#dataLeft -= n;
    this.#sink.data(this.#inbox.take(n), this.#dataLeft === 0 && this.#dataType === FRAME.DATA_BOUNDARY);
    return true;
  }

  #control(type: FrameType, payload: Uint8Array): void {
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    const wanted = type === FRAME.CREDIT ? 12 : type === FRAME.FIN ? 8 : payload.length;
    if (payload.length !== wanted) throw new ProtocolError(`uplink frame of type ${type} with ${payload.length} bytes`);
    switch (type) {
      case FRAME.HEAD:
        return this.#sink.head(payload);
      case FRAME.CREDIT:
        return this.#sink.credit(offset(view), view.getUint32(8));
      case FRAME.FIN:
        return this.#sink.fin(offset(view));
      case FRAME.CLOSE:
        return this.#sink.close(payload);
      case FRAME.EPITAPH:
        return this.#sink.epitaph(payload);
    }
  }
}

function offset(view: DataView): number {
  const value = view.getBigUint64(0);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new ProtocolError('uplink offset out of range');
  return Number(value);
}
