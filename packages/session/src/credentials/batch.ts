/** What is asked for in one turn of the event loop, and while the errand before runs, goes by one errand. */
export class Batch<T, R> {
  readonly #most: number;
  readonly #run: (items: readonly T[]) => Promise<(item: T) => R>;
  readonly #waiting: { item: T; resolve(result: R): void; reject(error: unknown): void }[] = [];
  #running = false;

  /** `run` deals with at most so many, and answers what came of each. */
  constructor(most: number, run: (items: readonly T[]) => Promise<(item: T) => R>) {
    this.#most = most;
    this.#run = run;
  }

  add(item: T): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (!this.#running) void this.#serve();
    });
  }

  async #serve(): Promise<void> {
    this.#running = true;
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) await this.#next(this.#waiting.splice(0, this.#most));
    this.#running = false;
  }

  async #next(batch: { item: T; resolve(result: R): void; reject(error: unknown): void }[]): Promise<void> {
    try {
      const resultOf = await this.#run(batch.map(({ item }) => item));
      for (const { item, resolve } of batch) resolve(resultOf(item));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
