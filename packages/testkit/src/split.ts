import type { Body, Output, ProtocolSpec, Rows, Side, Terminal } from '@hoop/core';
import { concat, shownRows } from '@hoop/core';
import { bugOf, type Heard, Stage, type StageOptions, sentTo } from './playbook-stage.js';

/** A conversation as the wire carries it: who sends what, in turn, and who ends. */
export interface Sample {
  name: string;
  options?: StageOptions;
  steps: readonly Step[];
}
export type Step = { client: Uint8Array } | { upstream: Uint8Array } | { ends: Side };

/** How a step's bytes are cut before they are fed. */
export type Cut = (bytes: Uint8Array, step: number) => readonly Uint8Array[];
export const whole: Cut = (bytes) => [bytes];
export const byByte: Cut = (bytes) => Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
export const cutAt =
  (step: number, at: number): Cut =>
  (bytes, index) =>
    index === step ? [bytes.subarray(0, at), bytes.subarray(at)] : [bytes];

/**
 * What a step led to, whatever the cuts: the bytes each side was sent, whether the client stands on a message boundary,
 * what was asked, noted and ended in its order, and the outputs with the rows of one statement together. How bytes and
 * rows were grouped into effects is the engine's own business.
 */
export interface Outcome {
  client: Uint8Array;
  upstream: Uint8Array;
  boundary: boolean;
  said: Heard[];
  revealed: { statement: number; output: Output }[];
}

/** Plays a sample; `late` answers each verdict only when all of the step's bytes have come. */
export function play(spec: ProtocolSpec, sample: Sample, cut: Cut, late = false): Outcome[] {
  const judge = sample.options?.judge ?? (() => ({ allow: true }) as const);
  const stage = new Stage(
    spec,
    late ? { ...sample.options, hold: ['judge', 'judge-all', 'judge-aside'] } : sample.options,
  );
  stage.run();
  const outcomes = [outcomeOf(stage, 0)];
  for (const [index, step] of sample.steps.entries()) {
    const from = stage.heard.length;
    stage.mark();
    if ('ends' in step) stage.end(step.ends);
    else for (const piece of cut(bytesOf(step), index)) stage.feed(sideOf(step), piece);
    if (late) answerAll(stage, judge);
    outcomes.push(outcomeOf(stage, from));
  }
  return outcomes;
}

export function sideOf(step: Step): Side {
  return 'client' in step || ('ends' in step && step.ends === 'client') ? 'client' : 'upstream';
}

export function bytesOf(step: Step): Uint8Array {
  return 'client' in step ? step.client : 'upstream' in step ? step.upstream : new Uint8Array(0);
}

function answerAll(stage: Stage, judge: NonNullable<StageOptions['judge']>): void {
  for (let [first] = stage.asides; first !== undefined && !stage.closed; [first] = stage.asides) {
    stage.decide(first, judge(first.action));
  }
  for (const side of ['client', 'upstream'] as const) {
    while (stage.holds(side) && !stage.closed) {
      const asked = stage.heard.findLast((one) => one.do === 'judge' || one.do === 'judge-all');
      if (asked?.do === 'judge') stage.release(side, judge(asked.action));
      else if (asked?.do === 'judge-all') stage.release(side, asked.actions.map(judge));
    }
  }
}

function outcomeOf(stage: Stage, from: number): Outcome {
  const heard = stage.heard.slice(from);
  const bug = bugOf(heard);
  if (bug !== undefined) throw bug;
  return {
    client: sentTo(heard, 'client'),
    upstream: sentTo(heard, 'upstream'),
    boundary: stage.boundary,
    said: heard.flatMap(apart).filter((one) => one.do !== 'send' && one.do !== 'reveal'),
    revealed: joinRows(heard),
  };
}

/** Actions judged together are the same as actions judged one by one. */
function apart(one: Heard): Heard[] {
  if (one.do === 'judge-aside') return [{ do: 'judge', action: one.asked.action }];
  return one.do === 'judge-all' ? one.actions.map((action) => ({ do: 'judge', action })) : [one];
}

const isStream = (output: Output): output is Body | Terminal => output.kind === 'body' || output.kind === 'terminal';

function joinRows(heard: readonly Heard[]): Outcome['revealed'] {
  const all: Outcome['revealed'] = [];
  for (const one of heard) {
    if (one.do !== 'reveal') continue;
    const last = all.at(-1);
    if (last?.statement === one.statement && last.output.kind === 'rows' && one.output.kind === 'rows') {
      last.output = packed([last.output, one.output]);
    } else if (last?.statement === one.statement && isStream(last.output) && last.output.kind === one.output.kind) {
      last.output = { ...last.output, bytes: concat([last.output.bytes, (one.output as typeof last.output).bytes]) };
    } else all.push({ statement: one.statement, output: one.output });
  }
  return all.map(({ statement, output }) => ({
    statement,
    output: output.kind === 'rows' ? packed([output]) : output,
  }));
}

/** The rows of several as one, with nothing between their cells. */
function packed(several: readonly Rows[]): Rows {
  const rows = several.flatMap((one) => [...shownRows(one)]);
  const cells = rows.flat();
  const places: number[] = [];
  let at = 0;
  for (const cell of cells) {
    places.push(at, cell?.length ?? -1);
    at += cell?.length ?? 0;
  }
  const bytes = concat(cells.flatMap((cell) => cell ?? []));
  return {
    kind: 'rows',
    columns: several[0]?.columns ?? [],
    count: rows.length,
    bytes,
    cells: Int32Array.from(places),
  };
}
