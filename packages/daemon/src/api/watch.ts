import { isDeepStrictEqual } from 'node:util';
import type { State, WatchLine } from '@hoop/contracts/local';

/** Changes that come faster are told together. */
const TOGETHER = 100;
/** A watcher that does not read is let go, rather than held in memory. */
const MOST_UNREAD = 64;

/** The watchers of the state: each gets a snapshot, then what changed by top-level key. */
export class Watchers {
  readonly #state: () => State;
  readonly #streams = new Set<ReadableStreamDefaultController<Uint8Array>>();
  #told: State | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(state: () => State) {
    this.#state = state;
  }

  /** Something may have changed. */
  changed(): void {
    if (this.#streams.size === 0 || this.#timer !== undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#tell();
    }, TOGETHER);
  }

  /** One watcher's lines (application/x-ndjson), until it goes away. */
  stream(gone: AbortSignal): ReadableStream<Uint8Array> {
    let end = () => {};
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#tell();
          this.#told ??= this.#state();
          controller.enqueue(line({ type: 'snapshot', state: this.#told }));
          this.#streams.add(controller);
          end = () => this.#drop(controller);
          gone.addEventListener('abort', end, { once: true });
        },
        cancel: () => end(),
      },
      { highWaterMark: MOST_UNREAD },
    );
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const stream of this.#streams) this.#drop(stream);
  }

  #tell(): void {
    const before = this.#told;
    if (before === undefined || this.#streams.size === 0) {
      this.#told = undefined;
      return;
    }
    const now = this.#state();
    const keys = (Object.keys(now) as (keyof State)[]).filter((key) => !isDeepStrictEqual(now[key], before[key]));
    if (keys.length === 0) return;
    this.#told = now;
    const changed = Object.fromEntries(keys.map((key) => [key, now[key]])) as Partial<State>;
    const bytes = line({ type: 'change', changed });
    for (const stream of this.#streams) {
      if ((stream.desiredSize ?? 0) <= 0) this.#drop(stream);
      else stream.enqueue(bytes);
    }
  }

  #drop(stream: ReadableStreamDefaultController<Uint8Array>): void {
    if (!this.#streams.delete(stream)) return;
    try {
      stream.close();
    } catch {
      // Cancelled from the other side: it is closed already.
    }
  }
}

const TEXT = new TextEncoder();
const line = (value: WatchLine) => TEXT.encode(`${JSON.stringify(value)}\n`);
