import { EMPTY, ProtocolError } from '@hoop/core';

/**
 * What a side may send, by type byte. `most`: the greatest length allowed, 0 for a type that does not exist there.
 * `whole`: frames up to this length are handed over whole; longer ones stream through as they come.
 */
export interface FrameRules {
  whole: Int32Array;
  most: Int32Array;
}

/** PostgreSQL's own bound for one message: 1 GiB less one byte (MaxAllocSize). */
export const LONGEST = 0x3fffffff;

/** Rules from a table of `type: [whole, most]`. Lengths are the wire's: they count themselves (4), not the type byte. */
export function frameRules(table: Readonly<Record<string, readonly [whole: number, most: number]>>): FrameRules {
  const rules: FrameRules = { whole: new Int32Array(256), most: new Int32Array(256) };
  for (const [type, [whole, most]] of Object.entries(table)) {
    rules.whole[type.charCodeAt(0)] = whole;
    rules.most[type.charCodeAt(0)] = most;
  }
  return rules;
}

/** A frame that its type does not allow: the peer broke the wire, or sent what is too long to be inspected. */
export class FrameError extends ProtocolError {
  constructor(
    readonly why: 'type' | 'length' | 'too-long',
    readonly type: number,
    message: string,
  ) {
    super(message);
  }
}

const HEADER = 5;
/** What any flow may hold of an incomplete frame. */
const OWN = 65_536;

/** Bytes that all cutters together may hold of incomplete frames, beyond what each may by itself. */
export class Room {
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

/** Of the whole process: a few of the longest frames, or one person could fill the memory with halves of them. */
const ROOM = new Room(512 * 1024 * 1024);

/**
 * Cuts a chunk into frames in a plain loop (design §4, rule 10) and gathers what passes on, as views of the chunk
 * itself. `push` a chunk; while `next()`, look at `type`, `length` and the body; then `take()` the bytes to forward.
 * Only a frame that must be whole and straddles chunks is copied, into room that doubles as its bytes arrive; a frame
 * that streams is shown once, when its header has come (`complete` tells whether all of it is there).
 * https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export class Cutter {
  readonly #rules: FrameRules;
  readonly #room: Room;
  /**
   * Up to which length frames of a type have to be whole beyond what the rules say; asked for a frame that has not all come,
   * once those before it were handed over.
   */
  wholeUpTo: ((type: number) => number) | undefined;
  #taken = 0;
  /** The frame that `next` found. `length` counts itself and the body; the body lies in `bytes` from `start + 5` to `end`. */
  type = 0;
  length = 0;
  bytes: Uint8Array = EMPTY;
  start = 0;
  end = 0;
  complete = true;
  /** Bytes gathered since the last `take`, up to where the run began. */
  #gathered = 0;
  #out: Uint8Array[] = [];
  #at = 0;
  #run = 0;
  #after: Uint8Array | undefined;
  #streaming = 0;
  #held: Uint8Array = EMPTY;
  #have = 0;
  #need = 0;

  /** Who makes one calls `release` when it is done with. */
  constructor(rules: FrameRules, room = ROOM) {
    this.#rules = rules;
    this.#room = room;
  }

  /** Gives back the room that an incomplete frame takes. */
  release(): void {
    this.#room.give(this.#taken);
    this.#taken = 0;
  }

  /** What `take` gave so far ends on a message boundary. */
  get boundary(): boolean {
    return this.#streaming === 0;
  }

  /** Bytes of an incomplete frame that wait here for the rest. */
  get waiting(): number {
    return this.#have;
  }

  /** Where the current frame starts and ends in the bytes of the next `take`. */
  get offset(): number {
    return this.#gathered + this.start - this.#run;
  }
  get offsetEnd(): number {
    return this.#gathered + this.end - this.#run;
  }

