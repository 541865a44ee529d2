import type { ProtocolSpec } from '@hoop/core';
import { administer } from './administer/index.js';
import { cancel, connect, secure } from './connect.js';
import { openPostgres } from './engine.js';
import { type Knowledge, learning } from './knowledge.js';
import { epitaph, fatal } from './refusal.js';
import { readCached } from './sql/cached.js';
import type { ReadingContext } from './sql/context.js';
import { learn } from './sql/learn.js';
import { ready } from './sql/parse.js';
import { read } from './sql/read.js';

/** PostgreSQL's frontend/backend protocol, 3.0 and 3.2, each side by itself. https://www.postgresql.org/docs/current/protocol.html */
export const postgres: ProtocolSpec = {
  name: 'postgres',
  judges: ['statement'],
  reveals: ['rows', 'body', 'message'],
  defaultPort: 5432,
  open: (flow) => openPostgres(flow, readCached),
  connect,
  secure,
  ready,
  learn: (options) => learning((how, before) => learn({ ...how, parameters: new Map() }, before), options),
  read: (text, knowledge) => {
    const { catalogue, changes } = knowledge as Knowledge;
    return readCached(text, { catalogue, paths: [catalogue.path], made: changes.made });
  },
  readLong: (text, at) => read(text, at as ReadingContext, 'any'),
  cancel,
  administer,
  refuse: fatal,
  epitaph,
};
