/** Threats that an attack is made of (threats.md, rows A19 to A25). */
export type Row = 'A19' | 'A20' | 'A21' | 'A22' | 'A23' | 'A24' | 'A25';

export interface Step {
  text: string;
  /** Parameters, where it is sent by the extended protocol; in a Query they are put in as literals. */
  values?: readonly (string | null)[];
}

/**
 * What somebody may try. It has come through if a byte of what is masked reaches the client in any form, or if the state of the
 * server is another one afterwards. `refused`: also if its last step is answered at all, since that would tell of masked values without
 * showing them, or change something. `masked`: also if a cell of its answer says anything.
 */
export interface Attack {
  row: Row;
  steps: readonly Step[];
  /** Steps that have to be answered as those are: they differ in what they ask of masked values. */
  other?: readonly Step[];
  wants: 'no trace' | 'refused' | 'masked';
  /** `support`: all packs are on · `reader`: and whatever changes something is denied by a rule. */
  as: 'support' | 'reader';
}

const stepsOf = (steps: string | readonly (string | Step)[]): Step[] =>
  (typeof steps === 'string' ? [steps] : steps).map((step) => (typeof step === 'string' ? { text: step } : step));

/** Each is one text, or the steps of a session. */
export const attacks = (
  row: Row,
  all: readonly (string | readonly (string | Step)[])[],
  wants: Attack['wants'] = 'no trace',
  as: Attack['as'] = 'support',
): Attack[] => all.map((steps) => ({ row, steps: stepsOf(steps), wants, as }));
