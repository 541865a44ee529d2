import { once } from 'node:events';
import type { FlowContext, Refusal, Script } from '@hoop/core';
import { Cancelled, READ } from '@hoop/core';
import { expect, test } from 'vitest';
import { Lines, SECRET } from './lines.js';
import { flowTo, MemoryRecorder, TestServer } from './rig.js';

const REVOKED: Refusal = { code: 'identity-disabled', message: 'alice@shop.example was disabled.' };

/** A server that answers each line with `= LINE`, keeping all it heard. */
async function answering() {
  const heard: string[] = [];
  const server = await TestServer.start((socket) => {
    socket.setEncoding('utf8').on('data', (words: string) => {
      heard.push(words);
      socket.write(`= ${words}`);
    });
    socket.on('end', () => socket.end());
  });
  return { server, heard };
}

test('a revoked flow: the native error, our end, a reset 250 ms later; running work is cancelled upstream first', async () => {
  const { server, heard } = await answering();
  await using _ = server;
  const lines = new Lines();
  const { wire, recorder, stop, outcome } = flowTo(server.port, lines.spec);
  wire.say('read 1\n');
  await wire.until(({ text }) => text === '= read 1\n');
  const start = performance.now();
  stop.abort(REVOKED);
  expect(wire.text).toBe('= read 1\nERR identity-disabled alice@shop.example was disabled.\n');
  expect(wire.finished).toBe(true);
  expect(wire.lastBoundary).toBe(true);
  expect(lines.cancelled).toBeInstanceOf(Cancelled);
  expect(await outcome).toMatchObject({ end: 'revoked', refusal: REVOKED });
  expect(wire.destroyed).toEqual({ why: REVOKED });
  expect(performance.now() - start).toBeGreaterThan(240);
  expect(heard).toEqual(['read 1\n', 'cancel 77\n']);
  // The script's `finally` still noted.
  expect(recorder.kinds).toEqual(['session', 'opened', 'intent', 'cancel', 'end']);
});

test('where nothing runs upstream, nothing is cancelled there', async () => {
  const { server, heard } = await answering();
  await using _ = server;
  const lines = new Lines();
  const { wire, stop, outcome } = flowTo(server.port, {
    ...lines.spec,
    open: (flow) => ({ ...lines.spec.open(flow), working: () => false }),
  });
  wire.say('read 1\n');
  await wire.until(({ text }) => text !== '');
  stop.abort(REVOKED);
  await outcome;
  expect(heard).toEqual(['read 1\n']);
  expect(server.sockets).toHaveLength(1);
});

test('a client that ends when it is told is not reset', async () => {
  const { server } = await answering();
  await using _ = server;
  const { wire, stop, outcome } = flowTo(server.port, new Lines().spec);
  wire.say('read 1\n');
  await wire.until(({ text }) => text !== '');
  stop.abort(REVOKED);
  wire.onEnd();
  expect(await outcome).toMatchObject({ end: 'revoked' });
  expect(wire.destroyed).toBeUndefined();
});

test('inside a message nothing is put in: only the end', async () => {
  const server = await TestServer.start((socket) => void socket.write('half a li'));
  await using _ = server;
  const { wire, stop, outcome } = flowTo(server.port, new Lines().spec);
  await wire.until(({ text }) => text !== '');
  stop.abort(REVOKED);
  expect(wire.text).toBe('half a li');
  expect(wire.finished).toBe(true);
  await outcome;
});

test('a flow that is revoked before it starts or while it dials opens nothing', async () => {
  const { server } = await answering();
  await using _ = server;
  for (const when of ['before', 'dialling'] as const) {
    const stop = new AbortController();
    if (when === 'before') stop.abort(REVOKED);
    const { wire, outcome } = flowTo(server.port, new Lines().spec, { signal: stop.signal });
    stop.abort(REVOKED);
    wire.onEnd();
    expect(await outcome).toMatchObject({ end: 'revoked', refusal: REVOKED });
    expect(wire.text).toContain('ERR identity-disabled');
  }
  for (const socket of server.sockets) if (!socket.closed) await once(socket, 'close');
});

test('nothing goes on before its intent is on record', async () => {
  const { server, heard } = await answering();
  await using _ = server;
  const { wire, recorder, outcome } = flowTo(server.port, new Lines().spec);
  wire.say('read 1\n');
  await wire.until(({ text }) => text === '= read 1\n');
  const gate = Promise.withResolvers<void>();
  recorder.gate = gate.promise;
  wire.say('read 2\n');
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
  expect(heard).toEqual(['read 1\n']);
  expect(recorder.kinds.filter((kind) => kind === 'intent')).toHaveLength(1);
  gate.resolve();
  await wire.until(({ text }) => text.includes('read 2'));
  wire.onEnd();
  await outcome;
});

