import { concat } from '@hoop/core';
import { type Answered, type ControlledProtocol, controlsSuite } from '@hoop/testkit/conformance';
import { describe, test } from 'vitest';
import { postgres } from '../../src/postgres/index.js';
import * as w from './wire.js';

interface Frame {
  type: string;
  body: string;
}

/** Whole messages; the rest, with their count of bytes, is kept. */
function cut(bytes: Buffer): { frames: Frame[]; rest: Buffer } {
  const frames: Frame[] = [];
  let rest = bytes;
  while (rest.length >= 5 && rest.length > rest.readUInt32BE(1)) {
    const end = rest.readUInt32BE(1) + 1;
    frames.push({ type: rest.toString('latin1', 0, 1), body: rest.toString('latin1', 5, end) });
    rest = rest.subarray(end);
  }
  return { frames, rest };
}

/** As much of a server as these requests need: it fails on portals that it does not know, and skips to Sync. */
function server(ran: (words: string) => void): (bytes: Uint8Array) => Uint8Array {
  let rest: Buffer = Buffer.alloc(0);
  let skips = false;
  let text = '';
  const run = (words: string) => {
    ran(words);
    return w.complete(words);
  };
  const answer = ({ type, body }: Frame): Uint8Array => {
    if (type === 'S') {
      skips = false;
      return w.ready();
    }
    if (skips) return w.NOTHING;
    if (type === 'Q') return w.all(run(body.slice(0, -1)), w.ready());
    if (type === 'P') {
      text = body.split('\0')[1] ?? '';
      return w.parsed;
    }
    if (type === 'B') return w.bound;
    if (type === 'E' && body.startsWith('\0')) return run(text);
    skips = type === 'E';
    return type === 'E' ? w.error('34000', 'no such portal') : w.NOTHING;
  };
  return (bytes) => {
    const { frames, rest: left } = cut(Buffer.concat([rest, bytes]));
    rest = left;
    return concat([w.NOTHING, ...frames.map(answer)]);
  };
}

function read(bytes: Uint8Array): ReturnType<ControlledProtocol['read']> {
  const { frames } = cut(Buffer.from(bytes).subarray(w.WELCOME.length));
  const answers: Answered[] = [];
  const notes: string[] = [];
  let news = 0;
  for (const { type, body } of frames) {
    if (type === 'C') answers.push({ said: body.slice(0, -1), ran: true });
    if (type === 'E') answers.push({ said: /\0M([^\0]*)/.exec(body)?.[1] ?? '', ran: false });
    if (type === 'N') notes.push(/\0M([^\0]*)/.exec(body)?.[1] ?? '');
    if (type === 'A') news += 1;
  }
  return { answers, notes, news };
}

const protocol = (ask: ControlledProtocol['ask']): ControlledProtocol => ({
  spec: postgres,
  options: { dialled: w.READY },
  hello: w.HELLO,
  ask,
  serve: server,
  news: w.frame('A', w.i32(1), w.z('channel'), w.z('')),
  read,
  inOrder: true,
});

const extended = (words: string) => w.all(w.parse('', words), w.bind('', ''), w.execute(''), w.sync);
describe.each<[string, ControlledProtocol['ask']]>([
  ['simple', w.query],
  ['extended', extended],
  ['both', (words, nth) => (nth % 3 === 0 ? w.query(words) : extended(words))],
])('controls over the %s protocol', (_, ask) => {
  for (const check of controlsSuite(protocol(ask))) test(check.name, check.run);
});
