import { setTimeout as after } from 'node:timers/promises';
import { type Stage, type Step, summary, tell } from '../story/index.js';
import { World, type WorldOptions } from '../world/index.js';

export interface PlayOptions extends WorldOptions {
  keep: boolean;
  system: boolean;
}

/** One line per thing that the set-up had to leave out. */
const setUpSkipped = () => (process.env.HOOP_SETUP_SKIPPED ?? '').split('\n').filter((line) => line !== '');
export const print = (line: string) => void process.stdout.write(`${line}\n`);

/** The terminal's, for lines that are folded to it; undefined where nobody looks: there a step is one line. */
export const columns = () => (process.stdout.isTTY ? process.stdout.columns : undefined);

/**
 * Makes a world, lets `inside` use it, and ends it whatever happens: an error, Ctrl-C, a closed terminal. Then `inside`'s
 * signal is aborted, and what it began is waited for. A second Ctrl-C while it ends changes nothing.
 */
export async function withWorld(
  options: PlayOptions,
  inside: (stage: Stage, signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const interrupt = new AbortController();
  const interrupted = new Promise<number>((resolve) => {
    const stop = (code: number) => {
      interrupt.abort();
      resolve(code);
    };
    for (const [signal, code] of SIGNALS) process.on(signal, () => stop(code));
  });
  const world = await World.prepare(options);
  let code = 1;
  let work: Promise<unknown> = Promise.resolve();
  try {
    const told = inside({ root: options.root, world, skipped: setUpSkipped() }, interrupt.signal);
    work = told.catch(() => {});
    code = await Promise.race([told, interrupted]);
  } finally {
    await world.processes.close();
    await Promise.race([work, after(SETTLE, undefined, { ref: false })]);
    // What failed is explained by logs: they stay, until the next start.
    await world.end({ keep: kept(options, code) });
  }
  return code;
}
const SIGNALS = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const;
/** For a step that an end interrupts: its servers are gone, so it fails soon. */
const SETTLE = 5_000;

const kept = ({ keep }: PlayOptions, code: number) => keep || code === 1;

/** The last words: what is left, and where. */
export function endingOf(options: PlayOptions, code: number): string {
  if (!kept(options, code)) return 'All ended, ./.demo removed.';
  return 'All ended.\n./.demo kept, until the next start: logs, and the record in company/gateway/data.';
}

/** The story, unattended. */
export async function check(options: PlayOptions, steps: readonly Step<Stage>[]): Promise<number> {
  const from = performance.now();
  let counts = '';
  const code = await withWorld(options, async (stage, signal) => {
    const strict = process.env.CI === 'true';
    const tally = await tell(steps, stage, { strict, print, signal, width: columns() });
    counts = summary(tally, performance.now() - from);
    return tally.FAIL === 0 ? 0 : 1;
  });
  const whole = code === 0 || code === 1;
  print(`${whole ? counts : '\nInterrupted.'} ${endingOf(options, code)}`);
  return code;
}
