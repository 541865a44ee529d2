import type { Backend } from '@hoop/core';
import type { Asking } from '../ask.js';
import { done, type Running, rowsOf, textAt } from './errand.js';

/** Ours and the server's clock may tick so much apart while a flow is open. */
const SLACK_MS = 1_000;

/**
 * Ends these backends by one statement, where they are this login's own. A process number that the system has given to
 * another since belongs to a younger backend, which is left alone. Materialized, or the planner might end all backends first
 * and ask afterwards which were meant.
 */
export function* terminate(asking: Asking, backends: readonly Backend[]): Running<readonly number[]> {
  const numbers = (of: (backend: Backend) => number) => backends.map((it) => Math.round(of(it))).join(', ');
  const rows = yield* rowsOf(
    asking,
    `with mine as materialized (
       select a.pid
       from unnest(array[${numbers((it) => it.process)}]::int[], array[${numbers((it) => it.ageMs - SLACK_MS)}]::float8[]) w (pid, age)
         join pg_stat_activity a on a.pid = w.pid
       where a.usename = session_user and a.backend_start <= clock_timestamp() - w.age * interval '1 ms')
     select pid from mine where pg_terminate_backend(pid)`,
  );
  return rows.ok ? done(rows.answer.map((row) => Number(textAt(row, 0)))) : rows;
}
