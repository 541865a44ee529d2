import { type Stage, type Step, summary, tell } from '../story/index.js';
import { World, type WorldOptions } from '../world/index.js';

export interface PlayOptions extends WorldOptions {
  keep: boolean;
  system: boolean;
}

/** One line per thing that the set-up had to leave out. */
const setUpSkipped = () => (process.env.HOOP_SETUP_SKIPPED ?? '').split('\n').filter((line) => line !== '');
const print = (line: string) => void process.stdout.write(`${line}\n`);

/**
 * Makes a world, lets `inside` use it, and ends it whatever happens: an error, Ctrl-C, a closed terminal. A second Ctrl-C
 * while it ends changes nothing.
 */
export async function withWorld(options: PlayOptions, inside: (stage: Stage) => Promise<number>): Promise<number> {
  const world = await World.prepare(options);
  const interrupted = new Promise<number>((resolve) => {
    for (const [signal, code] of SIGNALS) process.on(signal, () => resolve(code));
  });
  let code = 1;
  try {
    code = await Promise.race([inside({ root: options.root, world, skipped: setUpSkipped() }), interrupted]);
  } finally {
    // What failed is explained by logs: they stay, until the next start.
    await world.end({ keep: options.keep || code === 1 });
  }
  return code;
}
const SIGNALS = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const;

/** The story, unattended. */
export async function check(options: PlayOptions, steps: readonly Step<Stage>[]): Promise<number> {
  const from = performance.now();
  let counts = '';
  const code = await withWorld(options, async (stage) => {
    const tally = await tell(steps, stage, { strict: process.env.CI === 'true', print });
    counts = summary(tally, performance.now() - from);
    return tally.FAIL === 0 ? 0 : 1;
  });
  const left = options.keep || code === 1 ? './.demo kept.' : './.demo removed.';
  print(`${counts || 'Interrupted.'} All ended, ${left}`);
  return code;
}
