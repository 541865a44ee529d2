import type { Compared } from '@hoop/core';
import type { Asking } from '../ask.js';
import type { Knowledge } from '../knowledge.js';
import { comparing } from '../sql/mark.js';
import { done, type Running, rowsOf, textAt } from './errand.js';

/** Statements wait for the answer. */
const MOST_MS = 2_000;

/** Whether the catalogue is still as it was loaded. What was read and is the same is remembered with it. */
export function* compare(asking: Asking, knowledge: unknown, surely: boolean): Running<Compared> {
  const { mark } = knowledge as Knowledge;
  const rows = yield* rowsOf(asking, comparing(mark, surely, MOST_MS));
  if (!rows.ok) return rows;
  const [row] = rows.answer;
  const print = row?.[2] ?? undefined;
  const same = print === undefined || print === mark.print;
  if (print !== undefined && same) [mark.snapshot, mark.stirred] = [textAt(row, 0), textAt(row, 1)];
  return done({ same, ms: Number(textAt(row, 3)) });
}
