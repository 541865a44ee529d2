import type { Controls } from '@hoop/controls';
import type { Dialled, Engine, Output, Script, Verdict } from '@hoop/core';
import { EMPTY, READ, Signal } from '@hoop/core';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Driver, type Ending } from '../src/driver.js';
import { MemoryWire } from './wire.js';

const text = (words: string) => Buffer.from(words);
const send = (words: string) => ({ do: 'send', to: 'client', bytes: text(words), boundary: true }) as const;
function* nothing(): Script {}

function drive(engine: Partial<Engine>, controls: Partial<Controls> = {}) {
  const wire = new MemoryWire();
  const ended = Promise.withResolvers<Ending>();
  const noted: string[] = [];
  let abandoned = 0;
  const driver = new Driver({
    connection: 'pg-prod',
    wire,
    engine: { fromClient: nothing, fromUpstream: nothing, say: () => {}, refuse: () => EMPTY, ...engine },
    controls: {
      judge: () => ({ allow: true }),
      reveal: (output) => output,
      note: (entry) => void noted.push(entry.kind),
      close: async () => {},
      ...controls,
    },
    dial: async () => ({ dialled: { ok: false, refusal: { code: 'too-many', message: 'no' } } }),
    learn: () => ({ ok: true, greeting: undefined }),
    readAside: async () => ({ ok: true as const, greeting: undefined }),
    cancel: async () => {},
    abandoned: () => {
      abandoned += 1;
    },
    ended: ended.resolve,
  });
  driver.start();
  return { wire, driver, noted, abandoned: () => abandoned, ended: ended.promise };
}

test('scripts that wake each other do not nest, and no wake is lost', async () => {
  const [ping, pong] = [new Signal(), new Signal()];
  const order: string[] = [];
  function* fromClient(): Script {
    for (let n = 0; n < 3; n++) {
      ping.raise();
      order.push(`client ${n} goes on`);
      yield { do: 'wait', until: pong };
    }
    ping.raise();
  }
  function* fromUpstream(): Script {
    for (let n = 0; n < 3; n++) {
      yield { do: 'wait', until: ping };
      order.push(`upstream ${n}`);
      pong.raise();
    }
    yield { do: 'close', end: 'upstream' };
  }
  const { ended } = drive({ fromClient, fromUpstream });
  expect(await ended).toEqual({ end: 'upstream', working: true });
  expect(order).toEqual([0, 1, 2].flatMap((n) => [`client ${n} goes on`, `upstream ${n}`]));
});

test('a note for the person wakes the script that waits for it, also while a verdict is out', async () => {
  const said = new Signal();
  const verdict = Promise.withResolvers<Verdict>();
  const notes: string[] = [];
  function* fromClient(): Script {
    const { allow } = (yield { do: 'judge', action: { kind: 'shell-open' } }) as Verdict;
    yield send(allow ? 'allowed' : 'denied');
    yield { do: 'close', end: 'client' };
  }
  function* fromUpstream(): Script {
    for (;;) {
      yield { do: 'wait', until: said };
      for (const note of notes.splice(0)) yield send(`${note}; `);
    }
  }
  const say: Engine['say'] = ({ message }) => {
    notes.push(message);
    said.raise();
  };
  const { wire, driver, ended } = drive({ fromClient, fromUpstream, say }, { judge: () => verdict.promise });
  driver.say({ severity: 'notice', message: 'carol was asked' });
  driver.say({ severity: 'notice', message: 'carol looks' });
  expect(wire.text).toBe('carol was asked; carol looks; ');
  verdict.resolve({ allow: true });
  await ended;
  expect(wire.text).toBe('carol was asked; carol looks; allowed');
});

