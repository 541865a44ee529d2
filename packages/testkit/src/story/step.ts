/** One line of the story: something done for real, and what came of it. */
export interface Step<Stage> {
  group: string;
  name: string;
  /** Steps without which this one means nothing. */
  needs?: readonly string[];
  /** Answers what to print after `ok`. Throws `Skip` or an error. */
  run(stage: Stage): Promise<string>;
  /** Where to look when it fails. */
  trouble?(stage: Stage): { next?: string; log?: string };
}

/** This machine cannot do it: why, and what would change that. */
export class Skip extends Error {
  readonly cure: string | undefined;

  constructor(why: string, cure?: string) {
    super(why);
    this.cure = cure;
  }
}

export type Result = 'ok' | 'FAIL' | 'skip';
export type Tally = Record<Result, number>;

export interface TellOptions {
  /** A skip is a failure. */
  strict: boolean;
  print(line: string): void;
  /** Milliseconds for one step. */
  limit?: number;
  /** Once aborted, nothing more is begun or printed. */
  signal?: AbortSignal | undefined;
  /** Columns to fold lines to; absent: a step is one line. */
  width?: number | undefined;
}

/** Runs the steps in order and prints a line for each. One that needs a failed one is not tried, and fails. */
export async function tell<Stage>(steps: readonly Step<Stage>[], stage: Stage, options: TellOptions): Promise<Tally> {
  const tally: Tally = { ok: 0, FAIL: 0, skip: 0 };
  const results = new Map<string, Result>();
  let group = '';
  for (const step of steps) {
    if (options.signal?.aborted) break;
    const lines = await perform(step, stage, results, options);
    // What fails because it is interrupted tells nobody anything.
    if (options.signal?.aborted) break;
    results.set(step.name, lines.result);
    tally[lines.result] += 1;
    const title = step.group === group ? '' : step.group;
    const head = `${title.padEnd(10)}${lines.result} ${step.name.padEnd(9)} `;
    for (const line of folded(head + lines.text, 23, options.width)) options.print(line);
    for (const more of lines.more) options.print(`${''.padEnd(15)}${more}`);
    group = step.group;
  }
  return tally;
}

/** A line in parts of at most `width` columns, broken at blanks; the parts after the first begin at column `indent`. */
export function folded(line: string, indent: number, width = Number.POSITIVE_INFINITY): string[] {
  if (line.length <= width) return [line];
  const blank = line.lastIndexOf(' ', width);
  if (blank <= indent) return [line];
  const rest = `${' '.repeat(indent)}${line.slice(blank).trimStart()}`;
  return [line.slice(0, blank).trimEnd(), ...folded(rest, indent, width)];
}

interface Lines {
  result: Result;
  text: string;
  more: string[];
}

async function perform<Stage>(
  step: Step<Stage>,
  stage: Stage,
  results: ReadonlyMap<string, Result>,
  { strict, limit = 90_000 }: TellOptions,
): Promise<Lines> {
  const lacking = step.needs?.find((name) => results.get(name) === 'FAIL');
  if (lacking) return { result: 'FAIL', text: `not tried: ${lacking} failed`, more: [] };
  const impossible = step.needs?.find((name) => results.get(name) === 'skip');
  if (impossible) return { result: strict ? 'FAIL' : 'skip', text: `needs ${impossible}`, more: [] };
  try {
    return { result: 'ok', text: await within(step.run(stage), limit), more: [] };
  } catch (error) {
    if (error instanceof Skip) {
      const text = error.cure ? `${error.message}; ${error.cure}` : error.message;
      return {
        result: strict ? 'FAIL' : 'skip',
        text: strict ? `skipped, which CI=true forbids: ${text}` : text,
        more: [],
      };
    }
    const { next, log } = step.trouble?.(stage) ?? {};
    const more = [...(next ? [`next: ${next}`] : []), ...(log ? [`log:  ${log}`] : [])];
    return { result: 'FAIL', text: messageOf(error), more };
  }
}

export const messageOf = (error: unknown) =>
  (error instanceof Error ? error.message : String(error)).trim().replaceAll('\n', ' | ');

async function within<T>(work: Promise<T>, limit: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${limit / 1000} s`)), limit);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** e.g. `19 ok, 0 failed, 0 skipped in 64 s.` */
export function summary(tally: Tally, ms: number): string {
  return `${tally.ok} ok, ${tally.FAIL} failed, ${tally.skip} skipped in ${Math.round(ms / 1000)} s.`;
}
