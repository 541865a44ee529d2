import type { Reading } from '@hoop/core';

/** A command that reads nothing and does nothing, but for what the test says. */
export const readingOf = (part: Partial<Reading> = {}): Reading => ({
  kind: 'select',
  class: 'read',
  relations: [],
  columns: [],
  functions: [],
  unbounded: false,
  traits: [],
  outputs: [],
  predicates: [],
  stores: [],
  literals: [],
  bound: [],
  ...part,
});
