import { strict as assert } from 'node:assert';
import { isDeepStrictEqual } from 'node:util';
import type { ProtocolSpec, Refusal, Side } from '@hoop/core';
import { type ConnectSample, connectChecks } from './conformance-connect.js';
import { fuzzCheck, hostileLengths } from './conformance-fuzz.js';
import { show } from './playbook.js';
import { bugOf, Stage } from './playbook-stage.js';
import { byByte, bytesOf, type Cut, cutAt, play, type Sample, sideOf, whole } from './split.js';

export interface ConformanceOptions {
  spec: ProtocolSpec;
  /** Real conversations, each at most a few kilobytes: between them, every message the engine knows. */
  samples: readonly Sample[];
  connects?: readonly ConnectSample[];
  /** Random streams; the issue asks for 10,000 an engine. */
  runs?: number;
  seed?: number;
}

export interface Check {
  name: string;
  run(): void;
}

/**
 * The suite that every protocol passes (design §4, §9). Gives named checks for the caller's test runner:
 *
 * ```ts
 * for (const check of conformance({ spec, samples })) test(check.name, check.run);
 * ```
 */
export function conformance(options: ConformanceOptions): Check[] {
  const { spec, samples } = options;
  const each = (name: string, run: (sample: Sample) => void): Check[] =>
    samples.map((sample) => ({ name: `${name}: ${sample.name}`, run: () => run(sample) }));
  return [
    ...each('every split gives the same', (sample) => everySplit(spec, sample)),
    ...each('a late verdict gives the same', (sample) => lateVerdict(spec, sample)),
    ...each('cancelled at every yield', (sample) => cancelledEverywhere(spec, sample)),
    ...each('ends of either side anywhere', (sample) => endsEverywhere(spec, sample)),
    ...each('hostile lengths', (sample) => hostileLengths(spec, sample)),
    ...each('asks only what the protocol declares', (sample) => declared(spec, sample)),
    { name: 'refusals are rendered', run: () => refusals(spec, samples[0]) },
    ...connectChecks(spec, options.connects ?? []),
    fuzzCheck(spec, samples, options.runs ?? 10_000, options.seed ?? 7),
  ];
}

function everySplit(spec: ProtocolSpec, sample: Sample): void {
  const expected = play(spec, sample, whole);
  const same = (cut: Cut, how: string) => {
    const got = play(spec, sample, cut);
    for (const [step, outcome] of expected.entries()) {
      if (isDeepStrictEqual(got[step], outcome)) continue;
      assert.fail(`${how}: after step ${step - 1}\nwhole: ${show(outcome)}\n  cut: ${show(got[step])}`);
    }
  };
  same(byByte, 'byte by byte');
  for (const [index, step] of sample.steps.entries()) {
    for (let at = 1; at < bytesOf(step).length; at++) same(cutAt(index, at), `step ${index} cut at byte ${at}`);
  }
}

function lateVerdict(spec: ProtocolSpec, sample: Sample): void {
  const expected = play(spec, sample, whole);
  for (const cut of [whole, byByte]) assert.deepEqual(play(spec, sample, cut, true), expected);
}

/** Stops the sample at its `count`th yield and cancels; false if there are no more yields. */
function cancelAt(spec: ProtocolSpec, sample: Sample, count: number): boolean {
  const stage = new Stage(spec, sample.options);
  let reached = false;
  stage.onYield = (yields) => {
    reached = yields >= count;
    return !reached;
  };
  stage.run();
  for (const step of sample.steps) {
    if (stage.closed) break;
    if ('ends' in step) stage.end(step.ends);
    else stage.feed(sideOf(step), bytesOf(step));
  }
  if (!reached) return false;
  const ended = stage.cancel(REVOKED);
  const where = `cancelled at yield ${count}`;
  assert.equal(bugOf(stage.heard), undefined, where);
  assert.deepEqual(ended.forbidden, [], `${where}: effects that a cancelled script may not yield`);
  assert.ok(ended.effects <= 16, `${where}: ${ended.effects} effects after cancellation`);
  refusesWhereItStands(spec, stage, where);
  return true;
}

function cancelledEverywhere(spec: ProtocolSpec, sample: Sample): void {
  let count = 1;
  while (cancelAt(spec, sample, count)) count += 1;
  assert.ok(count > 1, 'the engine never yielded');
}

/** On a message boundary a refusal is bytes, inside a message none; a protocol without refusals has none at all. */
function refusesWhereItStands(spec: ProtocolSpec, stage: Stage, where: string): void {
  const native = spec.refuse(REVOKED).length > 0;
  const bytes = stage.engine.refuse(REVOKED);
  assert.equal(bytes.length > 0, native && stage.boundary, `${where}: refuse gave ${bytes.length} bytes`);
}

function endsEverywhere(spec: ProtocolSpec, sample: Sample): void {
  for (const [index, step] of sample.steps.entries()) {
    for (let at = 0; at <= bytesOf(step).length; at++) {
      for (const first of ['client', 'upstream'] as const) endAt(spec, sample, index, at, first);
    }
  }
}

function endAt(spec: ProtocolSpec, sample: Sample, index: number, at: number, first: Side): void {
  const stage = new Stage(spec, sample.options);
  stage.run();
  for (const step of sample.steps.slice(0, index)) {
    if ('ends' in step) stage.end(step.ends);
    else stage.feed(sideOf(step), bytesOf(step));
  }
  const last = sample.steps[index]!;
  stage.feed(sideOf(last), bytesOf(last).subarray(0, at));
  stage.end(first);
  stage.end(first === 'client' ? 'upstream' : 'client');
  const where = `${first} ended in step ${index} after byte ${at}`;
  const bug = bugOf(stage.heard);
  assert.equal(bug, undefined, `${where}: ${String(bug)}`);
  assert.ok(stage.over, `${where}: the flow did not end\n${stage.heard.map(show).join('\n')}`);
}

function declared(spec: ProtocolSpec, sample: Sample): void {
  for (const outcome of play(spec, sample, whole)) {
    for (const one of outcome.said) {
      if (one.do === 'judge') assert.ok(spec.judges.includes(one.action.kind), `judges ${one.action.kind}`);
    }
    for (const one of outcome.revealed) assert.ok(spec.reveals.includes(one.output.kind), `reveals ${one.output.kind}`);
  }
}

function refusals(spec: ProtocolSpec, sample: Sample | undefined): void {
  const bytes = CODES.map((code) => spec.refuse({ ...REVOKED, code }));
  const native = bytes.some((one) => one.length > 0);
  for (const [at, one] of bytes.entries()) {
    assert.equal(one.length > 0, native, `${CODES[at]} is rendered`);
    if (native) assert.ok(Buffer.from(one).includes(REVOKED.message), `${CODES[at]} carries its message`);
  }
  const stage = new Stage(spec, sample?.options);
  stage.run();
  refusesWhereItStands(spec, stage, 'at the start');
}

const REVOKED: Refusal = { code: 'identity-disabled', message: 'alice@shop.example was disabled.' };
const CODES: readonly Refusal['code'][] = [
  'not-granted',
  'identity-disabled',
  'login-required',
  'unknown-connection',
  'port-refused',
  'no-such-database',
  'upstream-unreachable',
  'upstream-refused',
  'gateway-unreachable',
  'link-lost',
  'shutting-down',
  'too-many',
  'record-failed',
  'protocol',
  'internal',
];
