import { rmSync } from 'node:fs';
import { type ConnectScript, type Dialled, ProtocolError } from '@hoop/core';
import { Cluster, newAuthority, passableFolder, testAccount } from '@hoop/testkit';
import { bugOf, type Fuzzed, fuzz, Stage, type StageOptions } from '@hoop/testkit/conformance';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as backend from '../../src/postgres/codec/backend.js';
import { Cutter, type FrameRules } from '../../src/postgres/codec/cutter.js';
import { Fields } from '../../src/postgres/codec/fields.js';
import * as frontend from '../../src/postgres/codec/frontend.js';
import { greetPostgres } from '../../src/postgres/greet.js';
import { postgres } from '../../src/postgres/index.js';
import { type Captured, capture } from './capture.js';
import { ScramServer } from './scram-server.js';
import * as w from './wire.js';

/** Real conversations, bent: a million streams a decoder. HOOP_FUZZ_RUNS and HOOP_FUZZ_SEED change both numbers. */
const runs = Number(process.env.HOOP_FUZZ_RUNS ?? 1_000_000);
const seed = Number(process.env.HOOP_FUZZ_SEED ?? 20_261_122);
const isRefusal = (error: unknown) => error instanceof ProtocolError;
const common = { runs, seed, isRefusal };

const folder = passableFolder('hoop-fuzz-');
let cluster: Cluster;
let captured: Captured[];
beforeAll(async () => {
  const hba = 'hostssl all all 127.0.0.1/32 scram-sha-256\nhostnossl all all 127.0.0.1/32 trust\n';
  const authority = await newAuthority();
  cluster = await Cluster.make({ folder, authority, account: testAccount(), hba, empty: true });
  captured = await capture(cluster.port);
}, 60_000);
afterAll(async () => {
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Both outcomes must have been had, or nothing was tested. */
function expectBoth(what: string, { refused, slowest }: Fuzzed): void {
  console.log(`${what}: ${runs} streams, ${refused} refused, the slowest ${slowest.toFixed(1)} ms`);
  expect(refused).toBeGreaterThan(runs / 100);
  expect(refused).toBeLessThan(runs);
}

/** Cuts a stream and reads each whole frame by the reader of its type. */
function reading(rules: FrameRules, readers: Record<string, (fields: Fields) => unknown>, whole = 0) {
  return (pieces: readonly Uint8Array[]) => {
    const cutter = new Cutter(rules);
    cutter.wholeUpTo = () => whole;
    for (const piece of pieces) {
      cutter.push(piece);
      while (cutter.next()) {
        const read = readers[String.fromCharCode(cutter.type)];
        if (cutter.complete) read?.(new Fields(cutter.bytes, cutter.start + 5, cutter.end));
      }
      cutter.take();
    }
  };
}

test('the cutter and the parsers of what a client says', () => {
  const decode = reading(frontend.FRONTEND, {
    Q: frontend.readQuery,
    P: frontend.readParse,
    B: frontend.readBind,
    E: frontend.readExecute,
    D: frontend.readTarget,
    C: frontend.readTarget,
    F: frontend.readFunctionCall,
  });
  expectBoth('frontend', fuzz({ ...common, corpus: captured.map(({ client }) => client), decode }));
});

test('the cutter and the parsers of what a server says', () => {
  const readers = {
    D: backend.readRow,
    T: backend.readColumns,
    E: backend.readReport,
    N: backend.readReport,
    S: backend.readParameterStatus,
    Z: (fields: Fields) => backend.readStatus(fields.byte()),
  };
  const decode = reading(backend.BACKEND, readers, backend.ROW_WHOLE);
  expectBoth('backend', fuzz({ ...common, corpus: captured.map(({ upstream }) => upstream), decode }));
});

test('startup packets, in the engine’s reader and in the greeting', () => {
  const corpus = [
    w.HELLO,
    w.startup({ user: 'a', '_pq_.x': 'y' }, 196608 + 2),
    w.frame('', w.i32(80877103)),
    w.frame('', w.i32(80877104)),
    w.frame('', w.i32(80877102), w.i32(7), new Uint8Array(256)),
  ];
  const decode = (pieces: readonly Uint8Array[]) => {
    for (const piece of pieces) greetPostgres.look(piece, 'none');
    frontend.readStartup(Buffer.concat(pieces));
  };
  expectBoth('startup', fuzz({ ...common, corpus, decode }));
});

/** A flow that has begun; the engine renders refusals itself, so what it throws is a bug. */
function staged(options: StageOptions, use: (stage: Stage) => void): void {
  const stage = new Stage(postgres, { dialled: w.READY, ...options });
  stage.run();
  stage.feed('client', w.HELLO);
  use(stage);
  const bug = bugOf(stage.heard);
  if (bug !== undefined) throw bug;
  if (stage.heard.some((heard) => heard.do === 'refuse')) throw new ProtocolError('refused');
}

test('the engine, with a client that is bent', () => {
  const upstream = w.all(...Array.from({ length: 8 }, () => w.all(w.complete('SELECT 0'), w.ready())));
  const decode = (pieces: readonly Uint8Array[]) =>
    staged({}, (stage) => {
      for (const piece of pieces) if (!stage.closed) stage.feed('client', piece);
      if (!stage.closed) stage.feed('upstream', upstream);
      stage.end('client');
      stage.end('upstream');
    });
  expectBoth('engine, client', fuzz({ ...common, corpus: captured.map(({ client }) => client), decode }));
});

test.each([false, true])('the engine, with a server that is bent (its output recorded: %s)', (recordsOutput) => {
  let turn = 0;
  const decode = (pieces: readonly Uint8Array[]) =>
    staged({ recordsOutput }, (stage) => {
      turn = (turn + 1) % captured.length;
      stage.feed('client', captured[turn]!.client);
      for (const piece of pieces) if (!stage.closed) stage.feed('upstream', piece);
      stage.end('upstream');
      stage.end('client');
    });
  const half = { ...common, runs: runs / 2, seed: seed + Number(recordsOutput) };
  const { refused } = fuzz({ ...half, corpus: captured.map(({ upstream }) => upstream), decode });
  expect(refused).toBeGreaterThan(runs / 200);
});

test('the connect script', () => {
  const welcome = w.all(
    w.frame('R', w.i32(0)),
    w.SETTINGS,
    w.notice('hi'),
    w.frame('K', w.i32(7), w.i32(8)),
    w.ready(),
  );
  const salt = Buffer.from('0123456789abcdef').toString('base64');
  const corpus = [
    welcome,
    w.all(w.frame('v', w.i32(196608), w.i32(0)), welcome),
    w.all(w.frame('R', w.i32(5), [1, 2, 3, 4]), welcome),
    w.all(w.frame('R', w.i32(10), w.z('SCRAM-SHA-256-PLUS'), w.z('SCRAM-SHA-256'), [0])),
    w.frame('R', w.i32(11), `r=NONCE,s=${salt},i=1`),
    w.all(w.frame('R', w.i32(12), 'v=AAAA'), welcome),
    w.error('28P01', 'no', 'FATAL'),
    w.error('0A000', 'unsupported frontend protocol', 'FATAL'),
  ];
  const login = { user: 'app', password: 'pencil' };
  let turn = 0;
  const decode = (pieces: readonly Uint8Array[]) => {
    const script = postgres.connect({ login, database: 'shop', parameters: new Map(), tls: 'disable' });
    turn += 1;
    const dialled = drive(script, pieces, turn % 2 === 0);
    if (!dialled.ok) throw new ProtocolError('refused');
  };
  expectBoth('connect', fuzz({ ...common, corpus, decode }));
});

/** `proven`: a SCRAM server answers all that is asked before the bent bytes come. */
function drive(script: ConnectScript, pieces: readonly Uint8Array[], proven: boolean): Dialled {
  const bent = [...pieces];
  const scram = new ScramServer('pencil').answer(Buffer.alloc(0));
  const queue: Uint8Array[] = [];
  let result = script.next();
  for (let steps = 0; result.done !== true; steps++) {
    if (steps > 10_000) throw new Error('the connect script spins');
    const effect = result.value;
    if (effect.do === 'write' && proven && steps < 6) queue.push(scram(effect.bytes));
    result = script.next(effect.do === 'read' ? (queue.shift() ?? bent.shift() ?? null) : undefined);
  }
  return result.value;
}
