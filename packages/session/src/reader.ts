import { parentPort } from 'node:worker_threads';
import type { ProtocolName, Reading } from '@hoop/core';
import { protocols } from '@hoop/protocols';

/** What the thread of `Aside` is told: a catalogue to keep, or a text to read by it. */
export type Question = { catalogue: unknown } | { protocol: ProtocolName; text: string; at: object };
export interface Answer {
  readings: readonly Reading[];
  /** False where the parser may have been left broken. */
  sound: boolean;
}

let catalogue: unknown;

parentPort?.on('message', async (question: Question) => {
  if (!('text' in question)) {
    catalogue = question.catalogue;
    return;
  }
  const spec = protocols[question.protocol];
  await spec.ready?.();
  const readings = spec.readLong?.(question.text, { ...question.at, catalogue }) ?? [];
  const sound = readings.every(({ kind }) => kind !== 'unparsable');
  parentPort?.postMessage({ readings, sound } satisfies Answer);
});
