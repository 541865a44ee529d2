import type { ProtocolSpec, Reading, Refusal } from '@hoop/core';
import { protocols } from '@hoop/protocols';
import { knowledgeOf } from './knowledge.js';
import type { Upstream } from './ports.js';
import { unreadable } from './refusals.js';

/** What was read, or why nothing could be. */
export type Read = { ok: true; readings: readonly Reading[] } | { ok: false; refusal: Refusal };

/**
 * What a text would do as the first statement of a new session. The upstream is asked for its catalogue, where that is not known
 * yet or does not suffice, and for nothing else.
 */
export const readStatement = (upstream: Upstream, database: string, text: string): Promise<Read> =>
  readBy(protocols[upstream.protocol], upstream, database, text);

/** Once more with a newer catalogue, where what is known leaves something open. */
async function readBy(spec: ProtocolSpec, upstream: Upstream, database: string, text: string): Promise<Read> {
  const { read } = spec;
  if (read === undefined) return { ok: false, refusal: unreadable(upstream.name, spec.name) };
  const knowledge = knowledgeOf(spec, upstream, database);
  const release = knowledge.hold();
  try {
    const first = await knowledge.ask(false);
    if (!first.ok) return first;
    const readings = read(text, first.greeting);
    if (!readings.some(isOpen)) return { ok: true, readings };
    const second = await knowledge.ask(true);
    return second.ok ? { ok: true, readings: read(text, second.greeting) } : second;
  } finally {
    release();
  }
}

const isOpen = (reading: Reading): boolean => reading.class === 'unknown' || reading.outputs === undefined;