test('verdicts that are there at once cost no wait; of several, all come in their order', () => {
  const seen: unknown[] = [];
  const actions = ['a', 'b'].map((words) => ({ kind: 'command', text: words }) as const);
  function* fromClient(): Script {
    seen.push(yield { do: 'judge', action: actions[0]! });
    seen.push(yield { do: 'judge-all', actions });
    yield READ;
  }
  drive(
    { fromClient },
    { judge: (action) => ({ allow: false, rule: 'text' in action ? action.text : '', reason: 'no' }) },
  );
  const no = (rule: string) => ({ allow: false, rule, reason: 'no' });
  expect(seen).toEqual([no('a'), [no('a'), no('b')]]);
});

test('outputs pass the controls, at once or later', async () => {
  const shown: unknown[] = [];
  const output: Output = { kind: 'message', text: 'secret' };
  function* fromClient(): Script {
    shown.push(yield { do: 'reveal', output, statement: 1 });
    yield { do: 'close', end: 'client' };
  }
  const masked: Output = { kind: 'message', text: '***' };
  await drive({ fromClient }, { reveal: async () => masked }).ended;
  expect(shown).toEqual([masked]);
});

test('controls that fail end the flow as our own error', async () => {
  function* fromClient(): Script {
    yield { do: 'judge', action: { kind: 'shell-open' } };
  }
  const bug = new Error('x');
  const { ended } = drive({ fromClient }, { judge: () => Promise.reject(bug) });
  expect(await ended).toMatchObject({ end: 'error', refusal: { code: 'internal' }, bug });
});

test('what a refused dial leads to is the engine’s to say', async () => {
  function* fromClient(): Script {
    const dialled = (yield { do: 'dial', database: '', user: '', parameters: new Map() }) as Dialled;
    if (!dialled.ok) yield { do: 'refuse', refusal: dialled.refusal };
  }
  const { wire, ended } = drive({ fromClient, refuse: ({ message }) => text(`ERR ${message}`) });
  expect(await ended).toMatchObject({ end: 'refused' });
  expect(wire.text).toBe('ERR no');
});

test('after the end a script may send to the client and note; anything else stops it', async () => {
  const reached: string[] = [];
  function* fromClient(): Script {
    try {
      yield READ;
    } finally {
      yield send('goodbye');
      yield { do: 'note', entry: { kind: 'opened' } };
      reached.push('both');
      yield READ;
      reached.push('more');
    }
  }
  function* fromUpstream(): Script {
    try {
      yield READ;
    } finally {
      for (;;) yield { do: 'note', entry: { kind: 'cancel' } };
    }
  }
  const { wire, driver, noted, ended } = drive({ fromClient, fromUpstream });
  driver.revoke({ code: 'shutting-down', message: 'x' });
  expect(await ended).toMatchObject({ end: 'revoked' });
  expect(wire.text).toBe('goodbye');
  expect(reached).toEqual(['both']);
  expect(noted.length).toBeLessThan(100);
});

test('pieces of one message go out together when small, apart when large, and only the last ends it', () => {
  const writes: [number, boolean][] = [];
  function* fromClient(): Script {
    yield { do: 'send', to: 'client', bytes: [text('ab'), text('cd')], boundary: true };
    yield { do: 'send', to: 'client', bytes: [Buffer.alloc(20_000), Buffer.alloc(10)], boundary: true };
    yield { do: 'send', to: 'client', bytes: [], boundary: true };
    yield READ;
  }
  const wire = new MemoryWire();
  const write = wire.write.bind(wire);
  wire.write = (bytes, boundary) => {
    writes.push([bytes.length, boundary]);
    return write(bytes, boundary);
  };
  const driver = new Driver({
    connection: 'x',
    wire,
    engine: { fromClient, fromUpstream: nothing, say: () => {}, refuse: () => EMPTY },
    controls: {} as Controls,
    dial: () => Promise.reject(new Error('not dialled')),
    learn: () => ({ ok: true, greeting: undefined }),
    readAside: async () => ({ ok: true as const, greeting: undefined }),
    cancel: async () => {},
    abandoned: () => {},
    ended: () => {},
  });
  driver.start();
  expect(writes).toEqual([
    [4, true],
    [20_000, false],
    [10, true],
  ]);
});

