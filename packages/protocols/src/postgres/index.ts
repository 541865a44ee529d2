import type { ProtocolSpec } from '@hoop/core';
import { administer } from './administer/index.js';
import { cancel, connect } from './connect.js';
import { openPostgres } from './engine.js';
import { epitaph, fatal } from './refusal.js';

/** PostgreSQL's frontend/backend protocol, 3.0 and 3.2, each side by itself. https://www.postgresql.org/docs/current/protocol.html */
export const postgres: ProtocolSpec = {
  name: 'postgres',
  judges: ['statement'],
  reveals: ['rows', 'body', 'message'],
  defaultPort: 5432,
  open: openPostgres,
  connect,
  cancel,
  administer,
  refuse: fatal,
  epitaph,
};