  push(chunk: Uint8Array): void {
    if (this.#need === 0) {
      this.#enter(chunk, undefined);
      return;
    }
    const taken = this.#collect(chunk);
    if (this.#have < this.#need) return;
    const joined = this.#held.subarray(0, this.#have);
    this.release();
    this.#held = EMPTY;
    this.#have = 0;
    this.#need = 0;
    this.#enter(joined, taken < chunk.length ? chunk.subarray(taken) : undefined);
  }

  /** Finds the next frame; false when the chunk is used up. Throws `FrameError` before anything is held for a bad one. */
  next(): boolean {
    for (;;) {
      if (this.#streaming > 0) this.#stream();
      const left = this.bytes.length - this.#at;
      this.start = this.#at;
      if (left >= HEADER) {
        this.#readHeader(this.bytes, this.#at);
        if (this.#found(left)) return true;
      } else if (left > 0) {
        this.#hold(HEADER);
      }
      if (!this.#leave()) return false;
    }
  }

  /** What passes, up to the end of the current frame; the cutter starts gathering anew. */
  take(): Uint8Array[] {
    this.#endRun(this.#at);
    return this.#give();
  }

  /** What passes before the current frame (or before the one that `next` would not have); that is still to come. */
  takeBefore(): Uint8Array[] {
    this.#endRun(this.start);
    return this.#give();
  }

  /** Lets `bytes` pass in place of the current frame, which is complete. */
  replace(bytes: Uint8Array): void {
    this.#endRun(this.start);
    if (bytes.length > 0) this.#out.push(bytes);
    this.#gathered += bytes.length;
    this.#run = this.end;
  }

  #found(left: number): boolean {
    const total = this.length + 1;
    if (left >= total) {
      this.complete = true;
      this.#at += total;
      this.end = this.#at;
      return true;
    }
    if (this.#isHeld()) {
      this.#hold(total);
      return false;
    }
    this.complete = false;
    this.#streaming = total - left;
    this.#at = this.bytes.length;
    this.end = this.#at;
    return true;
  }

  #isHeld(): boolean {
    if (this.length <= (this.#rules.whole[this.type] as number)) return true;
    return this.wholeUpTo !== undefined && this.length <= this.wholeUpTo(this.type);
  }

  #readHeader(bytes: Uint8Array, at: number): void {
    const type = bytes[at] as number;
    const length =
      ((bytes[at + 1] as number) << 24) |
      ((bytes[at + 2] as number) << 16) |
      ((bytes[at + 3] as number) << 8) |
      (bytes[at + 4] as number);
    const most = this.#rules.most[type] as number;
    if (length < 4 || length > most) throw refused(type, length, most);
    this.type = type;
    this.length = length;
  }

  #stream(): void {
    const passing = Math.min(this.#streaming, this.bytes.length - this.#at);
    this.#at += passing;
    this.#streaming -= passing;
  }

  /** Keeps the rest of the chunk back until `need` bytes of its frame are there. */
  #hold(need: number): void {
    const rest = this.bytes.subarray(this.#at);
    this.#endRun(this.#at);
    this.bytes = EMPTY;
    this.#at = 0;
    this.#run = 0;
    this.#need = need;
    this.#keep(rest);
  }

  #collect(chunk: Uint8Array): number {
    let at = 0;
    for (;;) {
      const count = Math.min(this.#need - this.#have, chunk.length - at);
      this.#keep(chunk.subarray(at, at + count));
      at += count;
      if (this.#have < this.#need || this.#need > HEADER) return at;
      this.#readHeader(this.#held, 0);
      if (this.length === 4 || !this.#isHeld()) return at;
      this.#need = this.length + 1;
    }
  }

  #keep(bytes: Uint8Array): void {
    const have = this.#have + bytes.length;
    if (have > this.#held.length) {
      const size = Math.max(have, Math.min(this.#need, 2 * this.#held.length));
      this.#take(size);
      const grown = Buffer.allocUnsafeSlow(size);
      grown.set(this.#held.subarray(0, this.#have), 0);
      this.#held = grown;
    }
    this.#held.set(bytes, this.#have);
    this.#have = have;
  }

  #take(size: number): void {
    const more = Math.max(0, size - OWN) - this.#taken;
    if (more <= 0) return;
    if (!this.#room.take(more)) {
      throw new FrameError('too-long', this.type, `${size} bytes are more than the gateway has room for just now`);
    }
    this.#taken += more;
  }

  #enter(bytes: Uint8Array, after: Uint8Array | undefined): void {
    this.bytes = bytes;
    this.#at = 0;
    this.#run = 0;
    this.#after = after;
  }

  /** Ends the current buffer; true if another follows. */
  #leave(): boolean {
    this.#endRun(this.#at);
    const after = this.#after;
    this.#enter(after ?? EMPTY, undefined);
    this.start = 0;
    this.end = 0;
    return after !== undefined;
  }

  #endRun(at: number): void {
    if (at > this.#run) {
      const whole = this.#run === 0 && at === this.bytes.length;
      this.#out.push(whole ? this.bytes : this.bytes.subarray(this.#run, at));
      this.#gathered += at - this.#run;
    }
    this.#run = at;
  }

  #give(): Uint8Array[] {
    const out = this.#out;
    this.#out = [];
    this.#gathered = 0;
    return out;
  }
}

function refused(type: number, length: number, most: number): FrameError {
  if (most === 0) return new FrameError('type', type, `message type ${type} does not belong here`);
  if (length < 4) return new FrameError('length', type, `message type ${type} has an impossible length`);
  return new FrameError('too-long', type, `message type ${type} is ${length} bytes long; ${most} are allowed`);
}
