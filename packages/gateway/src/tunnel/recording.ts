import type { Recorder, RecordLine } from '@hoop/controls';
import type { GatewayRecord } from '../record/record.js';
import type { Tally } from '../record/tally.js';

export type Intent = Extract<RecordLine, { kind: 'intent' }>;

/** The record as one session writes it: what passes is summed for its row, and what was decided is told to `decided`. */
export function recording(record: GatewayRecord, tally: Tally, decided: (intent: Intent) => void): Recorder {
  return {
    append(line, durability) {
      tally.add(line);
      const kept = record.append(line, durability);
      if (line.kind === 'intent') decided(line);
      return kept;
    },
    tell(line) {
      tally.add(line);
      record.tell(line);
    },
  };
}
