import { ProtocolError, type Ran } from '@hoop/core';
import { type Asked, type Asking, literal, type Result, unanswered } from '../ask.js';
import type { Dialling } from '../login/messages.js';

/** One errand's part of the script. */
export type Running<T> = Dialling<Ran<T>>;

export const done = <T>(answer: T): Ran<T> => ({ ok: true, answer });

/** The rows of the one statement in `sql`, or why there are none. */
export function* rowsOf(asking: Asking, sql: string): Running<Result['rows']> {
  const asked = yield* asking.ask(sql);
  return asked.ok ? done(last(asked).rows) : { ok: false, refusal: unanswered(asked.error) };
}

function last({ results }: Asked & { ok: true }): Result {
  const result = results.at(-1);
  if (result === undefined) throw new ProtocolError('a statement that was not answered');
  return result;
}

/** An array of texts as SQL has it. */
export const texts = (values: readonly string[]): string => `array[${values.map(literal).join(', ')}]::text[]`;

/** A cell that is never NULL, as text. */
export const textAt = (row: readonly (string | null)[] | undefined, at: number): string => row?.[at] ?? '';
