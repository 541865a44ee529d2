import { conformance, type Sample } from '@hoop/testkit/conformance';
import { test } from 'vitest';
import { postgres } from '../../src/postgres/index.js';
import { ScramServer } from './scram-server.js';
import * as w from './wire.js';

const options = { dialled: w.READY };
const OPEN = { client: w.HELLO };
const DENIED = { allow: false, rule: 'record-failed', reason: 'could not be recorded' } as const;
const part = (text: string) => w.all(w.parse('', text), w.bind('', '', ['x']), w.execute(''));

const samples: Sample[] = [
  {
    name: 'simple queries, an error, the end',
    options,
    steps: [
      OPEN,
      { client: w.query('select 1') },
      { upstream: w.all(w.columns('a'), w.row('1'), w.row(null), w.complete('SELECT 2'), w.ready()) },
      { client: w.query('select x') },
      { upstream: w.all(w.notice('hm'), w.error('42703', 'no x'), w.ready()) },
      { client: w.terminate },
      { ends: 'upstream' },
    ],
  },
  {
    name: 'extended, named and described, in two pipelines',
    options,
    steps: [
      OPEN,
      { client: w.all(w.parse('s', 'select $1'), w.describe('S', 's'), w.sync) },
      { upstream: w.all(w.parsed, w.parameters, w.columns('a'), w.ready()) },
      { client: w.all(w.bind('p', 's', ['x', null]), w.execute('p', 1), w.flush) },
      { upstream: w.all(w.bound, w.row('x'), w.suspended) },
      { client: w.all(w.execute('p'), w.close('P', 'p'), w.close('S', 's'), w.sync) },
      { upstream: w.all(w.complete('SELECT 1'), w.closed, w.closed, w.ready()) },
      { ends: 'client' },
      { ends: 'upstream' },
    ],
  },
  {
    name: 'a pipeline that fails in the middle, within a transaction',
    options,
    steps: [
      OPEN,
      { client: w.all(part('a'), part('b'), part('c'), w.sync, w.query('rollback')) },
      { upstream: w.all(w.parsed, w.bound, w.complete('BEGIN'), w.parsed, w.error('22012', 'by zero'), w.ready('E')) },
      { upstream: w.all(w.complete('ROLLBACK'), w.ready()) },
    ],
  },
  {
    name: 'a denial in a pipeline',
    options: { ...options, judge: (action) => ('text' in action && action.text === 'b' ? DENIED : { allow: true }) },
    steps: [
      OPEN,
      { client: w.all(part('a'), part('b'), part('c'), w.sync) },
      { upstream: w.all(w.parsed, w.bound, w.complete('SELECT 1'), w.parsed, w.bound) },
      { upstream: w.all(w.error('34000', 'no portal'), w.ready()) },
      { client: w.query('b') },
      { upstream: w.all(w.error('34000', 'no portal'), w.ready()) },
    ],
  },
  {
    name: 'COPY in and out',
    options,
    steps: [
      OPEN,
      { client: w.query('copy t from stdin') },
      { upstream: w.copyInBegins },
      { client: w.all(w.copyData('1\t2\n'), w.copyData(''), w.copyDone) },
      { upstream: w.all(w.complete('COPY 1'), w.ready()) },
      { client: w.query('copy t to stdout') },
      { upstream: w.all(w.copyOutBegins, w.copyData('1\t2\n'), w.copyDone, w.complete('COPY 1'), w.ready()) },
      { client: w.query('copy t from stdin') },
      { upstream: w.copyInBegins },
      { client: w.copyFail('enough') },
      { upstream: w.all(w.error('57014', 'enough'), w.ready()) },
    ],
  },
  {
    name: 'rows on record',
    options: { ...options, recordsOutput: true },
    steps: [
      OPEN,
      { client: w.query('select') },
      { upstream: w.all(w.columns('a', 'b'), w.row('1', null), w.row('2', 'x'), w.complete('SELECT 2'), w.ready()) },
      { client: w.query('copy t to stdout') },
      {
        upstream: w.all(
          w.copyOutBegins,
          w.copyData('1\n'),
          w.copyData('2\n'),
          w.copyDone,
          w.complete('COPY 2'),
          w.ready(),
        ),
      },
    ],
  },
  {
    name: 'encryption asked for within, options, a FATAL',
    options,
    steps: [
      { client: w.frame('', w.i32(80877104)) },
      { client: w.frame('', w.i32(80877103)) },
      { client: w.startup({ user: 'a', '_pq_.x': 'y' }, 196608 + 2) },
      { upstream: w.all(w.setting('TimeZone', 'UTC'), w.frame('A', w.i32(1), w.z('channel'), w.z(''))) },
      { upstream: w.error('57P01', 'shutting down', 'FATAL') },
      { ends: 'upstream' },
    ],
  },
  {
    name: 'large objects, and a function that is none',
    options,
    steps: [
      OPEN,
      { client: w.frame('F', w.i32(952), w.i16(1), w.i16(1), w.i16(1), w.i32(4), w.i32(1), w.i16(1)) },
      { upstream: w.all(w.frame('V', w.i32(4), w.i32(0)), w.ready('T')) },
      { client: w.frame('F', w.i32(1), w.i16(0), w.i16(0), w.i16(0)) },
      { upstream: w.all(w.error('34000', 'no portal'), w.ready('E')) },
    ],
  },
  { name: 'a cancel request', options, steps: [{ client: w.frame('', w.i32(80877102), w.i32(1), w.i32(2)) }] },
  { name: 'another database', options, steps: [{ client: w.startup({ user: 'a', database: 'other' }) }] },
  { name: 'an unknown message', options, steps: [OPEN, { client: w.all(w.query('a'), w.frame('y')) }] },
];

const login = { user: 'app', password: 'pencil' };
const welcome = w.all(w.frame('R', w.i32(0)), w.SETTINGS, w.frame('K', w.i32(7), w.i32(8)), w.ready());
const connects = [
  {
    name: 'SCRAM',
    options: { login, database: 'shop', parameters: new Map(), tls: 'disable' as const },
    serve: () => new ScramServer('pencil').answer(welcome),
    ok: true,
  },
  {
    name: '3.2 is negotiated down',
    options: { login, database: 'shop', parameters: new Map(), tls: 'disable' as const },
    serve: () => () => w.all(w.frame('v', w.i32(196608), w.i32(0)), welcome),
    ok: true,
  },
  {
    name: 'TLS, then trust',
    options: { login, database: 'shop', parameters: new Map(), tls: 'verify-full' as const },
    serve: () => {
      let count = 0;
      return () => (count++ === 0 ? Buffer.from('S') : welcome);
    },
    ok: true,
  },
];

for (const check of conformance({ spec: postgres, samples, connects })) test(check.name, check.run);
