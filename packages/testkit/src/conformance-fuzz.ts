import { strict as assert } from 'node:assert';
import { getHeapStatistics } from 'node:v8';
import type { ProtocolSpec, Side } from '@hoop/core';
import fc from 'fast-check';
import type { Check } from './conformance.js';
import { show } from './playbook.js';
import { bugOf, Stage, type StageOptions } from './playbook-stage.js';
import { bytesOf, type Sample, type Step, sideOf } from './split.js';

/** A hostile length must not make the engine hold more than this beyond what it was fed. */
const SPARE = 4 * 1024 * 1024;

interface Edit {
  kind: 'byte' | 'length' | 'drop' | 'insert' | 'cut';
  step: number;
  at: number;
  value: number;
}
interface Stream {
  /** Which sample is bent; one past the last is an empty conversation. */
  sample: number;
  edits: Edit[];
  /** Size of the pieces that are fed. */
  piece: number;
}

/** Random and bent streams: only a `ProtocolError` may come out, no memory by claimed length, no spin, an end at the end. */
export function fuzzCheck(spec: ProtocolSpec, samples: readonly Sample[], runs: number, seed: number): Check {
  const run = () =>
    fc.assert(
      fc.property(streams(samples.length), (stream) => survives(spec, samples, stream)),
      { numRuns: runs, seed },
    );
  return { name: `${runs} random streams`, run };
}

/** Overwrites each four bytes of a sample with lengths that lie. */
export function hostileLengths(spec: ProtocolSpec, sample: Sample): void {
  for (const [step, { length }] of sample.steps.map(bytesOf).entries()) {
    for (let at = 0; at + 4 <= length; at++) {
      for (const value of [0xffffffff, 0x7fffffff, 0x80000000, 0x3fffffff, 0, 3]) {
        feed(spec, sample.options, bend(sample.steps, { kind: 'length', step, at, value }), 1 << 20);
      }
    }
  }
}

function streams(samples: number): fc.Arbitrary<Stream> {
  const edit = fc.record({
    kind: fc.constantFrom<Edit['kind'][]>('byte', 'length', 'drop', 'insert', 'insert', 'cut'),
    step: fc.nat(63),
    at: fc.nat(4095),
    value: fc.nat(0xffffffff),
  });
  return fc.record({
    sample: fc.nat(samples),
    edits: fc.array(edit, { minLength: 1, maxLength: 6 }),
    piece: fc.constantFrom(1, 7, 64, 1 << 20),
  });
}

function survives(spec: ProtocolSpec, samples: readonly Sample[], stream: Stream): void {
  const sample = samples[stream.sample];
  const start: readonly Step[] = sample?.steps ?? BLANK;
  feed(spec, (sample ?? samples[0])?.options, stream.edits.reduce(bend, start), stream.piece);
}

const BLANK: readonly Step[] = ['client', 'upstream', 'client', 'upstream'].map((side) =>
  side === 'client' ? { client: new Uint8Array(0) } : { upstream: new Uint8Array(0) },
);

function feed(spec: ProtocolSpec, options: StageOptions | undefined, steps: readonly Step[], piece: number): void {
  const before = getHeapStatistics().external_memory;
  const stage = new Stage(spec, options);
  stage.run();
  for (const step of steps) {
    if ('ends' in step) stage.end(step.ends);
    else feedPieces(stage, sideOf(step), bytesOf(step), piece);
  }
  const grown = getHeapStatistics().external_memory - before;
  assert.ok(grown < SPARE, `the engine took ${grown} bytes of memory`);
  stage.end('client');
  stage.end('upstream');
  const bug = bugOf(stage.heard);
  if (bug !== undefined) throw bug;
  assert.ok(stage.over, `the flow did not end\n${stage.heard.map(show).join('\n')}`);
}

function feedPieces(stage: Stage, side: Side, bytes: Uint8Array, piece: number): void {
  for (let at = 0; at < bytes.length && !stage.closed; at += piece) stage.feed(side, bytes.subarray(at, at + piece));
}

/** One edit of one step; positions wrap around. */
function bend(steps: readonly Step[], edit: Edit): readonly Step[] {
  const index = edit.step % Math.max(1, steps.length);
  const step = steps[index];
  if (step === undefined || 'ends' in step) return steps;
  const bytes = edited(bytesOf(step), edit);
  return steps.with(index, 'client' in step ? { client: bytes } : { upstream: bytes });
}

function edited(bytes: Uint8Array, { kind, at: where, value }: Edit): Uint8Array {
  const at = bytes.length === 0 ? 0 : where % bytes.length;
  const copy = Buffer.from(bytes);
  switch (kind) {
    case 'byte':
      if (copy.length > 0) copy[at] = value & 0xff;
      return copy;
    case 'length':
      if (at + 4 <= copy.length) copy.writeUInt32BE(value >>> 0, at);
      return copy;
    case 'drop':
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at + 1 + (value % 16))]);
    case 'insert':
      return Buffer.concat([copy.subarray(0, at), noise(value), copy.subarray(at)]);
    case 'cut':
      return copy.subarray(0, at);
  }
}

/** Up to 255 bytes that follow from the seed (xorshift32). */
function noise(seed: number): Buffer {
  let state = seed | 1;
  const bytes = Buffer.alloc(seed & 0xff);
  for (let at = 0; at < bytes.length; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[at] = state & 0xff;
  }
  return bytes;
}
