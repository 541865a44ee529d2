import type { Store } from '../store/store.js';
import { tallyOf } from './read.js';
import type { GatewayRecord } from './record.js';

/** Closes the sessions that a crash left open: the record says how far they came, and is told that they broke. */
export async function recoverSessions(store: Store, record: GatewayRecord, folder: string, now: number): Promise<void> {
  for (const row of await store.sessions.open()) {
    const tally = tallyOf(folder, row.id, row.segment);
    if (!tally.recorded) {
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
