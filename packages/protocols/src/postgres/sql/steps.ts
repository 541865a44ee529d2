/**
 * The cost of the reading that is going on, in steps: what looking at one node of a text takes, about a microsecond. All of a
 * reading counts together, with the views and bodies that it leads to; a reading is one synchronous piece of work.
 */
let left = Number.POSITIVE_INFINITY;

/** The reading takes more steps than it may: it is to be done where it holds up nobody, or not at all. */
export class TooLong extends Error {
  constructor() {
    super('it takes too long to be read');
  }
}

/** Throws `TooLong`, and from then on each time: whoever catches it on the way must pass it on, and keep nothing that is half done. */
export function spend(steps: number): void {
  left -= steps;
  if (left < 0) throw new TooLong();
}

/** What `work` answers, if it takes `most` steps or fewer. */
export function within<T>(most: number, work: () => T): T {
  left = most;
  try {
    return work();
  } finally {
    left = Number.POSITIVE_INFINITY;
  }
}

/** For a `catch` that takes anything else for what could not be understood. */
export function unlessTooLong(error: unknown): void {
  if (error instanceof TooLong) throw error;
}
