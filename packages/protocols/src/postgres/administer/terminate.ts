import type { Backend } from '@hoop/core';
import type { Asking } from '../ask.js';
import { done, type Running, rowsOf, textAt } from './errand.js';

/** Ours and the server's clock may tick so much apart while a flow is open. */
const SLACK_MS = 1_000;

/**
 * Ends these backends by one statement, where they are this login's own. A process number that the system has given to
 * another since belongs to a younger backend, which is left alone.
 */
export function* terminate(asking: Asking, backends: readonly Backend[]): Running<number> {
  const numbers = (of: (backend: Backend) => number) => backends.map((it) => Math.round(of(it))).join(', ');
  const rows = yield* rowsOf(
    asking,
    `select count(*) filter (where pg_terminate_backend(a.pid))
     from unnest(array[${numbers((it) => it.process)}]::int[], array[${numbers((it) => it.ageMs - SLACK_MS)}]::float8[]) w (pid, age)
       join pg_stat_activity a on a.pid = w.pid
     where a.usename = session_user and a.backend_start <= clock_timestamp() - w.age * interval '1 ms'`,
  );
  return rows.ok ? done(Number(textAt(rows.answer[0], 0))) : rows;
}
