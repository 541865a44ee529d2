/** From here on a piece is worth waiting for the others of its turn; what is shorter goes at once. */
const LARGE = 2_048;
/** Gathered bytes that do not wait for the end of the turn. */
const ENOUGH = 131_072;

/**
 * Joins the large pieces that come in one turn of the event loop into one write: a server sends its rows in pieces of 8 KiB, and a
 * write each costs more than they do. A small piece that comes alone is written at once. Order is kept.
 */
export class Gathered {
  readonly #write: (pieces: readonly Uint8Array[], length: number) => void;
  readonly #later: (run: () => void) => void;
  readonly #flushLater = (): void => {
    this.#scheduled = false;
    this.flush();
  };
  #pieces: Uint8Array[] = [];
  #length = 0;
  #scheduled = false;

  /** `write` is given at least one piece; `later` runs what it is given at the end of the turn: `setImmediate`. */
  constructor(write: (pieces: readonly Uint8Array[], length: number) => void, later: (run: () => void) => void) {
    this.#write = write;
    this.#later = later;
  }

  /** Bytes that are not written yet. */
  get length(): number {
    return this.#length;
  }

  add(bytes: Uint8Array): void {
    if (this.#length === 0 && bytes.length < LARGE) return this.#write([bytes], bytes.length);
    this.#pieces.push(bytes);
    this.#length += bytes.length;
    if (this.#length >= ENOUGH) return this.flush();
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#later(this.#flushLater);
  }

  flush(): void {
    if (this.#length === 0) return;
    const [pieces, length] = [this.#pieces, this.#length];
    this.#pieces = [];
    this.#length = 0;
    this.#write(pieces, length);
  }
}

/** Writes pieces to a stream as one. Answers whether it has room for more. */
export function writeAll(
  stream: { write(bytes: Uint8Array): boolean; cork(): void; uncork(): void },
  pieces: readonly Uint8Array[],
): boolean {
  let room = true;
  if (pieces.length > 1) stream.cork();
  for (const piece of pieces) room = stream.write(piece);
  if (pieces.length > 1) stream.uncork();
  return room;
}
