import type { Recorder } from '@hoop/controls';
import type { GatewayRecord } from '../record/record.js';
import type { Tally } from '../record/tally.js';

/** The record as one session writes it: what passes is summed for its row. */
export function recording(record: GatewayRecord, tally: Tally): Recorder {
  return {
    append(line, durability) {
      tally.add(line);
      return record.append(line, durability);
    },
    tell(line) {
      tally.add(line);
      record.tell(line);
    },
  };
}