test('a recorder that fails: no session opens, no statement runs, nothing reaches the upstream', async () => {
  const { server, heard } = await answering();
  await using _ = server;
  const recorder = new MemoryRecorder();
  recorder.fails = true;
  const refused = flowTo(server.port, new Lines().spec, { recorder });
  refused.wire.onEnd();
  expect(await refused.outcome).toMatchObject({ end: 'refused', refusal: { code: 'record-failed' } });
  expect(refused.wire.text).toContain('ERR record-failed');
  expect(server.sockets).toHaveLength(0);

  const { wire, recorder: later, outcome } = flowTo(server.port, new Lines().spec);
  wire.say('read 1\n');
  await wire.until(({ text }) => text !== '');
  later.fails = true;
  wire.say('read 2\n');
  await wire.until(({ text }) => text.endsWith('NO record-failed\n'));
  expect(heard).toEqual(['read 1\n']);
  wire.onEnd();
  await outcome;
});

test.each([
  ['shout!\n', 'ERR protocol This session was ended: a line with a shout.\n', 0],
  ['bug\n', 'ERR internal The gateway has met an error of its own and ended this session.\n', 1],
])('%j: the flow ends with %j', async (line, told, reported) => {
  const { server } = await answering();
  await using _ = server;
  const { wire, bugs, outcome } = flowTo(server.port, new Lines().spec);
  wire.say(line);
  await wire.until(({ finished }) => finished);
  wire.onEnd();
  expect(await outcome).toMatchObject({ end: 'error' });
  expect(wire.text).toBe(told);
  expect(bugs).toHaveLength(reported);
});

test('an engine that closes is done: its finally has run, both sides are ended', async () => {
  const { server } = await answering();
  await using _ = server;
  const { wire, recorder, outcome } = flowTo(server.port, new Lines().spec);
  wire.say('bye\n');
  await wire.until(({ finished }) => finished);
  wire.onEnd();
  expect(await outcome).toMatchObject({ end: 'client' });
  expect(recorder.kinds).toEqual(['session', 'opened', 'cancel', 'end']);
  expect(wire.text).toBe('');
});

test('a cancel by the key of another flow: upstream hears it on a connection of its own, and nothing else there', async () => {
  const { server, heard } = await answering();
  await using _ = server;
  const lines = new Lines();
  const busy = flowTo(server.port, lines.spec);
  busy.wire.say('read 1\n');
  await busy.wire.until(({ text }) => text !== '');
  const asking = flowTo(server.port, new Lines().spec);
  const key = lines.key!;
  SECRET.now = Uint8Array.from(key.secret, (byte) => byte ^ 1);
  asking.wire.say(`cancel ${key.process}`);
  await asking.wire.until(({ text }) => text.includes('= cancel'));
  expect(busy.recorder.kinds).not.toContain('cancel');
  SECRET.now = key.secret;
  asking.wire.say(`cancel ${key.process}`);
  await asking.wire.until(({ text }) => text.match(/= cancel/g)?.length === 2);
  expect(busy.recorder.kinds).toContain('cancel');
  expect(heard).toContain('cancel 77\n');
  busy.wire.onEnd();
  await busy.outcome;
  // The key died with its flow.
  const count = heard.length;
  asking.wire.say(`cancel ${key.process}`);
  await asking.wire.until(({ text }) => text.match(/= cancel/g)?.length === 3);
  expect(heard.slice(count)).toEqual([`cancel ${key.process}`]);
  asking.wire.onEnd();
  await asking.outcome;
});

test('a client that never says what it wants is told so and ended', async () => {
  const lines = new Lines();
  function* silent(): Script {
    for (let chunk = yield READ; chunk !== null; chunk = yield READ);
  }
  const spec = { ...lines.spec, open: (flow: FlowContext) => ({ ...lines.spec.open(flow), fromClient: silent }) };
  const { wire, recorder, outcome } = flowTo(1, spec, { openingMs: 20 });
  wire.say('half a startup');
  await wire.until(({ finished }) => finished);
  wire.onEnd();
  expect(await outcome).toMatchObject({ end: 'error', refusal: { code: 'protocol' } });
  expect(wire.text).toBe('ERR protocol This session was ended: nothing was asked for in time.\n');
  expect(recorder.kinds).toEqual(['session', 'end']);
});

test('outputs that must be on record cannot be had of a protocol that shows none', async () => {
  const { server } = await answering();
  await using _ = server;
  const spec = { ...new Lines().spec, reveals: [] };
  const { port } = server;
  const upstream = { name: 'pg-prod', protocol: 'tcp', host: '127.0.0.1', port, tls: 'disable' } as const;
  const change = { upstream: { ...upstream, databases: ['shop'], record: 'output' as const } };
  const { wire, outcome } = flowTo(port, spec, change);
  wire.onEnd();
  expect(await outcome).toMatchObject({ end: 'refused', refusal: { code: 'record-failed' } });
  expect(server.sockets).toHaveLength(0);
});
