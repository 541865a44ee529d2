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
