import type { Action, ConnectScript, Dialled, Engine, ProtocolSpec, Refusal, Script, Verdict } from '@hoop/core';
import { EMPTY, Inbox, ProtocolError, READ } from '@hoop/core';

/** Ways in which an engine can be wrong; the suite must find each. */
export type Fault =
  | 'cuts frames by chunks'
  | 'sends by chunks'
  | 'allocates what is claimed'
  | 'throws what is no protocol error'
  | 'spins'
  | 'stays when the client ends'
  | 'stays when the upstream ends'
  | 'reads after it was cancelled'
  | 'refuses inside a message'
  | 'refuses without a word'
  | 'judges what it does not declare'
  | 'waits for a server that is gone'
  | 'takes any server for ready';

const LIMIT = 65_536;
const encode = (payload: Uint8Array) => {
  const bytes = Buffer.alloc(4 + payload.length);
  bytes.writeUInt32BE(payload.length);
  bytes.set(payload, 4);
  return bytes;
};
export const framed = (words: string) => encode(Buffer.from(words));

/** Frames of a 32-bit length and a payload; the client's are judged whole, the upstream's pass as they come. */
export function framedSpec(fault?: Fault): ProtocolSpec {
  const refuse = ({ code, message }: Refusal) =>
    fault === 'refuses without a word' && code === 'too-many' ? EMPTY : framed(`ERR ${code} ${message}`);
  return {
    name: 'framed',
    judges: fault === 'judges what it does not declare' ? [] : ['command'],
    reveals: [],
    defaultPort: 4000,
    open: () => open(fault, refuse),
    connect: () => connect(fault),
    refuse,
    epitaph: framed('ERR link-lost'),
  };
}

function open(fault: Fault | undefined, refuse: (refusal: Refusal) => Uint8Array): Engine {
  let boundary = true;
  function* fromClient(): Script {
    try {
      const dialled = (yield { do: 'dial', database: '', user: '', parameters: new Map() }) as Dialled;
      if (!dialled.ok) return void (yield { do: 'refuse', refusal: dialled.refusal });
      let inbox = new Inbox();
      for (let chunk = yield READ; chunk !== null; chunk = yield READ) {
        if (fault === 'cuts frames by chunks') inbox = new Inbox();
        inbox.push(chunk as Uint8Array);
        yield* frames(inbox);
      }
      while (fault === 'stays when the client ends') yield READ;
      yield { do: 'finish', side: 'upstream' };
    } finally {
      if (fault === 'reads after it was cancelled') yield READ;
    }
  }
  function* frames(inbox: Inbox): Script {
    while (inbox.length >= 4) {
      const length = Buffer.from(inbox.peek()).readUInt32BE();
      if (fault === 'allocates what is claimed') Buffer.alloc(Math.min(length, 64 * 1024 * 1024));
      if (length > LIMIT) throw new ProtocolError(`a frame of ${length} bytes`);
      if (length === 0 && fault === 'throws what is no protocol error') throw new TypeError('empty');
      while (length === 0 && fault === 'spins') yield { do: 'note', entry: { kind: 'opened' } };
      if (inbox.length < 4 + length) return;
      const bytes = inbox.take(4 + length);
      const action: Action = { kind: 'command', text: Buffer.from(bytes.subarray(4)).toString('latin1') };
      const verdict = (yield { do: 'judge', action }) as Verdict;
      if (verdict.allow) yield { do: 'send', to: 'upstream', bytes, boundary: true };
      else yield { do: 'send', to: 'client', bytes: framed(`NO ${verdict.rule}`), boundary: true };
    }
  }
  function* fromUpstream(): Script {
    const state = { head: [] as number[], left: 0 };
    for (let chunk = yield READ; chunk !== null; chunk = yield READ) {
      const bytes = chunk as Uint8Array;
      for (const byte of bytes) advance(state, byte);
      boundary = state.left === 0 && state.head.length === 0;
      if (fault === 'sends by chunks' && bytes.length === 1) continue;
      yield { do: 'send', to: 'client', bytes, boundary };
    }
    while (fault === 'stays when the upstream ends') yield READ;
    yield { do: 'finish', side: 'client' };
  }
  return {
    fromClient,
    fromUpstream,
    say: () => {},
    refuse: (refusal) => (boundary || fault === 'refuses inside a message' ? refuse(refusal) : EMPTY),
  };
}

function advance(state: { head: number[]; left: number }, byte: number): void {
  if (state.left > 0) {
    state.left -= 1;
    return;
  }
  state.head.push(byte);
  if (state.head.length < 4) return;
  state.left = Buffer.from(state.head).readUInt32BE();
  state.head = [];
}

/** Says who it is, wants to hear `ready`. */
function* connect(fault: Fault | undefined): ConnectScript {
  yield { do: 'write', bytes: framed('hello') };
  const inbox = new Inbox();
  while (inbox.length < 5) {
    const chunk = yield { do: 'read' };
    if (chunk instanceof Uint8Array) inbox.push(chunk);
    else if (fault === 'takes any server for ready') break;
    else if (fault !== 'waits for a server that is gone') throw new ProtocolError('the server has gone');
  }
  const said = Buffer.from(inbox.take(inbox.length)).toString();
  if (fault !== 'takes any server for ready' && said !== 'ready') throw new ProtocolError('the server is not ready');
  return { ok: true, greeting: said };
}