test('chunks that come while the script is at work are taken in order, small ones together, and consumed late', () => {
  const wire = new MemoryWire();
  const got: string[] = [];
  const go = new Signal();
  function* fromClient(): Script {
    for (let chunk = yield READ; chunk !== null; chunk = yield READ) {
      got.push(Buffer.from(chunk as Uint8Array).toString());
      if (got.length === 1) yield { do: 'wait', until: go };
    }
    got.push('end', String(yield READ));
  }
  const driver = new Driver({
    connection: 'x',
    wire,
    engine: { fromClient, fromUpstream: nothing, say: () => {}, refuse: () => EMPTY },
    controls: {} as Controls,
    dial: () => Promise.reject(new Error('not dialled')),
    learn: () => ({ ok: true, greeting: undefined }),
    readAside: async () => ({ ok: true as const, greeting: undefined }),
    cancel: async () => {},
    abandoned: () => {},
    ended: () => {},
  });
  driver.start();
  for (const words of ['a', 'bb', 'ccc']) wire.say(words);
  wire.onEnd();
  expect([got, wire.consumedBytes]).toEqual([['a'], 0]);
  go.raise();
  expect(got).toEqual(['a', 'bbccc', 'end', 'null']);
  expect([wire.consumedBytes, wire.consumedLate]).toEqual([6, 6]);
});

test('a script that reads hears a signal: raised before, while it reads, and while it is busy', async () => {
  const said = new Signal();
  const heard: unknown[] = [];
  const busy = Promise.withResolvers<Verdict>();
  function* fromClient(): Script {
    said.raise();
    for (let answer = yield { do: 'read', or: said }; answer !== null; answer = yield { do: 'read', or: said }) {
      heard.push(answer instanceof Uint8Array ? Buffer.from(answer).toString() : answer);
      if (heard.at(-1) === 'busy') yield { do: 'judge', action: { kind: 'shell-open' } };
    }
    yield { do: 'close', end: 'client' };
  }
  const { wire, ended } = drive({ fromClient }, { judge: () => busy.promise });
  expect(heard).toEqual([undefined]);
  said.raise();
  expect(heard).toEqual([undefined, undefined]);
  wire.say('busy');
  said.raise();
  expect(heard).toEqual([undefined, undefined, 'busy']);
  busy.resolve({ allow: true });
  await new Promise(setImmediate);
  expect(heard).toEqual([undefined, undefined, 'busy', undefined]);
  wire.onEnd();
  await ended;
});

/** A script that asks for three verdicts and keeps what it gets, in its portions. */
function three(got: unknown[]): Engine['fromClient'] {
  const actions = ['a', 'b', 'c'].map((words) => ({ kind: 'command', text: words }) as const);
  return function* fromClient() {
    let verdicts = (yield { do: 'judge-all', actions }) as readonly Verdict[];
    for (let count = 0; ; verdicts = (yield { do: 'judge-rest' }) as readonly Verdict[]) {
      got.push(verdicts.length);
      count += verdicts.length;
      if (count === 3) break;
    }
    yield { do: 'close', end: 'client' };
  };
}

test('verdicts come together if none is slow', async () => {
  const got: unknown[] = [];
  const { ended } = drive({ fromClient: three(got) }, { judge: async () => ({ allow: true }) });
  await ended;
  expect(got).toEqual([3]);
});

test('a slow verdict holds up those behind it, and no others', async () => {
  vi.useFakeTimers();
  try {
    const got: unknown[] = [];
    const slow = Promise.withResolvers<Verdict>();
    const judge: Controls['judge'] = (action) =>
      'text' in action && action.text === 'b' ? slow.promise : Promise.resolve({ allow: true });
    const { ended } = drive({ fromClient: three(got) }, { judge });
    await vi.advanceTimersByTimeAsync(40);
    expect(got).toEqual([]);
    await vi.advanceTimersByTimeAsync(20);
    expect(got).toEqual([1]);
    slow.resolve({ allow: true });
    await ended;
    expect(got).toEqual([1, 2]);
  } finally {
    vi.useRealTimers();
  }
});

