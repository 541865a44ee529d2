import type { Store } from '../store/store.js';
import { talliesOf } from './read.js';
import type { GatewayRecord } from './record.js';

/** Closes the sessions that a crash left open: the record says how far they came, and is told that they broke. */
export async function recoverSessions(store: Store, record: GatewayRecord, folder: string, now: number): Promise<void> {
  const rows = await store.sessions.open();
  if (rows.length === 0) return;
  const from = Math.min(...rows.map((row) => row.segment));
  const tallies = await talliesOf(
    folder,
    rows.map((row) => row.id),
    from,
  );
  for (const row of rows) {
    const tally = tallies.get(row.id);
    if (!tally?.recorded) {
      await store.sessions.drop(row.id);
      continue;
    }
    await store.sessions.end(row.id, tally.end ?? 'broken', now, tally.totals);
    if (tally.end !== undefined) continue;
    const { bytes_in: bytesIn, bytes_out: bytesOut } = tally.totals;
    record.tell({ kind: 'end', session: row.id, outcome: { end: 'broken', bytesIn, bytesOut } });
    const about = { session: row.id, person: row.email, connection: row.connection };
    record.tell({ kind: 'audit', event: 'session-recovered', ...about });
  }
}
