import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { Dialled, ProtocolName, Reading, Refusal } from '@hoop/core';
import type { Answer, Question } from './reader.js';

/** What takes longer than this is not read at all. */
export const ASIDE_MS = 1_000;
/** A thread that nobody has asked for so long is ended. */
const IDLE_MS = 60_000;
/** More than wait at once in any honest use; the rest is refused, not held. */
const WAITING_MOST = 64;

interface Job {
  protocol: ProtocolName;
  text: string;
  at: unknown;
  done(answer: Dialled): void;
}

const NOT_READ: Refusal = { code: 'internal', message: 'The statement could not be read in time.' };

/**
 * Reads long texts in one thread, one after the other, each with a deadline: a text that keeps the parser busy, or breaks it,
 * costs that thread and nothing else.
 */
export class Aside {
  readonly #waiting: Job[] = [];
  readonly #ms: number;
  readonly #file: URL;
  #worker: Worker | undefined;
  #job: Job | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** The catalogue that the thread has a copy of. */
  #sent: unknown;

  constructor(file: URL = readerFile(), ms: number = ASIDE_MS) {
    this.#file = file;
    this.#ms = ms;
  }

  read(protocol: ProtocolName, text: string, at: unknown): Promise<Dialled> {
    if (this.#waiting.length >= WAITING_MOST) return Promise.resolve({ ok: false, refusal: NOT_READ });
    return new Promise((done) => {
      this.#waiting.push({ protocol, text, at, done });
      this.#next();
    });
  }

  /** Ends the thread; what waits is not read. */
  end(): void {
    this.#drop();
    for (const job of this.#waiting.splice(0)) job.done({ ok: false, refusal: NOT_READ });
  }

  #next(): void {
    if (this.#job !== undefined) return;
    clearTimeout(this.#timer);
    this.#job = this.#waiting.shift();
    if (this.#job === undefined) {
      this.#timer = setTimeout(() => this.#drop(), IDLE_MS).unref();
      return;
    }
    // Its own start is not the text's fault.
    const fresh = this.#worker === undefined;
    this.#worker ??= this.#start();
    this.#timer = setTimeout(() => this.#failed(), fresh ? this.#ms + STARTING_MS : this.#ms);
    this.#ask(this.#worker, this.#job);
  }

  #ask(worker: Worker, { protocol, text, at }: Job): void {
    const { catalogue, ...rest } = at as { catalogue: unknown };
    if (this.#sent !== catalogue) worker.postMessage({ catalogue } satisfies Question);
    this.#sent = catalogue;
    worker.postMessage({ protocol, text, at: rest } satisfies Question);
  }

  #start(): Worker {
    const worker = new Worker(this.#file, { execArgv: [], resourceLimits: LIMITS });
    worker.unref();
    worker.on('message', (answer: Answer) => {
      if (this.#worker !== worker) return;
      // A parser that gave up may be broken for good.
      if (!answer.sound) this.#drop();
      this.#finish({ ok: true, greeting: answer.readings satisfies readonly Reading[] });
    });
    worker.on('error', () => this.#worker === worker && this.#failed());
    worker.on('exit', () => this.#worker === worker && this.#failed());
    return worker;
  }

  #failed(): void {
    this.#drop();
    this.#finish({ ok: false, refusal: NOT_READ });
  }

  #drop(): void {
    clearTimeout(this.#timer);
    const worker = this.#worker;
    this.#worker = undefined;
    this.#sent = undefined;
    void worker?.terminate();
  }

  #finish(answer: Dialled): void {
    const job = this.#job;
    this.#job = undefined;
    job?.done(answer);
    this.#next();
  }
}
const STARTING_MS = 2_000;
const LIMITS = { maxOldGenerationSizeMb: 512, stackSizeMb: 16 };

/** Beside the program; where the sources run, what was built of them. */
function readerFile(): URL {
  const beside = new URL('./reader.js', import.meta.url);
  return existsSync(beside) ? beside : new URL('../dist/reader.js', import.meta.url);
}

let shared: Aside | undefined;
export function readAside(protocol: ProtocolName, text: string, at: unknown): Promise<Dialled> {
  shared ??= new Aside();
  return shared.read(protocol, text, at);
}
