import { Channel, type ChannelEvents, credit, FRAME, fin, frame, Head, json } from '@hoop/contracts/uplink';
import { ProtocolError } from '@hoop/core';
import { type Fuzzed, fuzz } from '@hoop/testkit/conformance';
import { Packet } from 'dns2';
import { expect, test } from 'vitest';
import { answer, type Zone } from '../src/resolver/answer.js';

/** Real frames and queries, bent: a million streams a decoder. HOOP_FUZZ_RUNS and HOOP_FUZZ_SEED change both numbers. */
const runs = Number(process.env.HOOP_FUZZ_RUNS ?? 1_000_000);
const seed = Number(process.env.HOOP_FUZZ_SEED ?? 20_261_122);

function expectBoth(what: string, { refused, slowest }: Fuzzed): void {
  console.log(`${what}: ${runs} streams, ${refused} refused, the slowest ${slowest.toFixed(1)} ms`);
  expect(refused).toBeGreaterThan(runs / 100);
  expect(refused).toBeLessThan(runs);
}

test('uplink frames', () => {
  const head: Head = { kind: 'flow', flow: '0123456789abcdef'.repeat(2), epoch: 0, connection: 'pg-prod', port: 5432 };
  const bytes = new Uint8Array(300).map((_, at) => at);
  const corpus = [
    [json(FRAME.HEAD, head), frame(FRAME.DATA, bytes), frame(FRAME.DATA_BOUNDARY, bytes), credit(0, 1 << 18), fin(600)],
    [frame(FRAME.EPITAPH, bytes), credit(16, 1 << 20), frame(FRAME.DATA, new Uint8Array(0)), fin(0)],
    [json(FRAME.HEAD, { kind: 'sync' }), json(FRAME.CLOSE, { code: 'x', message: 'because', hint: 'do so' })],
    [credit(8, 0xffffffff), credit(16, 0), frame(FRAME.DATA_BOUNDARY, bytes), fin(300)],
  ].map((frames) => Buffer.concat(frames));
  const socket = { write: () => true, cork: () => {}, uncork: () => {} };
  const events: ChannelEvents = {
    head: (payload) => void Head.safeParse(parsed(payload)),
    data: () => {},
    fin: () => {},
    close: () => {},
    epitaph: () => {},
    writable: () => {},
  };
  const decode = (pieces: readonly Uint8Array[]) => {
    const channel = new Channel(socket, events);
    channel.send(new Uint8Array(16), true);
    for (const piece of pieces) channel.receive(piece);
    channel.finish();
  };
  const isRefusal = (error: unknown) => error instanceof ProtocolError;
  expectBoth('uplink', fuzz({ runs, seed, corpus, decode, isRefusal }));
});

function parsed(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString());
  } catch {
    return undefined;
  }
}

test('DNS queries', () => {
  const zone: Zone = {
    addressOf: (name) => (name === 'pg-prod' ? '127.77.0.3' : undefined),
    isAbove: () => false,
    nameOf: (address) => (address === '127.77.0.3' ? 'pg-prod' : undefined),
    subnet: 0,
  };
  const { TYPE } = Packet;
  const corpus = [
    query('pg-prod.hoop', TYPE.A),
    query('PG-prod.HOOP', TYPE.AAAA, true),
    query('hoop', TYPE.SOA),
    query('unknown.hoop', TYPE.ANY, true),
    query('3.0.77.127.in-addr.arpa', TYPE.PTR, true),
    query(`${'a'.repeat(63)}.${'b'.repeat(63)}.hoop`, 65, true),
    query('example.com', TYPE.MX),
  ];
  class NoAnswer extends Error {}
  const decode = (pieces: readonly Uint8Array[]) => {
    const message = Buffer.concat(pieces);
    const reply = answer(message, zone, message.length % 2 === 0 ? 'udp' : 'tcp');
    if (reply === undefined || (reply.readUInt16BE(2) & 0xf) === 1) throw new NoAnswer();
    if (reply.readUInt16BE(0) !== message.readUInt16BE(0)) throw new Error('an answer to another question');
    if ((reply.readUInt16BE(2) & 0x8000) === 0) throw new Error('an answer that asks');
    if (reply.length > 2_048) throw new Error('an answer that amplifies');
  };
  expectBoth('DNS', fuzz({ runs, seed, corpus, decode, isRefusal: (error) => error instanceof NoAnswer }));
});

/** A query as `dig` sends it; `edns` adds an OPT with a cookie. */
function query(name: string, type: number, edns = false): Buffer {
  const labels = name.split('.').flatMap((label) => [Buffer.of(label.length), Buffer.from(label)]);
  const opt = Buffer.from('00002904d000000000000c000a0008' + '0123456789abcdef', 'hex');
  const header = Buffer.from(`1234012000010000000000${edns ? '01' : '00'}`, 'hex');
  return Buffer.concat([header, ...labels, Buffer.of(0, type >> 8, type & 255, 0, 1), edns ? opt : Buffer.alloc(0)]);
}
