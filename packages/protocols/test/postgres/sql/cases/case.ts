import type { SqlReading } from '../../../../src/postgres/sql/context.js';

/** A text, and of each of its commands the kind, the class, the traits in order of the alphabet, and `unbounded`. */
export type Case = readonly [sql: string, does: string];

export const doesOf = (readings: readonly SqlReading[]): string =>
  readings
    .map(({ kind, class: level, traits, unbounded }) =>
      [kind, level, ...[...traits].sort(), ...(unbounded ? ['unbounded'] : [])].join(' '),
    )
    .join('; ');
