import type { ProtocolSpec } from '@hoop/core';
import { administer } from './administer/index.js';
import { cancel, connect } from './connect.js';
import type { Read } from './engine/readings.js';
import { openPostgres } from './engine.js';
import { epitaph, fatal } from './refusal.js';

/** Says of every text that it is not understood. */
const unread: Read = (text) => [
  {
    kind: 'unparsable',
    class: 'unknown',
    unknown: 'nothing here reads it',
    relations: [],
    columns: [],
    functions: [],
    unbounded: false,
    traits: ['code'],
    outputs: undefined,
    predicates: [],
    stores: [],
    literals: [],
    bound: [],
    from: 0,
    to: text.length,
    setsPath: 'unknown',
    executes: [],
    makes: [],
    missing: [],
  },
];

/** PostgreSQL's frontend/backend protocol, 3.0 and 3.2, each side by itself. https://www.postgresql.org/docs/current/protocol.html */
export const postgres: ProtocolSpec = {
  name: 'postgres',
  judges: ['statement'],
  reveals: ['rows', 'body', 'message'],
  defaultPort: 5432,
  open: (flow) => openPostgres(flow, unread),
  connect,
  cancel,
  administer,
  refuse: fatal,
  epitaph,
};