test('what is held is withdrawn when the client has left, though its wire is paused; not at once', async () => {
  vi.useFakeTimers();
  try {
    const signals: AbortSignal[] = [];
    function* fromClient(): Script {
      for (let chunk = yield READ; chunk !== null; chunk = yield READ) {
        const verdict = (yield { do: 'judge', action: { kind: 'shell-open' } }) as Verdict;
        yield send(verdict.allow ? 'ran;' : 'withdrawn;');
      }
      yield { do: 'close', end: 'client' };
    }
    const judge: Controls['judge'] = (_, signal) => {
      signals.push(signal);
      const gone = { allow: false, rule: 'withdrawn', reason: 'gone' } as const;
      if (signal.aborted) return gone;
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve(gone)));
    };
    const { wire, ended } = drive({ fromClient }, { judge });
    wire.say('first');
    wire.say('second');
    wire.onEnd();
    await vi.advanceTimersByTimeAsync(900);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    await vi.advanceTimersByTimeAsync(200);
    await ended;
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(wire.text).toBe('withdrawn;withdrawn;');
  } finally {
    vi.useRealTimers();
  }
});

test('a withdrawal ends what is held, and nothing that comes later', async () => {
  const signals: AbortSignal[] = [];
  const later = Promise.withResolvers<Verdict>();
  function* fromClient(): Script {
    for (let chunk = yield READ; chunk !== null; chunk = yield READ) {
      const verdict = (yield { do: 'judge', action: { kind: 'shell-open' } }) as Verdict;
      yield send(verdict.allow ? 'ran;' : 'withdrawn;');
    }
  }
  const judge: Controls['judge'] = (_, signal) => {
    signals.push(signal);
    if (signals.length > 1) return later.promise;
    return new Promise((resolve) =>
      signal.addEventListener('abort', () => resolve({ allow: false, rule: 'withdrawn', reason: 'gone' })),
    );
  };
  const { wire, driver } = drive({ fromClient }, { judge });
  driver.withdraw();
  wire.say('first');
  wire.say('second');
  driver.withdraw();
  await wire.until(({ text }) => text === 'withdrawn;');
  await new Promise(setImmediate);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
  later.resolve({ allow: true });
  await wire.until(({ text }) => text === 'withdrawn;ran;');
});

describe('a client that leaves', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const answered = new Signal();
  function* waits(): Script {
    yield READ;
    yield { do: 'wait', until: answered };
    yield READ;
  }

  test('while its script waits for the upstream: its work is given up, and what came behind it too', async () => {
    let working = true;
    const engine = { fromClient: waits, fromUpstream: nothing, working: () => working };
    const { wire, abandoned, ended } = drive(engine);
    wire.say('slow');
    vi.advanceTimersByTime(5_000);
    expect(abandoned()).toBe(0);
    wire.onEnd();
    vi.advanceTimersByTime(900);
    expect(abandoned()).toBe(0);
    vi.advanceTimersByTime(200);
    expect(abandoned()).toBe(1);
    vi.advanceTimersByTime(2_000);
    expect(abandoned()).toBe(2);
    working = false;
    vi.advanceTimersByTime(10_000);
    expect(abandoned()).toBe(2);
    answered.raise();
    expect(await ended).toMatchObject({ end: 'client' });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('after its last word: what it has asked for is done', () => {
    function* fromClient(): Script {
      yield READ;
    }
    function* fromUpstream(): Script {
      yield { do: 'wait', until: new Signal() };
    }
    const { wire, abandoned } = drive({ fromClient, fromUpstream, working: () => true });
    wire.say('terminate');
    wire.onEnd();
    vi.advanceTimersByTime(60_000);
    expect(abandoned()).toBe(0);
  });
});
