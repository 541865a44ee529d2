import { concat } from '@hoop/core';
import { expect, describe as suite, test } from 'vitest';
import {
  type Answered,
  type ControlledProtocol,
  conformance,
  controlsSuite,
  Playbook,
  type Sample,
} from '../src/conformance-suite.js';
import { contrary, line } from '../src/contrary/index.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const lines = (...words: string[]) => concat([new Uint8Array(0), ...words.map(line)]);
const HELLO = { hello: line('contrary 1'), rest: new Uint8Array(0) };
const options = { dialled: { ok: true as const, greeting: HELLO } };
const NO = { allow: false, rule: 'no-drop', reason: 'not here' } as const;
const judge: NonNullable<Sample['options']>['judge'] = (action) =>
  'text' in action && action.text === 'drop' ? NO : { allow: true };

const samples: Sample[] = [
  {
    name: 'answers out of order, one of them ours',
    options: { ...options, judge },
    steps: [
      { client: lines('1 list customers', '2 drop', '3 count') },
      { client: line('2 again') },
      { upstream: lines('* news', '3 ok 42', '1 ok alice') },
      { upstream: lines('2 no such thing') },
      { client: lines('1 stop', '4 list') },
      { client: line('4 stop') },
      { ends: 'client' },
      { upstream: lines('4 no stopped') },
      { ends: 'upstream' },
    ],
  },
  {
    name: 'a terminal, on record',
    options: { ...options, recordsOutput: true },
    steps: [
      { client: lines('1 list') },
      { upstream: lines('1 ok alice') },
      { client: lines('2 shell') },
      { upstream: concat([line('2 shell'), bytes('$ ')]) },
      { client: bytes('ls\n') },
      { upstream: bytes('ls\r\n\x1b[1mtable\x1b[0m caf\u00e9\r\n$ ') },
      { upstream: bytes('\x1b[3') },
    ],
  },
  {
    name: 'bytes behind the greeting',
    options: { dialled: { ok: true, greeting: { ...HELLO, rest: line('* welcome') } } },
    steps: [{ ends: 'upstream' }, { ends: 'client' }],
  },
];
const connects = [
  {
    name: 'login',
    ok: true,
    options: { login: { user: 'app', password: 'x' }, database: '', parameters: new Map(), tls: 'disable' as const },
    serve: () => (written: Uint8Array) => (written.length > 0 ? line('welcome') : new Uint8Array(0)),
  },
].map((one) => ({ ...one, first: line('contrary 1') }));

for (const check of conformance({ spec: contrary, samples, connects })) test(check.name, check.run);

const up = (...words: string[]) => ({ do: 'send' as const, to: 'upstream', bytes: lines(...words) });
const down = (...words: string[]) => ({ do: 'send' as const, to: 'client', bytes: lines(...words), boundary: true });
const start = (more: object = {}) =>
  new Playbook(contrary, { ...options, ...more }).expect({ do: 'dial' }, { do: 'note' }, down('contrary 1'));

suite('many requests at once', () => {
  test('a held one holds up no other', () => {
    const play = start({ hold: ['judge-aside'] }).client(lines('1 slow', '2 quick'));
    play.expect({ do: 'judge-aside' }, { do: 'judge-aside' });
    const [slow, quick] = play.stage.asides;
    play.stage.decide(quick!, { allow: true });
    play.expect(up('2 quick')).upstream(line('2 ok done'));
    play.expect({ do: 'note', entry: { kind: 'finished', statement: 2 } }, down('2 ok done'));
    play.stage.decide(slow!, NO);
    play.expect(down('1 no no-drop: not here'));
  });

  test('one that is held can be stopped, and never runs', () => {
    const play = start({ hold: ['judge-aside'] }).client(lines('1 slow', '1 stop'));
    play.expect({ do: 'judge-aside' }, { do: 'withdraw' });
    play.stage.decide(play.stage.asides[0]!, { allow: false, rule: 'withdrawn', reason: 'gone' });
    play.expect(down('1 no stopped'));
  });

  test('no more than 64 are followed', () => {
    const many = Array.from({ length: 70 }, (_, at) => `${at} list`);
    const play = start({ hold: ['judge-aside'] }).client(lines(...many));
    expect(play.stage.asides).toHaveLength(64);
    play.stage.decide(play.stage.asides[0]!, NO);
    expect(play.stage.asides).toHaveLength(64);
    expect(play.stage.asides[0]?.action).toEqual({ kind: 'command', text: 'list' });
  });
});

suite('a terminal', () => {
  const open = () =>
    start()
      .client(line('1 shell'))
      .expect({ do: 'judge-aside', asked: { action: { kind: 'shell-open' } } }, up('1 shell'))
      .upstream(line('1 shell'))
      .expect({ do: 'note' }, down('1 shell'));

  test('a note waits for the end of a control sequence', () => {
    const play = open();
    play.upstream(bytes('\x1b[')).expect({ do: 'send', to: 'client', boundary: false });
    play.stage.engine.say({ severity: 'notice', message: 'you are watched' });
    play.stage.run();
    play.expect().upstream(bytes('31m'));
    play.expect({ do: 'send', to: 'client', bytes: bytes('31m\r\n[hoop] you are watched\r\n'), boundary: true });
  });

  test('goes with nothing else', () => {
    start().client(lines('1 list', '2 shell')).expect({ do: 'judge-aside' }, { do: 'send' }, { do: 'threw' });
  });
});

test('the product does not know it', async () => {
  const { PROTOCOLS } = await import('@hoop/core');
  expect(PROTOCOLS).not.toContain(contrary.name);
});

/** Runs what it is asked, and answers the newest first. */
function server(ran: (words: string) => void): (bytes: Uint8Array) => Uint8Array {
  let rest = '';
  return (more) => {
    const whole = (rest + Buffer.from(more).toString()).split('\n');
    rest = whole.pop() ?? '';
    const answers = whole.map((one) => {
      const [id, , words = ''] = one.split(' ');
      ran(words);
      return line(`${id} ok ${words}`);
    });
    return concat([new Uint8Array(0), ...answers.reverse()]);
  };
}

function read(got: Uint8Array): ReturnType<ControlledProtocol['read']> {
  const [, ...all] = Buffer.from(got).toString().trimEnd().split('\n');
  const answers: Answered[] = all.flatMap((one) => {
    const [, verb, rest = ''] = /^\d+ (ok|no) (.*)$/.exec(one) ?? [];
    return verb === undefined ? [] : [{ said: rest.replace('scripted: ', ''), ran: verb === 'ok' }];
  });
  const notes = all.flatMap((one) => /^\* notice (.*)$/.exec(one)?.[1] ?? []);
  return { answers, notes, news: all.filter((one) => one === '* news').length };
}

suite('controls', () => {
  const protocol: ControlledProtocol = {
    spec: contrary,
    options,
    hello: new Uint8Array(0),
    ask: (words, nth) => line(`${nth} run ${words}`),
    serve: server,
    news: line('* news'),
    read,
    inOrder: false,
  };
  for (const check of controlsSuite(protocol)) test(check.name, check.run);
});
