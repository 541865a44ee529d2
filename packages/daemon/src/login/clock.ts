/** Time, passed in: a test turns the hands. Milliseconds since the epoch. */
export interface Clock {
  now(): number;
  /** Answers what calls it off. */
  after(ms: number, then: () => void): () => void;
}

export const systemClock: Clock = {
  now: Date.now,
  after: (ms, then) => {
    const timer = setTimeout(then, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** What a slow answer explains, and clocks that are well kept. */
const EXPLAINED = 60_000;

/** How far another's clock is ahead of this machine's by a time of its that is now; 0 where they agree. Milliseconds. */
export function aheadBy(theirs: number, ours = Date.now()): number {
  return Math.abs(theirs - ours) > EXPLAINED ? theirs - ours : 0;
}

/** How often the wall clock is looked at while waiting: a sleeping laptop stops timers, a set clock moves the moment. */
const LOOK = 300_000;

/** Calls `then` when the wall clock has reached `at`; after a sleep, within five minutes. Answers what calls it off. */
export function alarm(clock: Clock, at: number, then: () => void): () => void {
  let off = () => {};
  const wait = () => {
    const left = at - clock.now();
    if (left <= 0) return then();
    off = clock.after(Math.min(left, LOOK), wait);
  };
  off = clock.after(Math.max(0, Math.min(at - clock.now(), LOOK)), wait);
  return () => off();
}
